"""Reading pages (mapping language, abilities 12 to 20): each a server of its own and one mapping, no code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import GATE, Everything, Keys, Since, Window
from hub.errors import ConfigError, Incomplete, Unavailable
from tests.connectors.rest_server import header, path, query, reply, said, serving, state_of
from tests.connectors.soap_server import Reply, Request

FIELDS = "fields: {order_no: id}"
COUNT = 7
ALL = [
    {"id": f"A{n}", "at": f"2026-03-01 10:00:0{n}", "made": f"2026-02-0{n + 1} 00:00:00"}
    for n in range(COUNT)
]
IDS = [one["id"] for one in ALL]


def stream(read: str, more: str = "") -> str:
    return f"streams: {{orders: {{read: {{{read}}}, {more}{FIELDS}}}}}"


def ids(records: list[Any]) -> list[str]:
    return [str(record["id"]) for record in records]


def cut(begin: int, size: int) -> list[dict[str, str]]:
    return ALL[begin : begin + size]


# 12: records anywhere


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (ALL, "get: /orders"),
        ({"d": {"results": ALL}}, "get: /orders, records: d.results"),
        ({"a": [{"rows": ALL[:3]}, {"rows": ALL[3:]}]}, 'get: /orders, records: "a[].rows[]"'),
        ([[one["id"], one["at"]] for one in ALL], "get: /orders, columns: [id, at]"),
        (
            {"fields": [{"name": "id"}, {"name": "at"}], "rows": [[one["id"], one["at"]] for one in ALL]},
            'get: /orders, records: rows, columns: "fields[].name"',
        ),
        ({one["id"]: one for one in ALL}, 'get: /orders, records: "values(@)"'),
        ([one["id"] for one in ALL], "get: /orders, columns: id"),
    ],
)
def test_records_anywhere(data: Any, read: str) -> None:
    with serving(lambda request: reply(data)) as running:
        assert ids(running.read(stream(read))) == IDS


def test_one_object_instead_of_a_list_and_nothing_at_all() -> None:
    for data, expected in (({"rows": ALL[0]}, ["A0"]), ({"rows": None}, []), ({"rows": []}, [])):
        with serving(lambda request, data=data: reply(data)) as running:  # type: ignore[misc]
            assert ids(running.read(stream("get: /orders, records: rows"))) == expected


# 13, 14: paging (the styles themselves pass the conformance suite; here what is special in them)


def test_the_size_is_a_wish_and_a_short_page_ends_nothing() -> None:
    def capped(request: Request) -> Reply:
        begin = int(query(request)["skip"])
        return reply({"rows": cut(begin, 1 + begin % 3)})

    with serving(capped) as running:
        assert (
            ids(
                running.read(
                    stream("get: /orders, query: {skip: =offset, take: =size}, size: 50, records: rows")
                )
            )
            == IDS
        )
        asked = [int(query(one)["skip"]) for one in running.requests]
        assert asked == [0, 1, 3, 4, 6, 7]


@pytest.mark.parametrize(
    "link",
    [
        "http://inner:8000/api/orders?at={0}&size=3",
        "/api/orders?at={0}&size=3",
        "orders?at={0}&size=3",
        "?at={0}&size=3",
    ],
)
def test_links_are_path_and_query_only(link: str) -> None:
    def linked(request: Request) -> Reply:
        assert header(request, "Authorization")
        assert path(request) == "/api/orders"
        begin = int(query(request).get("at", 0))
        more = link.format(begin + 3) if begin + 3 < COUNT else None
        return reply({"value": cut(begin, 3), "@odata.nextLink": more})

    text = stream(
        """get: /orders, query: {size: =size}, size: 3, records: value, next: '"@odata.nextLink"'"""
    )
    with serving(linked) as running:
        records = running.read(f"auth: basic\n{text}", connection=running.connection(schema="api"))
        assert ids(records) == IDS


def test_a_flag_ends_counted_pages() -> None:
    def flagged(request: Request) -> Reply:
        begin = int(query(request)["page"]) * 3
        return reply({"rows": cut(begin, 3), "more": "Y" if begin + 3 < COUNT else "N"})

    text = stream("""get: /orders, query: {page: "=page - 1"}, records: rows, next: "more == 'Y'" """)
    with serving(flagged) as running:
        assert ids(running.read(text)) == IDS
        assert len(running.requests) == 3


def test_a_token_that_is_a_structure() -> None:
    def continued(request: Request) -> Reply:
        begin = said(request).get("from", {"seq": 0})["seq"]
        more = {"seq": begin + 3, "acct": ["x"]} if begin + 3 < COUNT else None
        return reply({"rows": cut(begin, 3), "y1": more})

    with serving(continued) as running:
        text = stream("post: /orders, json: {from: =next}, records: rows, next: y1")
        assert ids(running.read(text)) == IDS


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        ("query: {page: =page}, records: rows", lambda request: {"rows": ALL[:3]}),
        ("query: {after: =next}, records: rows, next: n", lambda request: {"rows": ALL[:3], "n": "x"}),
        ("records: rows, next: n", lambda request: {"rows": ALL[:3], "n": "/orders?at=3"}),
    ],
)
def test_a_repeated_page_or_token_is_an_error(read: str, answer: Callable[[Request], Any]) -> None:
    with serving(lambda request: reply(answer(request))) as running:
        with pytest.raises(Unavailable) as caught:
            running.read(stream(f"get: /orders, {read}"))
        assert caught.value.key == "calls.repeated_page"
        assert len(running.requests) <= 3


@pytest.mark.parametrize(
    "read", ["query: {page: =page}", "query: {after: =next}, next: n", "query: {x: '1'}"]
)
def test_fewer_than_stated_is_incomplete(read: str) -> None:
    def short(request: Request) -> Reply:
        first = query(request).get("page", "1") == "1"
        return reply({"rows": ALL[:3] if first else [], "total": 9})

    with serving(short) as running, pytest.raises(Incomplete):
        running.read(stream(f"get: /orders, {read}, records: rows, total: total"))


def test_a_filter_in_the_records_path_does_not_disturb_counting() -> None:
    def paged(request: Request) -> Reply:
        return reply({"rows": cut(int(query(request)["skip"]), 2), "total": COUNT})

    text = """
