"""Wake-up calls: is it really the system that calls, just now and for the first time, and about which record?

Pure: the call, the time and the connection come in by argument; the inbox remembers `replay`. Only the keys
are taken from a call, never its content: the records are read again through the same gates as all others.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from hub.errors import HubError, MappingError, RecordError
from hub.mapping.expressions import compile_value
from hub.mapping.paths import compile_path
from hub.mapping.texts import text_of
from hub.mapping.times import compile_time
from hub.mapping.writespec import Webhook

LONGEST = 200
"""Characters of a key or a replay mark, at most."""


class Refused(HubError):
    """A call that is not to be believed: the inbox answers 401 (signature, time) or 400 and does nothing."""


@dataclass(frozen=True, slots=True)
class Woken:
    """What a verified call asks for: these records of `stream`.

    `replay` is what is different in every call (None where the mapping names nothing), `sent_at` when it was
    sent (aware UTC, None where it does not say).
    """

    stream: str
    keys: tuple[str, ...]
    replay: str | None = None
    sent_at: datetime | None = None


def verify(
    spec: Webhook,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    conn: Mapping[str, Any],
    query: Mapping[str, str] | None = None,
) -> Woken:
    """Return what a call asks for if it is genuine; Refused if not.

    `body` is as it came, byte for byte; `conn` holds login, password and extra of the connection; `now` is
    aware. Header names do not mind case. Raises MappingError for an expression that fails by itself.
    """
    known = {name.casefold(): value for name, value in headers.items()}
    guarded = {name: _Guarded(value) for name, value in known.items()}
    request = {"body": _text(body), "headers": guarded, "query": dict(query or {}), "time": now}
    said = {"body": _content(body), "headers": known, "query": dict(query or {})}
    if not _genuine(spec.verify, {"request": request, "conn": conn, "now": now}):
        raise Refused("webhook.not_genuine")
    sent_at = _sent_at(spec, said, now)
    keys = _texts(spec.key, said)
    if not keys:
        raise Refused("webhook.no_key", path=spec.key)
    replay = _texts(spec.replay, said) if spec.replay else []
    if spec.replay and not replay:
        raise Refused("webhook.no_replay", path=spec.replay)
    return Woken(spec.stream, tuple(dict.fromkeys(keys)), replay[0] if replay else None, sent_at)


def _genuine(expression: str, names: Mapping[str, Any]) -> bool:
    """Tell whether `verify` holds; a header or a part of one that is not there holds nothing."""
    try:
        return compile_value(f"={expression}").render(names) is True
    except MappingError as error:
        if error.key in {"mapping.name_missing", "mapping.expression_failed"}:
            return False
        raise


def _sent_at(spec: Webhook, said: Mapping[str, Any], now: datetime) -> datetime | None:
    if spec.time is None:
        return None
    try:
        moment = compile_time(spec.format, spec.zone)(compile_path(spec.time)(said))
    except RecordError as error:
        raise Refused("webhook.no_time", path=spec.time) from error
    if moment is None:
        raise Refused("webhook.no_time", path=spec.time)
    if spec.within is not None and abs(now - moment.at) > spec.within:
        raise Refused("webhook.too_old", at=moment.at.isoformat(), seconds=int(spec.within.total_seconds()))
    return moment.at


def _texts(path: str, said: Mapping[str, Any]) -> list[str]:
    try:
        value = compile_path(path)(said)
        texts = [text_of(one) for one in (value if isinstance(value, list) else [value])]
    except RecordError as error:
        raise Refused("webhook.no_key", path=path) from error
    return [text for text in texts if text and len(text) <= LONGEST]


def _text(body: bytes) -> str | bytes:
    """Return the body as text, which is signed as the same bytes; as bytes where it is no UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _content(body: bytes) -> Any:
    """Return what the body says: JSON, a form, else its text."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return dict(parse_qsl(text)) if "=" in text else text


class _Guarded(str):
    """A text of the caller: compared in a time that does not tell how much of it was right."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and hmac.compare_digest(str.encode(self), other.encode())

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__
