"""What an answer over HTTP means for a write, and what is sent with one."""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.contract import BusinessKey, Everything, Receipt, Step
from connectors.rest import RestConnector
from hub.errors import (
    AuthExpired,
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
from hub.locale import LOCALES
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import SystemMapping
from tests.connectors.outcomes import raised, whole
from tests.connectors.rest_server import HTML, Answer, Running, header, path, query, reply, said, serving
from tests.connectors.soap_server import Reply, Request

TABLE = {"code": "no", "text": "say"}


def mapping(calls: list[dict[str, Any]], **more: Any) -> SystemMapping:
    """Return a mapping whose create and update both make these calls."""
    said = {
        "system": "shop",
        "connector": "rest",
        "streams": {"orders": {"read": {"get": "/orders"}, "fields": {"order_no": "id"}}},
        "writes": {"w": {"create": calls, "update": calls}},
        **more,
    }
    return SystemMapping.model_validate(said)


@dataclass
class Bench:
    """A server, and what was committed."""

    running: Running
    steps: list[Step] = field(default_factory=list)

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.running.requests if request.method != "GET"]

    def open(self, *calls: dict[str, Any], **more: Any) -> RestConnector:
        return self.running.open(mapping(list(calls) or [{"post": "/orders", "json": {}}], **more))

    def push(self, *calls: dict[str, Any], kind: str = "create", **more: Any) -> Receipt:
        names = more.pop("names", {})
        return self.through(self.open(*calls, **more), kind=kind, **names)

    def through(self, connector: RestConnector, kind: str = "create", **names: Any) -> Receipt:
        return connector.push(whole(connector._mapping, kind, self.steps, **names), self.steps.append)


Make = Callable[[Answer], Bench]


@pytest.fixture
def bench() -> Iterator[Make]:
    with ExitStack() as opened:
        yield lambda answer: Bench(opened.enter_context(serving(answer)))


@pytest.mark.parametrize(
    ("status", "create", "update"),
    [
        (400, Rejected, Rejected),
        (403, Rejected, Rejected),
        (404, Missing, Missing),
        (408, Unavailable, Unavailable),
        (409, Exists, Stale),
        (410, Missing, Missing),
        (412, Stale, Stale),
        (415, Rejected, Rejected),
        (422, Rejected, Rejected),
        (423, RecordLocked, RecordLocked),
        (425, Unavailable, Unavailable),
        (428, Stale, Stale),
        (429, RateLimited, RateLimited),
        (500, OutcomeUnknown, OutcomeUnknown),
        (503, OutcomeUnknown, OutcomeUnknown),
        (504, OutcomeUnknown, OutcomeUnknown),
        (300, OutcomeUnknown, OutcomeUnknown),
        (304, OutcomeUnknown, OutcomeUnknown),
    ],
)
def test_status_alone(bench: Make, status: int, create: type[SourceError], update: type[SourceError]) -> None:
    made = bench(lambda request: Reply("", status, {"Retry-After": "3"}))
    for kind, error in (("create", create), ("update", update)):
        caught = raised(error, made.push, kind=kind)
        assert (caught.system, caught.record, caught.operation) == ("shop", "SO-1", "post /orders")
    assert len(made.writes) == 2
    assert not made.steps


@pytest.mark.parametrize(
    ("status", "table", "error"),
    [
        (500, "retry", OutcomeUnknown),
        (200, "retry", Unavailable),
        (400, "retry", Unavailable),
        (500, "rejected", Rejected),
        (500, "locked", RecordLocked),
        (200, "exists", Exists),
        (200, "missing", Missing),
        (200, "stale", Stale),
        (500, "exists", Exists),
        (200, "limited", RateLimited),
        (409, "rejected", Rejected),
        (200, "unknown", OutcomeUnknown),
        (200, "auth", AuthExpired),
    ],
)
def test_table_is_trusted(bench: Make, status: int, table: str, error: type[SourceError]) -> None:
    made = bench(lambda request: reply({"no": "7", "say": "no"}, status))
    assert raised(error, made.push, errors={**TABLE, table: ["7 no"]}).values["code"] == "7"
    assert len(made.writes) == 1


def test_what_is_not_ok_is_rejected_with_what_it_said(bench: Make) -> None:
    made = bench(lambda request: reply({"done": False, "why": "no such customer"}))
    with pytest.raises(Rejected, match="no such customer"):
        made.push({"post": "/orders", "json": {}, "ok": "done"})