streams:
  orders:
    read: {get: /orders, query: {skip: =offset}, records: "rows[?id != 'A2' && id != 'A3']", total: total}
    fields: {order_no: id}
"""
    with serving(paged) as running:
        assert ids(running.read(text)) == ["A0", "A1", "A4", "A5", "A6"]


def test_graph_queries() -> None:
    def graph(request: Request) -> Reply:
        asked = said(request)
        begin = int(asked["variables"].get("after", 0))
        more = begin + 3 < COUNT
        nodes = {"nodes": cut(begin, 3), "pageInfo": {"hasNextPage": more, "endCursor": str(begin + 3)}}
        return reply({"data": {"orders": nodes}})

    text = """
streams:
  orders:
    read:
      post: /graphql
      json:
        query: "query($after: String) { orders(after: $after) { nodes { id } } }"
        variables: {after: =next}
      records: data.orders.nodes
      next: "data.orders.pageInfo.hasNextPage && data.orders.pageInfo.endCursor"
    fields: {order_no: id}
"""
    with serving(graph) as running:
        assert ids(running.read(text)) == IDS


def test_odata_v2_with_its_dates_and_filters() -> None:
    def gateway(request: Request) -> Reply:
        asked = query(request)
        assert (asked["$format"], asked["$orderby"]) == ("json", "Changed,Id")
        begin = int(asked.get("$skiptoken", 0))
        rows = [{"Id": f"{n}", "Changed": f"/Date({1772352000000 + n * 1000})/"} for n in range(5)]
        answer: dict[str, Any] = {"results": rows[begin : begin + 2]}
        if begin + 2 < 5:
            kept = "%24format=json&%24orderby=Changed%2CId"
            answer["__next"] = f"https://inner:44300/orders/Orders?{kept}&$skiptoken={begin + 2}"
        return reply({"d": answer})

    text = """
time: {format: odata}
streams:
  orders:
    read:
      get: /Orders
      query: {$format: json, $orderby: "Changed,Id", $filter: "Changed ge datetimeoffset'{{ since }}'"}
      records: d.results
      next: d.__next
      cursor: [Changed, Id]
    fields: {order_no: Id}
