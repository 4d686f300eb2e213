"""JSON as the store keeps it: sorted keys, exact decimals, aware UTC times; equal values give equal text."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def dumps(value: Any) -> str:
    """Return `value` as JSON text.

    Decimals become plain decimal strings, aware datetimes ISO 8601 in UTC, dates and times ISO, bytes
    base64, sets sorted lists. A naive datetime is a ValueError, an unknown type a TypeError.
    """
    return dump_bytes(value).decode()


def dump_bytes(value: Any) -> bytes:
    """Return `value` as UTF-8 JSON; like `dumps`, without the copy (records, digests)."""
    try:
        return orjson.dumps(value, _plain, _OPTIONS)
    except orjson.JSONEncodeError as error:
        if isinstance(error.__cause__, ValueError | TypeError):
            raise error.__cause__ from None
        # what orjson refuses and a source may send all the same: integers past 64 bits
        return json.dumps(
            value, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()


def loads(text: str | bytes | None) -> Any:
    """Return the value that JSON `text` stands for; None for None (a NULL column)."""
    return None if text is None else orjson.loads(text)


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
