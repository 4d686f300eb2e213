"""How the connectors of calls (rest, soap) write: a look-up is a read as any other, a write is sent once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from connectors.calls import reactions
from connectors.calls.asker import NOTHING, Asker
from connectors.calls.fill import mentioned
from connectors.calls.marks import Marks
from connectors.calls.names import Names
from connectors.calls.reactions import Look
from connectors.calls.turning import How, Turning
from connectors.contract import Page
from connectors.references import References
from connectors.writing import Send, ids_of, wanted_ids
from hub.errors import OutcomeUnknown
from hub.mapping.expressions import READ_NAMES
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.model import Record


class Sender(Asker, Protocol):
    """An asker that sends writes as well."""

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call cannot do without."""
        ...

    def write(self, call: CallSpec, names: Mapping[str, Any], *, creates: bool) -> Look:
        """Send a write, once, and return a look into its answer, which said yes.

        Only after a refused login it is sent again, once, with a new one. `creates` tells a create from a
        change. Raises as `Writer.push` does.
        """
        ...


class CallHand:
    """The calls of writes of one system, each an exchange of its own. Not for several threads at once."""

    atomic = False

    def __init__(
        self, mapping: SystemMapping, sender: Sender, names: Names, clock: Callable[[], datetime]
    ) -> None:
        """Take the mapping, who sends its calls, and the names that every call knows."""
        self._mapping, self._sender, self._names = mapping, sender, names
        self._turning = Turning(mapping, sender, names, clock)
        self._references = References(mapping, self._take)
        self._always = frozenset(names) | _always(mapping)
        self._creating = {id(call) for write in mapping.writes.values() for call in write.create}
        self._optional = _optional(mapping)

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call cannot be sent without: not those that are always there."""
        return self._sender.needs(call) - self._always

    def find(self, call: CallSpec, names: Mapping[str, Any]) -> list[Record]:
        """Return the records of all pages of a call. Rejected, where one of them says an error of its own."""
        how = How(Marks(call, self._mapping.time, {}))
        with self._references.at_hand():
            pages = list(self._turning.read(call, {**NOTHING, **names}, how))
        self._require_good(pages, call)
        return [record for page in pages for record in page.records]

    @contextmanager
    def move(self) -> Iterator[Send]:
        """Return what sends the calls: a move is no transaction here."""
        yield self._send

    def _send(self, call: CallSpec, names: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._references.at_hand():
            known = self._names.of(call, names)
            look = self._sender.write(call, known, creates=id(call) in self._creating)
        took = {name: _kept(found) for name, path in call.take.items() if (found := look(path)) is not None}
        wanted = wanted_ids(call)
        ids = ids_of({kind: look(path) for kind, path in wanted.items()})
        if wanted and not ids:
            raise self._without(wanted.values(), call, look)
        due = {name: path for name, path in call.take.items() if name not in self._optional}
        if due and not took and not ids and call.verb != "get" and look("@") is not None:
            raise self._without(due.values(), call, look)
        return {**took, **({"id": ids} if ids else {})}

    def _without(self, paths: Iterable[str], call: CallSpec, look: Look) -> OutcomeUnknown:
        """Return what is said of an answer that has nothing of what it was to give: with its own words.

        Where the mapping's `errors` find code or text in it, these; else how it begins.
        """
        place = {"system": self._mapping.system, "operation": call.name, "paths": ", ".join(paths)}
        code, text = reactions.said(look, call.errors, self._mapping.errors)
        reason = f"{code} {text}".strip() or reactions.shown(look("@"))
        if not reason:
            return OutcomeUnknown("writing.no_number", **place)
        return OutcomeUnknown("writing.no_result", code=code, reason=reason, **place)

    def _take(self, call: CallSpec, names: Mapping[str, Any]) -> Mapping[str, Any]:
        reply = self._sender.ask(call, self._names.of(call, {**NOTHING, **names}))
        return {name: reply.look(path) for name, path in call.take.items()}

    def _require_good(self, pages: list[Page], call: CallSpec) -> None:
        for bad in (one for page in pages for one in page.bad):
            code, text = (str(bad.error.values.get(name, "")) for name in ("code", "reason"))
            raise reactions.error(
                "rejected", code, text, system=self._mapping.system, operation=call.name, record=bad.key
            )


def _always(mapping: SystemMapping) -> frozenset[str]:
    """Return the names that need no order: those of reading, and what logins give."""
    auth = mapping.auth
    calls = [auth.login, auth.csrf.fetch if auth.csrf else None] if auth else []
    took = (name for call in calls if call is not None for name in call.take)
    return frozenset(READ_NAMES) - {"key"} | {"request", "access_token", "csrf_token", *took}


def _optional(mapping: SystemMapping) -> frozenset[str]:
    """Return the names that an answer need not give: an `if` asks whether they are there."""
    calls = (call for write in mapping.writes.values() for _, call in write.calls())
    return frozenset[str]().union(*(mentioned(f"={call.if_}") for call in calls if call.if_))


def _kept(value: Any) -> Any:
    """Return what a later step may mention as JSON can hold it: exact numbers as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return {name: _kept(one) for name, one in value.items()}
    return [_kept(one) for one in value] if isinstance(value, list | tuple) else value
