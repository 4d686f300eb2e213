"""Wake-up calls: signature over the raw body, time window, replay; only the key is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from hub.mapping.webhook import Refused, verify
from hub.mapping.writespec import Webhook
from tests.hub.linted import check_one, errors, rest, said

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
CONN = {"login": "shop", "password": None, "extra": {"secret": "s3cret", "empty": ""}}
BODY = json.dumps({"event": {"order": {"id": 4711}}, "nonce": "n-1"}).encode()
SPEC = {
    "verify": "request.headers['x-signature'] == (request.body | hmac_sha256(conn.extra.secret) | hex)",
    "key": "body.event.order.id",
    "stream": "orders",
    "time": 'headers."x-sent"',
    "format": "epoch",
    "within": "5m",
    "replay": "body.nonce",
}


def signed(body: bytes = BODY, sent: datetime = NOW, secret: bytes = b"s3cret") -> dict[str, str]:
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {"X-Signature": digest, "X-Sent": str(int(sent.timestamp()))}


def refused(spec: dict[str, str], body: bytes, headers: dict[str, str]) -> str:
    with pytest.raises(Refused) as caught:
        verify(Webhook.model_validate(spec), body, headers, NOW, CONN)
    assert "{" not in caught.value.say("zh-CN")
    return caught.value.key


def test_a_genuine_call_names_the_record() -> None:
    woken = verify(Webhook.model_validate(SPEC), BODY, signed(), NOW, CONN)
    assert (woken.stream, woken.keys, woken.replay, woken.sent_at) == ("orders", ("4711",), "n-1", NOW)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Sent": "1"}, signed(b"another"), signed(secret=b"guess"), {**signed(), "X-Signature": ""}],
)
def test_a_call_that_is_not_signed_so_is_not_believed(headers: dict[str, str]) -> None:
    assert refused(SPEC, BODY, headers) == "webhook.not_genuine"


def test_the_signature_is_over_the_body_as_it_came() -> None:
    spaced = BODY.replace(b": ", b":")
    assert refused(SPEC, spaced, signed()) == "webhook.not_genuine"


@pytest.mark.parametrize("secret", ["conn.extra.lacking", "conn.password", "conn.extra.empty"])
def test_a_secret_that_is_not_set_opens_no_door(secret: str) -> None:
    spec = {**SPEC, "verify": SPEC["verify"].replace("conn.extra.secret", secret)}
    for guess in (b"", b"None"):
        assert refused(spec, BODY, signed(secret=guess)) == "webhook.not_genuine"


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_call_from_another_time_is_not_taken(late: timedelta) -> None:
    assert refused(SPEC, BODY, signed(sent=NOW - late)) == "webhook.too_old"
    assert verify(Webhook.model_validate(SPEC), BODY, signed(sent=NOW - late / 2), NOW, CONN).keys


def test_what_lacks_is_named() -> None:
    headers = {"X-Signature": signed()["X-Signature"]}
    assert refused(SPEC, BODY, headers) == "webhook.no_time"
    bare = b'{"nonce": "n"}'
    assert refused(SPEC, bare, signed(bare)) == "webhook.no_key"
    one = b'{"event": {"order": {"id": 1}}}'
    assert refused(SPEC, one, signed(one)) == "webhook.no_replay"


def test_several_records_in_one_call_and_each_once() -> None:
    body = b'[{"no": "A"}, {"no": "B"}, {"no": "A"}]'
    spec = {**SPEC, "key": "body[].no", "replay": 'headers."x-signature"'}
    assert verify(Webhook.model_validate(spec), body, signed(body), NOW, CONN).keys == ("A", "B")


def test_a_form_and_a_signature_in_base64_over_time_and_body() -> None:
    body = b"order=4711&state=done"
    digest = hmac.new(b"s3cret", b"1772352000." + body, hashlib.sha256).digest()
    headers = {"Sig": "t=1772352000,v=" + base64.b64encode(digest).decode()}
    spec = {
        "verify": "request.headers.sig == 't=' ~ '1772352000' ~ ',v=' ~ "
        "(('1772352000.' ~ request.body) | hmac_sha256(conn.extra.secret) | b64)",
        "key": "body.order",
        "stream": "orders",
    }
    assert verify(Webhook.model_validate(spec), body, headers, NOW, CONN).keys == ("4711",)


def test_a_body_that_is_no_text_is_signed_too() -> None:
    body = b"\xff\xfe=1"
    spec = {**SPEC, "key": "headers.id", "replay": "headers.id"}
    assert verify(Webhook.model_validate(spec), body, {**signed(body), "ID": "7"}, NOW, CONN).keys == ("7",)


# What check says of it


def hooked(webhook: str, read: str = "{get: /orders, query: {since: =since, id: =key}}") -> str:
    return rest(read) + f"webhook: {webhook}\n"


GOOD = (
    '{verify: "request.headers.sig == (request.body | md5 | hex) and conn.extra.secret", key: body.id, '
    "stream: orders, replay: body.nonce}"
)


def test_a_webhook_in_order() -> None:
    assert not errors(hooked(GOOD))
    assert not said(hooked(GOOD), "webhook_replayable")


def test_a_webhook_that_anybody_could_call() -> None:
    text = hooked(GOOD.replace(" and conn.extra.secret", ""))
    assert check_one(text, "webhook_unsigned", '"request').values["name"] == "conn"


def test_a_webhook_that_could_be_played_back() -> None:
    bare = hooked(GOOD.replace(", replay: body.nonce", ""))
    check_one(bare, "webhook_replayable", "webhook: {", "warning")
    check_one(hooked(GOOD.replace("replay: body.nonce", "within: 5m")), "webhook_without_time", "within")


def test_a_webhook_of_a_stream_that_cannot_be_asked_for_one_record() -> None:
    text = hooked(GOOD, "{get: /orders, query: {since: =since}}")
    check_one(text, "webhook_without_keys", "orders, replay")


def test_a_webhook_of_no_stream_or_without_a_path() -> None:
    check_one(hooked(GOOD.replace("stream: orders", "stream: ordres")), "unknown_name_near", "ordres")
    check_one(hooked(GOOD.replace("body.id", '"b["')), "bad_path", '"b["')
