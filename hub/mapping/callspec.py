"""CALL (mapping language, section 3): the one notion for login, page, detail, look-up, create and update."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hub.spec import Duration, Spec, Text, Texts, as_text, custom

VERBS: dict[str, frozenset[str]] = {
    "sql": frozenset({"table", "sql"}),
    "files": frozenset({"file"}),
    "soap": frozenset({"op"}),
    "rest": frozenset({"get", "post", "put", "patch", "delete"}),
    "sap_soap": frozenset({"op", "bapi"}),
}
"""The verbs of each connector kind; a kind that is not listed may use any of them."""

_ALWAYS = frozenset({"columns", "nest", "on", "if", "each", "idempotent", "id"})
_ANSWER = _ALWAYS | {
    "records", "size", "next", "total", "cursor", "overlap", "sorted", "take", "ok", "errors",
}  # fmt: skip
_ROWS = _ALWAYS | {"size", "cursor", "overlap", "sorted", "take", "ok", "errors"}
_FILES = _ALWAYS | {
    "records", "format", "encoding", "delimiter", "quote", "widths", "sheet", "skip_rows", "trailer", "done",
    "settle", "order", "after", "row", "rows", "json", "xml",
}  # fmt: skip
_HTTP = _ANSWER | {"query", "json", "form", "xml", "text", "headers"}


def keys_of(verb: str) -> frozenset[str]:
    """Return the keys that say anything beside `verb` in a call."""
    if verb in {"op", "bapi"}:
        return _ANSWER | {"args", "headers"}
    if verb in VERBS["sql"]:
        return _ROWS | {"where"}
    return _FILES if verb in VERBS["files"] else _HTTP


INPUTS = ("query", "json", "form", "headers", "args", "row")
"""Parts of a call that are merged key by key when one call is laid over another."""

REACTIONS = ("auth", "limited", "retry", "locked", "stale", "exists", "missing", "rejected", "unknown")


def all_verbs() -> frozenset[str]:
    """Return every verb of every connector kind."""
    return frozenset().union(*VERBS.values())


class ErrorsSpec(Spec):
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


class TrailerSpec(Spec):
    """The last row of a file that counts it: known by a glob on its `first` cell.

    `count` and `total` are column numbers (from 1) in the trailer; `of` is the column that `total` sums.
    """

    first: Text
    count: int | None = None
    total: int | None = None
    of: Text | None = None


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
    args: dict[str, Any] | list[Any] | None = None
    where: Text | None = None
    row: dict[str, Any] | None = None
    rows: Any = None
    # files
    format: Literal["csv", "xlsx", "json", "jsonl", "fixed", "xml"] | None = None
    encoding: Texts = ()
    delimiter: Text | None = None
    quote: Text | None = None
    widths: tuple[int, ...] = ()
    sheet: Text | None = None
    skip_rows: int = 0
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
    sorted: bool = True
    nest: dict[str, CallSpec] = Field(default_factory=dict)
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
