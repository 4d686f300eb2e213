"""Answers of streams that are read as a whole: what is known of them is not parsed, all else is as ever."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.calls import jsons
from connectors.contract import Everything, Page, Since, Unread
from hub.errors import Incomplete, Rejected, Unavailable
from hub.mapping import parse_system
from hub.rules import Rules
from hub.store import Store
from hub.store.tables import observations, reads, views
from sync.run import Hub, SyncResult, sync_systems
from tests.connectors.rest_server import NOW, Answer, Running, query, reply, serving, state_of
from tests.connectors.soap_server import Reply, Request

FIELDS = "fields: {order_no: id}"
ROWS = [{"id": f"A{n}", "n": n, "lines": [{"qty": n}]} for n in range(7)]


def stream(read: str, more: str = "") -> str:
    return f"streams: {{orders: {{read: {{{read}}}, {FIELDS}}}}}\n{more}"


def fixed(body: bytes | str, kind: str = "application/json", status: int = 200) -> Answer:
    return lambda request: Reply(body, status, {"Content-Type": kind})


@dataclass
class Parsed:
    """The records that were parsed one by one."""

    bodies: list[bytes] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for body in self.bodies]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Parsed:
    found, read = Parsed(), jsons.read

    def watched(body: Any) -> Any:
        if bytes(body).startswith(b'{"id"'):
            found.bodies.append(bytes(body))
        return read(body)

    monkeypatch.setattr(jsons, "read", watched)
    return found


def both(running: Running, text: str) -> tuple[list[Page], list[Any], list[Any]]:
    """Return the pages of a read of what is new, its records, and those of a read of all, which is parsed."""
    pages = running.pages(text)
    return (
        pages,
        [record for page in pages for record in page.records],
        running.read(text, Everything()),
    )


def are_unread(pages: Sequence[Page]) -> bool:
    return all(isinstance(page.records, Unread) for page in pages if page.records)


# What is left unread


@pytest.mark.parametrize(
    ("data", "read", "more"),
    [
        (ROWS, "get: /orders", ""),
        (ROWS, 'get: /orders, records: "@", total: meta.header.x_total', ""),
        ({"rows": ROWS}, "get: /orders, records: rows", ""),
        ({"took": 1, "d": {"n": 7, "rows": ROWS, "a": [1]}}, "get: /orders, records: d.rows, total: d.n", ""),
        ({"订单": ROWS}, "get: /orders, records: 订单", ""),
        ({"a.b": ROWS}, """get: /orders, records: '"a.b"'""", ""),
        ({"rows": ROWS, "ok": 1}, "get: /orders, records: rows, ok: ok, take: {x: ok}", ""),
        ({"rows": ROWS}, 'get: /orders, records: rows, ok: "!error"', "errors: {code: error.no || err.no}"),
        ({"rows": ROWS}, "get: /orders, records: rows, size: 3, next: meta.link.next", ""),
    ],
)
def test_records_that_nothing_else_looks_at_are_left_unread(
    data: Any, read: str, more: str, parsed: Parsed
) -> None:
    with serving(lambda request: reply(data, X_Total="7")) as running:
        pages, records, plain = both(running, stream(read, more))
        assert are_unread(pages)
        assert records == plain == ROWS
        parsed.bodies.clear()
        assert sum(len(page.records) for page in running.pages(stream(read, more))) == len(ROWS)
        assert parsed.bodies == []
        assert {tuple(page.warnings) for page in pages} == {()}


@pytest.mark.parametrize(
    ("form", "charset", "kind"),
    [
        ("{}", "gbk", "application/json; charset=gbk"),
        ("{}", "utf-16", "application/json"),
        ("{}", "utf-8-sig", "application/json"),
        (")]}}',\n{}", "utf-8", "application/json"),
        (" call({});", "utf-8", "text/javascript"),
    ],
)
def test_a_body_in_another_charset_and_one_behind_a_guard(form: str, charset: str, kind: str) -> None:
    rows = [{"id": "A1", "name": "张三"}]
    body = form.format(json.dumps(rows, ensure_ascii=False)).encode(charset)
    with serving(fixed(body, kind)) as running:
        pages, records, plain = both(running, stream("get: /orders"))
        assert are_unread(pages)
        assert records == plain == rows


NUMBERS = '"a": 0.1, "b": 1e2, "c": 12345678901234567890123, "d": -3, "e": 1.10, "a": 0.30, "f": 1E400'


@pytest.mark.parametrize(
    ("row", "unread"),
    [
        (f'{{"id": "A", {NUMBERS}}}', True),
        (
            '{"id": "A", "deep": {"id": 1, "id": [2.50, {"x": null}]}, "t": "\\u00fc\\n\\ud83d\\ude00 ü"}',
            True,
        ),
        ('{\n "id" :\t"A" , "n": true\r\n}', True),
        ("{}", True),
        ('{"id": "\\ud83d", "n": 1.5}', False),  # half a character: read as ever
        ('{"id": "A", "\\ude00": 1}', False),
    ],
)
def test_a_record_says_the_same_however_it_is_read(row: str, unread: bool) -> None:
    body = f'{{"n": 1.50, "rows": [ {row} ,{row}], "n": 2}}'
    with serving(fixed(body)) as running:
        pages, records, plain = both(running, stream("get: /orders, records: rows, total: n"))
        assert are_unread(pages) == unread
        assert list(map(repr, records)) == list(map(repr, plain))
        assert records[0] == jsons.read(row.encode())


# What is read as ever


@pytest.mark.parametrize(
    ("data", "read", "more"),
    [
        ({"a": [{"rows": ROWS[:3]}, {"rows": ROWS[3:]}]}, 'get: /orders, records: "a[].rows[]"', ""),
        ({"rows": ROWS}, 'get: /orders, records: "rows[?n >= `0`]"', ""),
        ({"rows": ROWS}, "get: /orders, records: data || rows", ""),
        ({"data": {"rows": ROWS}}, "get: /orders, records: data || rows", ""),
        ({"data": None, "rows": ROWS}, "get: /orders, records: data", ""),
        ({"rows": ROWS[0]}, "get: /orders, records: rows", ""),
        ({"rows": [[1, 2], [3, 4]]}, "get: /orders, records: rows, columns: [id, n]", ""),
        ({"rows": [ROWS[0], "A1", 7, None]}, "get: /orders, records: rows", ""),
        ({"rows": ROWS}, 'get: /orders, records: rows, total: "length(rows)"', ""),
        ({"rows": ROWS}, "get: /orders, records: rows, ok: rows", ""),
        ({"d": {"rows": ROWS}}, "get: /orders, records: d.rows, take: {all: d}", ""),
        (ROWS, 'get: /orders, ok: "@"', ""),
        ({"rows": ROWS}, "get: /orders, records: rows", "errors: {rows: {code: error}}"),
        ({"rows": ROWS}, "get: /orders, records: rows, errors: {rows: {ok: id}}", ""),
        ({"rows": ROWS}, 'get: /orders, records: rows, unpack: ["rows[].text"]', ""),
        ({"rows": ROWS}, "get: /orders, records: rows, cursor: [n, id]", ""),
        ({"rows": ROWS}, "get: /orders, records: rows, query: {to: =until}", ""),
        ({"rows": ROWS}, "get: /orders, records: rows, each: [P1]", ""),
    ],
)
def test_an_answer_of_any_other_shape_is_read_as_ever(data: Any, read: str, more: str) -> None:
    with serving(lambda request: reply(data)) as running:
        pages, records, plain = both(running, stream(read, more))
        assert not any(isinstance(page.records, Unread) for page in pages)
        assert records == plain


def test_only_reads_of_what_is_new_leave_anything_unread() -> None:
    with serving(lambda request: reply(ROWS)) as running:
        (page,) = running.pages(stream("get: /orders"), Everything())
        assert page.records == ROWS


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"rows": [{"id": "A1"}, {"id"', "http.torn"),
        (b'{"rows": [{"id": "A"}]} x', "http.torn"),
        (b'{"rows": [{"id": "A1"}, {"id": 1}', "http.malformed"),
        (b'{"rows": [{"id": 01}]}', "http.malformed"),
        (b'{"rows": [{"id": NaN}]}', "http.malformed"),
        (b'{"rows": [{"id": "\\x"}]}', "http.malformed"),
        (b'{"rows": [{"id": "\xff"}]}', "http.malformed"),
        (b'{"rows": [{"id": "A"}], "n": }', "http.malformed"),
        (b'{"rows": [{"id": "A"}], "n": %b}' % (b"9" * 5000), "http.malformed"),
    ],
)
def test_a_broken_answer_is_the_same_error_as_ever(body: bytes, key: str) -> None:
    with serving(fixed(body)) as running:
        found = []
        for ask in (Since({}), Everything()):
            with pytest.raises(Incomplete if key == "http.torn" else Unavailable) as caught:
                running.pages(stream("get: /orders, records: rows"), ask)
            found.append((caught.value.key, caught.value.values))
        assert found[0] == found[1]
        assert found[0][0] == key
        assert len(running.requests) == 6  # tried again


def test_an_answer_that_says_no_is_the_same_error_as_ever() -> None:
    said = {"rows": ROWS, "error": {"no": 7, "text": "stock count"}}
    more = "errors: {code: error.no, text: error.text, rejected: ['7 *']}"
    read = stream("get: /orders, records: rows", more)
    for status in (200, 422):
        with serving(fixed(json.dumps(said), status=status)) as running:
            pytest.raises(Rejected, running.read, read).match("stock count")
    with serving(fixed(json.dumps({"why": "closed", "rows": ROWS}), status=422)) as running:  # shown as it is
        pytest.raises(Rejected, running.read, stream("get: /orders, records: rows")).match('closed","rows')


def test_a_record_that_proves_unreadable_when_looked_at_is_an_error_of_the_source() -> None:
    rows = f'[{{"id": "A", "n": {"9" * 5000}}}]'
    with serving(fixed(rows)) as running:
        (page,) = running.pages(stream("get: /orders"))
        with pytest.raises(Unavailable) as caught:
            list(page.records)
        assert (caught.value.key, caught.value.values["operation"]) == ("http.malformed", "get /orders")


# Paging


@pytest.mark.parametrize(
    ("style", "looked"),
    [
        ("query: {skip: =offset}, total: n", ["A0", "A2", "A3", "A5", "A6"]),
        ("query: {skip: =offset}", ["A2", "A5", "A6"]),
        ("query: {skip: =next}, next: after", []),
        ("query: {after: =last}", ["A2", "A5", "A6"]),
    ],
)
def test_every_style_of_paging_looks_at_the_last_record_at_most(
    style: str, looked: list[str], parsed: Parsed
) -> None:
    def server(request: Request) -> Reply:
        asked = query(request)
        begin = int(asked.get("skip") or 0)
        if "after" in asked:
            begin = int(json.loads(asked["after"].replace("'", '"'))["n"]) + 1
        after = begin + 3 if begin + 3 < len(ROWS) else None
        return reply({"rows": ROWS[begin : begin + 3], "n": len(ROWS), "after": after})

    with serving(server) as running:
        pages = running.pages(stream(f"get: /orders, records: rows, {style}"))
        assert are_unread(pages)
        assert set(parsed.ids) <= set(looked)
        assert [record for page in pages for record in page.records] == ROWS


def test_a_page_that_comes_again_and_again_is_an_error() -> None:
    text = stream("get: /orders, records: rows, query: {page: =page}")
    with serving(lambda request: reply({"rows": ROWS, "page": 1})) as running:
        with pytest.raises(Unavailable) as caught:
            running.pages(text)
        assert caught.value.key == "calls.repeated_page"


def test_a_large_answer_comes_in_pages_of_the_size_and_is_not_read_again() -> None:
    text = stream("get: /orders, size: 3, next: meta.link.next")
    with serving(lambda request: reply(ROWS)) as running:
        pages = running.pages(text)
        assert [len(page.records) for page in pages] == [3, 3, 1]
        again = running.pages(text, Since(state_of(pages)))
        assert [(len(page.records), page.same) for page in again] == [(0, 7)]


# Through the engine

SHOP = """
system: shop
connector: rest
connection: shop
streams:
  orders:
    read: {get: /orders, query: {skip: =offset}, records: rows, total: n}
    key: id
    fields:
      order_no: id
      part: id
      status: {from: state, codes: {NEW: confirmed, SENT: shipped}}
      ordered: qty
