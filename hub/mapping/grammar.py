"""The grammar of a mapping file as models (mapping language, section 3): what may stand where.

Short forms are made long before they are checked (a path alone is a FIELD with `from`, `table: T` is a
CALL with verb "table" and target "T", `calls` are laid under every call and `read` under `sweep`), so the
rest of the program meets one shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from hub.mapping.callspec import (
    REACTIONS,
    VERBS,
    CallSpec,
    ErrorsSpec,
    TrailerSpec,
    all_verbs,
    laid_over,
)
from hub.mapping.fieldspec import FieldSpec, TextSpec, TimeSpec
from hub.mapping.writespec import ConfirmSpec, UpdateSpec, Webhook, WriteSpec
from hub.model import QUANTITIES
from hub.spec import Duration, Spec, Text, Texts, as_tuple, custom, one_of

__all__ = [
    "AUTHS", "CORE", "EVENT", "OPTIONS", "REACTIONS", "VERBS", "AuthSpec", "CallSpec", "ConfirmSpec",
    "ErrorsSpec", "Example", "FieldSpec", "Limits", "StreamMapping", "SweepSpec", "SystemMapping",
    "TextSpec", "TimeSpec", "TrailerSpec", "UpdateSpec", "Webhook", "WriteSpec", "Wsdl",
]  # fmt: skip

OPTIONS: dict[str, frozenset[str]] = {"sap_soap": frozenset({"sap"}), "cmb": frozenset({"cmb"})}
"""Top-level keys that a connector kind declares for itself; they land in `SystemMapping.options`."""

AUTHS = ("basic", "bearer", "api_key", "oauth2", "wsse", "wsse_digest", "csrf", "key")
CORE = ("company", "order_no", "part", "status", "side", "money", *QUANTITIES, "occurred_at")
"""The fields of what is an order or an event."""

EVENT = ("event_id", "replaces")
"""Fields that only an event stream has."""

SHARED = tuple(name for name in CallSpec.names() if name not in all_verbs())
"""What `calls` may lay under every call: all but a verb, by which a call is known."""

Yields = Literal[
    "order", "event", "stock", "receivable", "invoice", "bank_entry", "clearing", "work_order"
]  # fmt: skip
YIELDS: tuple[str, ...] = get_args(Yields)


class SweepSpec(Spec):
    """The slow second look: how often, and the whole call (what differs laid over `read`)."""

    every: Duration
    call: CallSpec


class Example(Spec):
    """A raw record and what it gives: one fact, several, none (`[]`), or the reason why it is refused.

    `meta` and `conn` (host, port, schema, extra) are what surrounds the record, where it is asked for.
    """

    record: Any
    gives: Annotated[tuple[dict[str, Any], ...], BeforeValidator(as_tuple)] = ()
    refused: Text | None = None
    meta: dict[str, Any] = Field(default_factory=dict)
    conn: dict[str, Any] = Field(default_factory=dict)


_ONE_OR_SEVERAL = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _together(value: Any) -> Any:
    """Make of several paths the one that gives what is at all of them."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value


class StreamMapping(Spec):
    """One stream of records and what they mean. Paths of `deleted` and `returns` see what the fields see."""

    yields: Yields = "order"
    read: CallSpec
    sweep: SweepSpec | None = None
    key: Annotated[Text | None, BeforeValidator(_together), WithJsonSchema(_ONE_OR_SEVERAL)] = None
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

    @model_validator(mode="before")
    @classmethod
    def _swept(cls, value: Any) -> Any:
        """Lay what differs in a sweep over the reading call."""
        sweep = value.get("sweep") if isinstance(value, dict) else None
        if not isinstance(sweep, dict) or "call" in sweep:
            return value
        differs = {name: said for name, said in sweep.items() if name != "every"}
        timing = {name: said for name, said in sweep.items() if name == "every"}
        return {**value, "sweep": {**timing, "call": laid_over(value.get("read"), differs)}}

    @property
    def is_order(self) -> bool:
        """Tell whether the stream speaks of orders at all."""
        return self.yields in {"order", "event"}


class Limits(Spec):
    """How hard a system may be asked: calls a second, in parallel, time-out, pause windows, settle time."""

    per_second: Annotated[Decimal, Field(gt=0)] | None = None
    parallel: Annotated[int, Field(gt=0)] | None = None
    timeout: Duration | None = None
    pause: Texts = ()
    settle: Duration | None = None


class Wsdl(Spec):
    """Where the service description is, and which service, port and address of it to use."""

    url: Text
    service: Text | None = None
    port: Text | None = None
    binding: Text | None = None
    address: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value


class OAuth2(Spec):
    """The token call of OAuth2 client credentials; what is not said here stands in the connection's extra.

    `url` is the token address (a path of the connection's host, or a whole address), `form` holds further
    fields of the call, `client` says where id and secret go.
    """

    url: Text | None = None
    scope: Text | None = None
    form: dict[str, Any] = Field(default_factory=dict)
    client: Literal["body", "basic"] | None = None


