"""Any SOAP system, described by its mapping alone: `op`, `args`, `records`, paging, cursor, details."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as midnight
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import tenacity

from connectors.contract import Ask, Capabilities, Everything, Health, Keys, Page, Since, Window
from connectors.soap import reactions
from connectors.soap.args import fill, mentioned
from connectors.soap.client import Client
from connectors.soap.marks import Marks
from connectors.soap.paging import Pager
from connectors.soap.selection import Selection
from connectors.soap.stream import Answer
from connectors.soap.wsdl import Operation, Wsdl
from hub.config import Connection
from hub.errors import ConfigError, HubError
from hub.mapping import times
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping, TimeSpec
from hub.mapping.paths import compile_path
from hub.model import Record

PAGE = 1_000
"""Records a page where the mapping says no size."""

_NO_TIME: Mapping[str, Any] = {"since": None, "until": None}

_log = logging.getLogger(__name__)


class SoapConnector:
    """Reads a document/literal SOAP service. Not for several threads at once."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "keys", "everything"}),
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
        self._drift: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mapping.system!r})"

    def check(self) -> Health:
        """Load the description and look for each stream's operation; no operation is called."""
        begin = self._clock()
        try:
            wsdl = self._wsdl()
            for stream in self._mapping.streams.values():
                wsdl.operation(stream.read.target)
        except HubError as error:
            return Health(False, error.key, error.values, (self._clock() - begin).total_seconds())
        values = {"system": self._mapping.system, "operations": len(wsdl.operations)}
        return Health(True, "soap.healthy", values, (self._clock() - begin).total_seconds())

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages; records of an answer come only after the whole answer was read and said yes."""
        spec = self._stream(stream)
        at = spec.time or self._mapping.time
        match ask:
            case Keys(keys):
                yield from self._by_keys(stream, spec, keys)
            case Everything():
                yield from self._pages(_listing(spec), _NO_TIME, None)
            case Window(start, end):
                between = {"since": times.send(start, at), "until": times.send(end, at)}
                yield from self._pages(spec.read, between, None)
            case Since(state):
                marks = Marks(spec.read, at, state)
                since = self._since(spec.read, at, marks)
                yield from self._pages(spec.read, {**_NO_TIME, "since": since}, marks)

    def close(self) -> None:
        """Close the session."""
        self._client.close()

    def _by_keys(self, stream: str, spec: StreamMapping, keys: Sequence[str]) -> Iterator[Page]:
        calls = [call for call in (spec.sweep and spec.sweep.call, spec.read) if call]
        call = next((call for call in calls if "keys" in mentioned(call.args)), None)
        if call is None:
            raise ConfigError("soap.no_keys", system=self._mapping.system, stream=stream)
        for some in batches(keys, call.size or PAGE):
            yield from self._pages(call, {**_NO_TIME, "keys": some}, None)

    def _pages(self, call: CallSpec, names: Mapping[str, Any], marks: Marks | None) -> Iterator[Page]:
        """Yield the pages of one call, turned to the end; `marks` move with each page if the source sorts."""
        operation = self._wsdl().operation(call.target)
        selection = Selection(call, operation.shape)
        pager = Pager(call, mentioned(call.args), system=self._mapping.system)
        took: dict[str, Any] = {}
        number, more = 0, True
        while more:
            answer = self._ask(call, operation, selection, {**names, **pager.names, **took})
            head = selection.head(answer)
            pager.expect(head)
            took.update({name: compile_path(path)(head) for name, path in call.take.items()})
            received, last = 0, list[Record]()
            for records in selection.pages(answer, call.size or PAGE):
                number, received, last = number + 1, received + len(records), records
                if marks is not None:
                    marks.see(records, self._clock())
                whole = self._nested(call, records, {**names, **took})
                state = marks.state() if marks is not None and call.sorted else {}
                yield Page(whole, state, {"page": number}, expected=pager.total)
            more = pager.turn(head, received, last)
        if marks is not None and not call.sorted:
            yield Page([], marks.state(), {"page": number})

    def _ask(
        self, call: CallSpec, operation: Operation, selection: Selection, names: Mapping[str, Any]
    ) -> Answer:
        args = self._args(call, operation, names)

        def judge(answer: Answer) -> None:
            error = reactions.of_answer(
                selection.head(answer),
                call.ok,
                call.errors,
                self._mapping.errors,
                system=self._mapping.system,
                operation=operation.name,
            )
            if error is not None:
                raise error

        answer = self._client.ask(operation, args, errors=call.errors, judge=judge)
        self._note_drift(operation, answer)
        return answer

    def _args(self, call: CallSpec, operation: Operation, names: Mapping[str, Any]) -> dict[str, Any]:
        said = call.args or {}
        if isinstance(said, list):
            said = dict(zip(operation.takes, said, strict=False))
        known = {"size": call.size, "now": self._clock(), "conn": self._conn(), **names}
        args = fill(said, known)
        return {**args, "_soapheaders": fill(call.headers, known)} if call.headers else args

    def _nested(self, call: CallSpec, records: list[Record], names: Mapping[str, Any]) -> list[Record]:
        """Return the records with their details: one call for many keys, or one for each record."""
        for name, inner in call.nest.items():
            if "keys" in mentioned(inner.args):
                self._nest_by_keys(name, inner, records, names)
            else:
                for record in records:
                    record[name] = self._all(inner, {**names, "item": record})
        return records

    def _nest_by_keys(
        self, name: str, call: CallSpec, records: list[Record], names: Mapping[str, Any]
    ) -> None:
        if len(call.on) != 1:
            raise ConfigError("soap.nest_without_on", operation=call.target, name=name)
        ((theirs, ours),) = call.on.items()
        find, found_by = compile_path(ours), compile_path(theirs)
        owners: dict[str, list[Record]] = {}
        for record in records:
            record[name] = []
            owners.setdefault(str(find(record)), []).append(record)
        for some in batches(list(owners), call.size or PAGE):
            for detail in self._all(call, {**names, "keys": some}):
                for record in owners.get(str(found_by(detail)), ()):
                    record[name].append(detail)

    def _all(self, call: CallSpec, names: Mapping[str, Any]) -> list[Record]:
        return [record for page in self._pages(call, names, None) for record in page.records]

    def _since(self, call: CallSpec, at: TimeSpec, marks: Marks) -> Any:
        """Return what to read from, as it is sent: the mark less the overlap, else the system's start."""
        if marks.mark is not None:
            return times.send(marks.mark.at - (call.overlap or timedelta()), at)
        if self._mapping.start is None:
            return None
        zone = times.zone_of(at.zone) if at.zone else UTC
        return times.send(datetime.combine(self._mapping.start, midnight(), zone), at)

    def _stream(self, name: str) -> StreamMapping:
        return stream_of(self._mapping, name)

    def _wsdl(self) -> Wsdl:
        said = self._mapping.wsdl
        url = said.url if said else "?wsdl"
        return self._client.wsdl(
            self._located(url),
            service=said and said.service or "",
            port=said and (said.port or said.binding) or "",
            address=said and said.address or "",
        )

    def _located(self, url: str) -> str:
        """Return where the description is: an address, a file beside the mapping, or a path."""
        if urlsplit(url).scheme in ("http", "https", "file"):
            return url
        beside = self._mapping.path.parent / url if self._mapping.path else Path(url)
        if beside.is_file():
            return beside.absolute().as_uri()
        base = self._connection.url()
        return base + url if url.startswith("?") else urljoin(base + "/", url)

    def _conn(self) -> dict[str, Any]:
        return {
            "login": self._connection.login,
            "password": self._connection.password,
            "extra": dict(self._connection.extra),
        }

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


def stream_of(mapping: SystemMapping, name: str) -> StreamMapping:
    """Return a stream of a mapping; ConfigError with the nearest name if there is none."""
    if name not in mapping.streams:
        near = difflib.get_close_matches(name, mapping.streams, n=1) or list(mapping.streams)
        raise ConfigError("connectors.unknown_stream", system=mapping.system, stream=name, near=near[0])
    return mapping.streams[name]


def _listing(spec: StreamMapping) -> CallSpec:
    """Return the call that reads everything asked for: the sweep, unless it wants keys."""
    if spec.sweep is None or "keys" in mentioned(spec.sweep.call.args):
        return spec.read
    return spec.sweep.call


def batches(keys: Sequence[str], size: int) -> Iterator[list[str]]:
    """Yield `keys` at most `size` at a time."""
    for begin in range(0, len(keys), size):
        yield list(keys[begin : begin + size])
