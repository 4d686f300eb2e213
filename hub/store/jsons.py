"""JSON as the store keeps it: sorted keys, exact decimals, aware UTC times; equal values give equal text."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def dumps(value: Any) -> str:
    """Return `value` as JSON text.

    Decimals become plain decimal strings, aware datetimes ISO 8601 in UTC, dates and times ISO, bytes
    base64, sets sorted lists, integers past 64 bits strings (most readers would make floats of them). A
    naive datetime is a ValueError, an unknown type a TypeError.
    """
    return dump_bytes(value).decode()


def dumps_all(values: Iterable[Any]) -> list[str]:
    """Return each of `values` as `dumps` does."""
    write = orjson.dumps
    values = list(values)
    try:
        return [write(value, _plain, _OPTIONS).decode() for value in values]
    except orjson.JSONEncodeError:
        return [dumps(value) for value in values]


def dump_bytes(value: Any) -> bytes:
    """Return `value` as UTF-8 JSON; like `dumps`, without the copy (records, digests)."""
    try:
        return _written(value)
    except orjson.JSONEncodeError:
        return _written(_with_large_as_text(value))


def loads(text: str | bytes | None) -> Any:
    """Return the value that JSON `text` stands for; None for None (a NULL column)."""
    return None if text is None else orjson.loads(text)


def _written(value: Any) -> bytes:
    """Return orjson's text; where `_plain` refused something, raise its own error."""
    try:
        return orjson.dumps(value, _plain, _OPTIONS)
    except orjson.JSONEncodeError as error:
        refused = error.__cause__
        raise (refused if isinstance(refused, ValueError | TypeError) else error) from None


def _with_large_as_text(value: Any) -> Any:
    """Return `value` with integers past 64 bits as text: orjson refuses them, and a source may send one."""
    if isinstance(value, dict):
        return {name: _with_large_as_text(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_large_as_text(one) for one in value]
    large = isinstance(value, int) and not -(2**63) <= value < 2**64
    return str(value) if large else value


def _plain(value: Any) -> Any:
    """Return `value`, which JSON does not know, as something that it knows."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"naive time {value!r} past the border")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form in the store")
