"""Any system over HTTP, described by its mapping alone: calls, paging, details, logins, signatures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import ClassVar

import tenacity

from connectors.calls.hand import CallHand
from connectors.calls.names import Names
from connectors.calls.reading import Reading
from connectors.contract import Ask, BusinessKey, Capabilities, Health, OutgoingChange, Page, Receipt, Step
from connectors.http.limits import Sleep
from connectors.rest.caller import Caller
from connectors.writing import Writing
from hub.config import Connection
from hub.errors import HubError
from hub.mapping.grammar import SystemMapping
from hub.model import Record


class RestConnector:
    """Reads and writes JSON, XML, CSV and text over HTTP; connectors of one system share a login.

    Not for several threads at once.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "keys", "everything"}), writes=True, summary="rest.summary"
    )

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None = None,
        *,
        sleep: Sleep = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet; `retry` says how reads are tried again, `sleep` and `monotonic` serve limits."""
        self._mapping, self._clock = mapping, clock
        names = Names(connection, clock)
        self._caller = Caller(mapping, connection, clock, names, retry, sleep=sleep, monotonic=monotonic)
        self._reading = Reading(mapping, self._caller, names, clock)
        self._writing = Writing(mapping, CallHand(mapping, self._caller, names, clock))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mapping.system!r})"

    def check(self) -> Health:
        """Log in and read the first page of the first stream, one record if the system heeds the size."""
        begin = self._clock()
        stream = next(iter(self._mapping.streams))
        try:
            page = self._reading.first(stream)
        except HubError as error:
            return Health(False, error.key, error.values, (self._clock() - begin).total_seconds())
        values = {"system": self._mapping.system, "stream": stream}
        warning = " ".join(page.warnings) if page else ""
        key = "rest.healthy_but" if warning else "rest.healthy"
        return Health(True, key, values | {"warning": warning}, (self._clock() - begin).total_seconds())

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
        self._caller.close()
