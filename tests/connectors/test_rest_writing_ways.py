"""Writes as all sorts of HTTP systems want them, said in YAML alone: bodies, handshakes, buttons."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import BusinessKey, Move, OutgoingChange, Receipt, Step
from hub import yamlfile
from hub.errors import Exists, OutcomeUnknown, RateLimited, Rejected, Stale
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import SystemMapping
from hub.mapping.loading import read_system
from tests.connectors.rest_server import Running, form, header, path, query, reply, said, serving
from tests.connectors.soap_server import Reply, Request

ORDER: dict[str, Any] = {
    "order_no": "SO-1", "status": "SHIP", "ordered": Decimal("12.50"), "customer_no": "K7",
    "remark": "Ü & <b>",
    "lines": [{"line_no": "1", "sku": "A/1", "quantity": Decimal("10")},
              {"line_no": "2", "sku": "B", "quantity": Decimal("2.50")}],
}  # fmt: skip
THERE = {"part": "P1", "version": "7", "id": {"own": "P1"}}
STREAM = """
streams: {orders: {read: {get: /orders}, version: rev, extras: {customer_no: customer, remark: note},
  fields: {order_no: no, status: {from: state, codes: {NEW: confirmed, SHIP: shipped}}, ordered: qty,
           occurred_at: {from: at, says: modified}}}}
"""


def mapping(writes: str, top: str = "") -> SystemMapping:
    """Return a mapping in which `mapping check` finds no error."""
    head = "system: shop\nconnector: rest\ntime: {zone: Asia/Shanghai, format: iso}\n"
    find = "writes:\n  out:\n    find: {get: /orders, query: {no: =order_no}}\n"
    told, problems = read_system(yamlfile.load(head + top + STREAM + find + writes, "shop.yaml"))
    assert [one.say() for one in problems if one.severity == "error"] == []
    assert told is not None
    return told


def create(
    running: Running, told: SystemMapping, steps: list[Step] | None = None, done: Sequence[Step] = ()
) -> Receipt:
    calls = told.writes["out"].create
    change = OutgoingChange("out", "create", "SO-1", "k1", ORDER, [Move("create", calls)], done)
    return running.open(told).push(change, (steps if steps is not None else []).append)


def update(running: Running, told: SystemMapping, *names: str, **more: Any) -> Receipt:
    """Change the fields, or press the buttons, that are named, in their order."""
    spec = told.writes["out"].update
    assert spec is not None
    calls = {"whole": spec.whole, **spec.fields, **spec.statuses}
    moves = [Move(f"update.{name}", calls[name]) for name in names]
    change = OutgoingChange("out", "update", "SO-1", "k2", {**ORDER, **THERE, **more}, moves)
    return running.open(told).push(change, lambda step: None)


def sent(running: Running, *, reads: bool = False) -> list[Request]:
    return [one for one in running.requests if reads or one.method != "GET"]


def nothing_there(answer: Any) -> Any:
    """Answer look-ups with nothing, all else with `answer`."""
    return lambda request: reply([]) if request.method == "GET" else answer(request)


def test_a_whole_order_is_put_with_its_lines() -> None:
    told = mapping(
        """
    update: {put: "/orders/{{ part }}", json: {no: =order_no, state: =status, qty: =ordered, note: =remark,
             lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}, take: {version: rev}}
"""
    )
    with serving(lambda request: reply({"rev": 8})) as running:
        update(running, told, "whole")
        (one,) = running.requests
    assert (one.method, path(one), header(one, "If-Match")) == ("PUT", "/orders/P1", "7")
    assert b'"qty":12.5' in one.body  # exact: a number, and never one through a float
    assert said(one)["lines"] == [{"sku": "A/1", "qty": 10}, {"sku": "B", "qty": 2.5}]


def test_one_call_a_line_names_it_in_the_path_and_hands_the_version_on() -> None:
    told = mapping(
        """
    update:
      lines: {each: lines, put: "/orders/{{ part }}/lines/{{ item.sku }}",
              json: {qty: =item.quantity, rev: =version}, take: {version: rev}}
"""
    )
    with serving(lambda request: reply({"rev": int(said(request)["rev"]) + 1})) as running:
        update(running, told, "lines")
        one, two = running.requests
    assert [path(one), path(two)] == ["/orders/P1/lines/A%2F1", "/orders/P1/lines/B"]
    assert [str(said(one)["rev"]), str(said(two)["rev"])] == ["7", "8"]
    assert header(one, "If-Match") is None  # the body says the version


def test_a_form_and_a_structure_in_one_of_its_fields() -> None:
    told = mapping(
        """
    create:
      post: /save.do
      form: {ref: =order_no, note: =remark,
             data: {tojson: {each: lines, as: {sku: =item.sku, n: =item.quantity}}}}
      ok: success
      id: no