def test_row_in_error_is_the_error_of_the_write(bench: Make) -> None:
    rows = {"code": "no", "text": "say", "ok": "done", "locked": ["L*"]}
    call = {"put": "/lines", "json": {}, "records": "rows", "errors": {"rows": rows}}
    answers: list[Any] = [
        {"rows": [{"done": True}, {"done": False, "no": "L1", "say": "in use"}]},
        {"rows": [{"done": True}, {"done": False, "no": "X", "say": "no"}]},
        {"rows": [{"done": True}]},
    ]
    made = bench(lambda request: reply(answers.pop(0)))
    with pytest.raises(RecordLocked, match="in use"):
        made.push(call)
    with pytest.raises(Rejected) as caught:
        made.push(call)
    assert (caught.value.code, caught.value.reason) == ("X", "no")
    made.push(call)


@pytest.mark.parametrize(
    "answer",
    [Reply("", 200), Reply("", 202), Reply("", 204, {}), reply({}), reply([]), Reply("OK", 200, {})],
)
def test_nothing_to_say_is_done_where_nothing_is_asked_for(bench: Make, answer: Reply) -> None:
    made = bench(lambda request: answer)
    assert made.push() == Receipt()
    assert len(made.steps) == 1


@pytest.mark.parametrize("answer", [Reply("", 200), Reply("", 202), reply({}), reply({"id": ""}), reply([])])
def test_no_number_where_one_was_due_is_unknown(bench: Make, answer: Reply) -> None:
    made = bench(lambda request: answer)
    with pytest.raises(OutcomeUnknown):
        made.push({"post": "/orders", "json": {}, "id": "id"})
    assert not made.steps


@pytest.mark.parametrize(
    "answer", [Reply("<html><title>Sign in</title>", 200, HTML), Reply('{"a": 1'), Reply("<a><b></a>")]
)
def test_page_and_nonsense_are_unknown_even_where_nothing_is_asked_for(bench: Make, answer: Reply) -> None:
    with pytest.raises(OutcomeUnknown):
        bench(lambda request: answer).push()


def test_numbers_of_several_kinds_from_header_and_body(bench: Make) -> None:
    made = bench(lambda request: reply({"nr": 17, "rest": None}, 201, Location="/orders/17"))
    call = {"post": "/orders", "json": {}}
    kinds = {"own": "meta.header.location", "delivery": "nr", "invoice": "rest"}
    assert made.push({**call, "id": kinds}).ids == {"own": "/orders/17", "delivery": "17"}
    made.steps.clear()
    assert made.push({**call, "id": "meta.header.location"}).ids == {"own": "/orders/17"}


# preconditions


def test_known_version_guards_every_change_as_it_came(bench: Make) -> None:
    made = bench(lambda request: reply({}))
    for version in ('W/"7"', "7", 7):
        made.steps.clear()
        made.push({"patch": "/orders/1", "json": {}}, kind="update", names={"version": version})
    assert [header(request, "If-Match") for request in made.writes] == ['W/"7"', "7", "7"]


def test_no_precondition_where_none_belongs(bench: Make) -> None:
    made = bench(lambda request: reply({"rows": []}))
    patch = {"patch": "/orders/1"}
    mentioned: list[dict[str, Any]] = [
        {**patch, "json": {"rev": "=version"}},
        {**patch, "json": {}, "query": {"rev": "{{ version }}"}},
        {"patch": "/orders/1/{{ version }}", "json": {}},
    ]
    for call in mentioned:
        made.push(call, kind="update", names={"version": "7"})
        made.steps.clear()
    made.push({"post": "/orders", "json": {}}, names={"version": "7"})
    made.steps.clear()
    made.push({**patch, "json": {}}, kind="update")
    assert [header(request, "If-Match") for request in made.writes] == [None] * 5
    made.steps.clear()
    made.push({**patch, "json": {}, "headers": {"if-match": "*"}}, kind="update", names={"version": "7"})
    assert header(made.writes[-1], "If-Match") == "*"


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("gives", [{"id": {"own": "result[0]"}}, {"take": {"made": "result[0]"}}])
@pytest.mark.parametrize(
    ("errors", "answer", "shown"),
    [
        (
            {"code": "error[0]", "text": "error[1]"},
            {"error": ["Oops", "no such party"]},
            "Oops no such party",
        ),
        ({}, {"error": "no such party"}, '{"error":"no such party"}'),
        ({}, {"result": None}, '{"result":null}'),
        ({"text": "error"}, {}, ""),
    ],
)
def test_good_answer_without_what_it_was_to_give_is_not_done_and_says_what_it_said(
    bench: Make, kind: str, gives: dict[str, Any], errors: dict[str, str], answer: Any, shown: str
) -> None:
    """HTTP 200 with an error of its own, and no `ok`: nobody knows, it is looked up first."""
    made = bench(lambda request: reply(answer))
    caught = raised(
        OutcomeUnknown, made.push, {"post": "/rpc", "json": {}, **gives}, kind=kind, errors=errors
    )
    assert caught.values["paths"] == "result[0]"
    assert caught.values.get("reason", "") == shown
    assert not made.steps
    for locale in LOCALES:
        assert shown in caught.say(locale)
        assert not re.search(r"\{\w+\}", caught.say(locale))


