"""What a mapping says of writing (mapping language, sections 2.4 and 3)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from hub.mapping.callspec import CallSpec, all_verbs
from hub.spec import Duration, Spec, Text, Texts, as_tuple

Steps = tuple[str | int, ...]
Calls = Annotated[tuple[CallSpec, ...], BeforeValidator(as_tuple)]


class ConfirmSpec(Spec):
    """How a write is known to have arrived: by a call, or by what a stream shows within a time."""

    inner: ClassVar = frozenset({"call"})

    call: CallSpec | None = None
    stream: Text | None = None
    until: Text | None = None
    within: Duration | None = None

    @classmethod
    def names(cls) -> list[str]:
        """Return the keys as people write them, those of a CALL included."""
        return [*super().names(), *CallSpec.names()]

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Part the CALL from what is said about it."""
        if not isinstance(value, dict) or not all_verbs() & value.keys():
            return value
        own = {name: said for name, said in value.items() if name in cls.model_fields}
        return {**own, "call": {name: said for name, said in value.items() if name not in own}}


class UpdateSpec(Spec):
    """Calls that change an order: for all fields at once, by field, or by target status.

    Beside one call for all fields `status` may name buttons for what that call does not say.
    """

    whole: Calls = ()
    fields: dict[str, Calls] = Field(default_factory=dict)
    statuses: dict[str, Calls] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sorted_out(cls, value: Any) -> Any:
        """Tell the three ways of writing an update apart: a CALL has a verb, a map of calls has none."""
        if isinstance(value, dict) and _is_call(value) and _are_buttons(value.get("status")):
            whole = {name: said for name, said in value.items() if name != "status"}
            return {"whole": whole, "statuses": value["status"]}
        if _is_call(value):
            return {"whole": value}
        if not isinstance(value, dict):
            return value
        fields = {name: said for name, said in value.items() if name != "status" or _is_call(said)}
        statuses = value.get("status", {}) if "status" not in fields else {}
        return {"fields": fields, "statuses": statuses}

    def calls(self) -> list[tuple[Steps, CallSpec]]:
        """Return every call with its path inside the update; steps are numbered, also where there is one."""
        said: list[tuple[Steps, CallSpec]] = [((at,), call) for at, call in enumerate(self.whole)]
        said += [((name, at), call) for name, calls in self.fields.items() for at, call in enumerate(calls)]
        return said + [
            (("status", name, at), call)
            for name, calls in self.statuses.items()
            for at, call in enumerate(calls)
        ]


class WriteSpec(Spec):
    """One way of writing to the system; its name stands in explain, outbox and fuse."""

    when: Text | None = None
    stream: Text | None = None
    find: CallSpec | None = None
    create: Calls = ()
    confirm: ConfirmSpec | None = None
    message: CallSpec | None = None
    update: UpdateSpec | None = None
    reverse: Calls = ()

    def calls(self) -> list[tuple[Steps, CallSpec]]:
        """Return every call with its path inside the write; steps are numbered, also where there is one."""
        said: list[tuple[Steps, CallSpec]] = []
        for name, call in (("find", self.find), ("message", self.message)):
            said += [((name,), call)] if call else []
        said += [(("create", at), call) for at, call in enumerate(self.create)]
        if self.confirm and self.confirm.call:
            said.append((("confirm",), self.confirm.call))
        if self.update:
            said += [(("update", *path), call) for path, call in self.update.calls()]
        said += [(("reverse", at), call) for at, call in enumerate(self.reverse)]
        return said


def _is_call(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, dict) and bool(all_verbs() & value.keys()))


def _are_buttons(value: Any) -> bool:
    return isinstance(value, dict) and not _is_call(value)


class Webhook(Spec):
    """A wake-up call: how it is verified, which record key it names, which stream to read.

    `verify` is an expression that must be true: it sees the call as `request` (raw `body`, `headers`, `time`)
    and the secret as `conn.…`. `key` is a path to the record's key. `time` is a path
    to when it was sent and `within` how old it may be; `replay` a path to what is different in every call.
    Paths see {body: what the JSON, form or XML of the body says, headers: …, query: …}.
    """

    verify: Text
    key: Text
    stream: Text
    time: Text | None = None
    format: Texts = ()
    zone: Text | None = None
    within: Duration | None = None
    replay: Text | None = None