"""
    )
    answer = nothing_there(lambda request: reply({"success": True, "no": 17}))
    with serving(answer) as running:
        receipt = create(running, told)
        (one,) = sent(running)
    assert form(one)["note"] == "Ü & <b>"
    assert form(one)["data"] == '[{"sku":"A/1","n":10},{"sku":"B","n":2.50}]'
    assert receipt.ids == {"own": "17"}


def test_an_xml_body_and_an_xml_answer() -> None:
    told = mapping(
        """
    create:
      post: /orders.xml
      xml: {Order: {"@no": =order_no, Note: =remark,
                    Line: {each: lines, as: {"@sku": =item.sku, "#text": =item.quantity}}}}
      errors: {code: 'Result."@code"', text: Result.Text, exists: ["17 *"]}
      ok: Result."@code" == '0'
      id: Result.Number
"""
    )
    xml = {"Content-Type": "application/xml"}
    said_yes = Reply('<Result code="0"><Number>0042</Number></Result>', 200, xml)
    with serving(nothing_there(lambda request: said_yes)) as running:
        assert create(running, told).ids == {"own": "0042"}
        (one,) = sent(running)
    assert '<Order no="SO-1"><Note>Ü &amp; &lt;b&gt;</Note>' in one.body.decode()
    assert '<Line sku="A/1">10</Line><Line sku="B">2.50</Line></Order>' in one.body.decode()
    no = Reply('<Result code="17"><Text>there is one</Text></Result>', 200, xml)
    with serving(nothing_there(lambda request: no)) as running, pytest.raises(Exists):
        create(running, told)


RPC = """
calls: {json: {jsonrpc: '2.0', id: =serial}, errors: {code: error.code, text: error.message}, ok: '!error'}
"""


def test_the_method_stands_in_the_body() -> None:
    told = mapping(
        """
    create: {post: /rpc, json: {method: order.add, params: [=order_no, {qty: =ordered}]}, id: result.id}
    update:
      ordered: {post: /rpc, json: {method: order.set, params: {id: =part, qty: =ordered, rev: =version}}}
""",
        RPC,
    )
    with serving(nothing_there(lambda request: reply({"result": {"id": 9}}))) as running:
        assert create(running, told).ids == {"own": "9"}
        (one,) = sent(running)
    assert (said(one)["jsonrpc"], said(one)["method"]) == ("2.0", "order.add")
    assert said(one)["params"] == ["SO-1", {"qty": 12.5}]
    error = {"error": {"code": -32000, "message": "no such order"}}
    with serving(lambda request: reply(error)) as running, pytest.raises(Rejected) as no:
        update(running, told, "ordered")
    assert no.value.values["code"] == "-32000"


def test_a_handshake_before_a_write_and_once_more_when_it_is_refused() -> None:
    patch = '{patch: "/orders/{{ part }}", json: {qty: =ordered}}'
    told = mapping(f"    update: {{ordered: {patch}}}\n", "auth: [basic, csrf]\n")
    tokens: list[str] = []

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            tokens.append(f"t{len(tokens) + 1}")
            return reply({}, 200, X_CSRF_Token=tokens[-1], Set_Cookie=f"s={tokens[-1]}; Path=/")
        if header(request, "X-CSRF-Token") != "t2" or header(request, "Cookie") != "s=t2":
            return reply({}, 403, X_CSRF_Token="Required")
        return reply({})

    with serving(answer) as running:
        update(running, told, "ordered")
        assert len(sent(running)) == 2
    assert tokens == ["t1", "t2"]


def test_buttons_one_after_another_each_with_the_version_that_the_one_before_gave() -> None:
    button = '{{post: "/orders/{{{{ part }}}}/{}", take: {{version: meta.header.etag}}}}'
    buttons = ", ".join(f"{name}: {button.format(name)}" for name in ("allocated", "ready", "shipped"))
    told = mapping(f"    update: {{status: {{{buttons}}}}}\n")
    versions = iter(['"8"', '"9"', '"10"'])
    with serving(lambda request: Reply("", 204, {"ETag": next(versions)})) as running:
        update(running, told, "allocated", "ready", "shipped")
        pressed = [(path(one).rpartition("/")[2], header(one, "If-Match")) for one in running.requests]
    assert pressed == [("allocated", "7"), ("ready", '"8"'), ("shipped", '"9"')]


LOCATION = """
    create:
      - {post: /orders, json: {no: =order_no}, id: {own: meta.header.location}}
      - {each: lines, post: "=id.own ~ '/lines'", json: {sku: =item.sku}}
      - {post: "=id.own ~ '/release'"}