def test_an_answer_may_lack_what_an_if_asks_for_and_has_nothing_where_it_is_empty(bench: Make) -> None:
    made = bench(lambda request: reply({"rows": []}) if "/search" in request.path else Reply("", 204))
    look = {"post": "/search", "json": {}, "take": {"there": "rows[0].id"}}
    made.push(look, {"post": "/orders", "json": {}, "if": "not there", "take": {"rev": "rev"}}, kind="update")
    assert [request.path for request in made.writes] == ["/search", "/orders"]
    assert len(made.steps) == 2


@pytest.mark.parametrize("names", [{}, {"made": None}])
def test_lost_version_stops_the_steps_that_need_it(bench: Make, names: dict[str, Any]) -> None:
    """An answer without the version it should give: the next call must not go out unguarded."""
    made = bench(lambda request: reply({}))
    first = {"post": "/orders", "json": {}, "take": {"made": "rev"}}
    with pytest.raises(OutcomeUnknown, match="nothing at rev"):
        made.push(first, {"patch": "/orders/1", "json": {"rev": "=made"}}, names=names)
    assert len(made.writes) == 1
    assert not made.steps


# the way there


def test_nobody_there_is_unavailable() -> None:
    with serving(lambda request: reply({})) as running:
        made = Bench(running)
        connector = made.open()
        running.server.close()
        with pytest.raises(Unavailable) as caught:
            made.through(connector)
        running.server.open()
    assert caught.value.key == "http.unreachable"


def test_no_such_host_is_unavailable(bench: Make) -> None:
    running = bench(lambda request: reply({})).running
    nowhere = replace(running.connection(), host="no-such-host.invalid")
    made = running.open(mapping([{"post": "/orders", "json": {}}]), connection=nowhere)
    with pytest.raises(Unavailable):
        Bench(running).through(made)


def test_host_that_is_not_trusted_is_sent_nothing(bench: Make, tmp_path: Path) -> None:
    """The certificate is looked at before anything is sent."""
    made = bench(lambda request: reply({}))
    _self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    http = made.running.server._http
    http.socket = context.wrap_socket(http.socket, server_side=True)
    connection = made.running.connection(schema="https")
    connector = made.running.open(mapping([{"post": "/orders", "json": {}}]), connection=connection)
    with pytest.raises(Unavailable):
        made.through(connector)
    assert not made.writes


def test_silence_is_unknown(bench: Make) -> None:
    release = threading.Event()

    def slow(request: Request) -> Reply:
        release.wait(5)
        return reply({})

    made = bench(slow)
    with pytest.raises(OutcomeUnknown) as caught:
        made.push(limits={"timeout": "50ms"})
    release.set()
    assert caught.value.key == "http.timeout"


def test_hanging_up_is_unknown_and_not_repeated(bench: Make) -> None:
    made = bench(lambda request: Reply(status=0))
    with pytest.raises(OutcomeUnknown):
        made.push()
    assert len(made.writes) == 1


def test_cut_off_answer_is_unknown(bench: Make) -> None:
    made = bench(lambda request: Reply('{"id": 17}', cut=5))
    with pytest.raises(OutcomeUnknown) as caught:
        made.push({"post": "/orders", "json": {}, "id": "id"})
    assert caught.value.key == "http.torn"


def test_each_write_goes_over_a_connection_of_its_own(bench: Make) -> None:
    made = bench(lambda request: reply([]))
    call = {"post": "/orders", "json": {}}
    connector = made.running.open(
        mapping([], writes={"w": {"find": {"get": "/orders"}, "create": [call, call], "update": []}})
    )
    key = BusinessKey("SO-1", {})
    assert [connector.lookup("w", key), connector.lookup("w", key)] == [[], []]
    assert made.running.server.connections == 1
    made.through(connector)
    assert made.running.server.connections == 3


