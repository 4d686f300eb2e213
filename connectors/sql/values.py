"""What drivers give, as plain values: exact numbers, readable text, nothing lost.

Values come raw from the driver (SQLAlchemy's result types are not used), so text stays as it is stored,
padding and all, and a stamp has the source's own type.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hub.model import Record

PLAIN = frozenset({str, int, Decimal, bool, datetime, date, type(None)})
"""Types of values that are as they should be."""

ENCODINGS = ("utf-8", "gb18030")


def plain(value: Any, encodings: Iterable[str] = ENCODINGS) -> Any:
    """Return a driver's value as text, int, Decimal, bool, date, datetime, list, dict or None.

    A float becomes the Decimal of its shortest text (0.1 stays 0.1; a whole number has no fraction).
    Bytes become text (`text_of`); times of day and intervals, UUIDs and anything else their text.
    """
    if type(value) in PLAIN or isinstance(value, date):
        return value
    if isinstance(value, float):
        return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return text_of(bytes(value), encodings)
    if isinstance(value, Mapping):
        return record_of(value, encodings)
    if isinstance(value, list | tuple):
        return [plain(inner, encodings) for inner in value]
    if isinstance(value, time):
        return value.isoformat()
    return _clock(value) if isinstance(value, timedelta) else str(value)


def record_of(row: Mapping[Any, Any], encodings: Iterable[str] = ENCODINGS) -> Record:
    """Return a row, nested ones too, with plain values."""
    return {
        str(name): value if type(value) in PLAIN else plain(value, encodings) for name, value in row.items()
    }


def text_of(raw: bytes, encodings: Iterable[str] = ENCODINGS) -> str:
    """Return bytes as text by the first charset that fits.

    Where none fits, the readable part stays and each other byte is written in hexadecimal after a
    backslash: kept, not lost.
    What holds control characters is no text: it is given in hexadecimal, ``0x…``.
    """
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if _readable(text) else f"0x{raw.hex()}"
    return raw.decode("utf-8", "backslashreplace")


def _readable(text: str) -> bool:
    return not any(unicodedata.category(sign) == "Cc" and sign not in "\t\r\n" for sign in text)


def _clock(span: timedelta) -> str:
    """Return a time of day, which some drivers give as an interval, as HH:MM:SS."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
