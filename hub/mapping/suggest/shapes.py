"""What values look like: numbers and their style, stamps and their formats, codes, names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from hub.errors import RecordError
from hub.mapping.formats import parser_of
from hub.mapping.numbers import compile_number
from hub.mapping.suggest.columns import Column
from hub.mapping.times import is_no_time

FORMATS = (
    "odata", "%Y%m%d%H%M%S", "%Y%m%d", "iso", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日", "epoch",
    "epoch_ms", "excel",
)  # fmt: skip
"""Formats that are tried, the plainest first."""

SWAPPED = {"%d/%m/%Y": "%m/%d/%Y"}
"""Formats that read each other's stamps as another day, as long as no day is past the twelfth."""

MOST = 200
"""So many values of a column are looked at."""

_NUMERIC = re.compile(r"[-+(]?\s?\d[\d.,'’ \u00a0]*\s?[-)]?")
_ZEROS = re.compile(r"0\d+")
_FIRST, _LAST = 1990, 2100
_ABSOLUTE = frozenset({"epoch", "epoch_ms", "odata"})


class Stamps(NamedTuple):
    """How the stamps of a column are written: formats that read them all, and whether they lack an offset."""

    formats: tuple[str, ...]
    naive: bool


def number_style(columns: Iterable[Column]) -> str | None:
    """Return a sample of how the source writes numbers, None where the plain form is enough."""
    texts = [text for column in columns for text in column.texts[:MOST] if _NUMERIC.fullmatch(text)]
    commas = [text for text in texts if "," in text]
    minus = "-" if any(text.endswith("-") for text in texts) else ""
    if not commas:
        return f"1234.56{minus}" if minus else None
    if any(text.rfind(",") > text.rfind(".") and not _grouped(text, ",") for text in commas):
        return f"{'1.234' if any('.' in text for text in commas) else '1234'},56{minus}"
    return f"1,234.56{minus}"


def _grouped(text: str, sign: str) -> bool:
    """Tell whether `sign` only parts thousands in `text`."""
    return bool(re.fullmatch(rf"[-+(]?\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+(?:\D\d*)?[-)]?", text))


def is_numeric(column: Column, style: str | None) -> bool:
    """Tell whether a column holds numbers in this style, and none that are names (leading zeros)."""
    read = compile_number(style)
    filled = column.filled[:MOST]
    return bool(filled) and all(_reads(read, value) and not _named(value) for value in filled)


def _reads(read: Callable[[Any], Any], value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return read(value)[0] is not None
    except RecordError:
        return False


def _named(value: Any) -> bool:
    return isinstance(value, str) and bool(_ZEROS.fullmatch(value.strip()))


def stamps_of(column: Column) -> Stamps | None:
    """Return how a column writes times, None if it does not."""
    values = [value for value in column.filled[:MOST] if not is_no_time(value)]
    if not values:
        return None
    found: list[str] = []
    left: Sequence[Any] = values
    for name in FORMATS:
        rest = [value for value in left if not _in_format(name, value)]
        if len(rest) < len(left):
            found.append(name)
            left = rest
        if not left:
            naive = any(_is_naive(name, value) for name in found for value in values)
            return Stamps(tuple(found), naive)
    return None


def _wall(name: str, value: Any) -> Any:
    try:
        return parser_of(name)(value.isoformat() if isinstance(value, date) else value)
    except (ValueError, OverflowError):
        return None


def _in_format(name: str, value: Any) -> bool:
    wall = _wall(name, value)
    return wall is not None and _FIRST <= wall.at.year <= _LAST


def _is_naive(name: str, value: Any) -> bool:
    wall = _wall(name, value)
    return wall is not None and wall.at.tzinfo is None and name not in _ABSOLUTE


def is_ambiguous(column: Column, formats: Sequence[str]) -> bool:
    """Tell whether day and month could be the other way round as well."""
    for name in formats:
        for one, other in SWAPPED.items():
            if one in name:
                swapped = name.replace(one, other)
                return all(_in_format(swapped, value) for value in column.filled[:MOST])
    return False


def is_coded(column: Column, rows: int) -> bool:
    """Tell whether a column holds few different short texts."""
    counts = column.counts
    few = len(counts) <= max(8, min(40, rows // 5))
    return bool(counts) and few and all(len(text) <= 40 for text in counts)


def is_name(column: Column) -> bool:
    """Tell whether a column holds short texts by which things are known: no fractions, no sentences."""
    texts = column.texts[:MOST]
    return bool(texts) and all(len(text) <= 60 and not re.search(r"\d[.,]\d", text) for text in texts)


def is_unique(column: Column) -> bool:
    """Tell whether every record has a value of its own there."""
    return len(column.filled) == len(column.values) and len(column.counts) == len(column.values)
