"""The rest connector passes the writing half of the contract, and keeps what HTTP alone asks of a write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Writer
from connectors.rest import RestConnector
from connectors.retry import retrying
from hub.config import Connection
from hub.mapping import parse_system
from tests.connectors.conformance_writing import Fault, Kept, WriteCase, Writing
from tests.connectors.rest_server import HTML, JSON, header, path, query, reply, said
from tests.connectors.soap_server import Reply, Request
from tests.connectors.warehouse import NOW, Refusal, Served, Stored, Warehouse

MAPPING = """
system: target
connector: rest
auth: {login: {post: /session, json: {user: =conn.login, secret: =conn.password}, take: {token: token}},
       headers: {X-Session: =token}}
errors: {code: error.no, text: error.text, rejected: [E17 *], locked: ["* in use by *"]}
streams:
  orders: {read: {get: /orders}, version: rev, extras: {note: note},
           fields: {order_no: no, status: {from: state, codes: {NEW: confirmed, SHIP: shipped}},
                    ordered: {sum: "lines[].qty"}}}
writes:
  orders:
    find: &find {get: /orders, query: {no: =order_no}, records: rows, next: next}
    create: {post: /orders, json: &order {no: =order_no, state: =status, note: =note,
             lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}, id: id}
    update:
      status: {patch: "/orders/{{ part }}", json: {state: =status}, take: {version: rev}}
      note: {patch: "/orders/{{ part }}", json: {note: =note}, if: note != was.note}
      ordered: {each: lines, put: "/orders/{{ part }}/lines/{{ item.sku }}",
                json: {qty: =item.quantity, rev: =version}, take: {version: rev}}
  native:
    find: *find
    create: {post: /orders, headers: {Idempotency-Key: =key}, idempotent: true, json: *order, id: id}
  steps:
    find: *find
    create:
      - {post: /orders, json: {no: =order_no, state: =status, note: "", lines: []}, id: id}
      - {patch: "/orders/{{ id.own }}", json: {note: =note}}
"""


class Server:
    """A warehouse behind HTTP, with sessions, versions as ETags, and one order for each Idempotency-Key."""

    def __init__(self) -> None:
        self.warehouse = Warehouse()
        self.token, self.logins = "", 0

    def __call__(self, request: Request) -> Reply:
        if path(request) == "/session":
            self.logins += 1
            self.token = f"T{self.logins}"
            return reply({"token": self.token})
        if header(request, "X-Session") != self.token:
            return reply({}, 401)
        try:
            return self._done(request)
        except Refusal as refusal:
            return reply({}, {"stale": 412, "missing": 404, "exists": 409}[refusal.kind])

    def _done(self, request: Request) -> Reply:
        if request.method == "GET":
            page = int(query(request).get("page", "1"))
            found = self.warehouse.named(query(request).get("no"))
            more = f"/orders?no={found[0].kept.number}&page={page + 1}" if page < len(found) else None
            return reply({"rows": [_row(one) for one in found[page - 1 : page]], "next": more})
        if request.method == "POST":
            made = self.warehouse.create(order(request), header(request, "Idempotency-Key") or "")
            return reply({"id": made.id, "rev": made.rev}, 201)
        _, _, own, *rest = path(request).split("/")
        sent = said(request)
        if rest:
            done = self.warehouse.change_line(own, sent.get("rev"), rest[-1], _exact(request, "qty"))
        else:
            names = {"state": "status", "note": "note"}
            told = {names[name]: value for name, value in sent.items()}
            done = self.warehouse.change(own, header(request, "If-Match"), **told)
        return reply({"rev": str(done.rev)})


def order(request: Request) -> Kept:
    sent = said(request)
    quantities = re.findall(rb'"qty":([\d.]+)', request.body)
    lines = {one["sku"]: Decimal(q.decode()) for one, q in zip(sent["lines"], quantities, strict=True)}
    return Kept(sent["no"], sent["state"], sent["note"], lines)


def _exact(request: Request, name: str) -> Decimal:
    found = re.search(rb'"%b":([\d.]+)' % name.encode(), request.body)
    assert found
    return Decimal(found[1].decode())


def _row(one: Stored) -> dict[str, Any]:
    lines = [{"sku": sku, "qty": str(quantity)} for sku, quantity in one.kept.lines.items()]
    kept = one.kept
    return {
        "id": one.id,
        "no": kept.number,
        "state": kept.status,
        "note": kept.note,
        "rev": str(one.rev),
        "lines": lines,
    }


def refused(no: str, text: str, status: int) -> Reply:
    return reply({"error": {"no": no, "text": text}}, status)


class RestCase(Served):
    whole = parse_system(MAPPING)

    def __init__(self) -> None:
        self.behind = Server()
        saying = {
            Fault.SERVER_ERROR: Reply("<h1>busy</h1>", 503, {**HTML, "Retry-After": "9"}),
            Fault.GARBAGE: Reply("<html><h1>Welcome</h1></html>", 200, HTML),
            Fault.EMPTY: Reply("", 200, JSON),
            Fault.DENIED: reply({}, 401),
            Fault.REJECTED: refused(*self.refusal, 422),
            Fault.LOCKED: refused("L1", "SO-1 is in use by MAYER", 500),
            Fault.BUSY: Reply("", 429, {"Retry-After": "7"}),
        }
        super().__init__(self.whole, self.behind.warehouse, self.behind, saying, order)

    def connect(self, to: Connection) -> Writer:
        return RestConnector(self.mapping, to, lambda: NOW, retrying(lambda _: None))

    def writes(self, request: Request) -> bool:
        return request.method != "GET" and path(request) != "/session"

    def expire(self) -> None:
        self.behind.token = "gone"

    @property
    def logins(self) -> int:  # type: ignore[override]  # counted by the server
        return self.behind.logins


class TestRest(Writing):
    @pytest.fixture
    def case(self) -> Iterator[WriteCase]:
        made = RestCase()
        yield made
        made.close()