"""


class Source:
    """Orders in pages of forty whose borders move when one is added in front."""

    def __init__(self) -> None:
        self.rows = [self.order(n) for n in range(100, 200)]
        self.spoilt = ""

    def order(self, number: int, **more: Any) -> dict[str, Any]:
        return {"id": f"A{number:03}", "state": "NEW", "qty": 1.5, **more}

    def __call__(self, request: Request) -> Reply:
        begin = int(query(request)["skip"])
        body = json.dumps({"rows": self.rows[begin : begin + 40], "n": len(self.rows)})
        if self.spoilt:
            body = body.replace('"qty": 1.5', f'"qty": {self.spoilt}', 1)
        return Reply(body, 200, {"Content-Type": "application/json"})


def synced(store: Store, running: Running) -> SyncResult:
    env = {"AIRFLOW_CONN_SHOP": f"http://127.0.0.1:{running.server.port}"}
    (result,) = sync_systems(Hub(store, Rules(), {"shop": parse_system(SHOP)}, lambda: NOW, env), ["shop"])
    return result


def test_shifted_pages_are_not_parsed_again(store: Store, parsed: Parsed) -> None:
    source = Source()
    with serving(source) as running:
        assert synced(store, running).counts["observations"] == 100
        source.rows[50] = source.order(150, state="SENT")
        source.rows.insert(0, source.order(99))
        parsed.bodies.clear()
        result = synced(store, running)
        assert not result.errors
        assert [result.counts[one] for one in ("records", "unchanged", "observations")] == [101, 99, 2]
        # the last of a page, for paging; the first and the last of all, and what is news
        assert sorted(parsed.ids) == ["A099", "A099", "A138", "A150", "A178", "A199"]
        with store.read() as conn:
            statuses = conn.execute(sa.select(views.c.order_no).where(views.c.status == 100)).scalars().all()
            assert statuses == ["A150"]
            quantities = conn.execute(sa.select(observations.c.ordered).distinct()).scalars().all()
            assert quantities == [Decimal("1.5")]


def test_what_proves_unreadable_only_in_the_engine_ends_the_stream_with_nothing_written(store: Store) -> None:
    source = Source()
    source.spoilt = "9" * 5000
    with serving(source) as running:
        result = synced(store, running)
        assert [type(error) for error in result.errors] == [Unavailable]
        with store.read() as conn:
            assert conn.execute(sa.select(views)).all() == []
            (noted,) = conn.execute(sa.select(reads)).all()
            assert (noted.complete_at, noted.failed_at) == (None, NOW)
        source.spoilt = ""
        assert synced(store, running).counts["observations"] == 100