@pytest.mark.parametrize("status", [302, 303])
def test_see_there(bench: Make, status: int) -> None:
    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return Reply("", status, {"Location": "/orders/17"})
        return reply({"id": 17})

    assert bench(answer).push({"post": "/orders", "json": {}, "id": "id"}).ids == {"own": "17"}


@pytest.mark.parametrize("there", [404, 409, 500, 429, 0])
def test_trouble_after_see_there_does_not_say_that_it_was_not_done(bench: Make, there: int) -> None:
    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return Reply("", 303, {"Location": "/orders/17"})
        return Reply("", there)

    made = bench(answer)
    with pytest.raises(OutcomeUnknown):
        made.push()
    assert len(made.writes) == 1


def test_moved_is_not_taken_for_done(bench: Make) -> None:
    """A 301 to the list, a slash added: nothing was created, though a GET there says 200."""

    def answer(request: Request) -> Reply:
        moved = request.method == "POST"
        return Reply("", 301, {"Location": "/orders/"}) if moved else reply({"rows": []})

    with pytest.raises(OutcomeUnknown):
        bench(answer).push()


@pytest.mark.parametrize("status", [307, 308])
def test_sent_on_as_it_is(bench: Make, status: int) -> None:
    def answer(request: Request) -> Reply:
        if path(request) == "/orders":
            return Reply("", status, {"Location": "/v2/orders"})
        return reply({"id": said(request)["no"]})

    made = bench(answer)
    assert made.push({"post": "/orders", "json": {"no": "=order_no"}, "id": "id"}).ids == {"own": "SO-1"}
    assert [path(request) for request in made.writes] == ["/orders", "/v2/orders"]


@pytest.mark.parametrize(
    ("status", "error"), [(307, Unavailable), (303, OutcomeUnknown), (302, OutcomeUnknown)]
)
def test_sent_to_another_host(bench: Make, status: int, error: type[SourceError]) -> None:
    made = bench(lambda request: Reply("", status, {"Location": "http://elsewhere.invalid/orders"}))
    assert raised(error, made.push).record == "SO-1"


# being let in


def test_refused_login_is_renewed_once_and_then_given_up(bench: Make) -> None:
    logins: list[str] = []

    def answer(request: Request) -> Reply:
        if path(request) == "/login":
            logins.append("")
            return reply({"token": f"T{len(logins)}"})
        return reply({}, 401)

    auth = {"login": {"post": "/login", "json": {}, "take": {"token": "token"}}, "headers": {"X-S": "=token"}}
    made = bench(answer)
    connector = made.open(auth=auth)
    for _ in range(2):
        with pytest.raises(AuthExpired):
            made.through(connector)
    assert [header(one, "X-S") for one in made.writes if path(one) == "/orders"] == ["T1", "T2"]
    assert len(logins) == 2


class Gateway:
    """Takes a write only with the token that it gave out last, which `spoil` makes worthless."""

    def __init__(self) -> None:
        self.tokens, self.taken, self.deaf = 0, 0, False

    def __call__(self, request: Request) -> Reply:
        if request.method == "GET":
            wanted = header(request, "X-CSRF-Token") == "Fetch"
            self.tokens += wanted
            return reply([], 200, **({"X_CSRF_Token": f"t{self.tokens}"} if wanted else {}))
        if self.deaf or header(request, "X-CSRF-Token") != f"t{self.tokens}":
            return Reply("", 403, {"X-CSRF-Token": "Required"})
        self.taken += 1
        return reply({"id": 1})


def test_handshake_is_for_writes_and_made_anew_once(bench: Make) -> None:
    gateway = Gateway()
    made = bench(gateway)
    connector = made.open(auth=["basic", "csrf"])
    list(connector.fetch("orders", Everything()))
    assert gateway.tokens == 0
    made.through(connector)
    made.steps.clear()
    made.through(connector)
    assert (gateway.tokens, gateway.taken) == (1, 2)
    gateway.tokens += 5  # the token of before is good no more
    made.steps.clear()
    made.through(connector)
    assert (gateway.tokens, gateway.taken) == (7, 3)
    gateway.deaf = True
    made.steps.clear()
    with pytest.raises(AuthExpired):
        made.through(connector)
    assert (gateway.tokens, gateway.taken) == (8, 3)


def test_signature_is_of_the_bytes_that_are_sent(bench: Make) -> None:
    made = bench(lambda request: reply({}))
    sign = {"headers": {"X-Sign": "=(request.body ~ conn.password) | hmac_sha256(conn.password) | hex"}}
    made.push({"post": "/orders", "json": {"no": "=order_no", "note": "加急"}, "sign": sign})
    (request,) = made.writes
    secret = b"s3cret-Zq81"
    assert header(request, "X-Sign") == hmac.new(secret, request.body + secret, hashlib.sha256).hexdigest()


