from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.http.ways import Basic
from connectors.soap.transport import Transport
from connectors.soap.wsdl import Operation, Wsdl
from hub.config import Connection
from hub.errors import (
    AuthExpired,
    ConfigError,
    Incomplete,
    Missing,
    RateLimited,
    Rejected,
    SourceError,
    Unavailable,
)
from tests.connectors.depot import WSDL, listing
from tests.connectors.soap_server import Reply, Request, SoapServer, fault, serving

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "text/xml"}
ROW = "<Row><Id>加急</Id></Row>"


@pytest.fixture
def server() -> Iterator[SoapServer]:
    with serving(lambda request: Reply(listing(ROW))) as running:
        yield running


@pytest.fixture
def transport(server: SoapServer) -> Iterator[Transport]:
    connection = Connection("depot", "http", "127.0.0.1", server.port, "hub", "s3cret")
    made = Transport(connection, "depot", lambda: NOW, timeout=5, ways=(Basic("hub", "s3cret"),))
    yield made
    made.close()


@pytest.fixture(scope="module")
def described() -> Callable[[str], Operation]:
    return lambda base: Wsdl("http://x/?wsdl", lambda url: WSDL.encode(), base=base).operation(
        "ListDispatches"
    )


@pytest.fixture
def ask(transport: Transport, described: Callable[[str], Operation]) -> Callable[[], Any]:
    operation = described(transport.base)
    return lambda: transport.call(operation, operation.request({}))


def test_a_call(server: SoapServer, ask: Callable[[], Any]) -> None:
    assert [row["Id"] for row in ask().table("Rows")] == ["加急"]
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/services/depot?v=1")
    assert request.headers["SOAPAction"] == '"urn:depot/List"'
    assert request.headers["Authorization"] == "Basic aHViOnMzY3JldA=="


@pytest.mark.parametrize(
    ("reply", "error", "key"),
    [
        (Reply("<h1>no</h1>", 401, HTML), AuthExpired, "soap.refused"),
        (Reply("", 429, {"Retry-After": "7"}), RateLimited, "soap.limited"),
        (Reply("<h1>busy</h1>", 503, HTML), Unavailable, "soap.server_error"),
        (Reply("oops", 500, XML), Unavailable, "soap.server_error"),
        (Reply(listing(ROW), 500), Unavailable, "soap.server_error"),
        (Reply(fault("Server", "x")[:80], 500), Unavailable, "soap.server_error"),
        (Reply("<h1>?</h1>", 404, HTML), Missing, "soap.not_found"),
        (Reply("", 400, XML), Rejected, "soap.rejected"),
        (Reply("", 403, HTML), Rejected, "soap.rejected"),
        (Reply("", 302, {"Location": "http://elsewhere.invalid/login"}), Unavailable, "soap.redirected"),
        (Reply("<h1>log in</h1>", 200, HTML), Unavailable, "soap.html"),
        (Reply("x", 200, {"Content-Type": "multipart/related; boundary=b"}), Unavailable, "soap.attachments"),
        (Reply("", 200, XML), Incomplete, "soap.empty"),
        (Reply("", 202, XML), Incomplete, "soap.empty"),
        (Reply(listing(ROW), cut=300), Incomplete, "soap.torn"),
        (Reply(listing(ROW), cut=300, length=False), Incomplete, "soap.torn"),
        (Reply(listing(ROW), cut=0), Incomplete, "soap.torn"),
        (Reply(listing(ROW), headers=XML | {"Content-Encoding": "gzip"}), Unavailable, "soap.malformed"),
        (Reply(listing(ROW).replace(b"ListDispatchesR", b"OtherR")), Unavailable, "soap.other_answer"),
    ],
)  # fmt: skip
def test_answers_that_are_none(
    server: SoapServer, ask: Callable[[], Any], reply: Reply, error: type[SourceError], key: str
) -> None:
    server.answer = lambda request: reply
    with pytest.raises(error) as caught:
        ask()
    assert type(caught.value) is error
    assert caught.value.key == key
    assert (caught.value.system, caught.value.operation) == ("depot", "ListDispatches")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_fault_behind_any_status(server: SoapServer, ask: Callable[[], Any], status: int) -> None:
    server.answer = lambda request: Reply(fault("Client", "no such customer"), status)
    assert ask().fault.text == "no such customer"


