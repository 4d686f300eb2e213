"""From a server's answer to the facts that a mapping reads out of it: the whole way in, without code."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.contract import Everything, Since
from hub.mapping import Reader, load_system
from hub.mapping.grammar import SystemMapping
from hub.model import Fact, Side, Status
from hub.rules import Rules
from tests.connectors.rest_server import Running, header, path, query, reply, said, serving, shop, state_of
from tests.connectors.soap_server import Reply, Request
from tests.hub.mapped import DEPOT

READ_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def facts(running: Running, mapping: SystemMapping, stream: str, ask: Any = None) -> list[Fact]:
    reader = Reader(mapping, stream, Rules())
    pages = running.open(mapping).fetch(stream, ask or Since({}))
    return [
        fact
        for page in pages
        for record in page.records
        for fact in reader.read(record, page.meta, READ_AT).facts
    ]


def dispatch(number: str, state: str, *lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    found = [{"pos": at, "item": "0042", "qty": qty, "sent": sent} for at, (qty, sent) in enumerate(lines, 1)]
    given = {"id": number, "rev": 1, "ref": f"SO{number[1:]}", "hold": "N", "state": state, "lines": found}
    return {**given, "created": "05.01.2026 08:00:00", "changed": None, **more}


class Depot:
    """The invented warehouse system of the language's own example."""

    def __init__(self) -> None:
        self.rows = [
            dispatch("D1", "PART", ("1.200,0", "600,0"), ("1,5", "0,0")),
            dispatch("D2", "SENT", ("10,0", "10,0"), changed="06.01.2026 09:30:00"),
            dispatch("D3", "VOID", ("1,0", "0,0"), parcels=[{"tracking": "W1"}, {"tracking": "W2"}]),
            dispatch("D4", "NEW", ("7,0", "0,0"), ref=None),
        ]
        self.sessions = 0

    def __call__(self, request: Request) -> Reply:
        if path(request) == "/session":
            assert said(request) == {"user": "hub", "secret": "s3cret-Zq81"}
            self.sessions += 1
            return reply({"session": {"id": f"s{self.sessions}"}})
        if header(request, "X-Session") != f"s{self.sessions}":
            return reply({"fault": {"no": 9001, "text": "session ended"}})
        asked = query(request)
        assert asked["max"] == "200"
        found = [row for row in self.rows if row["state"] in asked.get("state", row["state"]).split(",")]
        begin = int(asked.get("after", 0))
        more = str(begin + 2) if begin + 2 < len(found) else None
        return reply({"rows": found[begin : begin + 2], "meta": {"after": more}})


def test_the_example_of_the_language_is_read() -> None:
    depot = Depot()
    with serving(depot) as running:
        mapping = load_system(DEPOT)
        found = facts(running, mapping, "dispatches")
        assert [(fact.order_no, fact.part, fact.status) for fact in found] == [
            ("SO1", "D1", Status.PARTLY_SHIPPED),
            ("SO2", "D2", Status.SHIPPED),
            ("SO3", "D3", None),
        ]
        assert (found[0].ordered, found[0].shipped) == (Decimal("1201.5"), Decimal(600))
        assert found[1].occurred_at == datetime(2026, 1, 6, 8, 30, tzinfo=UTC)
        assert found[2].side is Side.CANCELLED
        assert {link.value for link in found[2].links} == {"W1", "W2"}
        depot.sessions += 1  # the session ends on the server
        swept = facts(running, mapping, "dispatches", Everything())
        assert [fact.part for fact in swept] == ["D1"]
        state = state_of(list(running.open(mapping).fetch("dispatches", Since({}))))
        facts(running, mapping, "dispatches", Since(state))
        assert query(running.requests[-1])["changed_from"] == "06.01.2026 09:30:00"


