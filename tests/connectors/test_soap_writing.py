"""The soap connector passes the writing half of the contract in both styles of messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.contract import Writer
from connectors.retry import retrying
from connectors.soap import SoapConnector
from hub.config import Connection
from hub.mapping import parse_system
from tests.connectors import soap_warehouse
from tests.connectors.conformance_writing import Fault, WriteCase, Writing
from tests.connectors.rest_server import HTML
from tests.connectors.soap_server import Reply, Request, fault
from tests.connectors.soap_warehouse import called, order, refused
from tests.connectors.warehouse import NOW, Served

MAPPING = """
system: target
connector: soap
auth: {login: {op: login, args: {user: =conn.login, secret: =conn.password}, take: {token: token}},
       headers: {X-Session: =token}}
errors: {code: detail.no, text: detail.text, rejected: [E17 *], locked: ["* in use by *"], stale: ["412 *"],
         missing: ["404 *"], exists: ["409 *"], auth: ["* session expired"]}
streams:
  orders: {read: {op: find, records: rows}, version: rev, extras: {note: note},
           fields: {order_no: no, status: {from: state, codes: {NEW: confirmed, SHIP: shipped}},
                    ordered: {keep: true}}}
writes:
  orders:
    find: &find {op: find, args: {no: =order_no}, records: rows}
    create: {op: create, args: &order {no: =order_no, state: =status, note: =note,
             lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}, id: id}
    update:
      status: {op: change, args: {id: =part, rev: =version, state: =status}, ok: rev, take: {version: rev}}
      note: {op: change, args: {id: =part, rev: =version, note: =note}, if: note != was.note}
      ordered: {each: lines, op: line, take: {version: rev},
                args: {id: =part, rev: =version, sku: =item.sku, qty: =item.quantity}}
  native:
    find: *find
    create: {op: create, args: {no: =order_no, state: =status, note: =note, key: =key,
             lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}, id: id, idempotent: true}
  steps:
    find: *find
    create:
      - {op: create, args: {no: =order_no, state: =status, note: ""}, id: id, take: {made: rev}}
      - {op: change, args: {id: =id.own, rev: =made, note: =note}}
"""


class SoapCase(Served):
    def __init__(self, style: str, folder: Path) -> None:
        (folder / "target.wsdl").write_text(soap_warehouse.wsdl(style), "utf-8")
        said = parse_system(f"{MAPPING}wsdl: {{url: '{(folder / 'target.wsdl').as_uri()}'}}")
        self.behind = soap_warehouse.Server(style)
        saying = {
            Fault.SERVER_ERROR: Reply(fault("Server", "no connection to the database"), 500),
            Fault.GARBAGE: Reply("<html><h1>Welcome</h1></html>", 200, HTML),
            Fault.EMPTY: Reply(""),
            Fault.DENIED: Reply("", 401),
            Fault.REJECTED: refused(*self.refusal),
            Fault.LOCKED: refused("L1", "SO-1 is in use by MAYER", "Server"),
            Fault.BUSY: Reply("", 429, {"Retry-After": "7"}),
        }
        super().__init__(said, self.behind.warehouse, self.behind, saying, order)

    def connect(self, to: Connection) -> Writer:
        return SoapConnector(self.mapping, to, lambda: NOW, retrying(lambda _: None))

    def writes(self, request: Request) -> bool:
        return request.method == "POST" and called(request) in ("create", "change", "line")

    def expire(self) -> None:
        self.behind.token = "gone"

    @property
    def logins(self) -> int:  # type: ignore[override]  # counted by the server
        return self.behind.logins


@pytest.mark.parametrize("style", ["document", "rpc"])
class TestSoap(Writing):
    @pytest.fixture
    def case(self, style: str, tmp_path: Path) -> Iterator[WriteCase]:
        made = SoapCase(style, tmp_path)
        yield made
        made.close()
