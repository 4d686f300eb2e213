"""Errors by reaction (mapping language, section 2.5) and limits (ability 11), from servers of their own."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Since
from connectors.http.limits import Limiter
from hub.errors import (
    AuthExpired,
    ConfigError,
    HubError,
    Missing,
    RateLimited,
    RecordLocked,
    Rejected,
    Retryable,
    SourceError,
    Stale,
    Unavailable,
)
from tests.connectors.rest_server import NOW, Running, header, query, reply, serving, shop
from tests.connectors.soap_server import Reply, Request, SoapServer

FIELDS = "fields: {order_no: id}"
READ = f"streams: {{orders: {{read: {{get: /orders, records: rows}}, {FIELDS}}}}}"
TABLE = """
errors:
  code: "code || [][].Result.Status.MsgCode"
  text: "text || errors[].message || error"
  auth: ["1", "* session lost"]
  limited: ["8303*"]
  retry: ["-1*"]
  locked: ["* in use by *", "*被其他用户锁定*"]
  missing: ["20002*"]
  rejected: ["*[Ff]orbidden*", "9"]
"""


def test_what_is_missing_by_the_table_is_no_record() -> None:
    text = """
errors: {code: code, text: text, missing: ["500 *"]}
streams: {orders: {read: {get: /track, each: [A, B], query: {no: =item}}, fields: {order_no: id}}}
"""

    def track(request: Request) -> Reply:
        return reply({"id": "A"} if query(request)["no"] == "A" else {"code": "500", "text": "nothing yet"})

    with serving(track) as running:
        assert running.read(text) == [{"id": "A"}]


def test_a_refusal_in_json_is_shown_where_no_table_says_where_its_text_stands() -> None:
    with serving(lambda request: reply({"error": {"message": "no such column: foo"}}, 400)) as running:
        with pytest.raises(Rejected) as caught:
            running.read(READ)
        assert "no such column: foo" in caught.value.say()


def always(data: Any, status: int = 200, **headers: str) -> Callable[[Request], Reply]:
    return lambda request: reply(data, status, **headers)


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (400, Rejected, 1),
        (401, AuthExpired, 1),
        (403, Rejected, 1),
        (404, Missing, 1),
        (405, Rejected, 1),
        (408, Unavailable, 3),
        (409, Stale, 1),
        (410, Missing, 1),
        (412, Stale, 1),
        (422, Rejected, 1),
        (423, RecordLocked, 3),
        (428, Stale, 1),
        (429, RateLimited, 3),
        (500, Unavailable, 3),
        (502, Unavailable, 3),
        (503, Unavailable, 3),
        (504, Unavailable, 3),
    ],
)
def test_each_status_asks_for_its_reaction(status: int, error: type[SourceError], tries: int) -> None:
    with serving(always({"x": "why"}, status)) as running:
        with pytest.raises(error) as caught:
            running.read(READ)
        assert type(caught.value) is error
        assert len(running.requests) == tries
        assert str(status) in caught.value.say()
        assert caught.value.operation == "get /orders"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"code": 8303, "text": "超出请求频率限制"}, RateLimited),
        ({"code": 8303, "text": "too fast", "status": 400}, RateLimited),
        ({"code": -1, "text": "busy"}, Unavailable),
        ({"code": 5, "text": "Order 7 is in use by MILLER"}, RecordLocked),
        ({"text": "单据被其他用户锁定，请稍后"}, RecordLocked),
        ([[{"Result": {"Status": {"MsgCode": 9}}}]], Rejected),
        ([[{"Result": {"Status": {"MsgCode": "1"}}}]], AuthExpired),
        ({"errors": [{"message": "forbidden field"}, {"message": "x"}]}, Rejected),
        ({"error": "Forbidden"}, Rejected),
    ],
)
def test_codes_and_texts_are_found_in_the_body_even_of_http_200(data: Any, error: type[SourceError]) -> None:
    status = data.pop("status", 200) if isinstance(data, dict) else 200
    with serving(always(data, status)) as running, pytest.raises(error) as caught:
        running.read(TABLE + READ)
    assert type(caught.value) is error


def test_what_matches_nothing_keeps_the_default() -> None:
    with serving(always({"code": 77, "text": "odd", "rows": [{"id": "A1"}]})) as running:
        assert running.read(TABLE + READ) == [{"id": "A1"}]
    with serving(always({"code": 77, "text": "odd"}, 400)) as running, pytest.raises(Rejected) as caught:
        running.read(TABLE + READ)
    assert (caught.value.code, caught.value.reason) == ("77", "odd")


def test_nothing_matched_is_an_empty_answer() -> None:
    with serving(always({"code": "20002", "text": "no data"})) as running:
        assert running.read(TABLE + READ) == []


def test_success_may_need_a_positive_sign() -> None:
    text = TABLE + READ.replace("records: rows", "records: rows, ok: \"flag == 'success'\"")
    with serving(always({"flag": "success", "rows": [{"id": "A1"}]})) as running:
        assert running.read(text) == [{"id": "A1"}]
    with (
        serving(always({"flag": "failure", "code": 4, "text": "no"})) as running,
        pytest.raises(Rejected) as no,
    ):
        running.read(text)
    assert (no.value.code, no.value.reason) == ("4", "no")
    with serving(always({"flag": "failure", "why": "closed"})) as running, pytest.raises(Rejected) as no:
        running.read(text)
    assert (no.value.code, no.value.reason) == (
        "ok: flag == 'success'",
        '{"flag":"failure","why":"closed"}',
    )


def test_a_page_to_log_in_may_mean_that_the_session_is_over() -> None:
    page = Reply("<html><title>用户 登录</title></html>", 200, {"Content-Type": "text/html"})
    with serving(lambda request: page) as running:
        with pytest.raises(AuthExpired):
            running.read('errors: {auth: ["200 *登录*"]}\n' + READ)
        with pytest.raises(Unavailable, match="登录"):
            running.read(READ)


def test_the_system_says_how_long_to_wait() -> None:
    answers = [reply({}, 429, Retry_After="7"), reply({}, 503, Retry_After="Mon, 02 Mar 2026 12:00:09 GMT")]
    with serving(lambda request: answers.pop(0) if answers else reply({"rows": []})) as running:
        assert running.read(READ) == []
        assert [wait >= least for wait, least in zip(running.waits, (7, 9), strict=True)] == [True, True]


def test_a_system_that_recovers_is_read_on() -> None:
    answers = [Reply(status=0), reply({}, 502), reply({"rows": [{"id": "A1"}]})]
    with serving(lambda request: answers.pop(0)) as running:
        assert running.read(READ) == [{"id": "A1"}]


def test_rows_in_error_are_set_apart_or_left_out() -> None:
    rows = [
        {"id": "A1", "status": "SENT", "errorCode": None},
        {"id": "A2", "errorCode": "E404", "errorMessage": "not found"},
        {"id": "A3", "errorCode": "E500", "errorMessage": "try later"},
        {"id": "A4", "status": "", "errorCode": ""},
    ]
    text = f"""
