from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tenacity

from connectors.contract import Ask, Everything, Keys, Page, Since, Window
from connectors.retry import retrying
from connectors.soap import SoapConnector
from hub.config import Connection
from hub.errors import (
    AuthExpired,
    ConfigError,
    HubError,
    RateLimited,
    RecordLocked,
    Rejected,
    Unavailable,
)
from hub.mapping.grammar import SystemMapping
from tests.connectors.depot import NS, WSDL, Depot, Dispatch, listing
from tests.connectors.soap_server import Reply, Request, SoapServer, envelope, fault, serving

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
READ: dict[str, Any] = {
    "op": "ListDispatches",
    "args": {"from": "=since", "cursor": "=next", "max": "=size"},
    "size": 3,
    "records": "Rows",
    "next": "Next",
    "total": "Total",
    "cursor": ["Changed", "Id"],
    "overlap": "1h",
}


def mapping(
    read: dict[str, Any] = READ, *, sweep: dict[str, Any] | None = None, **more: Any
) -> SystemMapping:
    stream: dict[str, Any] = {"read": read, "fields": {"order_no": "Id"}}
    if sweep:
        stream["sweep"] = {"every": "1h", "call": sweep}
    said: dict[str, Any] = {
        "system": "depot",
        "connector": "soap",
        "time": {"zone": "Asia/Shanghai", "format": ["%Y-%m-%dT%H:%M:%S"]},
        "streams": {"orders": stream},
        **more,
    }
    return SystemMapping.model_validate(said)


def quick(waits: list[float] | None = None) -> tenacity.Retrying:
    waits = waits if waits is not None else []
    return retrying(waits.append, 4)


@pytest.fixture
def depot() -> Depot:
    return Depot({f"D{n}": Dispatch(f"D{n}", f"2026-03-01T10:00:0{n}", f"note {n}") for n in range(7)})


@pytest.fixture
def server(depot: Depot) -> Iterator[SoapServer]:
    with serving(depot) as running:
        yield running


Open = Callable[..., SoapConnector]


@pytest.fixture
def open_(server: SoapServer) -> Iterator[Open]:
    opened: list[SoapConnector] = []

    def make(mapped: SystemMapping | None = None, retry: tenacity.Retrying | None = None) -> SoapConnector:
        connection = Connection("depot", "http", "127.0.0.1", server.port, "hub", "s3cret")
        opened.append(SoapConnector(mapped or mapping(), connection, lambda: NOW, retry or quick()))
        return opened[-1]

    yield make
    for connector in opened:
        connector.close()


def pages(connector: SoapConnector, ask: Ask | None = None) -> list[Page]:
    return list(connector.fetch("orders", ask or Since({})))


def ids(found: list[Page]) -> list[str]:
    return [record["Id"] for page in found for record in page.records]


def test_pages_by_token_and_the_cursor(open_: Open, server: SoapServer, depot: Depot) -> None:
    first = pages(open_())
    assert [len(page.records) for page in first] == [3, 3, 1]
    assert [page.expected for page in first] == [7, 7, 7]
    assert [page.meta["page"] for page in first] == [1, 2, 3]
    assert first[-1].state == {"cursor": {"by": "Changed,Id", "at": "2026-03-01T02:00:06+00:00", "key": "D6"}}
    assert server.posts[0].text("from") is None  # nothing was read before: the argument is absent
    again = pages(open_(), Since(first[-1].state))
    assert server.posts[3].text("from") == "2026-03-01T09:00:06"  # an hour of overlap, in the source's zone
    assert again[-1].state == first[-1].state


def test_the_system_s_start(open_: Open, server: SoapServer) -> None:
    pages(open_(mapping(start="2026-03-01")))
    assert server.posts[0].text("from") == "2026-03-01T00:00:00"


def test_a_capped_page_ends_nothing(open_: Open, depot: Depot) -> None:
    depot.cap = 2
    assert sorted(ids(pages(open_()))) == sorted(depot.dispatches)


@pytest.mark.parametrize("cap", [2, 3, 100])
def test_offset_moves_by_what_was_received(open_: Open, depot: Depot, cap: int) -> None:
    depot.cap = cap
    read = {**READ, "args": {"cursor": "=offset", "max": "=size"}}
    for total in ({}, {"total": None}):
        assert ids(pages(open_(mapping({**read, "next": None, **total})))) == sorted(depot.dispatches)


