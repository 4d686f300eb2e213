"""Both SOAP connectors pass the reading half of the contract, each against a real HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from xml.sax.saxutils import escape

import pytest

from connectors.contract import Connector, Keys
from connectors.retry import retrying
from connectors.sap_soap import SapSoapConnector
from connectors.soap import SoapConnector
from hub.config import Connection
from hub.errors import AuthExpired, Incomplete, Missing, RateLimited, Rejected, SourceError, Unavailable
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors import shop, test_sap_soap, test_soap_connector
from tests.connectors.bapi_server import GETLIST, Doc, Sap
from tests.connectors.conformance import Case, Fault, Reading, Row
from tests.connectors.depot import Depot, Dispatch, listing
from tests.connectors.soap_server import Reply, Request, SoapServer

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HTML = {"Content-Type": "text/html; charset=utf-8"}


class SoapCase(Case):
    """A depot that lists by change stamp, with a token for the next page."""

    overlap = timedelta(hours=1)
    can = frozenset({"late", "pages", "cap"})
    faults: ClassVar[Mapping[Fault, type[SourceError]]] = {
        Fault.UNREACHABLE: Unavailable,
        Fault.DENIED: AuthExpired,
        Fault.SERVER_ERROR: Unavailable,
        Fault.TORN: Incomplete,
        Fault.GARBAGE: Unavailable,
        Fault.ERROR_IN_ANSWER: Rejected,
        Fault.BUSY: RateLimited,
        Fault.CHANGED: Missing,
    }

    def __init__(self) -> None:
        self.depot = Depot()
        self.server = SoapServer(self.depot)
        self.opened: list[Connector] = []

    def open(self) -> Connector:
        sweep = {"op": "ListDispatches", "args": {"ids": "=keys", "cursor": "=next", "max": "=size"}}
        call = {**test_soap_connector.READ, "size": self.size}
        mapped = test_soap_connector.mapping(
            {**call, "ok": "Code == '0' || !Code"},
            sweep={**{name: call[name] for name in ("records", "next", "total", "size")}, **sweep},
            system=self.system,
        )
        self.opened.append(SoapConnector(mapped, self.connection(), lambda: NOW, retrying(lambda _: None)))
        return self.opened[-1]

    def connection(self) -> Connection:
        return Connection("source", "http", "127.0.0.1", self.server.port, "hub", self.secret)

    def put(self, rows: Sequence[Row]) -> None:
        for row in rows:
            stamp = (row.stamp + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S")
            self.depot.dispatches[row.key] = Dispatch(row.key, stamp, row.note)

    def key(self, record: Record) -> str:
        return str(record["Id"])

    def note(self, record: Record) -> str:
        return str(record["Note"])

    def cap(self, records: int) -> None:
        self.depot.cap = records

    def fail(self, fault: Fault) -> None:
        self.depot.broken = broken(
            fault, lambda request: self.depot.list(request), listing("", head="<Code>7</Code>")
        )
        if fault is Fault.UNREACHABLE:
            self.server.answer = lambda request: Reply(status=0)

    def mend(self) -> None:
        self.depot.broken = None
        self.server.answer = self.depot

    def close(self) -> None:
        for connector in self.opened:
            connector.close()
        self.server.close()


def broken(fault: Fault, answer: Callable[[Request], bytes], no: bytes) -> Callable[[Request], Reply]:
    """Return what a broken server answers to a call."""

    def torn(request: Request) -> Reply:
        body = answer(request)
        return Reply(body, cut=len(body) - 9, length=False)

    ways: dict[Fault, Callable[[Request], Reply]] = {
        Fault.DENIED: lambda request: Reply("<h1>Logon failed</h1>", 401, HTML),
        Fault.SERVER_ERROR: lambda request: Reply("<h1>busy</h1>", 503, HTML),
        Fault.TORN: torn,
        Fault.GARBAGE: lambda request: Reply("<h1>Welcome</h1>", 200, HTML),
        Fault.ERROR_IN_ANSWER: lambda request: Reply(no),
        Fault.BUSY: lambda request: Reply("", 429, {"Retry-After": "1"}),
        Fault.CHANGED: lambda request: Reply("<h1>Not found</h1>", 404, HTML),
        Fault.UNREACHABLE: lambda request: Reply(status=0),
    }
    return ways[fault]


class RpcCase(SoapCase):
    """A shop in rpc style and SOAP encoding, paged by offset, whose rows stand beside the answer."""

    faults = {kind: error for kind, error in SoapCase.faults.items() if kind is not Fault.ERROR_IN_ANSWER}

    def __init__(self) -> None:
        self.books: dict[str, Row] = {}
        self.most = 1_000
        self.server = SoapServer(self.answer)
        self.opened = []

    def open(self) -> Connector:
        call = {
            "op": "orders",
            "args": {"filter": {"from": "=since"}, "options": {"offset": "=offset"}, "limit": "=size"},
            "size": self.size,
            "overlap": self.overlap,
        }
        said = {
            "system": self.system,
            "connector": "soap",
            "time": {"zone": "UTC", "format": "iso"},
            "streams": {
                self.stream: {
                    "read": {**call, "cursor": ["changed", "id"]},
                    "sweep": {"every": "1h", "op": "orders", "args": {"ids": "=keys"}},
                    "fields": {"order_no": "id"},
                }
            },
        }
        mapped = SystemMapping.model_validate(said)
        self.opened.append(SoapConnector(mapped, self.connection(), lambda: NOW, retrying(lambda _: None)))
        return self.opened[-1]

    def answer(self, request: Request) -> Reply:
        return Reply(shop.wsdl() if request.method == "GET" else self.list(request))

    def list(self, request: Request) -> bytes:
        since = request.text("from") or ""
        begin = int(request.call.findtext(".//options/item/value") or 0)
        ids = [item.text for item in request.call.findall("ids/item")]
        found = sorted(self.books.values(), key=lambda row: (row.stamp, row.key))
        found = [row for row in found if stamp(row) >= since and (not ids or row.key in ids)]
        page = found[begin : begin + min(int(request.text("limit") or 1_000), self.most)]
        inner = "".join(f'<item href="#o{row.key}"/>' for row in page)
        beside = "".join(
            f'<multiRef id="o{row.key}" enc:root="0"><id>{row.key}</id><changed>{stamp(row)}</changed>'
            f"<customer>{escape(row.note)}</customer></multiRef>"
            for row in page
        )
        array = f'<ordersReturn enc:arrayType="t:Order[{len(page)}]">{inner}</ordersReturn>'
        return shop.answer("orders", array, beside=beside)

    def put(self, rows: Sequence[Row]) -> None:
        self.books.update({row.key: row for row in rows})

    def key(self, record: Record) -> str:
        return str(record["id"])

    def note(self, record: Record) -> str:
        return str(record["customer"])

    def cap(self, records: int) -> None:
        self.most = records

    def fail(self, fault: Fault) -> None:
        failing = broken(fault, self.list, b"")
        torn = fault is Fault.TORN  # an answer is; the description comes whole
        self.server.answer = lambda request: (
            self.answer(request) if torn and request.method == "GET" else failing(request)
        )

    def mend(self) -> None:
        self.server.answer = self.answer


def stamp(row: Row) -> str:
    return row.stamp.strftime("%Y-%m-%dT%H:%M:%SZ")


class SapCase(Case):
    """Two clients; stamps are whole days, the customer's reference carries the note."""

    overlap = timedelta(days=2)
    tick = timedelta(days=1)
    can = frozenset({"late", "pages"})
    faults = SoapCase.faults

    def __init__(self) -> None:
        self.sap = Sap()
        self.server = SoapServer(self.sap)
        self.opened: list[Connector] = []

    def open(self) -> Connector:
        read = {"bapi": GETLIST, "overlap": "2d", "size": self.size}
        mapped = test_sap_soap.mapping({"block": 200}, read, system=self.system)
        connection = Connection("source", "http", "127.0.0.1", self.server.port, "HUB", self.secret)
        self.opened.append(SapSoapConnector(mapped, connection, lambda: NOW, retrying(lambda _: None)))
        return self.opened[-1]

    def put(self, rows: Sequence[Row]) -> None:
        for row in rows:
            day = (row.stamp + timedelta(hours=8)).date().isoformat()
            second = int(row.key) % 2
            client, org, customer = ("200", "2000", "99") if second else ("100", "1000", "42")
            self.sap.put(client, Doc(row.key, day, customer.zfill(10), org, row.note))

    def key(self, record: Record) -> str:
        return str(record["SD_DOC"])

    def note(self, record: Record) -> str:
        return str(record["header"]["PURCH_NO_C"])

    def fail(self, fault: Fault) -> None:
        if fault is Fault.ERROR_IN_ANSWER:
            self.sap.say = {f"{client} {customer}": ("E", "V1302", "no") for client, customer in
                            (("100", "0000000042"), ("200", "0000000099"))}  # fmt: skip
            return
        way = broken(fault, self._answer, b"")
        everything = fault is Fault.UNREACHABLE
        self.sap.broken = lambda request: way(request) if everything or request.method == "POST" else None

    def _answer(self, request: Request) -> bytes:
        self.sap.broken, broken_now = None, self.sap.broken
        body = self.sap(request).body
        self.sap.broken = broken_now
        assert isinstance(body, bytes)
        return body

    def mend(self) -> None:
        self.sap.broken = None
        self.sap.say = {}

    def close(self) -> None:
        for connector in self.opened:
            connector.close()
        self.server.close()


