"""Nothing secret gets through: what is known by value, and what only looks like a secret."""

from __future__ import annotations

import base64
import io
import logging
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.redact import HIDDEN, Redaction, guard, redact, register

SECRET = "p@ss/wörd+1 &"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://erp:hunter22@db.example/x",
        "https://erp:hunter2@2hunter22@host/path?x=1",
        "connecting to http://u:hunter22@10.0.0.1:8000",
        "Authorization: Basic aHVudGVyMjI=hunter22",
        "authorization: hunter22",
        "{'Authorization': 'Bearer hunter22.abc-def'}",
        "curl -H 'Proxy-Authorization: Digest hunter22'",
        "sent Bearer hunter22hunter22",
        "password=hunter22",
        "PASSWORD = hunter22, host=x",
        "pwd: hunter22",
        "GET /login?user=a&access_token=hunter22&x=1",
        "api-key=hunter22;x",
        '{"clientSecret": "hunter22 and more", "x": 1}',
        '{"password":"a\\"hunter22"}',
        "{'db_password': 'hunter22'}",
        "password='hunter22 x'",
        'DSN with Passwd="hunter22"',
        "<Password>hunter22</Password>",
        '<wsse:Password Type="#PasswordText">hunter22</wsse:Password>',
        "<n0:sessionId>hunter22</n0:sessionId>",
        "密码：hunter22",
        "口令=hunter22",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    shown = redact(text)
    assert "hunter22" not in shown
    assert HIDDEN in shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "order SO-1 of suzhou: shipped 118.5, ordered 120",
        "http://erp.example:8000/sap/bc/srt?sap-client=100",
        "mail to wang.wei@example.com: pull:erp is busy until 2026-03-02 08:05:00Z",
        "mappings/systems/erp.yaml:12:5: unknown key",
        "Basic authentication is missing",
        "passed: 12, bypass=yes, compass: north",
        "the token was refused",
        "<Status>SHIPPED</Status>",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_what_surrounds_a_secret_stays_readable() -> None:
    assert (
        redact("GET http://erp:hunter22@h/a?token=abcd&x=1 failed")
        == "GET http://erp:***@h/a?token=***&x=1 failed"
    )
    assert redact('{"password": "hunter22", "order": "SO-1"}') == '{"password": "***", "order": "SO-1"}'
    assert redact("<a><Password>x</Password><b>1</b></a>") == "<a><Password>***</Password><b>1</b></a>"


def test_a_registered_secret_is_hidden_in_every_form_in_which_it_travels() -> None:
    register(SECRET, "erp")
    forms = [
        SECRET,
        "p%40ss%2Fw%C3%B6rd%2B1%20%26",
        "p%40ss%2Fw%C3%B6rd%2B1+%26",
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"erp:{SECRET}".encode()).decode(),
    ]
    for form in forms:
        assert redact(f"before {form} after") == "before *** after"


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    register("abcd-1")
    register("abcd-1-and-more")
    assert redact("x abcd-1-and-more y abcd-1 z") == "x *** y *** z"


def test_nothing_and_next_to_nothing_is_no_secret() -> None:
    register(None)
    register("")
    register("123")
    assert redact("order 123") == "order 123"


@settings(max_examples=50)
@given(st.text(), st.text(min_size=4).filter(lambda secret: "*" not in secret))
def test_a_registered_secret_never_gets_through(around: str, secret: str) -> None:
    register(secret)
    assert secret not in redact(around + secret + around)


def refuse(why: str) -> None:
    raise ValueError(why)


def logged(*, secret: str) -> str:
    stream = io.StringIO()
    logger = logging.getLogger("hub.test")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.propagate = False
    guard(logger)
    guard(logger)
    assert len(handler.filters) == 1
    try:
        refuse(f"login with password={secret} failed")
    except ValueError:
        logger.exception("calling http://erp:%s@host", secret, stack_info=True)
    logger.removeHandler(handler)
    return stream.getvalue()


def test_logs_go_out_redacted_traceback_and_arguments_too() -> None:
    shown = logged(secret="hunter22")
    assert "hunter22" not in shown
    assert "calling http://erp:***@host" in shown
    assert "ValueError: login with password=*** failed" in shown


def test_a_log_record_keeps_no_way_round_the_filter() -> None:
    try:
        refuse("token=hunter22")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "%s", ("pwd=hunter22",), sys.exc_info())
    assert Redaction().filter(record)
    assert (record.getMessage(), record.args, record.exc_info) == ("pwd=***", (), None)
    assert "hunter22" not in str(record.__dict__)