def test_one_answer_becomes_several_pages(open_: Open, server: SoapServer) -> None:
    found = pages(open_(mapping({**READ, "args": {}, "next": None})))
    assert [len(page.records) for page in found] == [3, 3, 1]
    assert len(server.posts) == 1


def test_page_numbers_and_a_server_that_ignores_them(open_: Open, server: SoapServer) -> None:
    read = {**READ, "args": {"from": "{{ page }}"}, "next": None, "total": None, "cursor": None}
    numbered = Depot({"D1": Dispatch("D1", "2026-03-01T10:00:00")})

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            return Reply(WSDL)
        return Reply(numbered.list(request) if request.text("from") < "3" else listing(""))  # type: ignore[operator]

    server.answer = answer
    with pytest.raises(Unavailable) as caught:
        pages(open_(mapping(read)))
    assert caught.value.key == "calls.repeated_page"


def test_a_repeated_token_is_an_error(open_: Open, server: SoapServer) -> None:
    rows = "".join(f"<Row><Id>{n}</Id></Row>" for n in range(2))
    server.answer = lambda r: Reply(WSDL if r.method == "GET" else listing(rows, tail="<Next>7</Next>"))
    with pytest.raises(Unavailable) as caught:
        pages(open_())
    assert caught.value.key == "calls.repeated_page"
    assert len(server.posts) == 2


def test_last_key(open_: Open, server: SoapServer) -> None:
    read = {**READ, "args": {"cursor": "=last"}, "next": None, "total": None}

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            return Reply(WSDL)
        after = int(request.text("cursor") or 0)
        return Reply(
            listing("".join(f"<Row><Id>{n}</Id></Row>" for n in range(after + 1, min(after + 3, 6))))
        )

    server.answer = answer
    assert ids(pages(open_(mapping(read)))) == ["1", "2", "3", "4", "5"]


def test_unsorted_moves_the_cursor_at_the_end_only(open_: Open) -> None:
    found = pages(open_(mapping({**READ, "sorted": False})))
    assert [bool(page.state) for page in found] == [False, False, False, True]


def test_a_stamp_of_2030_or_none_does_not_carry_the_cursor_away(open_: Open, depot: Depot) -> None:
    depot.dispatches["D9"] = Dispatch("D9", "2030-01-01T00:00:00")
    depot.dispatches["D8"] = Dispatch("D8", "soon")
    found = pages(open_())
    assert len(ids(found)) == 9
    assert found[-1].state["cursor"]["key"] == "D6"


@pytest.mark.parametrize(
    "state",
    [
        {"cursor": 7},
        {"cursor": {"by": "a,b", "at": "2026-03-01T02:00:06+00:00", "key": ""}},
        {"cursor": {"by": "Changed,Id", "at": "yesterday"}},
        {"cursor": {"by": "Changed,Id", "at": "2026-03-01", "key": "1"}},
    ],
)
def test_an_alien_state_starts_anew(open_: Open, server: SoapServer, state: dict[str, Any]) -> None:
    assert len(ids(pages(open_(), Since(state)))) == 7
    assert server.posts[0].text("from") is None


def test_window_and_everything_move_nothing(open_: Open, server: SoapServer) -> None:
    window = Window(datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC), NOW)
    found = pages(open_(), window)
    assert server.posts[0].text("from") == "2026-03-01T10:00:05"
    assert ids(found) == ["D5", "D6"]
    assert not any(page.state for page in [*found, *pages(open_(), Everything())])


def test_keys_in_batches(open_: Open, server: SoapServer) -> None:
    sweep = {"op": "ListDispatches", "args": {"ids": "=keys"}, "records": "Rows", "size": 2}
    assert ids(pages(open_(mapping(sweep=sweep)), Keys(["D1", "D5", "D6"]))) == ["D1", "D5", "D6"]
    assert len(server.posts) == 2
    with pytest.raises(ConfigError, match="=keys"):
        pages(open_(), Keys(["D1"]))


def test_everything_by_a_sweep_that_lists(open_: Open, server: SoapServer) -> None:
    sweep = {"op": "ListDispatches", "args": {"from": "open"}, "records": "Rows"}
    pages(open_(mapping(sweep=sweep)), Everything())
    assert server.posts[0].text("from") == "open"