class TestSoap(Reading):
    @pytest.fixture
    def case(self) -> Iterator[Case]:
        made = SoapCase()
        yield made
        made.close()


class TestSapSoap(Reading):
    @pytest.fixture
    def case(self) -> Iterator[Case]:
        made = SapCase()
        yield made
        made.close()

    def test_keys_and_unknown_key(self, case: Case) -> None:
        """Keys name the client besides (see test_sap_soap for keys that are none)."""
        case.put(rows := case.rows(5))
        asked = [f"{'200' if int(row.key) % 2 else '100'}/{row.key}" for row in rows]
        pages = list(case.open().fetch(case.stream, Keys([*asked, "100/9999999999", "no such key"])))
        assert sorted(case.key(record) for page in pages for record in page.records) == [
            row.key for row in rows
        ]
        assert not any(page.state for page in pages)

    def test_changed_record_comes_again(self, case: Case) -> None:
        """SAP lists by date of entry: a changed document comes with the sweep of known ones."""
        case.put(rows := case.rows(case.size + 1))
        case.put([replace(rows[0], note="changed")])
        (page,) = case.open().fetch(case.stream, Keys([f"200/{rows[0].key}"]))
        assert [case.note(record) for record in page.records] == ["changed"]


class TestSoapRpc(Reading):
    @pytest.fixture
    def case(self) -> Iterator[Case]:
        case = RpcCase()
        yield case
        case.close()
