"""Any SOAP system, described by its mapping alone: `op`, `args`, `records`, paging, cursor, details."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import tenacity

from connectors.calls import reactions
from connectors.calls.fill import fill, mentioned
from connectors.calls.gates import Seen
from connectors.calls.names import Names
from connectors.calls.reading import Reading
from connectors.contract import Ask, Capabilities, Health, Page
from connectors.soap.client import Client
from connectors.soap.selection import Selection
from connectors.soap.stream import Answer
from connectors.soap.wsdl import Operation, Wsdl
from hub.config import Connection
from hub.errors import HubError
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.mapping.paths import compile_path
from hub.model import Record

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
        self._reading = Reading(mapping, self, Names(connection, clock), clock)
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
        return self._reading.fetch(stream, ask)

    def close(self) -> None:
        """Close the session."""
        self._client.close()

    def mentions(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call mentions."""
        return mentioned(call.args) | mentioned(call.headers)

    def ask(self, call: CallSpec, names: Mapping[str, Any], seen: Seen | None = None) -> SoapReply:
        """Send a call and return its answer, which said yes."""
        operation = self._wsdl().operation(call.target)
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

        args = _args(call, operation, names)
        answer = self._client.ask(operation, args, errors=call.errors, judge=judge)
        self._note_drift(operation, answer)
        return SoapReply(answer, selection)

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


def _args(call: CallSpec, operation: Operation, names: Mapping[str, Any]) -> dict[str, Any]:
    said = call.args or {}
    if isinstance(said, list):
        said = dict(zip(operation.takes, said, strict=False))
    args = fill(said, names)
    return {**args, "_soapheaders": fill(call.headers, names)} if call.headers else args
