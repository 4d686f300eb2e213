"""Some orders that stand for all: blocks of neighbours that begin all over the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from hub.store import driver
from hub.store.statements import spelled
from reconciler.sources import Key

_BLOCKS = 30
_DIGITS = 9
_BLOCK = "SELECT company, order_no FROM orders WHERE company = ? AND order_no >= ? ORDER BY order_no LIMIT ?"
_COMPANY = "SELECT min(company) FROM orders WHERE company > ?"


def spread(conn: sa.Connection, count: int) -> list[Key]:
    """Return the keys of some orders, taken evenly from all: blocks that begin all over the numbers."""
    companies = list(_companies(conn))
    keys: list[Key] = []
    for company in companies:
        first, last = (  # asked for both at once, an engine reads all that lies between
            _asked(conn, f"SELECT {end}(order_no) FROM orders WHERE company = ?", company)[0][0]
            for end in ("min", "max")
        )
        blocks = max(1, _BLOCKS // len(companies))
        for start in between(first, last, blocks):
            most = -(-count // (blocks * len(companies)))
            keys += _asked(conn, _BLOCK, company, start, most)
    return list(dict.fromkeys(keys))


def _asked(conn: sa.Connection, question: str, *given: Any) -> list[tuple[Any, ...]]:
    return driver.fetch(conn, spelled(conn.dialect, question), given)


def between(first: str, last: str, count: int) -> list[str]:
    """Return `count` texts from `first` on that lie evenly between two texts, in byte order.

    Evenly as numbers go, where both end in as many figures; else as letters do.
    """
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    ends = [text[same : same + _DIGITS] for text in (first, last)]
    figures = len(ends[0]) == len(ends[1]) and all(end.isascii() and end.isdigit() for end in ends)
    base, zero = (10, "0") if figures else (95, " ")
    width = len(ends[0]) if figures else _DIGITS
    low, high = (_number(end, base, zero, width) for end in ends)
    starts = [low + (high - low) * step // count for step in range(1, count)]
    return [first, *(max(first, first[:same] + _text(start, base, zero, width)) for start in starts)]


def _number(text: str, base: int, zero: str, width: int) -> int:
    number = 0
    for letter in text.ljust(width, zero):
        number = number * base + min(max(ord(letter) - ord(zero), 0), base - 1)
    return number


def _text(number: int, base: int, zero: str, width: int) -> str:
    return "".join(chr(ord(zero) + number // base**place % base) for place in reversed(range(width)))


def _companies(conn: sa.Connection) -> Iterator[str]:
    last = ""
    while True:
        [(found,)] = _asked(conn, _COMPANY, last)
        if found is None:
            return
        last = found
        yield last