"""
    with serving(gateway) as running:
        pages = running.pages(text, connection=running.connection(schema="orders"))
        assert [record["Id"] for page in pages for record in page.records] == ["0", "1", "2", "3", "4"]
        state = state_of(pages)
        assert state["cursor"]["at"] == "2026-03-01T08:00:04+00:00"
        running.pages(text, Since(state), connection=running.connection(schema="orders"))
        asked = query(running.requests[3])["$filter"]
        assert asked == "Changed ge datetimeoffset'2026-03-01T08:00:04Z'"


def test_conditions_that_need_a_name_not_known_are_left_out_whole() -> None:
    text = """
streams:
  orders:
    read:
      post: /orders
      json:
        domain: [[state, "=", open], [at, ">=", =since], [id, ">", =last]]
        filters:
          - {if: =since, as: {field: at, op: GTE, values: ["{{ since }}"]}}
          - {if: =last, as: {field: id, op: GT, values: [=last]}}
        params: [db, {from: =since, max: 2}]
      cursor: [at, id]
      sorted: false
    fields: {order_no: id}
"""
    with serving(lambda request: reply(ALL if len(running.requests) == 1 else [])) as running:
        state = state_of(running.pages(text))
        running.pages(text, Since(state))
        first, second, third = map(said, running.requests)
        assert first == {"domain": [["state", "=", "open"]], "filters": [], "params": ["db", {"max": 2}]}
        assert second["domain"] == [["state", "=", "open"], ["id", ">", "A6"]]
        assert third["domain"][1:] == [["at", ">=", "2026-03-01 10:00:06"]]
        assert third["filters"] == [{"field": "at", "op": "GTE", "values": ["2026-03-01 10:00:06"]}]
        assert third["params"] == ["db", {"from": "2026-03-01 10:00:06", "max": 2}]


@pytest.mark.parametrize("total", ["X-WP-Total", "Content-Range"])
def test_a_total_in_a_header(total: str) -> None:
    def server(request: Request) -> Reply:
        begin = (int(query(request)["page"]) - 1) * 4
        if begin >= COUNT:
            return reply({"code": "invalid_page_number"}, 400)
        stated = f"items {begin}-{begin + 3}/{COUNT}" if total == "Content-Range" else str(COUNT)
        return reply(cut(begin, 4), 200, **{total: stated})

    text = stream(
        f"get: /orders, query: {{page: =page}}, total: meta.header.{total.lower().replace('-', '_')}"
    )
    with serving(server) as running:
        assert ids(running.read(text)) == IDS


# 15 to 17: cursors


def listing(request: Request) -> Reply:
    """List by change stamp, from a stamp on, at most `max`."""
    asked = query(request)
    found = [one for one in ALL if one["at"] >= asked.get("from", "")]
    return reply({"rows": found[: int(asked.get("max", 99))]})


def test_the_cursor_is_the_source_s_clock_with_overlap() -> None:
    text = stream("get: /orders, query: {from: =since}, records: rows, cursor: [at, id], overlap: 2s")
    with serving(listing) as running:
        first = running.pages(text)
        again = running.pages(text, Since(state_of(first)))
        assert ids([r for page in first for r in page.records]) == IDS
        assert ids([r for page in again for r in page.records]) == IDS[-3:]
        assert [query(one).get("from") for one in running.requests] == [None, "2026-03-01 10:00:04"]


def test_without_any_paging_name_reading_goes_on_from_the_last_stamp() -> None:
    text = stream("get: /orders, query: {from: =since, max: =size}, size: 3, records: rows, cursor: [at, id]")
    with serving(listing) as running:
        assert ids(running.read(text)) == IDS
        starts = [query(one).get("from", "")[-2:] for one in running.requests]
        assert starts == ["", "02", "04", "06"]


def test_a_page_full_of_one_stamp_cannot_be_left_behind() -> None:
    def crowd(request: Request) -> Reply:
        found = [
            one
            for one in ({**one, "at": ALL[0]["at"]} for one in ALL)
            if one["at"] >= query(request).get("from", "")
        ]
        return reply({"rows": found[:3]})

    text = stream("get: /orders, query: {from: =since, max: =size}, size: 3, records: rows, cursor: [at, id]")
    with serving(crowd) as running, pytest.raises(Unavailable) as caught:
        running.read(text)
    assert caught.value.key == "calls.stamp_fills_page"


def test_a_null_stamp_falls_back_to_the_creation_stamp_and_moves_at_the_end() -> None:
    rows = [
        {"id": "B1", "changed": "2026-03-01 09:00:00", "made": "2026-02-01 00:00:00"},
        {"id": "B2", "changed": None, "made": "2026-03-01 11:00:00"},
        {"id": "B3", "changed": "2026-03-01 10:00:00", "made": "2026-02-02 00:00:00"},
    ]

    def unsorted(request: Request) -> Reply:
        begin = int(query(request)["skip"])
        return reply({"rows": rows[begin : begin + 2], "total": 3})

    text = stream(
        "get: /orders, query: {skip: =offset, from: =since}, records: rows, total: total, "
        'cursor: ["changed || made", id], sorted: false'
    )
    with serving(unsorted) as running:
        pages = running.pages(text)
        assert [bool(page.state) for page in pages] == [False, False, True]
        assert state_of(pages)["cursor"] == {
            "by": "changed || made,id", "at": "2026-03-01T03:00:00+00:00", "key": "B2",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ("'%d.%m.%Y %H:%M:%S'", "01.03.2026 10:00:06"),
        ("iso", "2026-03-01T10:00:06+08:00"),
        ("epoch", 1772330406),
        ("epoch_ms", 1772330406000),
        ("parts", {"year": 2026, "month": 3, "day": 1, "hour": 10, "minute": 0, "second": 6}),
    ],
)
def test_since_is_sent_in_the_source_s_zone_and_format(form: str, sent: Any) -> None:
    state = {"cursor": {"by": "at,id", "at": "2026-03-01T02:00:06+00:00", "key": "A6"}}
    text = f"time: {{zone: Asia/Shanghai, format: {form}}}\n" + stream(
        "post: /orders, json: {from: =since}, records: rows, cursor: [at, id]"
    )
    with serving(lambda request: reply({"rows": []})) as running:
        assert running.read(text, Since(state)) == []
        assert said(running.requests[0]) == {"from": sent}


def test_a_first_read_sends_no_since_or_the_system_s_start() -> None:
    read = stream("get: /orders, query: {from: =since}, records: rows, cursor: [at, id]")
    with serving(listing) as running:
        running.read(read)
        running.read(f"start: 2026-03-01\n{read}")
        running.read(read.replace("=since", "\"=since | default('1970-01-01')\""))
        asked = [query(one).get("from") for one in running.requests]
        assert asked == [None, "2026-03-01 00:00:00", "1970-01-01"]


def test_a_cursor_may_be_the_source_s_own_number() -> None:
    def numbered(request: Request) -> Reply:
        after = int(query(request).get("after", 0))
        return reply({"rows": [{"id": f"A{n}", "seq": n * 100} for n in range(1, 6) if n * 100 > after]})

    text = "time: {zone: UTC}\n" + stream(
        "get: /orders, query: {after: =since}, records: rows, cursor: [seq, id], overlap: 5m"
    )
    with serving(numbered) as running:
        first = running.pages(text)
        assert state_of(first)["cursor"] == {"by": "seq,id", "number": 500, "key": "A5"}
        assert running.read(text, Since(state_of(first))) == []
        assert query(running.requests[1]) == {"after": "500"}


def test_a_stamp_of_the_future_does_not_carry_the_cursor_away() -> None:
    rows = [*ALL, {"id": "Z", "at": "2030-01-01 00:00:00"}, {"id": "Y", "at": "soon"}]
    text = stream("get: /orders, query: {from: =since}, cursor: [at, id]")
    with serving(lambda request: reply(rows)) as running:
        pages = running.pages(text)
        assert len([r for page in pages for r in page.records]) == len(rows)
        assert state_of(pages)["cursor"]["key"] == "A6"


def test_a_window_is_asked_for_where_the_source_can_and_filtered_where_not() -> None:
    window = Window(datetime(2026, 3, 1, 2, 0, 2, tzinfo=UTC), datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC))
    text = stream("get: /orders, query: {from: =since, to: =until}, records: rows, cursor: [at, id]")
    with serving(listing) as running:
        (page,) = running.pages(text, window)
        assert ids(list(page.records)) == ["A2", "A3", "A4"]
        assert query(running.requests[0]) == {"from": "2026-03-01 10:00:02", "to": "2026-03-01 10:00:05"}
        assert not page.state


WINDOWS = """
start: 2026-02-14
streams:
  orders:
    read:
      get: /orders
      query: {from: =since, to: =until, page: =page}
      records: rows
      cursor: [at, id]
      window: 7d
    fields: {order_no: id}
