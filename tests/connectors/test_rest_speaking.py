"""What is sent and what comes back (mapping language, abilities 6 and 7): bodies, formats, numbers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.contract import Everything, Keys, Since
from hub.config import Connection
from hub.errors import ConfigError, Incomplete, Unavailable
from tests.connectors.rest_server import form, header, path, query, reply, said, serving, shop
from tests.connectors.soap_server import Reply, Request

FIELDS = "fields: {order_no: id}"


def stream(read: str) -> str:
    return f"streams: {{orders: {{read: {{{read}}}, {FIELDS}}}}}"


def fixed(body: bytes | str, kind: str = "application/json", **headers: str) -> Callable[[Request], Reply]:
    return lambda request: Reply(body, 200, {"Content-Type": kind, **headers})


# 6: every exchange through one path, bodies of every kind


def test_json_bodies_keep_types_and_leave_out_what_is_not_known() -> None:
    text = """
streams:
  orders:
    read:
      post: /orders
      json:
        {no: "007", n: 7, price: 1.50, yes: true, none: null, from: =since,
        filter: {to: =key, a: [=since, x]}, sign: "=", eq: "==x"}
    fields: {order_no: id}
"""
    with serving(fixed('[{"id": "A1"}]')) as running:
        running.read(text)
        (request,) = running.requests
        assert request.body == (
            b'{"no":"007","n":7,"price":1.50,"yes":true,"none":null,"filter":{"a":["x"]},"sign":"=","eq":"=x"}'
        )
        assert header(request, "Content-Type") == "application/json"


def test_a_blank_in_a_query_is_never_a_plus() -> None:
    text = stream("get: /orders, query: {$filter: changed ge 2026-01-01T00:00:00+00:00}")
    with serving(fixed("[]")) as running:
        running.read(text)
        (request,) = running.requests
        assert request.path.endswith("?%24filter=changed%20ge%202026-01-01T00%3A00%3A00%2B00%3A00")


def test_form_bodies() -> None:
    text = stream(
        "post: /orders, form: {method: list, max: =size, codes: [A, B], note: 'ä &='}, size: 5, records: rows"
    )
    with serving(fixed('{"rows": []}')) as running:
        running.read(text.replace("size: 5,", "size: 5, next: more,"))
        (request,) = running.requests
        assert request.body == b"method=list&max=5&codes=A&codes=B&note=%C3%A4+%26%3D"
        assert header(request, "Content-Type") == "application/x-www-form-urlencoded"


def test_xml_bodies_with_attributes_and_lists() -> None:
    text = """
streams:
  orders:
    read:
      post: /orders
      xml:
        o:query:
          "@xmlns:o": "urn:o"
          "@version": 2
          since: =since
          state: [OPEN, "A<B"]
          note: {"@lang": de, "#text": "Größe"}
      records: answer.order
    fields: {order_no: id}
"""
    with serving(fixed("<answer><order><id>A1</id></order></answer>", "text/xml")) as running:
        assert running.read(text) == [{"id": "A1"}]
        (request,) = running.requests
        assert request.body.decode() == (
            "<?xml version='1.0' encoding='utf-8'?>\n"
            '<o:query xmlns:o="urn:o" version="2"><state>OPEN</state><state>A&lt;B</state>'
            '<note lang="de">Größe</note></o:query>'
        )


def test_text_bodies_in_the_charset_of_their_content_type() -> None:
    text = """
text: {encoding: gb18030}
streams:
  orders:
    read:
      post: /bank
      headers: {Content-Type: text/plain; charset=gbk}
      text: "查询|{{ conn.login }}"
      records: CMBSDKPGK.row
    fields: {order_no: id}
"""
    answer = '<?xml version="1.0" encoding="GBK"?><CMBSDKPGK><row><id>甲1</id></row></CMBSDKPGK>'.encode(
        "gbk"
    )
    with serving(fixed(answer, "text/plain")) as running:
        assert running.read(text) == [{"id": "甲1"}]
        assert running.requests[0].body == "查询|hub".encode("gbk")


def test_method_in_the_body_and_constant_envelope_said_once() -> None:
    def rpc(request: Request) -> Reply:
        call = said(request)
        assert (call["version"], call["app"]) == ("1.1", "hub")
        return reply({"id": call["id"], "result": [{"id": call["method"]}]})

    text = """
