"""CALL (mapping language, section 3): the one notion for login, page, detail, look-up, create and update."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hub.spec import Duration, Spec, Text, Texts, as_text, custom, word_of

VERBS: dict[str, frozenset[str]] = {
    "sql": frozenset({"table", "sql"}),
    "files": frozenset({"file"}),
    "soap": frozenset({"op"}),
    "rest": frozenset({"get", "post", "put", "patch", "delete"}),
    "sap_soap": frozenset({"op", "bapi"}),
    "cmb": frozenset({"funcode"}),
}
"""The verbs of each connector kind; a kind that is not listed may use any of them."""

_ALWAYS = frozenset({"columns", "nest", "on", "if", "each", "idempotent", "id"})
_ANSWER = _ALWAYS | {
    "records", "size", "next", "total", "cursor", "overlap", "sorted", "take", "ok", "errors",
}  # fmt: skip
_ROWS = _ALWAYS | {"size", "cursor", "overlap", "sorted", "take", "ok", "errors"}
_FILES = _ALWAYS | {
    "records", "format", "encoding", "delimiter", "quote", "widths", "widths_in", "sheet", "skip_rows",
    "comment", "kinds", "lists", "trailer", "done", "settle", "order", "after", "row", "rows", "json", "xml",
}  # fmt: skip
_CALLED = _ANSWER | {"merge", "volatile", "unpack", "window"}
_HTTP = _CALLED | {
    "query", "json", "form", "xml", "text", "headers", "sign", "format", "encoding", "delimiter",
    "validators",
}  # fmt: skip


def keys_of(verb: str) -> frozenset[str]:
    """Return the keys that say anything beside `verb` in a call."""
    if verb in {"op", "bapi"}:
        return _CALLED | {"args", "headers"}
    if verb in VERBS["sql"]:
        return _ROWS | {"where"}
    if verb in VERBS["cmb"]:
        return frozenset({"errors"})
    return _FILES if verb in VERBS["files"] else _HTTP


META = "meta"
"""Where a kind of row goes whose values stand around those that follow."""

INPUTS = ("query", "json", "form", "headers", "args", "row", "sign")
"""Parts of a call that are merged key by key when one call is laid over another."""

REACTIONS = ("auth", "limited", "retry", "locked", "stale", "exists", "missing", "rejected", "unknown")


def all_verbs() -> frozenset[str]:
    """Return every verb of every connector kind."""
    return frozenset().union(*VERBS.values())


class ErrorTable(Spec):
    """Where error code and text stand, and which globs over "code text" ask for which reaction."""

    code: Text | None = None
    text: Text | None = None
    auth: Texts = ()
    limited: Texts = ()
    retry: Texts = ()
    locked: Texts = ()
    stale: Texts = ()
    exists: Texts = ()
    missing: Texts = ()
    rejected: Texts = ()
    unknown: Texts = ()


class RowErrors(ErrorTable):
    """Errors of single records within an answer that is none: paths see the record, `ok` must hold of it."""

    ok: Text | None = None


class ErrorsSpec(ErrorTable):
    """Errors of whole answers, and under `rows` those of single records in a batch."""

    rows: RowErrors | None = None


class TrailerSpec(Spec):
    """The last row of a file that counts it: known by a glob on its `first` cell.

    `count` and `total` are column numbers (from 1) in the trailer; `of` is the column that `total` sums.
    `plus` is how many rows the count has beyond the rows of data (2: header and trailer are counted too);
    `counts` names the `kinds` whose rows are counted, where not all of them are. `widths` cut the trailer of
    a fixed-width file.
    """

    first: Text
    count: int | None = None
    total: int | None = None
    of: Text | None = None
    plus: int = 0
    counts: Texts = ()
    widths: tuple[int, ...] = ()


class KindSpec(Spec):
    """One kind of row in a file that has several: known by a glob on its `first` cell, with own `columns`.

    A row is a record of its own; with `into` it goes into the list of the kind's name in the last record of
    the kind that `into` names, and with `into: meta` its values stand in `meta` under the kind's name, for
    all rows that follow. `widths` cut it in a fixed-width file.
    """

    first: Text
    columns: Texts
    widths: tuple[int, ...] = ()
    into: Text | None = None


def _take(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


def _on(value: Any) -> Any:
    names = value if isinstance(value, list) else [value]
    return {name: name for name in names} if value and not isinstance(value, dict) else value


class CallSpec(Spec):
    """One CALL: `verb` and `target` (`table: T`), its input, and what its answer means.

    `on` says which column of a nested call holds which value of its parent: {column: path in the parent};
    one name alone is the same in both. `take` written as a path alone takes one `value`.
    """

    inner: ClassVar = frozenset({"verb", "target"})

    verb: str = ""
    target: str = ""
    # input
    query: dict[str, Any] | None = None
    json_: Any = Field(None, alias="json")
    form: dict[str, Any] | None = None
    xml: Any = None
    text: Any = None
    headers: dict[str, Any] | None = None
    sign: dict[str, dict[str, Any]] | None = None
    args: dict[str, Any] | list[Any] | None = None
    where: Text | None = None
    row: dict[str, Any] | None = None
    rows: Any = None
    # files
    format: Literal["csv", "xlsx", "json", "jsonl", "fixed", "xml", "bank", "text"] | None = None
    encoding: Texts = ()
    delimiter: Text | None = None
    quote: Text | None = None
    widths: tuple[int, ...] = ()
    widths_in: Literal["characters", "bytes"] = "characters"
    sheet: Text | None = None
    skip_rows: int = 0
    comment: Texts = ()
    kinds: dict[str, KindSpec] = Field(default_factory=dict)
    lists: Texts = ()
    trailer: TrailerSpec | None = None
    done: Text | None = None
    settle: Duration | None = None
    order: Literal["name", "time", "sequence"] = "name"
    after: Text = "keep"
    # answer
    records: Text | None = None
    columns: Texts = ()
    size: int | None = Field(None, gt=0)
    next: Text | None = None
    total: Text | None = None
    cursor: tuple[Text, Text] | None = None
    overlap: Duration | None = None
    window: Duration | None = None
    sorted: bool = True
    unpack: Texts = ()
    volatile: Texts = ()
    validators: bool | None = None
    nest: dict[str, CallSpec] = Field(default_factory=dict)
    merge: bool = False
    on: Annotated[dict[str, Text], BeforeValidator(_on)] = Field(default_factory=dict)
    take: Annotated[dict[str, Text], BeforeValidator(_take)] = Field(default_factory=dict)
    ok: Text | None = None
    if_: Text | None = Field(None, alias="if")
    each: Any = None
    idempotent: bool = False
    id: Text | dict[str, Text] | None = None
    errors: ErrorsSpec | None = None

    @classmethod
    def names(cls) -> list[str]:
        """Return the keys as people write them, the verbs first."""
        return [*sorted(all_verbs()), *super().names()]

    @model_validator(mode="before")
    @classmethod
    def _verb(cls, value: Any) -> Any:
        """Make `table: T` a verb and its target."""
        if not isinstance(value, dict) or "verb" in value:
            return value  # made long already
        verbs = [name for name in value if name in all_verbs()]
        if len(verbs) != 1:
            raise custom(*_no_single_verb(verbs))
        rest = {name: said for name, said in value.items() if name != verbs[0]}
        return {**rest, "verb": verbs[0], "target": as_text(value[verbs[0]])}

    @field_validator("cursor", mode="before")
    @classmethod
    def _pair(cls, value: Any) -> Any:
        if value is not None and (not isinstance(value, list | tuple) or len(value) != 2):
            raise custom("mapping.cursor_without_key")
        return value

    @model_validator(mode="after")
    def _kinds_belong(self) -> CallSpec:
        """Refuse a kind of row that goes into one that stands nowhere above it."""
        above = [META]
        for name, kind in self.kinds.items():
            if kind.into is not None:
                word_of(kind.into, above)
            if kind.into != META:
                above.append(name)
        return self

    def nested(self) -> list[CallSpec]:
        """Return this call and all calls nested in it."""
        return [self, *(inner for call in self.nest.values() for inner in call.nested())]

    @property
    def name(self) -> str:
        """Return the call as people name it: "table dispatch"."""
        return f"{self.verb} {self.target}"


def _no_single_verb(verbs: list[str]) -> tuple[str, dict[str, Any]]:
    if verbs:
        return "mapping.two_verbs", {"names": " + ".join(verbs)}
    return "mapping.no_verb", {"known": ", ".join(sorted(all_verbs()))}


def laid_over(base: Any, over: Any) -> Any:
    """Return the raw call `base` with what `over` says differently; inputs are merged key by key.

    A key that `over` sets to null is left out. Anything that is no map is returned for the models to refuse.
    """
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over if over is not None else base
    verbs = all_verbs()
    if verbs & over.keys():
        base = {name: said for name, said in base.items() if name not in verbs}
    merged = {**base, **over}
    for name in INPUTS:
        if isinstance(base.get(name), dict) and isinstance(over.get(name), dict):
            merged[name] = _filled({**base[name], **over[name]})
    return _filled(merged)


def _filled(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