def test_system_at_rest_is_sent_nothing(bench: Make) -> None:
    made = bench(lambda request: reply({}))
    with pytest.raises(RateLimited) as caught:
        made.push(limits={"pause": ["11:30-12:30"]})
    assert caught.value.retry_after == 1800
    assert not made.running.requests


def test_what_cannot_be_in_a_header_is_refused_before_it_is_sent(bench: Make) -> None:
    made = bench(lambda request: reply({}))
    for note in ("加急", "two\r\nlines"):
        with pytest.raises(Rejected) as caught:
            made.push({"post": "/orders", "json": {}, "headers": {"X-Note": "=note"}}, names={"note": note})
        assert caught.value.key == "rest.unsendable"
    with pytest.raises(Rejected):
        made.push(
            {
                "post": "/orders",
                "text": "=note",
                "headers": {"Content-Type": "text/plain; charset=iso-8859-1"},
            },
            names={"note": "加急"},
        )
    assert not made.running.requests


# what is looked up


def test_master_data_by_business_key(bench: Make) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return reply({})
        asked.append(query(request)["code"])
        return reply({"rows": [{"id": 700}] if query(request)["code"] == "C1" else []})

    refs = {"customer": {"get": "/customers", "query": {"code": "=value"}, "take": "rows[0].id"}}
    call = {"post": "/orders", "json": {"customer": "=customer_no | ref('customer')"}}
    made = bench(answer)
    connector = made.open(call, call, refs=refs)
    made.through(connector, customer_no="C1")
    assert [said(request) for request in made.writes] == [{"customer": 700}] * 2
    assert asked == ["C1"]
    made.steps.clear()
    with pytest.raises(NameMissing, match="customer C2"):
        made.through(connector, customer_no="C2")
    assert len(made.writes) == 2


def test_look_up_follows_all_pages_and_tries_again(bench: Make) -> None:
    broken = [True]

    def answer(request: Request) -> Reply:
        if broken:
            broken.clear()
            return Reply("", 503)
        if query(request).get("page") == "2":
            return reply({"rows": [{"id": "B"}]})
        return reply({"rows": [{"id": "A"}], "next": "/orders?no=SO-1&page=2"})

    made = bench(answer)
    find = {"get": "/orders", "query": {"no": "=order_no"}, "records": "rows", "next": "next"}
    connector = made.running.open(mapping([], writes={"w": {"find": find}}))
    assert connector.lookup("w", BusinessKey("SO-1", {"order_no": "SO-1"})) == [{"id": "A"}, {"id": "B"}]


@pytest.mark.parametrize("answer", [Reply("", 404), reply({"no": "404", "say": "none"}), reply({"rows": []})])
def test_missing_is_none_found(bench: Make, answer: Reply) -> None:
    find = {"get": "/orders", "query": {"no": "=order_no"}, "records": "rows"}
    made = bench(lambda request: answer)
    table = {**TABLE, "missing": ["404 *"]}
    connector = made.running.open(mapping([], writes={"w": {"find": find}}, errors=table))
    assert connector.lookup("w", BusinessKey("SO-1", {"order_no": "SO-1"})) == []


def test_row_in_error_is_no_answer_to_a_look_up(bench: Make) -> None:
    """Else an order that the system could not show would be created once more."""
    made = bench(lambda request: reply({"rows": [{"no": "7", "say": "index is being rebuilt"}]}))
    rows = {**TABLE, "rejected": ["7 *"]}
    find = {"get": "/orders", "query": {"no": "=order_no"}, "records": "rows", "errors": {"rows": rows}}
    connector = made.running.open(mapping([], writes={"w": {"find": find}}))
    with pytest.raises(Rejected, match="index is being rebuilt"):
        connector.lookup("w", BusinessKey("SO-1", {"order_no": "SO-1"}))


def test_what_took_is_exact_and_can_be_kept(bench: Make) -> None:
    made = bench(lambda request: reply({"rev": 1.10, "more": {"a": [2.5, "x", None]}}))
    made.push({"post": "/orders", "json": {}, "take": {"rev": "rev", "more": "more", "none": "nothing"}})
    assert made.steps == [Step("create.0", {"rev": "1.1", "more": {"a": ["2.5", "x", None]}})]


def _self_signed(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
