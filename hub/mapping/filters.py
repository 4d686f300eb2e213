"""Filters of sent expressions beside Jinja's own: encodings, digests, times, cutting."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote as percent
from urllib.parse import quote_plus as form_percent

import orjson

from hub.errors import MappingError
from hub.mapping.zones import zone_of
from hub.model import Status

LOOKING_UP: ContextVar[Callable[[str, Any], Any] | None] = ContextVar("LOOKING_UP", default=None)
"""What answers `ref` now: (name of the look-up, value) → the target's own id. Set by who sends a write."""


def _bytes(value: Any) -> bytes:
    if value is None:
        raise ValueError("null")
    return value if isinstance(value, bytes) else str(value).encode()


def b64(value: Any) -> str:
    """Return base64 of text (UTF-8) or bytes."""
    return base64.b64encode(_bytes(value)).decode("ascii")


def hexed(value: Any) -> str:
    """Return lower-case hex of text (UTF-8) or bytes."""
    return _bytes(value).hex()


def md5(value: Any) -> bytes:
    """Return the MD5 digest: vendors ask for it in signatures, nothing of ours rests on it."""
    return hashlib.md5(_bytes(value), usedforsecurity=False).digest()


def sha256(value: Any) -> bytes:
    """Return the SHA-256 digest."""
    return hashlib.sha256(_bytes(value)).digest()


def hmac_sha256(value: Any, secret: Any) -> bytes:
    """Return the HMAC-SHA-256 of `value` under `secret`."""
    return _keyed(value, secret, hashlib.sha256)


def sha1(value: Any) -> bytes:
    """Return the SHA-1 digest: as for MD5, only because vendors ask for it."""
    return hashlib.sha1(_bytes(value), usedforsecurity=False).digest()


def sha512(value: Any) -> bytes:
    """Return the SHA-512 digest."""
    return hashlib.sha512(_bytes(value)).digest()


def hmac_sha1(value: Any, secret: Any) -> bytes:
    """Return the HMAC-SHA-1 of `value` under `secret`."""
    return _keyed(value, secret, hashlib.sha1)


def hmac_md5(value: Any, secret: Any) -> bytes:
    """Return the HMAC-MD5 of `value` under `secret`."""
    return _keyed(value, secret, hashlib.md5)


def hmac_sha512(value: Any, secret: Any) -> bytes:
    """Return the HMAC-SHA-512 of `value` under `secret`."""
    return _keyed(value, secret, hashlib.sha512)


def unb64(value: Any) -> bytes:
    """Return the bytes behind base64."""
    return base64.b64decode(_bytes(value))


def sorted_query(values: Any, sep: str = "&", eq: str = "=", empty: bool = False) -> str:
    """Return `a=1&b=2`, names in the order of their code points: what many Chinese gateways sign.

    Values stand as they are, not encoded; empty ones are left out unless `empty`.
    """
    shown = {str(name): _plain(value) for name, value in dict(values).items()}
    return sep.join(f"{name}{eq}{shown[name]}" for name in sorted(shown) if empty or shown[name])


def quote_plus(value: Any) -> str:
    """Return text encoded as in a form: a blank is `+`, and only letters, digits and `*-._` stay."""
    return form_percent(str(value), safe="*").replace("~", "%7E")


def as_json(value: Any) -> str:
    """Return `value` as compact JSON text."""

    def exact(one: Any) -> Any:
        return orjson.Fragment(f"{one:f}".encode()) if isinstance(one, Decimal) else _plain(one)

    return orjson.dumps(value, exact, orjson.OPT_NON_STR_KEYS).decode()


def epoch(moment: datetime) -> int:
    """Return an aware moment as whole seconds since 1970."""
    return int(moment.timestamp())


def epoch_ms(moment: datetime) -> int:
    """Return an aware moment as whole milliseconds since 1970."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _plain(value: Any) -> str:
    """Return a value as text without exponent, "None" or "True"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _keyed(value: Any, secret: Any, algorithm: Any) -> bytes:
    """Return an HMAC; ValueError without a secret: anybody could sign so."""
    if not secret:
        raise ValueError("no secret")
    return hmac.new(_bytes(secret), _bytes(value), algorithm).digest()


def utc(moment: datetime) -> datetime:
    """Return an aware moment in UTC."""
    return moment.astimezone(UTC)


def local(moment: datetime, zone: str) -> datetime:
    """Return an aware moment in `zone`."""
    return moment.astimezone(zone_of(zone))


def date(moment: datetime, pattern: str = "%Y-%m-%d") -> str:
    """Return a moment as text in a strftime pattern."""
    return moment.strftime(pattern)


def quote(value: Any) -> str:
    """Return text percent-encoded for a URL part."""
    return percent(str(value), safe="")


def fit(value: Any, length: int) -> str:
    """Return text cut to `length` characters."""
    return str(value)[:length]


def fit_bytes(value: Any, length: int, charset: str = "utf-8") -> str:
    """Return text cut to `length` bytes in `charset`, never in the middle of a character."""
    return str(value).encode(charset)[:length].decode(charset, "ignore")


def ref(value: Any, name: str) -> Any:
    """Return what the target calls `value`, by the look-up `name`: only while a write is sent."""
    look_up = LOOKING_UP.get()
    if look_up is None:
        raise MappingError("mapping.ref_outside_write", name=name)
    return look_up(name, value)


def rank(word: Any) -> int:
    """Return the rank of a status word: `order.rank >= ('shipped' | rank)`."""
    try:
        return int(Status.of(str(word)))
    except KeyError as error:
        raise ValueError(f"no status: {word}") from error


FILTERS: dict[str, Callable[..., Any]] = {
    "b64": b64,
    "hex": hexed,
    "md5": md5,
    "sha1": sha1,
    "sha256": sha256,
    "sha512": sha512,
    "hmac_md5": hmac_md5,
    "hmac_sha1": hmac_sha1,
    "hmac_sha256": hmac_sha256,
    "hmac_sha512": hmac_sha512,
    "unb64": unb64,
    "sorted_query": sorted_query,
    "quote_plus": quote_plus,
    "json": as_json,
    "epoch": epoch,
    "epoch_ms": epoch_ms,
    "utc": utc,
    "local": local,
    "date": date,
    "quote": quote,
    "fit": fit,
    "fit_bytes": fit_bytes,
    "ref": ref,
    "rank": rank,
}