calls: {json: {version: "1.1", app: =conn.login, id: =serial}, ok: "!error"}
streams:
  orders:
    read: {post: /rpc, json: {method: orders.open}, records: result}
    sweep: {every: 1h, json: {method: orders.get, keys: =keys}}
    fields: {order_no: id}
"""
    with serving(rpc) as running:
        connector = running.open(text)
        for ask, method in ((Since({}), "orders.open"), (Keys(["1"]), "orders.get")):
            (page,) = connector.fetch("orders", ask)
            assert page.records == [{"id": method}]
        assert [said(one)["id"] for one in running.requests] == sorted(
            {said(one)["id"] for one in running.requests}
        )


def test_a_structure_in_one_string_and_a_list_made_of_names() -> None:
    text = """
streams:
  orders:
    read: {get: /orders}
    sweep:
      every: 1h
      post: /orders
      form: {data: {tojson: {rows: {each: =keys, as: {no: =item, kind: X}}, price: 1.50}}}
    fields: {order_no: id}
"""
    with serving(fixed('[{"id": "A1"}]')) as running:
        list(running.open(text).fetch("orders", Keys(["甲", "B"])))
        assert form(running.requests[0]) == {
            "data": '{"rows":[{"no":"甲","kind":"X"},{"no":"B","kind":"X"}],"price":1.50}'
        }


def test_paths_are_filled_and_encoded_by_part() -> None:
    text = """
streams:
  orders:
    read: {get: "/orders?fixed=1"}
    sweep:
      every: 1h
      get: "/plants/{{ conn.extra.plant }}/orders/{{ key }}/lines?view=all"
      query: {x: =key}
    fields: {order_no: id}
"""
    with serving(fixed('{"id": "A1"}')) as running:
        given = running.connection(schema="api/v2", extra={"plant": "W 1"})
        connector = running.open(text, connection=given)
        list(connector.fetch("orders", Keys(["A/1 ä"])))
        list(connector.fetch("orders", Everything()))
        first, second = running.requests
        assert path(first) == "/api/v2/plants/W%201/orders/A%2F1%20%C3%A4/lines"
        assert query(first) == {"view": "all", "x": "A/1 ä"}
        assert (path(second), query(second)) == ("/api/v2/orders", {"fixed": "1"})


# 7: answers of every kind, whatever the content type claims


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'[{"id": "\xc3\xa4"}]', "application/json"),
        (b'[{"id": "\xc3\xa4"}]', "text/plain"),
        (b'[{"id": "\xc3\xa4"}]', "text/html; charset=utf-8"),
        (b'\xef\xbb\xbf[{"id": "\xc3\xa4"}]', "application/json"),
        (b'[{"id": "\xe4"}]', "application/json; charset=iso-8859-1"),
        ('[{"id": "ä"}]'.encode("utf-16"), "application/json"),
        (b')]}\',\n[{"id": "\\u00e4"}]', "application/json"),
        (b'callback([{"id": "\\u00e4"}]);', "application/javascript"),
        (b"<l><r><id>\xc3\xa4</id></r></l>", "application/json"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><l><r><id>\xe4</id></r></l>', "text/xml"),
        (
            '<?xml version="1.0" encoding="GBK"?><l><r><id>ä</id></r></l>'.encode("gb18030"),
            "text/xml; charset=gb18030",
        ),
        (b"id;n\n\xc3\xa4;1\n", "text/csv"),
    ],
)
def test_the_body_tells_its_format_and_charset(body: bytes, kind: str) -> None:
    records = "l.r" if b"<l>" in body else "@"
    with serving(fixed(body, kind)) as running:
        (record,) = running.read(stream(f"get: /orders, records: '{records}'"))
        assert record["id"] == "ä"


def test_a_forced_charset_wins() -> None:
    body = '[{"id": "订单"}]'.encode("gb18030")
    with serving(fixed(body, "application/json; charset=utf-8")) as running:
        assert running.read("text: {encoding: gb18030}") == [{"id": "订单"}]
        assert running.read(f"text: {{encoding: [utf-8, gb18030]}}\n{stream('get: /orders')}") == [
            {"id": "订单"}
        ]
        with pytest.raises(Unavailable) as caught:
            running.read(stream("get: /orders"))
    assert caught.value.key in {"http.wrong_charset", "http.malformed"}


def test_an_unknown_charset_is_named() -> None:
    with serving(fixed("[]")) as running, pytest.raises(Unavailable, match="utf-88"):
        running.read("text: {encoding: utf-88}")


def test_numbers_are_exact() -> None:
    numbers = '"a": 0.1, "b": 1e2, "c": 12345678901234567890123, "d": 3, "e": "1.5", "f": 1.10, "a": 0.30'
    body = f'[{{"id": "A", {numbers}}}]'
    with serving(fixed(body)) as running:
        (record,) = running.read(stream("get: /orders"))
        assert repr(record["f"]) == "Decimal('1.10')"
        assert (record["a"], record["b"]) == (Decimal("0.30"), Decimal(100))
        assert (record["c"], record["d"], record["e"]) == (12345678901234567890123, 3, "1.5")
        assert not [value for value in record.values() if isinstance(value, float)]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with serving(fixed(f'[{{"id": "A", "n": {number}}}]')) as running, pytest.raises(Unavailable):
        running.read(stream("get: /orders"))


def test_half_a_surrogate_does_not_stop_an_answer() -> None:
    with serving(fixed('[{"id": "\\ud83d", "n": 1.5}]')) as running:
        assert running.read(stream("get: /orders")) == [{"id": "\ud83d", "n": Decimal("1.5")}]


def test_xml_as_data_one_or_many_alike() -> None:
    body = """<?xml version="1.0"?><!-- x --><response xmlns="urn:x"><flag>success</flag>
      <orders><order no="1"><id>A1</id><lines><line><qty>1</qty></line></lines>
      <note lang="de">x</note><none/></order>
      <order no="2"><id>A2</id><lines><line><qty>1</qty></line><line><qty>2</qty></line></lines>
      <nil xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/></order></orders></response>"""
    text = """