"""


def by_window(request: Request) -> Reply:
    """Answer as one that takes a week at most, two orders a page."""
    asked = query(request)
    begin = 2 * (int(asked["page"]) - 1)
    rows = [one for one in ALL if asked["from"] <= one["at"] < asked["to"]]
    return reply({"rows": rows[begin : begin + 2]})


def test_what_may_be_asked_only_for_a_week_is_asked_week_by_week() -> None:
    with serving(by_window) as running:
        pages = running.pages(WINDOWS)
        assert ids([one for page in pages for one in page.records]) == ids(ALL)
        spans = list(dict.fromkeys((query(r)["from"], query(r)["to"]) for r in running.requests))
        assert spans == [
            ("2026-02-14 00:00:00", "2026-02-21 00:00:00"),
            ("2026-02-21 00:00:00", "2026-02-28 00:00:00"),
            ("2026-02-28 00:00:00", "2026-03-02 20:00:00"),
        ]
        asked = len(running.requests)
        assert ids(running.read(WINDOWS, Since(state_of(pages)))) == ["A6"]
        assert query(running.requests[asked]) == {
            "from": "2026-03-01 10:00:06", "to": "2026-03-02 20:00:00", "page": "1"
        }  # fmt: skip


def test_windows_need_a_first_day_and_everything_is_read_through_them() -> None:
    with serving(by_window) as running:
        with pytest.raises(ConfigError) as caught:
            running.pages(WINDOWS.replace("start: 2026-02-14", ""))
        assert caught.value.key == "calls.no_start"
        assert ids(running.read(WINDOWS, Everything())) == ids(ALL)
        asked = len(running.requests)
        assert running.open(WINDOWS).check().ok
        assert query(running.requests[asked])["from"] == "2026-02-28 00:00:00"  # the newest window alone


def test_without_a_window_until_is_now() -> None:
    text = stream("get: /orders, query: {from: =since, to: =until}, records: rows, cursor: [at, id]")
    with serving(listing) as running:
        running.read(text)
        assert query(running.requests[0]) == {"to": "2026-03-02 20:00:00"}


# 18, 19: sweeps


def test_a_sweep_lists_or_takes_keys_at_once_or_one_by_one() -> None:
    def server(request: Request) -> Reply:
        asked = query(request)
        if path(request).startswith("/orders/"):
            found = [one for one in ALL if one["id"] == path(request)[8:]]
            return reply(found[0]) if found else reply({}, 404)
        if "ids" in asked:
            return reply({"rows": [one for one in ALL if one["id"] in asked["ids"].split(",")]})
        return reply({"rows": ALL[:2] if asked.get("state") == "open" else ALL})

    read = "get: /orders, records: rows"
    with serving(server) as running:
        opened = stream(read, "sweep: {every: 1h, query: {state: open}}, ")
        assert ids(running.read(opened, Everything())) == ["A0", "A1"]
        many = stream(read, "sweep: {every: 1h, query: {ids: \"=keys | join(',')\"}, size: 2, next: none}, ")
        wanted = ["A1", "A3", "A5", "no"]
        assert ids(running.read(many, Keys(wanted))) == ["A1", "A3", "A5"]
        assert [query(one)["ids"] for one in running.requests[1:]] == ["A1,A3", "A5,no"]
        single = stream(read, 'sweep: {every: 1h, get: "/orders/{{ key }}", records: "@"}, ')
        assert ids(running.read(single, Keys(wanted))) == ["A1", "A3", "A5"]
        assert ids(running.read(single, Everything())) == IDS
        with pytest.raises(ConfigError):
            running.read(stream(read), Keys(wanted))


# 20: details


class Detailed:
    """Orders with lines of their own, and boxes in the lines; counts what is asked for."""

    def __init__(self) -> None:
        self.rows = {one["id"]: {**one, "state": "NEW"} for one in ALL[:4]}
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Reply:
        where = path(request)
        self.asked.append(where + ("?" + query(request)["orders"] if where == "/lines" else ""))
        if where == "/orders":
            since = query(request).get("from", "")
            return reply([one for one in self.rows.values() if one["at"] >= since])
        if where == "/lines":
            found = query(request)["orders"].split(",")
            return reply(
                [{"order": one, "pos": pos, "qty": "5"} for one in found if one != "A1" for pos in (1, 2)]
            )
        if where.endswith("/boxes"):
            return reply([{"box": where.split("/")[2] + where.split("/")[4]}])
        return reply({**self.rows[where[8:]], "state": "SENT", "more": "detail"})


def test_details_for_many_keys_at_once_and_another_level_below() -> None:
    text = """
