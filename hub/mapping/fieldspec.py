"""FIELD (mapping language, section 3): where a value comes from and how it is read."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hub.model import Says
from hub.spec import Spec, Text, Texts, as_text, custom


class TimeSpec(Spec):
    """Zone and formats of stamps; formats are tried in order.

    `empty` names what stands for no time beside zeros, as globs ("9999-12-31*").
    """

    zone: Text | None = None
    format: Texts = ()
    empty: Texts = ()


class TextSpec(Spec):
    """How text is read: charset, trimming of padding, unwrapping of spreadsheet guards (``="007"``).

    `file_names` are the charsets that names of files may be in, where the first that fits counts.
    """

    encoding: Texts = ()
    trim: bool = True
    unwrap: bool = False
    file_names: Texts = ()


class FieldSpec(Spec):
    """One FIELD. `any` holds alternatives (a FIELD written as a list): the first that gives a value wins.

    `joined` tells a `from` written as a list. `sum` together with `count` sums lines whose number the
    record states. `scale` is the number of implied decimals, `round` to how many a number is rounded;
    `unit: true` means a unit behind the number.
    `offset` is the path of a stamp's offset from UTC, where that has a field of its own. `compare` holds
    two quantities: the first is none, less, equal or more, which is the code, behind that of a `from`.
    `minus` turns an amount round: always, or where a path gives something. `adds` says of an event's
    quantity that it comes on top of what events said before.
    """

    inner: ClassVar = frozenset({"joined", "any"})

    from_: Texts = Field((), alias="from")
    joined: bool = False
    sum: Text | None = None
    count: Text | None = None
    const: Text | None = None
    keep: bool = False
    link: Text | None = None
    each: Text | None = None
    as_: dict[str, FieldSpec] = Field(default_factory=dict, alias="as")
    any: tuple[FieldSpec, ...] = ()
    codes: dict[str, Texts] = Field(default_factory=dict)
    send: dict[str, Text] = Field(default_factory=dict)
    format: Texts = ()
    zone: Text | None = None
    empty: Texts = ()
    offset: Text | None = None
    compare: tuple[FieldSpec, ...] = ()
    numbers: Text | None = None
    scale: int = 0
    round: int | None = Field(None, ge=0, le=6)
    strip: Texts = ()
    unit: Literal[True] | FieldSpec | None = None
    sku: FieldSpec | None = None
    default: Text | None = None
    adds: bool = False
    minus: Literal[True] | Text | None = None
    says: Says | None = None

    @model_validator(mode="before")
    @classmethod
    def _long(cls, value: Any) -> Any:
        """Make a bare path, or a list of alternatives, a FIELD."""
        if isinstance(value, FieldSpec):
            return value
        if isinstance(value, list):
            return {"any": value}
        if value is None or isinstance(value, bool):
            raise custom("mapping.want_field")
        if not isinstance(value, dict):
            return {"from": as_text(value)}
        return {**value, "joined": True} if isinstance(value.get("from"), list) else value

    @model_validator(mode="after")
    def _one_source(self) -> FieldSpec:
        """Refuse a FIELD that gets its value from nowhere, or from two places."""
        sources = [
            name
            for name, said in (
                ("from", self.from_), ("sum", self.sum), ("count", self.count and not self.sum),
                ("const", self.const is not None), ("keep", self.keep), ("each", self.each),
                ("any", self.any), ("compare", self.compare and not self.from_),
            )
            if said
        ]  # fmt: skip
        if not sources and self.default is None:
            raise custom("mapping.field_without_source")
        if len(sources) > 1:
            raise custom("mapping.field_two_sources", {"names": " + ".join(sources)})
        if bool(self.each) != bool(self.as_):
            raise custom("mapping.each_needs_as")
        if self.compare and len(self.compare) != 2:
            raise custom("mapping.compare_two")
        return self

    def paths(self) -> list[str]:
        """Return all paths of this FIELD that see the record (those under `as` see its items)."""
        own = [*self.from_, *(one for one in (self.sum, self.count, self.each) if one)]
        own += [self.offset] if self.offset else []
        own += [self.minus] if isinstance(self.minus, str) else []
        inner = [
            *self.any,
            *self.compare,
            *(one for one in (self.unit, self.sku) if isinstance(one, FieldSpec)),
        ]
        return own + [path for field in inner for path in field.paths()]