errors:
  rows: {{ok: "status || errorCode == ''", code: errorCode, text: errorMessage, missing: ["E404 *"]}}
streams: {{orders: {{key: id, read: {{get: /orders}}, {FIELDS}}}}}
"""
    with serving(always(rows)) as running:
        (page,) = running.pages(text)
        assert [record["id"] for record in page.records] == ["A1", "A4"]
        (bad,) = page.bad
        assert b"A3" in bad.raw
        assert bad.key == "A3"
        assert "try later" in bad.error.say()


def test_a_hook_judges_what_no_glob_can(tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "depot.py").write_text(
        '"""Judge."""\n\n\ndef fault(answer):\n'
        '    return "locked" if sum(answer["body"]["bits"]) > 2 else None\n',
        "utf-8",
    )
    mapping = shop("hook: depot\n" + READ, tmp_path / "systems")
    with serving(always({"bits": [1, 1, 1], "rows": []})) as running, pytest.raises(RecordLocked):
        running.read(mapping)
    with serving(always({"bits": [1, 1], "rows": []})) as running:
        assert running.read(mapping) == []


def test_a_slow_answer_ends_by_the_declared_time(tmp_path: Path) -> None:
    import threading

    release = threading.Event()

    def slow(request: Request) -> Reply:
        release.wait(5)
        return reply({"rows": []})

    with serving(slow) as running:
        with pytest.raises(Unavailable) as caught:
            running.read("limits: {timeout: 50ms}\n" + READ)
        release.set()
        assert caught.value.key == "http.timeout"


def test_check_says_whether_the_system_can_be_read() -> None:
    def server(request: Request) -> Reply:
        asked.append(query(request))
        return reply({"rows": [{"id": "A1"}]}) if header(request, "Authorization") else reply({}, 401)

    asked: list[dict[str, str]] = []
    sized = READ.replace("records: rows", "records: rows, query: {max: =size, page: =page}, size: 200")
    with serving(server) as running:
        healthy = running.open("auth: basic\n" + sized).check()
        refused = running.open(sized).check()
        assert (healthy.ok, healthy.key, refused.ok) == (True, "rest.healthy", False)
        assert asked == [{"max": "1", "page": "1"}] * 2


# 11: limits


def test_calls_are_spaced_evenly() -> None:
    now, slept = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    rows = [{"id": f"A{n}"} for n in range(4)]
    text = f"""
