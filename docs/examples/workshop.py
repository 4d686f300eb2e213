"""A workshop to practise on: five small systems of one invented firm, on this machine alone.

    python docs/examples/workshop.py FOLDER

makes FOLDER with a database (the production system) and a drop of files (the carrier), serves two JSON APIs
(a shop and a packing station) and a SOAP service (the depot) on 127.0.0.1, prints how they are reached, and
stays up until stopped. Meanwhile the people who work there do something:

    python docs/examples/workshop.py order SO-1004 30     a customer orders, or orders another quantity
    python docs/examples/workshop.py take SO-1004         the station has it on the bench
    python docs/examples/workshop.py pack SO-1004         the station packs it (unpack: takes it out again)
    python docs/examples/workshop.py look SO-1004         prints what shop and station hold
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

from station import CHINA, Answer, Station, refused

TOKEN = "workshop-token"
PAGE = 2

BEGIN = datetime.now(CHINA).replace(microsecond=0) - timedelta(days=3)
"""When the first order came in: three days ago, in China."""


def after(hours: int) -> datetime:
    """Return the time so many hours after the first order."""
    return BEGIN + timedelta(hours=hours)


@dataclass
class Order:
    """An order of the shop; `rev` moves with every change."""

    number: str
    customer: str
    state: str
    lines: list[tuple[str, float]]
    changed: datetime
    rev: int = 1

    def told(self) -> dict[str, Any]:
        """Return it as the shop tells it."""
        lines = [{"sku": sku, "qty": pieces} for sku, pieces in self.lines]
        named = {"no": self.number, "customer": self.customer, "state": self.state, "lines": lines}
        return {**named, "changed": self.changed.isoformat(), "rev": self.rev}

    def touch(self) -> None:
        """Note that something changed."""
        self.rev, self.changed = self.rev + 1, datetime.now(CHINA)


ORDERS = [
    Order("SO-1001", "K7", "DONE", [("A-1", 40)], after(0)),
    Order("SO-1002", "K9", "OPEN", [("A-1", 12.5), ("B-2", 7.5)], after(1)),
    Order("SO-1003", "K7", "DONE", [("B-2", 60)], after(2)),
]
STATION = Station()
WORK = [
    ("W1", "SO-1001", "FIN", 40, 40, after(20)),
    ("W2", "SO-1002", "RUN", 20, 5, after(21)),
    ("W3", "SO-1003", "FIN", 60, 60, after(22)),
]
DISPATCHES = [("D1", "SO-1001", "SENT", "40", after(30)), ("D2", "SO-1003", "SENT", "60", after(31))]
WAYBILLS = [("YT1", "SO-1001", "已签收", 40, after(50)), ("YT2", "SO-1003", "运输中", 55, after(40))]

NS = "urn:depot"
WSDL = f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:t="{NS}" targetNamespace="{NS}">
 <types><xsd:schema targetNamespace="{NS}" elementFormDefault="qualified">
  <xsd:element name="ListDispatches"><xsd:complexType><xsd:sequence>
   <xsd:element name="From" type="xsd:string" minOccurs="0"/></xsd:sequence></xsd:complexType></xsd:element>
  <xsd:element name="ListDispatchesResponse"><xsd:complexType><xsd:sequence>
   <xsd:element name="Rows"><xsd:complexType><xsd:sequence>
    <xsd:element name="Row" minOccurs="0" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>
     <xsd:element name="Id" type="xsd:string"/><xsd:element name="OrderNo" type="xsd:string"/>
     <xsd:element name="State" type="xsd:string"/><xsd:element name="Qty" type="xsd:decimal"/>
     <xsd:element name="At" type="xsd:dateTime"/>
    </xsd:sequence></xsd:complexType></xsd:element>
   </xsd:sequence></xsd:complexType></xsd:element></xsd:sequence></xsd:complexType></xsd:element>
 </xsd:schema></types>
 <message name="In"><part name="p" element="t:ListDispatches"/></message>
 <message name="Out"><part name="p" element="t:ListDispatchesResponse"/></message>
 <portType name="Depot"><operation name="ListDispatches">
  <input message="t:In"/><output message="t:Out"/></operation></portType>
 <binding name="B" type="t:Depot"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="ListDispatches"><soap:operation soapAction="urn:depot/List"/>
   <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
 <service name="Depot"><port name="Depot" binding="t:B">
  <soap:address location="http://depot.inner/depot"/></port></service>
</definitions>"""


def make_database(file: Path) -> None:
    """Make the production system: one table of work orders."""
    with closing(sqlite3.connect(file)) as conn, conn:
        conn.execute(
            "CREATE TABLE work_order (id TEXT PRIMARY KEY, sales_order TEXT, state TEXT, planned INT, "
            "finished INT, changed_at TEXT)"
        )
        rows = [(*row[:5], f"{row[5]:%Y-%m-%d %H:%M:%S}") for row in WORK]
        conn.executemany("INSERT INTO work_order VALUES (?, ?, ?, ?, ?, ?)", rows)


def make_drop(folder: Path) -> None:
    """Make the carrier's drop: a file in the charset of Chinese Windows, and its done marker."""
    folder.mkdir()
    rows = [
        f"{number},{order},{state},{pieces},{at:%Y/%m/%d %H:%M}"
        for number, order, state, pieces, at in WAYBILLS
    ]
    text = "\n".join(
        ["运单号,订单号,状态,件数,时间", *rows, f"总计,,,{sum(one[3] for one in WAYBILLS)},", ""]
    )
    (folder / f"waybills_{after(60):%Y%m%d}.csv").write_bytes(text.encode("gb18030"))
    (folder / f"waybills_{after(60):%Y%m%d}.ok").touch()


