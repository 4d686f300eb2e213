"""Any SOAP system, described by its mapping alone: `op`, `args`, `records`, paging, cursor, details."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

import tenacity

from connectors.calls import reactions
from connectors.calls.fill import compiled, mentioned
from connectors.calls.gates import Seen
from connectors.calls.hand import CallHand
from connectors.calls.names import Names
from connectors.calls.reactions import Look
from connectors.calls.reading import Reading
from connectors.calls.turning import PAGE
from connectors.contract import Ask, BusinessKey, Capabilities, Health, OutgoingChange, Page, Receipt, Step
from connectors.soap.client import Client, filled_by
from connectors.soap.selection import Selection
from connectors.soap.stream import Answer
from connectors.soap.wsdl import Operation
from connectors.writing import Writing
from hub.config import Connection
from hub.errors import HubError
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.mapping.paths import compile_path
from hub.model import Record

_log = logging.getLogger(__name__)


class SoapConnector:
    """Reads and writes by a SOAP service: document/literal, rpc/literal or rpc/encoded.

    Not for several threads at once.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "keys", "everything"}),
        writes=True,
        summary="soap.summary",
    )

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None = None,
    ) -> None:
        """Open nothing yet; `retry` is how reads are tried again."""
        self._mapping, self._connection, self._clock = mapping, connection, clock
        self._client = Client(mapping, connection, clock, retry)
        names = Names(connection, clock)
        self._reading = Reading(mapping, self, names, clock)
        self._writing = Writing(mapping, CallHand(mapping, self, names, clock))
        self._drift: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mapping.system!r})"

    def check(self) -> Health:
        """Load the description; look for each stream's operation and its records. No operation is called."""
        begin = self._clock()
        try:
            wsdl = self._client.description()
            for stream in self._mapping.streams.values():
                for call in _with_nested(stream.read):
                    Selection(call, wsdl.operation(call.target).shape)
        except HubError as error:
            return Health(False, error.key, error.values, (self._clock() - begin).total_seconds())
        values = {"system": self._mapping.system, "operations": len(wsdl.operations)}
        return Health(True, "soap.healthy", values, (self._clock() - begin).total_seconds())

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages; records of an answer come only after the whole answer was read and said yes."""
        return self._reading.fetch(stream, ask)

    def lookup(self, write: str, key: BusinessKey) -> list[Record]:
        """Return the records that the write's `find` gives."""
        return self._writing.lookup(write, key)

    def push(self, change: OutgoingChange, committed: Callable[[Step], None]) -> Receipt:
        """Carry out one change, call by call, none of them twice."""
        return self._writing.push(change, committed)

    def close(self) -> None:
        """Close the session."""
        self._client.close()

    def mentions(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call mentions."""
        return mentioned(call.args) | mentioned(call.headers)

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call cannot do without."""
        return compiled(call.args or {}).needs | compiled(call.headers or {}).needs

    def ask(
        self, call: CallSpec, names: Mapping[str, Any], seen: Seen | None = None, *, unread: bool = False
    ) -> SoapReply:
        """Send a call and return its answer, which said yes."""
        operation = self._client.description().operation(call.target)
        selection = Selection(call, operation.shape)

        def judge(answer: Answer) -> None:
            error = reactions.of_answer(
                SoapReply(answer, selection).look,
                call.ok,
                call.errors,
                self._mapping.errors,
                system=self._mapping.system,
                operation=operation.name,
            )
            if error is not None:
                raise error

        answer = self._client.ask(
            operation,
            lambda held: filled_by(call, operation, {**names, **held}),
            errors=call.errors,
            judge=judge,
        )
        self._note_drift(operation, answer)
        return SoapReply(answer, selection)

    def write(self, call: CallSpec, names: Mapping[str, Any], *, creates: bool) -> Look:
        """Send a write, once, and return a look into its whole answer; see `Sender`."""
        operation = self._client.description().operation(call.target)
        selection = Selection(call, operation.shape)
        answer = self._client.write(
            operation,
            lambda held: filled_by(call, operation, {**names, **held}),
            creates=creates,
            errors=call.errors,
            judge=lambda answer: self._require_done(answer, selection, call),
        )
        self._note_drift(operation, answer)
        return _look(answer)

    def _require_done(self, answer: Answer, selection: Selection, call: CallSpec) -> None:
        """Raise the error of an answer that says no, or of its first row that does."""
        tables = (call.errors, self._mapping.errors)
        place = {"system": self._mapping.system, "operation": call.target}
        error = reactions.of_answer(_look(answer), call.ok, *tables, **place)
        if error is not None:
            raise error
        rows = (call.errors and call.errors.rows) or self._mapping.errors.rows
        if rows is None or call.records is None:
            return
        for records in selection.pages(answer, PAGE):
            error = reactions.of_rows(records, rows, **place)
            if error is not None:
                raise error

    def _note_drift(self, operation: Operation, answer: Answer) -> None:
        for path in sorted(answer.drift):
            if (operation.name, path) not in self._drift:
                self._drift.add((operation.name, path))
                _log.warning(
                    "%s: %s answers with %s, which its WSDL does not describe",
                    self._mapping.system,
                    operation.name,
                    path,
                )


def _look(answer: Answer) -> Look:
    whole = answer.plain()
    return lambda path: compile_path(path)(whole)


def _with_nested(call: CallSpec) -> Iterator[CallSpec]:
    yield call
    for inner in call.nest.values():
        yield from _with_nested(inner)


class SoapReply:
    """One answer of a SOAP service, as the reading of streams looks at it."""

    same = False
    meta: ClassVar[Mapping[str, Any]] = {}
    warnings = ()

    def __init__(self, answer: Answer, selection: Selection) -> None:
        """Take an answer and what in it are the records."""
        self._answer, self._selection = answer, selection
        self._head: dict[str, Any] | None = None

    def look(self, path: str) -> Any:
        """Return what the answer has at a path, its records left out."""
        if self._head is None:
            self._head = self._selection.head(self._answer)
        return compile_path(path)(self._head)

    def pages(self, size: int) -> Iterator[list[Record]]:
        """Yield the records, at most `size` at a time; one empty list if there are none."""
        return self._selection.pages(self._answer, size)

    def seen(self) -> Seen | None:
        """Return None: an answer is not remembered, since its parts carry identifiers of their own."""
        return None
