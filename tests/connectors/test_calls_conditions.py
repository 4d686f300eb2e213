"""Calls that are made for each of a list, and only where a condition holds."""

from __future__ import annotations

from connectors.contract import Since
from tests.connectors.rest_server import path, query, reply, serving
from tests.connectors.soap_server import Reply, Request

READ = "streams: {{orders: {{read: {{get: /orders, {read}}}, fields: {{order_no: id}}}}}}"


def company(request: Request) -> Reply:
    return reply([{"id": f"{query(request).get('company', '')}-1"}])


def test_a_read_is_made_for_each_of_a_list_where_its_condition_holds() -> None:
    read = "each: [HS01, HS02, HS03], if: item != 'HS02', query: {company: =item}"
    with serving(company) as running:
        assert [one["id"] for one in running.read(READ.format(read=read))] == ["HS01-1", "HS03-1"]
        assert len(running.requests) == 2


def test_the_list_may_stand_in_the_connection() -> None:
    with serving(company) as running:
        connection = running.connection(extra={"companies": ["A", "B"]})
        text = READ.format(read="each: =conn.extra.companies, query: {company: =item}")
        assert [one["id"] for one in running.read(text, connection=connection)] == ["A-1", "B-1"]


def test_a_read_that_is_not_due_asks_nothing_and_ends_well() -> None:
    text = READ.format(read="if: conn.extra.live")
    with serving(company) as running:
        pages = list(running.open(text).fetch("orders", Since({})))
        assert [record for page in pages for record in page.records] == []
        assert running.requests == []
        live = running.connection(extra={"live": "yes"})
        assert len(running.read(text, connection=live)) == 1


def test_details_by_keys_are_asked_only_for_records_that_have_some() -> None:
    def answer(request: Request) -> Reply:
        if path(request).endswith("lines"):
            return reply([{"no": no, "sku": "K"} for no in query(request)["ids"].split(",")])
        return reply([{"id": "A", "n": 1}, {"id": "B", "n": 0}])

    lines = "{get: /lines, query: {ids: \"{{ keys | join(',') }}\"}, on: {no: id}, if: item.n > 0}"
    with serving(answer) as running:
        first, second = running.read(READ.format(read=f"nest: {{lines: {lines}}}"))
        assert (len(first["lines"]), second["lines"]) == (1, [])
        assert query(running.requests[1]) == {"ids": "A"}
