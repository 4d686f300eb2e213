"""A workshop to practise on: four small systems of one invented firm, on this machine alone.

    python docs/examples/workshop.py FOLDER

makes FOLDER with a database (the production system) and a drop of files (the carrier), serves a JSON API (the
shop) and a SOAP service (the depot) on 127.0.0.1, prints how they are reached, and stays up until stopped.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TOKEN = "workshop-token"
PAGE = 2

BEGIN = datetime.now(timezone(timedelta(hours=8))).replace(microsecond=0) - timedelta(days=3)
"""When the first order came in: three days ago, in China."""


def after(hours: int) -> datetime:
    """Return the time so many hours after the first order."""
    return BEGIN + timedelta(hours=hours)


ORDERS: list[tuple[str, str, str, list[tuple[str, float]], datetime]] = [
    ("SO-1001", "K7", "DONE", [("A-1", 40)], after(0)),
    ("SO-1002", "K9", "OPEN", [("A-1", 12.5), ("B-2", 7.5)], after(1)),
    ("SO-1003", "K7", "DONE", [("B-2", 60)], after(2)),
]
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


def order(
    number: str, customer: str, state: str, lines: list[tuple[str, float]], at: datetime
) -> dict[str, object]:
    """Return an order as the shop tells it."""
    rows = [{"sku": sku, "qty": pieces} for sku, pieces in lines]
    return {"no": number, "customer": customer, "state": state, "lines": rows, "changed": at.isoformat()}


class Desk(BaseHTTPRequestHandler):
    """The shop (JSON, a token, pages of two) and the depot (SOAP)."""

    def do_GET(self) -> None:
        """List the shop's orders from a time on, or describe the depot."""
        asked = urlsplit(self.path)
        if asked.path.startswith("/depot"):
            self._answer(200, WSDL, "text/xml; charset=utf-8")
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, json.dumps({"error": "token"}))
        else:
            said = parse_qs(asked.query)
            since = said.get("from", [""])[0]
            found = [order(*one) for one in ORDERS if not since or one[4] >= datetime.fromisoformat(since)]
            begin = int(said.get("after", ["0"])[0])
            end = begin + PAGE
            token = {"next": str(end)} if end < len(found) else {}
            self._answer(200, json.dumps({"orders": found[begin:end], "page": token}))

    def do_POST(self) -> None:
        """List the depot's dispatches."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        rows = "".join(
            f"<Row><Id>{number}</Id><OrderNo>{order_no}</OrderNo><State>{state}</State><Qty>{pieces}</Qty>"
            f"<At>{at.isoformat()}</At></Row>"
            for number, order_no, state, pieces, at in DISPATCHES
        )
        content = f'<ListDispatchesResponse xmlns="{NS}"><Rows>{rows}</Rows></ListDispatchesResponse>'
        envelope = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
        self._answer(200, f"{envelope}<e:Body>{content}</e:Body></e:Envelope>", "text/xml; charset=utf-8")

    def _answer(self, status: int, text: str, kind: str = "application/json") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


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
    }
    for name, said in connections.items():
        print(f"export AIRFLOW_CONN_{name}='{json.dumps(said)}'")
    print("# The workshop is open; Ctrl-C closes it.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