streams:
  orders:
    read:
      get: /orders
      nest:
        lines:
          get: /lines
          query: {orders: "=keys | join(',')"}
          on: {order: id}
          size: 3
          next: none
          nest: {boxes: {get: "/orders/{{ item.order }}/lines/{{ item.pos }}/boxes", if: item.pos == 2}}
    fields: {order_no: id}
"""
    server = Detailed()
    with serving(server) as running:
        records = running.read(text)
        assert [len(record["lines"]) for record in records] == [2, 0, 2, 2]
        assert records[0]["lines"] == [
            {"order": "A0", "pos": 1, "qty": "5", "boxes": []},
            {"order": "A0", "pos": 2, "qty": "5", "boxes": [{"box": "A02"}]},
        ]
        assert [one for one in server.asked if one.startswith("/lines")] == ["/lines?A0,A1,A2", "/lines?A3"]


DETAIL = """
streams:
  orders:
    read:
      get: /orders
      query: {from: =since}
      nest: {detail: {get: "/orders/{{ item.id }}", merge: true}}
    fields: {order_no: id}
"""


def test_the_detail_wins_over_the_list_row() -> None:
    with serving(Detailed()) as running:
        records = running.read(DETAIL)
        assert {(one["state"], one["more"]) for one in records} == {("SENT", "detail")}
        assert ids(records) == IDS[:4]


@pytest.mark.parametrize("cursor", ["", "cursor: [at, id], overlap: 1h"])
def test_details_are_fetched_only_where_the_list_row_changed(cursor: str) -> None:
    text = DETAIL.replace("      nest:", f"      {cursor}\n      nest:").replace(
        "cursor: [at, id], overlap: 1h", "cursor: [at, id]\n      overlap: 1h"
    )
    server = Detailed()
    with serving(server) as running:
        state = state_of(running.pages(text))
        assert len(server.asked) == 5
        server.asked.clear()
        again = running.pages(text, Since(state))
        assert (server.asked, sum(page.same for page in again)) == (["/orders"], 4)
        server.rows["A2"]["note"] = "changed"
        server.asked.clear()
        state = state_of(again, state)
        changed = running.pages(text, Since(state))
        assert server.asked == ["/orders", "/orders/A2"]
        assert ids([r for page in changed for r in page.records]) == ["A2"]
        assert sum(page.same for page in changed) == 3
        server.asked.clear()
        forgotten = {
            slot: kept for slot, kept in state_of(changed, state).items() if not slot.startswith(GATE)
        }
        running.pages(text, Since(forgotten))
        assert len(server.asked) == 5


def test_a_detail_that_is_refused_sets_its_record_apart() -> None:
    def server(request: Request) -> Reply:
        where = path(request)
        if where == "/orders":
            return reply(ALL[:3])
        return reply({}, {"/orders/A0": 200, "/orders/A1": 422, "/orders/A2": 404}[where])

    with serving(server) as running:
        (page,) = running.pages(DETAIL + "    key: id\n")
        assert ids(list(page.records)) == ["A0", "A2"]
        (bad,) = page.bad
        assert bad.key == "A1"
        assert b'"id":"A1"' in bad.raw
        assert "422" in bad.error.say()


# Gates: what is unchanged is not even parsed


def paged(rows: list[dict[str, Any]], volatile: bool = False) -> Callable[[Request], Reply]:
    reads = [0]

    def server(request: Request) -> Reply:
        reads[0] += 1
        begin = int(query(request)["skip"])
        extra = {"trace": f"t{reads[0]}", "took": reads[0]} if volatile else {}
        return reply({**extra, "rows": rows[begin : begin + 3], "total": len(rows)})

    return server


@pytest.mark.parametrize("volatile", [False, True])
def test_an_unchanged_page_is_not_read_again(volatile: bool) -> None:
    rows: list[dict[str, Any]] = [dict(one) for one in ALL]
    text = stream(
        "get: /orders, query: {skip: =offset}, records: rows, total: total"
        + (", volatile: [trace, took]" if volatile else "")
    )
    with serving(paged(rows, volatile)) as running:
        state = state_of(running.pages(text))
        again = running.pages(text, Since(state))
        assert [(len(page.records), page.same) for page in again] == [(0, 3), (0, 3), (0, 1)]
        assert state_of(again, state) == state
        assert {page.expected for page in again} == {COUNT}
        rows[4]["at"] = "2026-03-02 00:00:00"
        changed = running.pages(text, Since(state))
        assert [(ids(list(page.records)), page.same) for page in changed] == [
            ([], 3), (["A3", "A4", "A5"], 0), ([], 1),
        ]  # fmt: skip
        del rows[3:]
        fewer = state_of(running.pages(text, Since(state_of(changed, state))), state_of(changed, state))
        assert sorted(fewer) == [f"{GATE}1"]
        assert [page.same for page in running.pages(text, Everything())] == [0]


def test_a_stream_with_a_sweep_is_read_as_a_whole() -> None:
    """A sweep may have seen a record otherwise in between: what the list says again is news then."""
    text = stream(
        "get: /orders, query: {skip: =offset}, records: rows, total: total",
        'sweep: {every: 1h, get: "/orders/{{ key }}"}, ',
    )
    with serving(paged([dict(one) for one in ALL])) as running:
        state = state_of(running.pages(text))
        assert sum(page.same for page in running.pages(text, Since(state))) == 0


def test_validators_of_the_server_spare_the_body() -> None:
    asked: list[str | None] = []

    def server(request: Request) -> Reply:
        asked.append(header(request, "If-None-Match"))
        if asked[-1] == 'W/"7"':
            return Reply("", 304, {"ETag": 'W/"7"'})
        return reply(ALL, ETag='W/"7"', Last_Modified="Sun, 01 Mar 2026 10:00:00 GMT")

    with serving(server) as running:
        state = state_of(running.pages(stream("get: /orders")))
        (page,) = running.pages(stream("get: /orders"), Since(state))
        assert (list(page.records), page.same) == ([], COUNT)
        assert header(running.requests[1], "If-Modified-Since") == "Sun, 01 Mar 2026 10:00:00 GMT"
        assert (
            sum(page.same for page in running.pages(stream("get: /orders, validators: false"), Since(state)))
            == COUNT
        )
        assert asked == [None, 'W/"7"', None]


def test_one_read_for_each_item_of_a_list() -> None:
    def server(request: Request) -> Reply:
        plant = query(request)["plant"]
        return reply([one for one in ALL if plant == "P1" or one["id"] > "A4"])

    text = stream("get: /orders, query: {plant: =item, from: =since}, each: [P1, P2], cursor: [at, id]")
    with serving(server) as running:
        pages = running.pages(text)
        assert [len(page.records) for page in pages] == [7, 2, 0]
        assert [bool(page.state) for page in pages] == [False, False, True]
        given = running.connection(extra={"plants": ["P2"]})
        assert ids(running.read(text.replace("[P1, P2]", "=conn.extra.plants"), connection=given)) == [
            "A5",
            "A6",
        ]
