"""What an answer over SOAP means for a write, and what is sent with one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Everything, Receipt, Step
from connectors.retry import retrying
from connectors.soap import SoapConnector
from hub.config import Connection
from hub.errors import (
    AuthExpired,
    ConfigError,
    Exists,
    Missing,
    OutcomeUnknown,
    RateLimited,
    RecordLocked,
    Rejected,
    SourceError,
    Stale,
    Unavailable,
)
from hub.mapping.grammar import SystemMapping
from tests.connectors import soap_warehouse
from tests.connectors.outcomes import raised, whole
from tests.connectors.rest_server import HTML, header
from tests.connectors.soap_server import Answer, Reply, Request, SoapServer, envelope, fault
from tests.connectors.soap_warehouse import NS, called, refused

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CREATE: dict[str, Any] = {"op": "create", "args": {"no": "=order_no", "note": "=note"}}
SILENT = soap_warehouse.wsdl("document").replace('<output message="t:changeOut"/>', "")
SILENT = SILENT.replace(
    '<soap:operation soapAction="urn:warehouse#change"/><input><soap:body use="literal"/></input>'
    '<output><soap:body use="literal"/></output>',
    '<soap:operation soapAction="urn:warehouse#change"/><input><soap:body use="literal"/></input>',
)


class Bench:
    """A server that answers calls as it is told, and connectors on it."""

    def __init__(self, folder: Path) -> None:
        self.answer: Answer = lambda request: done()
        self.server = SoapServer(lambda request: self.answer(request))
        self.opened: list[SoapConnector] = []
        self.steps: list[Step] = []
        self.file = folder / "target.wsdl"
        self.file.write_text(soap_warehouse.wsdl("document"), "utf-8")

    def open(self, *calls: dict[str, Any], **more: Any) -> SoapConnector:
        said = {
            "system": "target",
            "connector": "soap",
            "wsdl": {"url": self.file.as_uri()},
            "streams": {"orders": {"read": {"op": "find", "records": "rows"}, "fields": {"order_no": "no"}}},
            "writes": {"w": {"create": list(calls) or [CREATE], "update": list(calls) or [CREATE]}},
            **more,
        }
        connection = Connection("target", "http", "127.0.0.1", self.server.port, "hub", "s3cret-Zq81")
        mapping = SystemMapping.model_validate(said)
        made = SoapConnector(mapping, connection, lambda: NOW, retrying(lambda seconds: None))
        self.opened.append(made)
        return made

    def push(self, *calls: dict[str, Any], kind: str = "create", note: Any = "n", **more: Any) -> Receipt:
        return self.through(self.open(*calls, **more), kind, note=note)

    def through(self, connector: SoapConnector, kind: str = "create", **names: Any) -> Receipt:
        return connector.push(whole(connector._mapping, kind, **{"note": "n", **names}), self.steps.append)

    def close(self) -> None:
        for connector in self.opened:
            connector.close()
        self.server.close()


def done(inner: str = "<id>W1</id><rev>1</rev>", name: str = "create") -> Reply:
    return Reply(envelope(f'<{name}Response xmlns="{NS}">{inner}</{name}Response>'))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("status", "create", "update"),
    [
        (400, Rejected, Rejected),
        (404, Missing, Missing),
        (408, Unavailable, Unavailable),
        (409, Exists, Stale),
        (412, Stale, Stale),
        (423, RecordLocked, RecordLocked),
        (429, RateLimited, RateLimited),
        (302, OutcomeUnknown, OutcomeUnknown),
        (500, OutcomeUnknown, OutcomeUnknown),
        (503, OutcomeUnknown, OutcomeUnknown),
    ],
)
def test_status_alone(
    bench: Bench, status: int, create: type[SourceError], update: type[SourceError]
) -> None:
    bench.answer = lambda request: Reply("<h1>no</h1>", status, HTML)
    for kind, error in (("create", create), ("update", update)):
        caught = raised(error, bench.push, kind=kind)
        assert (caught.system, caught.record, caught.operation) == ("target", "SO-1", "create")
    assert len(bench.server.posts) == 2
    assert not bench.steps


@pytest.mark.parametrize(
    ("code", "table", "error"),
    [
        ("Client", None, Rejected),
        ("Server", None, OutcomeUnknown),
        ("Server.Busy", None, OutcomeUnknown),
        ("Server", "retry", OutcomeUnknown),
        ("Client", "retry", OutcomeUnknown),
        ("Server", "rejected", Rejected),
        ("Server", "locked", RecordLocked),
        ("Client", "exists", Exists),
        ("Client", "stale", Stale),
        ("Client", "unknown", OutcomeUnknown),
        ("Client", "auth", AuthExpired),
    ],
)
def test_fault(bench: Bench, code: str, table: str | None, error: type[SourceError]) -> None:
    bench.answer = lambda request: refused("7", "no way", code)
    errors = {"code": "detail.no", "text": "detail.text", **({table: ["7 no way"]} if table else {})}
    caught = raised(error, bench.push, errors=errors)
    assert (caught.values["code"], caught.values["reason"]) == ("7", "no way")
    assert len(bench.server.posts) == 1


def test_no_in_an_answer_without_fault(bench: Bench) -> None:
    bench.answer = lambda request: done("<id>-</id><rev>7</rev>")
    for table, error in (("retry", Unavailable), ("exists", Exists), ("unknown", OutcomeUnknown)):
        assert raised(error, bench.push, errors={"code": "rev", table: ["7*"]}).values["code"] == "7"
    with pytest.raises(Rejected):
        bench.push({**CREATE, "ok": "id == 'W1'"})


def test_row_in_error_is_the_error_of_the_write(bench: Bench) -> None:
    bench.answer = lambda request: done(
        "<rows><id>1</id></rows><rows><id>2</id><note>E gone</note></rows>", "find"
    )
    rows = {"text": "note", "missing": ["E gone"]}
    with pytest.raises(Missing):
        bench.push({"op": "find", "args": {"no": "x"}, "records": "rows", "errors": {"rows": rows}})


@pytest.mark.parametrize(
    "answer",
    [
        Reply(""),
        Reply("<h1>Welcome</h1>", 200, HTML),
        Reply(envelope(""), cut=60),
        Reply(envelope("")),
        done("", "other"),
        Reply(status=0),
        Reply("{}", 200, {"Content-Type": "application/json"}),
    ],
)
def test_what_is_no_answer_is_unknown(bench: Bench, answer: Reply) -> None:
    bench.answer = lambda request: answer
    with pytest.raises(OutcomeUnknown):
        bench.push()
    assert len(bench.server.posts) == 1


def test_no_number_where_one_was_due_is_unknown(bench: Bench) -> None:
    bench.answer = lambda request: done("<rev>1</rev>")
    with pytest.raises(OutcomeUnknown):
        bench.push({**CREATE, "id": "id"})
    assert not bench.steps


def test_silence_is_unknown(bench: Bench) -> None:
    release = threading.Event()

    def slow(request: Request) -> Reply:
        release.wait(5)
        return done()

    bench.answer = slow
    with pytest.raises(OutcomeUnknown) as caught:
        bench.push(limits={"timeout": "50ms"})
    release.set()
    assert caught.value.key == "soap.timeout"


def test_nobody_there_is_unavailable(bench: Bench) -> None:
    connector = bench.open()
    bench.server.close()
    with pytest.raises(Unavailable) as caught:
        bench.through(connector)
    bench.server.open()
    assert caught.value.key == "soap.unreachable"


def test_each_write_goes_over_a_connection_of_its_own(bench: Bench) -> None:
    bench.push(CREATE, CREATE)
    assert bench.server.connections == 2


def test_operation_without_an_answer(bench: Bench) -> None:
    bench.file.write_text(SILENT, "utf-8")
    bench.answer = lambda request: Reply("", 202, {})
    bench.push({"op": "change", "args": {"id": "W1"}})
    assert len(bench.steps) == 1
    with pytest.raises(OutcomeUnknown):
        bench.push()


def test_quantities_never_leave_in_exponent_form(bench: Bench) -> None:
    for quantity in (Decimal("1E+3"), Decimal("0.0000001")):
        bench.push(
            {"op": "create", "args": {"note": "=note", "lines": [{"sku": "=note", "qty": "=note"}]}},
            note=quantity,
        )
    assert [request.text("note") for request in bench.server.posts] == ["1000", "0.0000001"]
    assert [request.text("qty") for request in bench.server.posts] == ["1000", "0.0000001"]


def test_what_xml_cannot_hold_is_refused_before_it_is_sent(bench: Bench) -> None:
    with pytest.raises(Rejected) as caught:
        bench.push(note="bell \x07")
    assert caught.value.key == "soap.unsendable"
    with pytest.raises(ConfigError):
        bench.push({"op": "create", "args": {"nte": "=note"}})
    assert not bench.server.posts


AUTH = {
    "login": {"op": "login", "args": {"user": "=conn.login"}, "take": {"token": "token"}},
    "headers": {"X-Session": "=token"},
}


class Sessions:
    """Hands out sessions; takes no call but with the `good` one."""

    def __init__(self) -> None:
        self.logins, self.good, self.closed = 0, "", False

    def __call__(self, request: Request) -> Reply:
        if called(request) == "login":
            self.logins += 1
            if self.closed:
                return Reply("", 401)
            self.good = f"T{self.logins}"
            return done(f"<token>{self.good}</token>", "login")
        if self.closed or header(request, "X-Session") != self.good:
            return Reply("", 401)
        return done("", "find") if called(request) == "find" else done()


def test_login_that_expired_with_401_is_renewed_once(bench: Bench) -> None:
    sessions = bench.answer = Sessions()
    connector = bench.open(auth=AUTH)
    list(connector.fetch("orders", Everything()))
    sessions.good = "other"
    bench.through(connector)
    assert sessions.logins == 2
    sessions.good = "other"
    assert list(connector.fetch("orders", Everything()))
    assert sessions.logins == 3


def test_refused_login_is_not_tried_again_and_again(bench: Bench) -> None:
    sessions = bench.answer = Sessions()
    sessions.closed = True
    connector = bench.open(auth=AUTH)
    for _ in range(3):
        with pytest.raises(AuthExpired):
            bench.through(connector)
    assert sessions.logins == 1


def test_write_refused_with_a_new_login_too(bench: Bench) -> None:
    sessions = Sessions()

    def answer(request: Request) -> Reply:
        return sessions(request) if called(request) != "create" else Reply(fault("Client", "log in"), 500)

    bench.answer = answer
    with pytest.raises(AuthExpired):
        bench.push(auth=AUTH, errors={"auth": ["* log in"]})
    assert [called(request) for request in bench.server.posts] == ["login", "create", "login", "create"]