def test_a_refused_login_is_never_tried_again(
    server: SoapServer, ask: Callable[[], Any], transport: Transport
) -> None:
    server.answer = lambda request: Reply("no", 401, HTML)
    for _ in range(3):
        with pytest.raises(AuthExpired):
            ask()
    with pytest.raises(AuthExpired):
        transport.get(transport.base + "/?wsdl")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("Mon, 02 Mar 2026 12:00:30 GMT", 30.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after(
    server: SoapServer, ask: Callable[[], Any], said: str | None, seconds: float | None
) -> None:
    server.answer = lambda request: Reply("", 429, {"Retry-After": said} if said else {})
    with pytest.raises(RateLimited) as caught:
        ask()
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("header", "body", "read"),
    [
        ("text/xml; charset=gb18030", listing(ROW).decode().encode("gb18030"), "加急"),
        ("text/xml", listing(ROW).decode().replace("utf-8", "GBK", 1).encode("gbk"), "加急"),
        ("text/xml; charset=no-such", listing(ROW), "加急"),
        ("text/plain", listing(ROW), "加急"),
        ("application/soap+xml", b"\xef\xbb\xbf" + listing(ROW), "加急"),
        (
            "text/xml; charset=utf-16",
            listing(ROW).decode().replace("utf-8", "utf-16", 1).encode("utf-16"),
            "加急",
        ),
    ],
)
def test_charset_of_the_header(
    server: SoapServer, ask: Callable[[], Any], header: str, body: bytes, read: str
) -> None:
    server.answer = lambda request: Reply(body, headers={"Content-Type": header})
    assert [row["Id"] for row in ask().table("Rows")] == [read]


def test_charset_forced(server: SoapServer, transport: Transport, ask: Callable[[], Any]) -> None:
    server.answer = lambda request: Reply(listing(ROW).decode().encode("gb18030"))
    with pytest.raises(Unavailable, match="charset"):
        ask()
    transport.encoding = "gb18030"
    assert [row["Id"] for row in ask().table("Rows")] == ["加急"]


def test_nobody_there(server: SoapServer, ask: Callable[[], Any]) -> None:
    server.close()
    with pytest.raises(Unavailable) as caught:
        ask()
    assert caught.value.key == "soap.unreachable"
    assert "127.0.0.1" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_silence(server: SoapServer, transport: Transport, ask: Callable[[], Any]) -> None:
    import threading

    end = threading.Event()
    transport.timeout = 0.05

    def late(request: Request) -> Reply:
        end.wait(5)
        return Reply(listing(ROW))

    server.answer = late
    try:
        with pytest.raises(Unavailable) as caught:
            ask()
    finally:
        end.set()
    assert caught.value.key == "soap.timeout"


def test_credentials_go_to_no_other_host(server: SoapServer, described: Callable[[str], Operation]) -> None:
    transport = Transport(
        Connection("depot", "http", "other.invalid", None, "hub", "s3cret"), "depot", lambda: NOW
    )
    transport.get(f"http://{server.host}/?wsdl")
    assert "Authorization" not in server.requests[0].headers
    transport.close()


def test_a_base_without_credentials_and_an_address_that_is_none(
    described: Callable[[str], Operation],
) -> None:
    transport = Transport(Connection("depot", "http", "http://u:p@depot.test", 8000), "depot", lambda: NOW)
    assert "p@" not in transport.base
    with pytest.raises(ConfigError):
        transport.get("http://")
    transport.close()
