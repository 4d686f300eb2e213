"""SAP sales orders: discovery by customer and sales organisation, detail in blocks, open orders by key.

SAP has no read "changed since" among its standard BAPIs (contracts erp section 0): new documents are found
by their date, known ones are read again by key (the sweep).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import orjson
import tenacity

from connectors.calls.reading import stream_of
from connectors.calls.records import batches
from connectors.contract import (
    Ask,
    BadRecord,
    Capabilities,
    Everything,
    Health,
    Keys,
    Page,
    Since,
    State,
    Window,
)
from connectors.sap_soap.bapi import Bapi
from connectors.sap_soap.discovery import GETLIST, Discovery
from connectors.sap_soap.options import Organisation, read_options
from connectors.sap_soap.orders import add_delivered_by_flow, add_delivered_by_status, group, padded, record
from connectors.soap.client import Client
from hub.config import Connection
from hub.errors import ConfigError, HubError, RecordError, SourceError
from hub.locale import text
from hub.mapping import times
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping
from hub.model import Record

DETAILS = "BAPISDORDER_GETDETAILEDLIST"
STATUS = "BAPI_SALESORDER_GETSTATUS"

_VIEW = ("HEADER", "ITEM", "SDSCHEDULE", "BUSINESS", "STATUS_H")
_TABLES = (
    "ORDER_HEADERS_OUT",
    "ORDER_ITEMS_OUT",
    "ORDER_SCHEDULES_OUT",
    "ORDER_BUSINESS_OUT",
    "ORDER_STATUSHEADERS_OUT",
)
_FLOWS = "ORDER_FLOWS_OUT"
_PARTLY_OR_FULLY = ("B", "C")  # DLV_STAT_H, domain STATV


class SapSoapConnector:
    """Reads sales orders of one SAP server, whose clients are told apart in every key."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "keys", "everything"}),
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mapping.system!r})"

    def check(self) -> Health:
        """Load the description of the list function with the login; no function is called."""
        begin = self._clock()
        try:
            self._bapi.operation(GETLIST, self._options.organisations[0].client)
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
        """Read a block of documents in one call and return it as a page.

        SAP BAPISDORDER_GETDETAILEDLIST interface, confirmed; a number that it does not know is passed over
        in silence, likely: it is named in the page's warnings.
        """
        if not numbers:
            return Page([], dict(slot or {}))
        parts = group(self._details(call, client, numbers))
        records: list[Record] = []
        bad: list[BadRecord] = []
        missing = []
        for number in numbers:
            if number not in parts or not parts[number].header:
                missing.append(text("sap.not_returned", key=f"{client}/{number}"))
                continue
            order = record(parts[number], client, number, self._only_organisation(client))
            self._name_customer(order)
            try:
                self._add_delivered(call, order)
            except RecordError as error:
                bad.append(BadRecord(orjson.dumps(order), error, order["KEY"]))
            else:
                records.append(order)
        return Page(records, dict(slot or {}), {"client": client}, bad=bad, warnings=missing)

    def _details(self, call: CallSpec, client: str, numbers: Sequence[str]) -> Mapping[str, Any]:
        view = dict.fromkeys(_VIEW, "X")
        args: dict[str, Any] = {"SALES_DOCUMENTS": [{"VBELN": number} for number in numbers]}
        args.update({table: [] for table in _TABLES})
        if self._options.delivered == "flow":
            if not self._bapi.has_table(DETAILS, client, _FLOWS):
                raise ConfigError("sap.no_flow", system=self._mapping.system, function=DETAILS)
            view["FLOW"], args[_FLOWS] = "X", []
        tables = self._bapi.call(DETAILS, client, {"I_BAPI_VIEW": view, **args}, call.errors)
        return {name: rows for name, rows in tables.items() if name in args and name != "SALES_DOCUMENTS"}

    def _add_delivered(self, call: CallSpec, order: Record) -> None:
        if self._options.delivered == "flow":
            add_delivered_by_flow(order, self._options.goods)
            return
        rows: list[Record] = []
        if str(order["status"].get("DLV_STAT_H") or "").strip() in _PARTLY_OR_FULLY:
            args = {"SALESDOCUMENT": order["SD_DOC"], "STATUSINFO": []}
            tables = self._bapi.call(STATUS, order["CLIENT"], args, call.errors)
            rows = list(tables.get("STATUSINFO", ()))
        order["deliveries"] = rows
        add_delivered_by_status(order, rows)

    def _name_customer(self, order: Record) -> None:
        """Put the customer's name into the header where the customers were listed and SAP gave none."""
        name = self._discovery.customer_names(order["CLIENT"]).get(
            padded(str(order["header"].get("SOLD_TO") or "").strip())
        )
        if name:
            order["header"].setdefault("NAME", name)

    def _only_organisation(self, client: str) -> str:
        found = {one.sales_org for one in self._options.organisations if one.client == client}
        return found.pop() if len(found) == 1 else ""

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
