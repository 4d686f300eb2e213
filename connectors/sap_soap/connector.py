"""SAP sales orders: discovery by customer and sales organisation, detail in blocks, open orders by key.

SAP has no read "changed since" among its standard BAPIs (contracts erp section 0): new documents are found
by their date, known ones are read again by key (the sweep). What is written goes through `sap_soap.hand`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import tenacity

from connectors.calls.names import Names
from connectors.calls.reading import stream_of
from connectors.calls.records import batches
from connectors.contract import (
    Ask,
    BusinessKey,
    Capabilities,
    Everything,
    Health,
    Keys,
    OutgoingChange,
    Page,
    Receipt,
    Since,
    State,
    Step,
    Window,
)
from connectors.sap_soap.bapi import Bapi
from connectors.sap_soap.details import DETAILS, Details
from connectors.sap_soap.discovery import GETLIST, Discovery
from connectors.sap_soap.finding import Finding
from connectors.sap_soap.hand import SapHand
from connectors.sap_soap.options import Organisation, read_options
from connectors.sap_soap.orders import padded
from connectors.soap.client import Client
from connectors.writing import Writing
from hub.config import Connection
from hub.errors import ConfigError, HubError, SourceError
from hub.locale import text
from hub.mapping import times
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping
from hub.model import Record


class SapSoapConnector:
    """Reads and writes sales orders of one SAP server, whose clients are told apart in every key."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "keys", "everything"}),
        writes=True,
        summary="sap.summary",
    )

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None = None,
    ) -> None:
        """Open nothing yet; `retry` is how reads are tried again. ConfigError if `sap:` is wrong."""
        self._mapping, self._clock = mapping, clock
        self._options = read_options(mapping.options, mapping.system)
        self._client = Client(mapping, connection, clock, retry)
        self._bapi = Bapi(self._client, mapping, self._options, connection.url())
        self._discovery = Discovery(self._bapi, self._options.customers)
        self._details = Details(mapping, self._options, self._bapi, self._discovery)
        finding = Finding(mapping.system, self._options, self._bapi, self._discovery, self._details)
        transport, names = self._client.transport, Names(connection, clock)
        self._hand = SapHand(mapping, self._options, self._bapi, transport, finding, self._details, names)
        self._writing = Writing(mapping, self._hand)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mapping.system!r})"

    def check(self) -> Health:
        """Load the descriptions of the list function and of those that write; no function is called."""
        begin = self._clock()
        try:
            self._bapi.operation(GETLIST, self._options.organisations[0].client)
            self._hand.require_published()
        except HubError as error:
            return Health(False, error.key, error.values, (self._clock() - begin).total_seconds())
        return Health(
            True,
            "sap.healthy",
            {"system": self._mapping.system, "organisations": len(self._options.organisations)},
            (self._clock() - begin).total_seconds(),
        )

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages of whole orders.

        A customer whose list is refused is skipped, the rest is read, and the refusal is raised at the end:
        its sales organisation then counts as not read, so its position stays.
        """
        call = self._stream(stream).read
        match ask:
            case Keys(keys):
                yield from self._by_keys(call, keys)
            case Window(start, end):
                yield from self._all(call, {}, self._day(start), self._day(end))
            case Everything():
                yield from self._all(call, {}, None, None)
            case Since(state):
                yield from self._all(call, state, self._mapping.start, None, moves=True)

    def lookup(self, write: str, key: BusinessKey) -> list[Record]:
        """Return the orders that the write's `find` gives, as the stream reads them."""
        return self._writing.lookup(write, key)

    def push(self, change: OutgoingChange, committed: Callable[[Step], None]) -> Receipt:
        """Carry out one change: each move in one session, and nothing of it stays without a COMMIT."""
        return self._writing.push(change, committed)

    def close(self) -> None:
        """Close the session."""
        self._client.close()

    # discovery

    def _all(
        self, call: CallSpec, state: State, first: date | None, last: date | None, *, moves: bool = False
    ) -> Iterator[Page]:
        refused: list[SourceError] = []
        for organisation in self._options.organisations:
            mark = _mark(state, organisation)
            since = mark - _days(call.overlap) if mark else first
            before = len(refused)
            newest = mark
            block: list[str] = []
            for number, day in self._discovery.documents(call, organisation, since, last, refused):
                newest = max(filter(None, (newest, self._believed(day))), default=None)
                block.append(number)
                if len(block) == self._size(call):
                    yield self._page(call, organisation.client, block)
                    block = []
            complete = moves and len(refused) == before
            slot = {organisation.slot: newest.isoformat()} if complete and newest else {}
            if block or slot:
                yield self._page(call, organisation.client, block, slot)
            if refused[before:]:
                yield Page([], warnings=[error.say() for error in refused[before:]])
        if refused:
            raise refused[0]

    # detail

    def _by_keys(self, call: CallSpec, keys: Sequence[str]) -> Iterator[Page]:
        clients = {organisation.client for organisation in self._options.organisations}
        wanted: dict[str, dict[str, None]] = {}
        alien = []
        for key in keys:
            client, _, number = key.partition("/")
            if client in clients and number:
                wanted.setdefault(client, {})[padded(number)] = None  # in order, each once
            else:
                alien.append(text("sap.not_a_key", key=key))
        if alien:
            yield Page([], warnings=alien)
        for client, numbers in wanted.items():
            for block in batches(list(numbers), self._size(call)):
                yield self._page(call, client, block)

    def _page(
        self, call: CallSpec, client: str, numbers: Sequence[str], slot: Mapping[str, str] | None = None
    ) -> Page:
        return self._details.page(client, numbers, call.errors, slot)

    # small things

    def _size(self, call: CallSpec) -> int:
        return call.size or self._options.block

    def _day(self, moment: datetime) -> date:
        zone = times.zone_of(self._mapping.time.zone) if self._mapping.time.zone else UTC
        return moment.astimezone(zone).date()

    def _believed(self, day: str) -> date | None:
        """Return a document's date, None if it is none; a date in the future counts as today."""
        found = _date(day)
        return min(found, self._day(self._clock())) if found else None

    def _stream(self, name: str) -> StreamMapping:
        stream = stream_of(self._mapping, name)
        if stream.read.verb != "bapi" or stream.read.target not in (GETLIST, DETAILS):
            known = f"bapi: {GETLIST}"
            raise ConfigError(
                "sap.no_reader", name=stream.read.name, system=self._mapping.system, known=known
            )
        return stream


def _mark(state: State, organisation: Organisation) -> date | None:
    return _date(str(state.get(organisation.slot, "")))


def _date(said: str) -> date | None:
    """Return a date of SAP ("2026-01-05" or "20260105"); initial and unreadable dates are None."""
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        return None


def _days(overlap: timedelta | None) -> timedelta:
    return timedelta(days=math.ceil(overlap / timedelta(days=1))) if overlap else timedelta()