FRAMEWORK = """
system: books
connector: rest
auth:
  login:
    post: /jsonrpc
    json: {params: {service: common, method: login, args: [db, =conn.login, =conn.password]}}
    ok: result
    take: {uid: result}
calls:
  json: {jsonrpc: "2.0", method: call, id: =serial}
  errors: {code: error.code, text: error.data.message}
  ok: "!error"
errors: {auth: ["100 *"]}
time: {zone: UTC, format: "%Y-%m-%d %H:%M:%S"}
streams:
  orders:
    read:
      post: /jsonrpc
      json:
        params:
          service: object
          method: execute_kw
          args:
            - db
            - =uid
            - =conn.password
            - sale.order
            - search_read
            - [[[write_date, ">=", =since]]]
            - {offset: =offset, limit: =size, order: "write_date, id"}
      size: 2
      records: result
      cursor: [write_date, id]
      overlap: 5m
      nest:
        lines:
          post: /jsonrpc
          json:
            params:
              service: object
              method: execute_kw
              args:
                [db, =uid, =conn.password, sale.order.line, search_read, [[[order_id, in, =keys]]], {}]
          records: result
          on: {"order_id[0]": id}
    fields:
      company: {from: "company_id[1]"}
      order_no: name
      status: {from: state, codes: {draft: draft, sale: confirmed, cancel: null, done: completed}}
      side: {from: state, codes: {cancel: cancelled}}
      ordered: {sum: "lines[].product_uom_qty"}
      shipped: {sum: "lines[].qty_delivered"}
      occurred_at: {from: write_date, says: modified}
    extras: {customer_name: "partner_id[1]", amount: amount_total}
"""


def test_an_object_database_over_json_rpc_with_lines_by_key() -> None:
    orders = [
        {"id": n, "name": f"S{n:05}", "state": "sale", "company_id": [1, "C1"], "partner_id": [n, "Müller"],
         "amount_total": 10.5, "write_date": f"2026-03-01 10:00:0{n}"}
        for n in range(1, 6)
    ]  # fmt: skip

    def rpc(request: Request) -> Reply:
        call = said(request)
        args = call["params"]["args"]
        if call["params"]["service"] == "common":
            return reply({"jsonrpc": "2.0", "id": call["id"], "result": 2})
        (domain,), options = args[5], args[6]
        if args[3] == "sale.order.line":
            assert domain[0][:2] == ["order_id", "in"]
            rows = [
                {"id": n * 10, "order_id": [n, f"S{n:05}"], "product_uom_qty": 1.25, "qty_delivered": 0.0}
                for n in domain[0][2]
                for _ in (1, 2)
            ]
            return reply({"jsonrpc": "2.0", "id": call["id"], "result": rows})
        since = domain[0][2] if domain else ""
        found = [one for one in orders if str(one["write_date"]) >= since]
        page = found[options["offset"] : options["offset"] + options["limit"]]
        return reply({"jsonrpc": "2.0", "id": call["id"], "result": page})

    with serving(rpc) as running:
        found = facts(running, shop(FRAMEWORK), "orders")
        assert [(fact.company, fact.order_no, fact.ordered, fact.shipped) for fact in found] == [
            ("C1", f"S{n:05}", Decimal("2.50"), Decimal("0.0")) for n in range(1, 6)
        ]
        assert {type(fact.ordered) for fact in found} == {Decimal}
        assert found[0].extras["customer_name"] == "Müller"


COURIER = """
system: courier
connector: rest
auth: api_key
limits: {per_second: 20}
time: {format: iso}
streams:
  tracks:
    yields: event
    read: {get: /parcels}
    sweep:
      every: 30m
      get: "/tracking/simple/trackids/{{ keys | join(',') }}"
      size: 10
      next: none
      records: parcels
    key: unitno
    each: events
    fields:
      company: {const: C1}
      order_no: {link: waybill, from: up.unitno}
      part: up.unitno
      status: {from: code, codes: {INTRANSIT: in_transit, "DELIVERED*": delivered}}
      ordered: {keep: true}
      occurred_at: {from: eventDateTime, says: event}
errors: {rows: {code: errorCode, text: errorMessage, missing: ["E404*"]}}
"""


def test_events_of_parcels_by_key_with_errors_in_rows() -> None:
    from connectors.contract import Keys

    def courier(request: Request) -> Reply:
        wanted = path(request).rpartition("/")[2].split("%2C")
        events = [{"code": "INTRANSIT", "eventDateTime": "2026-03-01T10:00:00+01:00"}]
        parcels = [{"unitno": one, "events": events} for one in wanted if one != "X9"]
        return reply(
            {"parcels": [*parcels, {"unitno": "X9", "errorCode": "E404", "errorMessage": "unknown"}]}
        )

    with serving(courier) as running:
        mapping = shop(COURIER)
        found = facts(running, mapping, "tracks", Keys(["W1", "W2", "X9"]))
        assert [(fact.part, fact.status, fact.occurred_at) for fact in found] == [
            (one, Status.IN_TRANSIT, datetime(2026, 3, 1, 9, tzinfo=UTC)) for one in ("W1", "W2")
        ]
