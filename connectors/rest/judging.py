"""From an answer to its data or to the error that asks for the right reaction (mapping language, 2.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.calls import reactions
from connectors.http import outcomes, wire
from connectors.http.session import Answer
from connectors.rest.answers import RestReply
from connectors.rest.decoding import Style, Unreadable, decoded
from connectors.rest.packing import unpacked
from connectors.writing import wanted_ids
from hub.errors import Incomplete, RecordError, SourceError, Unavailable
from hub.mapping.callspec import CallSpec, ErrorsSpec
from hub.mapping.hooks import Hook
from hub.mapping.paths import roots

_BY_STATUS = {
    401: "auth", 404: "missing", 408: "retry", 409: "stale", 410: "missing", 412: "stale", 423: "locked",
    425: "retry", 428: "stale", 429: "limited",
}  # fmt: skip
_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Judge:
    """Reads answers of one system."""

    system: str
    errors: ErrorsSpec
    hook: Hook
    clock: Callable[[], datetime]

    def reply(self, answer: Answer, call: CallSpec, style: Style, *, due: bool = True) -> RestReply:
        """Return an answer that says yes, its data decoded; raise the error of one that says no.

        What the mapping's own table calls `missing` is an empty answer. `due` tells whether data must come.
        """
        data, unreadable = self._data(answer, call, style)
        reply = RestReply(answer, call, data)
        code, text = self._said(reply, call, unreadable, answer)
        name = self._reaction(answer, data, code, text, call)
        if name is None and answer.status >= 300:
            name = self._by_status(answer)
        if name == "missing" and answer.status < 400:
            return RestReply(answer, call)
        if name is not None:
            raise self._error(name, code, text, answer, call)
        if unreadable is not None and (due or unreadable.torn) and answer.status != 204:
            raise self._unreadable(unreadable, call)
        if call.ok is not None and unreadable is None:
            self._require_ok(reply, call)
        return reply

    def outcome(self, answer: Answer, call: CallSpec, style: Style, *, creates: bool) -> RestReply:
        """Return the answer to a write that was done; raise the error of one that was not, or may not be.

        `creates` tells a create from a change. The tables are trusted, but for a `retry` that came with 5xx.
        """
        try:
            return self._outcome(answer, call, style, creates)
        except SourceError as error:
            if answer.followed:  # what says no is not what was asked to write
                raise outcomes.unknown(error) from error
            raise

    def _outcome(self, answer: Answer, call: CallSpec, style: Style, creates: bool) -> RestReply:
        data, unreadable = self._data(answer, call, style)
        reply = RestReply(answer, call, data)
        code, text = self._said(reply, call, unreadable, answer)
        name = self._reaction(answer, data, code, text, call)
        if name is None and answer.status >= 300:
            name = "auth" if _wants_token(answer) else outcomes.reaction_of(answer.status, creates=creates)
        if name is not None:
            lost = name == "retry" and answer.status >= 500
            raise self._error("unknown" if lost else name, code, text, answer, call)
        if unreadable is not None:
            if _is_due(unreadable, answer, call):
                raise outcomes.unknown(self._unreadable(unreadable, call))
            return reply
        self._require_ok(reply, call)
        self._require_rows(reply, call)
        return reply

    def _data(self, answer: Answer, call: CallSpec, style: Style) -> tuple[Any, Unreadable | None]:
        try:
            if self.hook.decode is not None and answer.status < 300:
                return self.hook.decode(answer.body, {"header": dict(answer.headers)}), None
            return unpacked(
                decoded(answer.body, answer.headers.get("content-type"), style), call.unpack
            ), None
        except Unreadable as error:
            return None, error
        except RecordError as error:
            return None, Unreadable(error.key, torn=False, **error.values)

    def _said(
        self, reply: RestReply, call: CallSpec, unreadable: Unreadable | None, answer: Answer
    ) -> tuple[str, str]:
        """Return code and text of what went wrong: by the tables' paths, else status and what is shown."""
        if unreadable is None:
            code, text = reactions.said(reply.look, call.errors, self.errors)
            if code or text:
                return code or (str(answer.status) if answer.status >= 300 else ""), text
        if answer.status < 300 and unreadable is None:
            return "", ""
        data = unreadable.values.get("title") if unreadable else reply.data
        text = reactions.shown(data) if isinstance(data, str | dict | list) else ""
        return str(answer.status), text or answer.reason

    def _reaction(self, answer: Answer, data: Any, code: str, text: str, call: CallSpec) -> str | None:
        if self.hook.fault is not None:
            named = self.hook.fault({"status": answer.status, "headers": dict(answer.headers), "body": data})
            if named is not None:
                return named
        return reactions.reaction(code, text, call.errors, self.errors) if code or text else None

    def _by_status(self, answer: Answer) -> str:
        if _wants_token(answer):
            return "auth"
        if answer.status in (500, 503) and "retry-after" in answer.headers:
            return "limited"
        named = _BY_STATUS.get(answer.status)
        return named or ("retry" if answer.status >= 500 or answer.status < 400 else "rejected")

    def _require_ok(self, reply: RestReply, call: CallSpec) -> None:
        error = reactions.of_answer(
            reply.look, call.ok, call.errors, self.errors, system=self.system, operation=call.name
        )
        if error is not None:
            raise error

    def _require_rows(self, reply: RestReply, call: CallSpec) -> None:
        """Raise the error of the first row that says one: a write is done if all of it is."""
        rows = (call.errors and call.errors.rows) or self.errors.rows
        if call.records is None or rows is None:
            return
        for records in reply.pages(_ROWS):
            error = reactions.of_rows(records, rows, system=self.system, operation=call.name)
            if error is not None:
                raise error

    def _error(self, name: str, code: str, text: str, answer: Answer, call: CallSpec) -> SourceError:
        wait = wire.retry_after(answer.headers.get("retry-after"), self.clock())
        return reactions.error(name, code, text, system=self.system, operation=call.name, wait=wait)

    def _unreadable(self, error: Unreadable, call: CallSpec) -> SourceError:
        kind = Incomplete if error.torn else Unavailable
        values: dict[str, Any] = dict(error.values)
        return kind(error.key, system=self.system, operation=call.name, **values)


def _wants_token(answer: Answer) -> bool:
    return answer.status == 403 and answer.headers.get("x-csrf-token", "").lower() == "required"


def _is_due(unreadable: Unreadable, answer: Answer, call: CallSpec) -> bool:
    """Tell whether a write's answer had to be readable: an empty one need not, if nothing is looked at."""
    if unreadable.key != "http.empty":
        return True
    looked_at = [call.ok, *call.take.values(), *wanted_ids(call).values()]
    return answer.status != 204 and any(path and "meta" not in roots(path) for path in looked_at)