streams:
  orders:
    read: {get: /orders, records: response.orders.order, ok: "response.flag == 'success'"}
    fields: {order_no: id, status: {keep: true}, ordered: {sum: "lines.line[].qty"}}
"""
    with serving(fixed(body, "application/octet-stream")) as running:
        assert running.read(text) == [
            {
                "@no": "1",
                "id": "A1",
                "lines": {"line": [{"qty": "1"}]},
                "note": {"@lang": "de", "#text": "x"},
                "none": "",
            },
            {"@no": "2", "id": "A2", "lines": {"line": [{"qty": "1"}, {"qty": "2"}]}, "nil": None},
        ]


def test_entities_are_not_resolved_and_nothing_is_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("Zq81", "utf-8")
    body = f'<!DOCTYPE l [<!ENTITY x SYSTEM "file://{secret}">]><l><r><id>&x;</id></r></l>'
    with serving(fixed(body, "text/xml")) as running:
        assert "Zq81" not in str(running.read(stream("get: /orders, records: l.r")))


def test_csv_answers() -> None:
    body = 'id,"note, long",qty\nA1,"two\nlines",5\n\nA2,,6\n'
    with serving(fixed(body, "text/csv")) as running:
        assert running.read(stream("get: /orders")) == [
            {"id": "A1", "note, long": "two\nlines", "qty": "5"},
            {"id": "A2", "note, long": "", "qty": "6"},
        ]
    with serving(fixed("A1|5\nA2|6\n", "text/plain")) as running:
        text = stream("get: /orders, format: csv, delimiter: '|', columns: [id, qty]")
        assert running.read(text) == [{"id": "A1", "qty": "5"}, {"id": "A2", "qty": "6"}]


def test_plain_text_is_one_record() -> None:
    with serving(fixed("A1 shipped", "text/plain")) as running:
        assert running.read(stream("get: /orders")) == [{"value": "A1 shipped"}]


def test_a_document_inside_a_text_is_unpacked() -> None:
    inner = '{\\"success\\": true, \\"rows\\": [{\\"id\\": \\"A1\\", \\"q\\": 1.5}]}'
    body = f'{{"code": "A1000", "data": "{inner}", "more": [{{"x": "<a><b>1</b></a>"}}]}}'
    text = stream("get: /orders, unpack: [data, 'more[].x'], records: data.rows, ok: data.success")
    with serving(fixed(body)) as running:
        assert running.read(text) == [{"id": "A1", "q": Decimal("1.5")}]


def test_packed_answers_are_unzipped() -> None:
    with serving(fixed(gzip.compress(b'[{"id": "A1"}]'), Content_Encoding="gzip")) as running:
        running.server.answer = lambda request: Reply(
            gzip.compress(b'[{"id": "A1"}]'),
            200,
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        )
        assert running.read(stream("get: /orders")) == [{"id": "A1"}]


def test_response_headers_are_seen_as_meta_without_secrets() -> None:
    answer = fixed('[{"id": "A1"}]', **{"X-Read-At": "2026", "Set-Cookie": "sid=secret1; Path=/"})
    with serving(answer) as running:
        (page,) = running.pages(stream("get: /orders"))
        assert page.meta["header"]["x_read_at"] == page.meta["header"]["x-read-at"] == "2026"
        assert "secret1" not in str(page)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", Unavailable),
        ("  \n", Unavailable),
        ("<!DOCTYPE html><title>Log\n in</title>", Unavailable),
        ("<html><body>x</body></html>", Unavailable),
        ('{"rows": [{"id": "A1"}, {"id"', Incomplete),
        ("<l><r><id>A1</id></r>", Incomplete),
        ("<l><r><id>A1</x></r></l>", Unavailable),
        ('{"rows": [}', Unavailable),
        ('{"rows": x}', Unavailable),
    ],
)
def test_nothing_of_a_broken_answer_is_used(body: str, error: type[Exception]) -> None:
    with serving(fixed(body)) as running:
        with pytest.raises(error) as caught:
            running.read(stream("get: /orders, records: rows"))
        assert type(caught.value) is error
        assert len(running.requests) == 3


def test_an_object_a_line() -> None:
    text = stream("get: /orders, format: jsonl, encoding: gbk")
    with serving(fixed('{"id": "甲", "n": 1.50}\r\n\n{"id": "A2"}'.encode("gbk"))) as running:
        assert running.read(text) == [{"id": "甲", "n": Decimal("1.50")}, {"id": "A2"}]
    for body, error in (('{"id": "A1"}\n{"id": ', Incomplete), ('{"id": \n{"id": "A1"}', Unavailable)):
        with serving(fixed(body)) as running, pytest.raises(error):
            running.read(text)


def test_no_content_is_no_records() -> None:
    with serving(lambda request: Reply("", 204)) as running:
        assert running.read(stream("get: /orders, records: rows")) == []


def test_an_answer_without_the_place_of_the_records_is_warned_of() -> None:
    with serving(fixed('{"problem": "x"}')) as running:
        (page,) = running.pages(stream("get: /orders, records: rows"))
        assert (list(page.records), len(page.warnings)) == ([], 1)
        assert "problem" in page.warnings[0]


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ('{"data": {"list": [], "n": 3}}', "list, n"),
        ('{"data": {"total": 0}}', ""),
        ('{"data": {"rows": []}}', ""),
        ('{"data": null}', ""),
    ],
)
def test_a_place_that_ends_on_the_way_is_warned_of_unless_there_are_none(body: str, known: str) -> None:
    with serving(fixed(body)) as running:
        connector = running.open(stream("get: /orders, records: data.rows, total: data.total"))
        health = connector.check()
        assert (health.ok, health.key) == (True, "rest.healthy_but" if known else "rest.healthy")
        assert known in str(health.values["warning"])


def test_a_hook_decodes_what_is_in_no_known_form(tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "depot.py").write_text(
        '"""Decode."""\n\n\ndef decode(raw, meta):\n'
        '    return [{"id": part} for part in raw.decode().split("~")]\n',
        "utf-8",
    )
    with serving(fixed("A1~A2", "application/x-own")) as running:
        assert running.read(shop("hook: depot", tmp_path / "systems")) == [{"id": "A1"}, {"id": "A2"}]


def test_a_wrong_address_is_no_fault_of_the_system() -> None:
    with serving(fixed("[]")) as running, pytest.raises(ConfigError):
        running.read(stream("get: /orders"), connection=Connection("shop", "http", "bad host", 80))
