"""Filters of sent expressions beside Jinja's own: encodings, digests, times, cutting."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote as percent

from hub.errors import MappingError
from hub.mapping.zones import zone_of


def _bytes(value: Any) -> bytes:
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
    return hmac.new(_bytes(secret), _bytes(value), hashlib.sha256).digest()


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
    """Refuse: master data is looked up only on the write side."""
    raise MappingError("mapping.not_yet", what=f"ref('{name}')")


FILTERS: dict[str, Callable[..., Any]] = {
    "b64": b64,
    "hex": hexed,
    "md5": md5,
    "sha256": sha256,
    "hmac_sha256": hmac_sha256,
    "utc": utc,
    "local": local,
    "date": date,
    "quote": quote,
    "fit": fit,
    "fit_bytes": fit_bytes,
    "ref": ref,
}
