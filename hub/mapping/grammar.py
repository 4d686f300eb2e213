"""The grammar of a mapping file as models (mapping language, section 3): what may stand where.

Short forms are made long before they are checked (a path alone is a FIELD with `from`; `table: T` is a
CALL with verb "table" and target "T"), so the rest of the program meets one shape.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hub.mapping.spec import Duration, Spec, Text, Texts, as_text, as_tuple, custom
from hub.model import QUANTITIES, Says

VERBS: dict[str, frozenset[str]] = {
    "sql": frozenset({"table", "sql"}),
    "files": frozenset({"file"}),
    "soap": frozenset({"op"}),
    "rest": frozenset({"get", "post", "put", "patch", "delete"}),
    "sap_soap": frozenset({"op", "bapi"}),
}
"""The verbs of each connector kind; a kind that is not listed may use any of them."""

OPTIONS: dict[str, frozenset[str]] = {"sap_soap": frozenset({"sap"})}
"""Top-level keys that a connector kind declares for itself; they land in `SystemMapping.options`."""

ALL_VERBS = frozenset().union(*VERBS.values())
AUTHS = ("basic", "bearer", "api_key", "oauth2", "wsse", "wsse_digest", "csrf", "key")
CORE = ("company", "order_no", "part", "status", "side", "money", *QUANTITIES, "occurred_at")
EVENT = ("event_id", "replaces")
YIELDS = ("order", "event", "stock", "receivable", "invoice", "bank_entry", "work_order")
REACTIONS = ("auth", "limited", "retry", "locked", "stale", "exists", "missing", "rejected", "unknown")
INPUTS = ("query", "json", "form", "headers", "args", "row")
"""Parts of a call that are merged key by key when one call is laid over another."""


class TimeSpec(Spec):
    """Zone and formats of stamps; formats are tried in order."""

    zone: Text | None = None
    format: Texts = ()


class TextSpec(Spec):
    """How text is read: charset, trimming of padding, unwrapping of spreadsheet guards (``="007"``)."""

    encoding: Texts = ()
    trim: bool = True
    unwrap: bool = False


class FieldSpec(Spec):
    """One FIELD: where a value comes from and how it is read. `any` holds alternatives, first that gives a value."""

    from_: Texts = Field((), alias="from")
    joined: bool = Field(False, exclude=True)
    sum: Text | None = None
    count: Text | None = None
    const: Text | None = None
    keep: bool = False
    link: Text | None = None
    each: Text | None = None
    as_: dict[str, FieldSpec] = Field(default_factory=dict, alias="as")
    any: tuple[FieldSpec, ...] = Field((), exclude=True)
    codes: dict[str, Texts] = Field(default_factory=dict)
    send: dict[str, Text] = Field(default_factory=dict)
    format: Texts = ()
    zone: Text | None = None
    numbers: Text | None = None
    scale: int | None = None
    strip: Texts = ()
    unit: Text | Literal[True] | None = None
    sku: Text | None = None
    default: Text | None = None
    says: Says = Says.EVENT

    @model_validator(mode="before")
    @classmethod
    def _long(cls, value: Any) -> Any:
        """Make a bare path, or a list of alternatives, a FIELD."""
        if isinstance(value, list):
            return {"any": value}
        if value is None or isinstance(value, bool):
            raise custom("mapping.want_field")
        if not isinstance(value, dict):
            return {"from": as_text(value)}
        return {**value, "joined": True} if isinstance(value.get("from"), list) else value

    @field_validator("unit", mode="before")
    @classmethod
    def _same_field(cls, value: Any) -> Any:
        return value if value is True else as_text(value)

    @model_validator(mode="after")
    def _one_source(self) -> FieldSpec:
        """Refuse a FIELD that gets its value from nowhere, or from two places."""
        sources = [
            name
            for name, said in (
                ("from", self.from_), ("sum", self.sum), ("count", self.count and not self.sum),
                ("const", self.const is not None), ("keep", self.keep), ("each", self.each), ("any", self.any),
            )
            if said
        ]  # fmt: skip
        if not sources and self.default is None:
            raise custom("mapping.field_without_source")
        if len(sources) > 1:
            raise custom("mapping.field_two_sources", {"names": " + ".join(sources)})
        if bool(self.each) != bool(self.as_):
            raise custom("mapping.each_needs_as")
        return self


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
    """One CALL: `verb` and `target` (`table: T`), its input, and what its answer means."""

    verb: str = Field("", exclude=True)
    target: str = Field("", exclude=True)
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
        return [*sorted(ALL_VERBS), *super().names()]

    @model_validator(mode="before")
    @classmethod
    def _verb(cls, value: Any) -> Any:
        """Make `table: T` a verb and its target."""
        if not isinstance(value, dict) or "verb" in value:
            return value
        verbs = [name for name in value if name in ALL_VERBS]
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

    @property
    def name(self) -> str:
        """Return the call as people name it: "table dispatch"."""
        return f"{self.verb} {self.target}"


def _no_single_verb(verbs: list[str]) -> tuple[str, dict[str, Any]]:
    if verbs:
        return "mapping.two_verbs", {"names": " + ".join(verbs)}
    return "mapping.no_verb", {"known": ", ".join(sorted(ALL_VERBS))}


class SweepSpec(Spec):
    """The slow second look: how often, and the whole call (what differs laid over `read`)."""

    every: Duration
    call: CallSpec


class Example(Spec):
    """A raw record and what it gives: one fact, several, none (`[]`), or the reason why it is refused."""

    record: Any
    gives: Annotated[tuple[dict[str, Any], ...], BeforeValidator(as_tuple)] = ()
    refused: Text | None = None
    meta: dict[str, Any] = Field(default_factory=dict)


class StreamMapping(Spec):
    """One stream of records and what they mean."""

    yields: Literal["order", "event", "stock", "receivable", "invoice", "bank_entry", "work_order"] = "order"
    read: CallSpec
    sweep: SweepSpec | None = None
    key: Text | None = None
    skip: Text | None = None
    each: Text | None = None
    deleted: Text | None = None
    version: Text | None = None
    returns: Text | None = None
    time: TimeSpec | None = None
    numbers: Text | None = None
    text: TextSpec | None = None
    fields: dict[str, FieldSpec] = Field(default_factory=dict)
    extras: dict[str, FieldSpec] = Field(default_factory=dict)
    links: dict[str, FieldSpec] = Field(default_factory=dict)
    examples: tuple[Example, ...] = ()


class Limits(Spec):
    """How hard a system may be asked: calls a second, parallel calls, time-out, pause windows, settle time."""

    per_second: Decimal | None = Field(None, gt=0)
    parallel: int | None = Field(None, gt=0)
    timeout: Duration | None = None
    pause: Texts = ()
    settle: Duration | None = None


class Wsdl(Spec):
    """Where the service description is and which service, port and address of it to use."""

    url: Text
    service: Text | None = None
    port: Text | None = None
    binding: Text | None = None
    address: Text | None = None


class AuthSpec(Spec):
    """How to be let in: named ways, or a login call whose answer goes with every later call."""

    names_: Annotated[tuple[Literal[AUTHS], ...], BeforeValidator(as_tuple)] = Field((), alias="ways")  # type: ignore[valid-type]
    login: CallSpec | None = None
    headers: dict[str, Any] = Field(default_factory=dict)
    query: dict[str, Any] = Field(default_factory=dict)
    json_: dict[str, Any] = Field(default_factory=dict, alias="json")
    ttl: Duration | None = None


class ConfirmSpec(Spec):
    """How a write is known to have arrived: by a call, or by what a stream shows within a time."""

    call: CallSpec | None = None
    stream: Text | None = None
    until: Text | None = None
    within: Duration | None = None


class UpdateSpec(Spec):
    """Calls that change an order: for all fields at once, by field, or by target status."""

    whole: tuple[CallSpec, ...] = ()
    fields: dict[str, tuple[CallSpec, ...]] = Field(default_factory=dict)
    statuses: dict[str, tuple[CallSpec, ...]] = Field(default_factory=dict)


class WriteSpec(Spec):
    """One way of writing to the system."""

    when: Text | None = None
    stream: Text | None = None
    find: CallSpec | None = None
    create: Annotated[tuple[CallSpec, ...], BeforeValidator(as_tuple)] = ()
    confirm: ConfirmSpec | None = None
    message: CallSpec | None = None
    update: UpdateSpec | None = None


class Webhook(Spec):
    """A wake-up call: how it is verified, which record key it names, which stream to read."""

    verify: Text
    key: Text
    stream: Text


class SystemMapping(Spec):
    """One mapping file."""

    system: Text
    connector: Text
    connection: Text | None = None
    contact: Text | None = None
    start: date | None = None
    mode: Literal["read_only", "shadow", "live"] = "read_only"
    time: TimeSpec = TimeSpec()
    numbers: Text | None = None
    text: TextSpec = TextSpec()
    auth: AuthSpec | None = None
    calls: dict[str, Any] = Field(default_factory=dict)
    limits: Limits = Limits()
    wsdl: Wsdl | None = None
    errors: ErrorsSpec = ErrorsSpec()
    refs: dict[str, CallSpec] = Field(default_factory=dict)
    streams: dict[str, StreamMapping]
    writes: dict[str, WriteSpec] = Field(default_factory=dict)
    webhook: Webhook | None = None
    hook: Text | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    path: Path | None = Field(None, exclude=True)