def orders(said: dict[str, str]) -> Answer:
    """List the shop's orders: by number, or from a time on, two a page."""
    since, number = said.get("from"), said.get("no")
    found = [
        one.told()
        for one in ORDERS
        if number in (None, one.number) and (not since or one.changed >= datetime.fromisoformat(since))
    ]
    begin = int(said.get("after", "0"))
    end = begin + PAGE
    token = {"next": str(end)} if end < len(found) else {}
    return 200, {"orders": found[begin:end], "page": token}


def press(button: str, number: str, rev: str | None) -> Answer:
    """Press the button `packed` of an order in the shop, if the order still stands at `rev`."""
    one = next((one for one in ORDERS if one.number == number), None)
    if one is None or button != "packed":
        return refused(404, "S04", f"no {button} of {number}")
    if rev != str(one.rev):
        return refused(412, "S12", f"{number} is at revision {one.rev}")
    one.state = "PACKED"
    one.touch()
    return 200, {"rev": one.rev}


def dispatches() -> str:
    """Return the depot's list as a SOAP message."""
    rows = "".join(
        f"<Row><Id>{number}</Id><OrderNo>{order_no}</OrderNo><State>{state}</State><Qty>{pieces}</Qty>"
        f"<At>{at.isoformat()}</At></Row>"
        for number, order_no, state, pieces, at in DISPATCHES
    )
    content = f'<ListDispatchesResponse xmlns="{NS}"><Rows>{rows}</Rows></ListDispatchesResponse>'
    envelope = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
    return f"{envelope}<e:Body>{content}</e:Body></e:Envelope>"


def done(what: str, number: str, pieces: str = "") -> str:
    """Let people do something about an order; return what is to be seen afterwards."""
    one = next((one for one in ORDERS if one.number == number), None)
    job = STATION.named(number)
    if what == "order" and one is None:
        ORDERS.append(Order(number, "K9", "OPEN", [("A-1", float(pieces))], datetime.now(CHINA)))
    elif what == "order" and one is not None:
        one.lines = [("A-1", float(pieces))]
        one.touch()
    elif what in ("pack", "unpack") and job is not None:
        job.touch(state="PACKED" if what == "pack" else "NEW", bench=False)
    elif what == "take" and job is not None:
        job.bench = True
    return "\n".join(_seen(number))


def _seen(number: str) -> list[str]:
    shop = [f"shop: {one.state}, {sum(q for _, q in one.lines):g}" for one in ORDERS if one.number == number]
    job = STATION.named(number)
    return shop + ([f"station: {job.id}, {job.state}, {job.pieces:g}"] if job else [])


class Desk(BaseHTTPRequestHandler):
    """The shop and the packing station (JSON, a token), the depot (SOAP), and the people."""

    def do_GET(self) -> None:
        """List orders or jobs, describe the depot, or let people do something."""
        asked = urlsplit(self.path)
        said = dict(parse_qsl(asked.query))
        if asked.path.startswith("/depot"):
            self._send(200, WSDL, "text/xml; charset=utf-8")
        elif asked.path == "/people":
            self._send(200, done(**said), "text/plain; charset=utf-8")
        else:
            self._answer(lambda: STATION.asked(said) if asked.path == "/jobs" else orders(said))

    def do_POST(self) -> None:
        """List the depot's dispatches, press a button of the shop, or make a job."""
        body = self._body()
        if self.path.startswith("/depot"):
            self._send(200, dispatches(), "text/xml; charset=utf-8")
        elif self.path.startswith("/orders/"):
            _, _, number, button = self.path.split("/")
            self._answer(lambda: press(button, number, self.headers.get("If-Match")))
        else:
            self._answer(lambda: STATION.told("POST", self.path, json.loads(body), self._headers()))

    def do_PATCH(self) -> None:
        """Change a job."""
        said = json.loads(self._body())
        self._answer(lambda: STATION.told("PATCH", self.path, said, self._headers()))

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _headers(self) -> dict[str, str]:
        return {name.title(): value for name, value in self.headers.items()}

    def _answer(self, what: Callable[[], Answer]) -> None:
        allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        status, said = what() if allowed else refused(401, "T01", "who are you?")
        self._send(status, json.dumps(said))

    def _send(self, status: int, text: str, kind: str = "application/json") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def people(what: str, number: str, pieces: str = "") -> None:
    """Ask the open workshop that somebody does something, and print what is to be seen afterwards."""
    asked = urlencode({"what": what, "number": number, "pieces": pieces})
    with urlopen(f"{os.environ['WORKSHOP']}/people?{asked}") as answer:
        print(answer.read().decode())


def main(folder: Path) -> None:
    """Make what lies in FOLDER, print how everything is reached, and serve."""
    folder.mkdir(parents=True)
    make_database(folder / "mes.db")
    make_drop(folder / "carrier")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    port = server.server_address[1]
    connections = {
        "MES": {"conn_type": "sqlite", "host": str(folder.absolute() / "mes.db")},
        "CARRIER": {"conn_type": "file", "extra": {"path": str(folder.absolute() / "carrier")}},
        "SHOP": {"conn_type": "http", "host": "127.0.0.1", "port": port, "password": TOKEN},
        "DEPOT": {"conn_type": "http", "host": "127.0.0.1", "port": port},
        "STATION": {"conn_type": "http", "host": "127.0.0.1", "port": port, "password": TOKEN},
    }
    for name, said in connections.items():
        print(f"export AIRFLOW_CONN_{name}='{json.dumps(said)}'")
    print(f"export WORKSHOP='http://127.0.0.1:{port}'")
    print("# The workshop is open; Ctrl-C closes it.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main(Path(sys.argv[1])) if len(sys.argv) == 2 else people(*sys.argv[1:])
