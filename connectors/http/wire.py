"""Small facts of HTTP that every transport over it needs: origins, waiting times, trust, causes in words."""

from __future__ import annotations

import codecs
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.calls import jsons

_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port: what credentials are bound to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def retry_after(said: str | None, now: datetime) -> float | None:
    """Return the seconds to wait, from seconds or an HTTP date (RFC 9110, section 10.2.3)."""
    if not said:
        return None
    if said.strip().isdigit():
        return float(said)
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())


def verify(said: object) -> bool | str:
    """Return what `verify` of the connection's extra means: yes, no, or a file of trusted authorities."""
    word = str(said).lower()
    return word == "true" if word in ("true", "false") else str(said)


def reason(error: BaseException) -> str:
    """Return the innermost cause in words: requests wraps urllib3, which wraps the socket's own error."""
    inner: BaseException = error
    while isinstance(cause := getattr(inner, "reason", None) or inner.__context__, BaseException):
        inner = cause
    return str(inner) or type(inner).__name__


def content_type(said: str | None, default: str = "text/plain") -> Message:
    """Return a Content-Type header taken apart."""
    header = Message()
    header["Content-Type"] = said or default
    return header


def charset(kind: Message) -> str | None:
    """Return the charset that a Content-Type names, if there is one of that name."""
    named = kind.get_content_charset()
    try:
        codecs.lookup(named or "")
    except LookupError:
        return None
    return named


def text(value: Any) -> str:
    """Return one value as it is written into an address, a header or a form."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode()
    return jsons.written(value).decode()