limits: {{per_second: 4}}
streams: {{orders: {{read: {{get: /orders, query: {{page: =page}}}}, {FIELDS}}}}}
"""
    with serving(lambda r: reply(rows[int(query(r)["page"]) - 1 :][:1])) as running:
        records = running.read(text, sleep=sleep, monotonic=lambda: now[0])
        assert [one["id"] for one in records] == ["A0", "A1", "A2", "A3"]
        assert slept == [0.25] * 4


def test_no_more_calls_at_once_than_allowed() -> None:
    limiter = Limiter(parallel=2)
    with limiter.turn(), limiter.turn():
        assert limiter._slots is not None
        assert not limiter._slots.acquire(blocking=False)
    assert limiter._slots.acquire(blocking=False)


@pytest.mark.parametrize(
    ("pause", "at", "left"),
    [
        ("22:00-23:30", "2026-03-02T14:30", 3600),
        ("23:00-01:00", "2026-03-02T16:30", 1800),
        ("23:00-01:00", "2026-03-02T15:30", 5400),
        ("22:00-23:30", "2026-03-02T15:30", None),
        ("22:00-23:30", "2026-03-02T13:59", None),
    ],
)
def test_a_system_is_left_alone_in_its_pauses(pause: str, at: str, left: int | None) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    text = f"limits: {{pause: ['{pause}', '03:00-03:10']}}\n{READ}"
    with serving(always({"rows": []})) as running:
        if left is None:
            assert running.read(text, clock=lambda: now) == []
            return
        with pytest.raises(RateLimited) as caught:
            running.read(text, clock=lambda: now)
        assert (caught.value.retry_after, running.waits, len(running.requests)) == (left, [], 0)
        assert not running.open(text, clock=lambda: now).check().ok


@pytest.mark.parametrize("pause", ["22-23", "25:00-26:00", "night"])
def test_a_pause_that_is_none_is_named(pause: str) -> None:
    with serving(always([])) as running, pytest.raises(ConfigError, match=pause):
        running.read(f"limits: {{pause: ['{pause}']}}\n{READ}")


# 2: trust and certificates


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority of its own, and certificates of server and client, as PEM files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("pki")
    now = datetime.now(UTC)
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ca", "server", "client")}

    def subject(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["ca"].public_key())
    signs = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    for name, key in keys.items():
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject(name))
            .issuer_name(subject("ca"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(issued_by, critical=False)
        )
        if name == "ca":  # Python 3.13 asks for all that RFC 5280 does
            builder = builder.add_extension(signs, critical=True)
        if name == "server":
            alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
            builder = builder.add_extension(alternative, critical=False)
        made = builder.sign(keys["ca"], hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(private)
    return folder


def test_own_authority_and_client_certificate(pki: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "server.pem", pki / "server.key")
    context.load_verify_locations(pki / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = SoapServer(always({"rows": [{"id": "A1"}]}))
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    running = Running(server)
    trust = {"verify": str(pki / "ca.pem"), "cert": [str(pki / "client.pem"), str(pki / "client.key")]}
    try:
        given = running.connection(schema="https", extra=trust)
        assert running.read(READ, connection=given) == [{"id": "A1"}]
        for lacking in ({"cert": trust["cert"]}, {"verify": trust["verify"]}):
            with pytest.raises(HubError) as caught:
                running.read(READ, connection=running.connection(schema="https", extra=lacking))
            assert isinstance(caught.value, Retryable)
    finally:
        running.close()


def test_nothing_secret_is_in_what_is_shown() -> None:
    text = "auth: {login: {post: /login, json: {p: =conn.password}, take: {t: t}}, query: {t: =t}}\n" + READ

    def server(request: Request) -> Reply:
        return reply({"t": "tok-1234567890"}) if request.method == "POST" else reply({}, 500)

    with serving(server) as running:
        connector = running.open(text, clock=lambda: NOW)
        with pytest.raises(Unavailable) as caught:
            list(connector.fetch("orders", Since({})))
        shown = (
            f"{connector!r} {caught.value!r} {caught.value} {caught.value.values} {connector._caller._access}"
        )
        assert "s3cret-Zq81" not in shown
        assert "tok-1234567890" not in shown