def test_details_for_many_keys(open_: Open, server: SoapServer) -> None:
    nest = {"lines": {"op": "GetLines", "args": {"id": "=keys"}, "records": "Line", "on": "Id", "size": 2}}
    found = pages(open_(mapping({**READ, "nest": nest})))
    assert found[0].records[0]["lines"] == [{"Id": "D0", "Pos": "1"}, {"Id": "D0", "Pos": "2"}]
    assert all(len(record["lines"]) == 2 for page in found for record in page.records)
    assert len(server.posts) == 3 + 2 + 2 + 1
    with pytest.raises(ConfigError, match="needs `on`"):
        pages(open_(mapping({**READ, "nest": {"lines": {**nest["lines"], "on": {}}}})))


def test_details_for_each_record(open_: Open) -> None:
    nest = {"lines": {"op": "GetLines", "args": {"id": "=item.Id"}, "records": "Line"}}
    found = pages(open_(mapping({**READ, "nest": nest})))
    assert [line["Pos"] for line in found[0].records[0]["lines"]] == ["1", "2"]


def test_arguments_by_position_and_connection(open_: Open, server: SoapServer) -> None:
    pages(open_(mapping({**READ, "args": ["=conn.login", "=next", 2]})))
    assert (server.posts[0].text("from"), server.posts[0].text("cursor"), server.posts[0].text("max")) == (
        "hub",
        None,
        "2",
    )


@pytest.mark.parametrize("records", ["Rows", "Rows.Row", "Rows[?Id != 'D3']", "@.Rows"])
def test_ways_to_name_the_records(open_: Open, records: str) -> None:
    assert ids(pages(open_(mapping({**READ, "records": records}))))[:3] == ["D0", "D1", "D2"]


def test_records_that_the_schema_does_not_have(open_: Open, server: SoapServer) -> None:
    with pytest.raises(ConfigError, match="did you mean 'Rows'"):
        pages(open_(mapping({**READ, "records": "Row"})))
    assert not server.posts


def test_one_answer_is_one_record_by_default(open_: Open) -> None:
    (page,) = pages(open_(mapping({"op": "ListDispatches", "args": {"max": 1}})))
    assert page.records[0]["Total"] == "7"
    assert len(page.records[0]["Rows"]) == 1


ERRORS = {
    "code": "Code",
    "text": "Text",
    "locked": ["* in use by *"],
    "auth": ["9001*"],
    "limited": ["9002*"],
}


@pytest.mark.parametrize(
    ("code", "text", "error"),
    [
        ("5", "D1 in use by WANG", RecordLocked),
        ("9001", "session over", AuthExpired),
        ("9002", "slowly", RateLimited),
        ("7", "no rights", Rejected),
    ],
)
def test_errors_in_an_answer_that_went_well(
    open_: Open, server: SoapServer, code: str, text: str, error: type[HubError]
) -> None:
    head = f"<Code>{code}</Code><Text>{text}</Text>"
    server.answer = lambda r: Reply(
        WSDL if r.method == "GET" else listing("<Row><Id>1</Id></Row>", head=head)
    )
    with pytest.raises(error) as caught:
        pages(open_(mapping({**READ, "ok": "Code == '0'", "errors": ERRORS})))
    assert type(caught.value) is error
    assert text in str(caught.value)


def test_an_answer_that_says_yes(open_: Open, server: SoapServer) -> None:
    server.answer = lambda r: Reply(WSDL if r.method == "GET" else listing("", head="<Code>0</Code>"))
    assert ids(pages(open_(mapping({**READ, "ok": "Code == '0'", "errors": ERRORS})))) == []