class Handshake(Spec):
    """A token that the server hands out before it takes a write (`reads`: before any call).

    `fetch` is the call that gets it, `headers` what is sent with it afterwards, beside the cookies that came.
    """

    fetch: CallSpec
    headers: dict[str, Any] = Field(default_factory=dict)
    reads: bool = False


class AuthSpec(Spec):
    """How to be let in: named ways, or a login call whose answer goes with every later call.

    What the login took is put together in `headers`, `query`, `cookies` and the body (`json`, `form`, or
    `body` of whatever kind); it is good for `ttl`, or until an answer asks for a new login.
    """

    names_: Annotated[tuple[Annotated[str, one_of(AUTHS)], ...], BeforeValidator(as_tuple)] = Field(
        (), alias="ways"
    )
    login: CallSpec | None = None
    headers: dict[str, Any] = Field(default_factory=dict)
    query: dict[str, Any] = Field(default_factory=dict)
    json_: dict[str, Any] = Field(default_factory=dict, alias="json")
    form: dict[str, Any] = Field(default_factory=dict)
    body: dict[str, Any] = Field(default_factory=dict)
    cookies: dict[str, Any] = Field(default_factory=dict)
    ttl: Duration | None = None
    oauth2: OAuth2 | None = None
    csrf: Handshake | None = None
    sign: dict[str, dict[str, Any]] | None = None

    @model_validator(mode="before")
    @classmethod
    def _long(cls, value: Any) -> Any:
        return {"ways": value} if isinstance(value, str | list) else value


_SYSTEM = re.compile(r"[a-z][a-z0-9_]{0,31}")


def _system_name(name: str) -> str:
    """Return `name` if it can name files, variables and DAGs as well."""
    if not _SYSTEM.fullmatch(name):
        raise custom("mapping.bad_system", {"system": name})
    return name


class SystemMapping(Spec):
    """One mapping file. `options` holds the top-level keys that the connector kind declares for itself."""

    inner: ClassVar = frozenset({"options", "path"})

    system: Annotated[Text, AfterValidator(_system_name)]
    connector: Text
    connection: Text | None = None
    contact: Text | None = None
    start: date | None = None
    mode: Literal["read_only", "shadow", "live"] = "read_only"
    time: TimeSpec = TimeSpec()
    numbers: Text | None = None
    text: TextSpec = TextSpec()
    auth: AuthSpec | None = None
    calls: dict[Annotated[str, one_of(SHARED)], Any] = Field(default_factory=dict)
    limits: Limits = Limits()
    wsdl: Wsdl | None = None
    errors: ErrorsSpec = ErrorsSpec()
    refs: dict[str, CallSpec] = Field(default_factory=dict)
    streams: dict[str, StreamMapping]
    writes: dict[str, WriteSpec] = Field(default_factory=dict)
    webhook: Webhook | None = None
    hook: Text | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    path: Path = Path()

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        """Put the connector's own keys into `options` and lay `calls` under every call."""
        if not isinstance(value, dict):
            return value
        declared = OPTIONS.get(str(value.get("connector")), frozenset())
        options = {name: said for name, said in value.items() if name in declared}
        rest = {name: said for name, said in value.items() if name not in declared}
        calls = value.get("calls")
        if isinstance(calls, dict):
            calls = {name: said for name, said in calls.items() if name in SHARED}  # the rest is refused
            rest = {name: under(calls, said) if name in _WITH_CALLS else said for name, said in rest.items()}
        return {**rest, "options": {**options, **value.get("options", {})}} if options else rest

    def every_call(self) -> Iterator[CallSpec]:
        """Yield all calls of the mapping, nested ones too."""
        auth, streams = self.auth, self.streams.values()
        calls = [auth.login] if auth and auth.login else []
        calls += [auth.csrf.fetch] if auth and auth.csrf else []
        calls += [*self.refs.values(), *(stream.read for stream in streams)]
        calls += [stream.sweep.call for stream in streams if stream.sweep]
        calls += [call for write in self.writes.values() for _, call in write.calls()]
        for call in calls:
            yield from call.nested()


_WITH_CALLS = ("auth", "refs", "streams", "writes")


def under(calls: dict[str, Any], said: Any) -> Any:
    """Return `said` with `calls` laid under every call in it (a map with a verb is a call)."""
    if isinstance(said, list):
        return [under(calls, one) for one in said]
    if not isinstance(said, dict):
        return said
    inner = {name: one if name in _NO_CALLS else under(calls, one) for name, one in said.items()}
    return laid_over(calls, inner) if all_verbs() & said.keys() else inner


_NO_CALLS = frozenset(
    {
        "fields",
        "extras",
        "links",
        "examples",
        "query",
        "json",
        "form",
        "xml",
        "body",
        "headers",
        "cookies",
        "args",
        "row",
        "rows",
        "sign",
    }  # fmt: skip
)