"""


def test_the_new_order_is_where_the_location_says() -> None:
    def answer(request: Request) -> Reply:
        made = {"Location": "http://inner.host:9999/api/orders/77"}
        return Reply("", 201, made) if path(request) == "/orders" else Reply("", 204)

    with serving(nothing_there(answer)) as running:
        receipt = create(running, mapping(LOCATION))
        paths = [path(one) for one in sent(running)]
    assert receipt.ids == {"own": "http://inner.host:9999/api/orders/77"}
    assert paths == ["/orders", "/api/orders/77/lines", "/api/orders/77/lines", "/api/orders/77/release"]


def test_what_was_done_of_several_calls_is_not_done_again() -> None:
    refused = ["/orders/77/release"]

    def answer(request: Request) -> Reply:
        if path(request) in refused:
            return Reply("", 429, {"Retry-After": "5"})
        return Reply("", 201, {"Location": "/orders/77"})

    with serving(nothing_there(answer)) as running:
        steps: list[Step] = []
        with pytest.raises(RateLimited):
            create(running, mapping(LOCATION), steps)
        refused.clear()
        create(running, mapping(LOCATION), [], steps)
        paths = [path(one) for one in sent(running)]
    assert paths == ["/orders", *["/orders/77/lines"] * 2, "/orders/77/release", "/orders/77/release"]


def test_master_data_is_looked_up_once_and_waited_for() -> None:
    told = mapping(
        """
    create: {post: /orders, json: {customer: "=customer_no | ref('customer')"}, id: id}
""",
        'refs: {customer: {get: /customers, query: {code: =value}, take: "rows[0].id"}}\n',
    )
    known: dict[str, int] = {}

    def answer(request: Request) -> Reply:
        if path(request) == "/customers":
            found = known.get(query(request)["code"])
            return reply({"rows": [{"id": found}] if found else []})
        return reply([]) if request.method == "GET" else reply({"id": 1})

    with serving(answer) as running:
        with pytest.raises(NameMissing) as missing:
            create(running, told)
        assert missing.value.name == "customer K7"
        assert not sent(running)
        known["K7"] = 4711
        create(running, told)
        assert [said(one) for one in sent(running)] == [{"customer": 4711}]


def test_what_was_accepted_is_asked_for_by_the_number_of_its_job() -> None:
    told = mapping(
        """
    create: {post: /imports, json: {no: =order_no}, id: {job: job.id}}
    confirm: {get: "/imports/{{ id.job }}", until: "state == 'DONE'", within: 10m}
"""
    )

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return reply({"job": {"id": "J 9"}}, 202)
        return reply({"state": "BUSY"}) if path(request) == "/imports/J%209" else reply([])

    with serving(answer) as running:
        receipt = create(running, told)
        assert (receipt.accepted, receipt.ids) == (True, {"job": "J 9"})
        key = BusinessKey("SO-1", {**ORDER, "id": receipt.ids, "key": "k1"}, "confirm")
        assert running.open(told).lookup("out", key) == [{"state": "BUSY"}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply({"code": 0, "rows": [{"no": 1}]}), None),
        (reply({"code": 5, "msg": "changed by MAYER"}), Stale),
        (reply({"code": 6, "msg": "closed"}), Rejected),
        (reply({"code": 0, "rows": [{"no": 1}, {"no": 2, "err": "E1", "why": "no stock"}]}), Rejected),
        (Reply("<html>sign in</html>", 200, {"Content-Type": "text/html"}), OutcomeUnknown),
        (reply({"code": 5, "msg": "changed by MAYER"}, 500), Stale),
        (reply({"code": 9, "msg": "oops"}, 502), OutcomeUnknown),
    ],
)
def test_a_no_may_stand_in_a_yes_and_in_one_row_of_many(answer: Reply, kind: type[Exception] | None) -> None:
    told = mapping(
        """
    update:
      lines: {post: /batch, json: {each: lines, as: {no: =item.line_no}}, records: rows, ok: code == `0`}
""",
        "errors: {code: code, text: msg, stale: ['* changed by *'], "
        "rows: {ok: '!err', code: err, text: why}}\n",
    )
    with serving(lambda request: answer) as running:
        if kind is None:
            update(running, told, "lines")
        else:
            with pytest.raises(kind):
                update(running, told, "lines")


def test_a_name_that_the_order_lacks_keeps_everything_back_and_an_expression_may_do_without() -> None:
    told = mapping(
        """
    create: {post: /orders, id: id,
             json: {no: =order_no, note: "=remark or '-'", by: {if: =due, as: {day: =due}}}}
    update: {ordered: {patch: "/orders/{{ part }}", json: {qty: =ordered, by: =salesperson}}}
"""
    )
    with serving(nothing_there(lambda request: reply({"id": 1}))) as running:
        create(running, told)
        assert [said(one) for one in sent(running)] == [{"no": "SO-1", "note": "Ü & <b>"}]
        with pytest.raises(NameMissing):
            update(running, told, "ordered")
        assert len(sent(running)) == 1