@pytest.mark.parametrize(
    ("body", "errors", "error", "calls"),
    [
        (fault("Client", "no such date"), {}, Rejected, 1),
        (fault("Server", "short dump"), {}, Unavailable, 4),
        (fault("Server", "locked by WANG"), {"locked": ["* locked by *"]}, RecordLocked, 4),
        (fault("Server", "x", "<no>17</no>"), {"code": "detail.no", "rejected": ["17 *"]}, Rejected, 1),
        (fault("Server.Auth", "log in"), {"auth": ["*.Auth*"]}, AuthExpired, 1),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_faults(
    open_: Open,
    server: SoapServer,
    body: bytes,
    errors: dict[str, Any],
    error: type[HubError],
    calls: int,
    status: int,
) -> None:
    server.answer = lambda r: Reply(WSDL) if r.method == "GET" else Reply(body, status)
    with pytest.raises(error) as caught:
        pages(open_(mapping(errors=errors)))
    assert type(caught.value) is error
    assert len(server.posts) == calls


def test_a_bad_moment_is_waited_out(open_: Open, depot: Depot, server: SoapServer) -> None:
    bad = iter(
        [Reply("<p>busy</p>", 503, {"Content-Type": "text/html"}), Reply("", 429, {"Retry-After": "9"})]
    )

    def broken(request: Request) -> Reply:
        reply = next(bad, None)
        return reply or Reply(depot.list(request))

    depot.broken = broken
    waits: list[float] = []
    assert len(ids(pages(open_(retry=quick(waits))))) == 7
    assert len(waits) == 2
    assert waits[1] >= 9


def test_a_torn_second_page_gives_the_first_and_no_more(open_: Open, depot: Depot) -> None:
    def broken(request: Request) -> Reply:
        body = depot.list(request)
        return Reply(body, cut=len(body) - 20, length=False) if request.text("cursor") else Reply(body)

    depot.broken = broken
    got: list[Page] = []
    with pytest.raises(Unavailable):
        got.extend(open_().fetch("orders", Since({})))
    assert ids(got) == ["D0", "D1", "D2"]


def test_drift_is_logged_once(open_: Open, server: SoapServer, caplog: pytest.LogCaptureFixture) -> None:
    row = "<Row><Id>1</Id><New>x</New></Row>"
    server.answer = lambda r: Reply(WSDL if r.method == "GET" else listing(row))
    connector = open_()
    with caplog.at_level(logging.WARNING):
        assert pages(connector)[0].records[0]["New"] == "x"
        pages(connector)
    assert [message for message in caplog.messages if "Rows/New" in message] == caplog.messages
    assert len(caplog.messages) == 1


def test_a_wsdl_in_a_file_beside_the_mapping(open_: Open, server: SoapServer, tmp_path: Path) -> None:
    (tmp_path / "depot.wsdl").write_text(WSDL)
    mapped = mapping(wsdl={"url": "depot.wsdl", "address": "/soap"}, path=tmp_path / "depot.yaml")
    assert len(ids(pages(open_(mapped)))) == 7
    assert {(request.method, request.path) for request in server.requests} == {("POST", "/soap")}


@pytest.mark.parametrize("url", ["?wsdl", "/services/depot.wsdl", "services/depot.wsdl"])
def test_a_wsdl_on_the_connection(open_: Open, server: SoapServer, url: str) -> None:
    pages(open_(mapping(wsdl={"url": url})))
    assert server.requests[0].path == ("/?wsdl" if url == "?wsdl" else "/services/depot.wsdl")


def test_check(open_: Open, server: SoapServer) -> None:
    health = open_().check()
    assert (health.ok, health.values["operations"]) == (True, 2)
    assert not server.posts
    wrong = open_(mapping({**READ, "op": "ListDispatch"})).check()
    assert (wrong.ok, wrong.key) == (False, "soap.no_operation_near")
    misread = open_(mapping({**READ, "records": "Rowz"})).check()
    assert (misread.ok, misread.values["near"]) == (False, "Rows")
    server.answer = lambda request: Reply("no", 401)
    refused = open_().check()
    assert (refused.ok, refused.key) == (False, "soap.refused")
    assert "s3cret" not in f"{refused} {open_()}"


def test_set_ups_that_are_wrong(open_: Open) -> None:
    with pytest.raises(ConfigError, match="no-such"):
        list(open_().fetch("no-such", Since({})))
    with pytest.raises(ConfigError, match="token_url"):
        open_(mapping(auth={"ways": ["oauth2"]}))


def test_rows_without_names(open_: Open, server: SoapServer) -> None:
    body = envelope(
        f'<ListDispatchesResponse xmlns="{NS}"><Rows><Row><A>1</A></Row></Rows></ListDispatchesResponse>'
    )
    server.answer = lambda r: Reply(WSDL if r.method == "GET" else body)
    read = {"op": "ListDispatches", "records": "Rows[].[A, B]", "columns": ["first", "second"]}
    (page,) = pages(open_(mapping(read)))
    assert page.records == [{"first": "1", "second": None}]
