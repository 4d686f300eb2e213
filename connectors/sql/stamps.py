"""Arithmetic on a source's own stamps, whatever type they have: an overlap back, a moment in their form."""

from __future__ import annotations

import math
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hub.errors import ConfigError
from hub.mapping import times
from hub.mapping.grammar import TimeSpec

_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?|\d{8}")
_DAY = timedelta(days=1)
_UNITS = {"epoch": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1), "excel": _DAY}
_RISING = [
    datetime.fromisoformat(at) for at in ("2025-12-31T23:59", "2026-01-30T02:00", "2026-02-01", "2026-10-01")
]


def earlier(stamp: Any, overlap: timedelta, time: TimeSpec) -> Any:
    """Return `stamp` less the overlap, in its own type.

    A date goes back whole days. A number counts seconds, milliseconds or days if the mapping's time format
    says so, else it is a sequence, which has no overlap. Raises ConfigError for text in no known format,
    or in one that does not sort as text.
    """
    if not overlap or stamp is None:
        return stamp
    if isinstance(stamp, datetime):
        return stamp - overlap
    if isinstance(stamp, date):
        return stamp - _whole_days(overlap)
    if isinstance(stamp, str):
        return _earlier_text(stamp.strip(), overlap, time)
    unit = next((_UNITS[name] for name in time.format if name in _UNITS), None)
    if unit is None or isinstance(stamp, bytes | memoryview | uuid.UUID):
        return stamp
    count = overlap / unit if isinstance(stamp, float) else math.ceil(overlap / unit)
    return stamp - count


def like(sample: Any, moment: datetime, time: TimeSpec) -> Any:
    """Return an aware moment in the type and layout of `sample`, a stamp of the source (None: not known)."""
    local = moment.astimezone(times.zone_of(time.zone) if time.zone else UTC)
    if isinstance(sample, datetime):
        return moment if sample.tzinfo else local.replace(tzinfo=None)
    if isinstance(sample, date):
        return local.date()
    if time.format and time.format[0] != "iso":
        sent = times.send(moment, time)
        return float(sent) if isinstance(sample, float) else sent
    return _as_iso(local.replace(tzinfo=None), sample if isinstance(sample, str) else "0000-00-00 00:00:00")


def believable(stamp: Any, latest: datetime, time: TimeSpec, *, opaque: bool) -> bool:
    """Tell whether a cursor may move to `stamp`: it can be read, and is no later than `latest` (aware).

    One row from the year 2030, or with words for a date, would otherwise hide every row after it. A number
    or (if `opaque`) a text that no format explains is a sequence and is believed.
    """
    if isinstance(stamp, str):
        if not _readable(stamp.strip(), time):
            return opaque
    elif isinstance(stamp, date):
        return bool(stamp <= like(stamp, latest, time))
    elif not isinstance(stamp, int | float | Decimal) or not any(name in _UNITS for name in time.format):
        return True
    limit = like(stamp, latest, time)
    return bool(stamp <= (limit if isinstance(stamp, str) == isinstance(limit, str) else type(stamp)(limit)))


def _readable(stamp: str, time: TimeSpec) -> bool:
    layouts = [layout for layout in time.format if "%" in layout]
    if any(_read(layout, stamp) is not None for layout in layouts):
        return True
    if _ISO.fullmatch(stamp):
        try:
            datetime.fromisoformat(stamp)
        except ValueError:
            return False
        return True
    return stamp.isdecimal() and bool({"epoch", "epoch_ms"} & set(time.format))


def _whole_days(overlap: timedelta) -> timedelta:
    return timedelta(days=math.ceil(overlap / _DAY))


def _earlier_text(stamp: str, overlap: timedelta, time: TimeSpec) -> str:
    """Take the overlap off a stamp stored as text, in the layout it has."""
    for layout in time.format:
        if "%" not in layout:
            continue
        wall = _read(layout, stamp)
        if wall is not None:
            if not _sorts(layout):
                raise ConfigError("sql.stamp_does_not_sort", stamp=stamp, format=layout)
            return (wall - overlap).strftime(layout)
    if _ISO.fullmatch(stamp):
        back = overlap if len(stamp) > len("2026-01-05") else _whole_days(overlap)
        return _as_iso(datetime.fromisoformat(stamp) - back, stamp)
    if stamp.isdecimal() and {"epoch", "epoch_ms"} & set(time.format):
        return str(earlier(Decimal(stamp), overlap, time)).rjust(len(stamp), "0")
    raise ConfigError("sql.stamp_without_format", stamp=stamp)


def _read(layout: str, stamp: str) -> datetime | None:
    try:
        wall = times.parser_of(layout)(stamp)
    except (ValueError, OverflowError):
        return None
    return wall.at if wall else None


def _sorts(layout: str) -> bool:
    """Tell whether later moments in this layout are greater texts, as comparison and ORDER BY need it."""
    return all(one < other for one, other in pairwise(at.strftime(layout) for at in _RISING))


def _as_iso(at: datetime, layout: str) -> str:
    """Write `at` in the ISO layout that another text has: date only, separator, seconds, fraction, offset."""
    if len(layout) <= len("2026-01-05"):
        return at.strftime("%Y-%m-%d" if "-" in layout else "%Y%m%d")
    clock = layout[11:].removesuffix("Z")
    fraction = re.search(r"[.,](\d+)", clock)
    spec = "microseconds" if fraction else "seconds" if clock.count(":") - ("+" in clock) >= 2 else "minutes"
    text = at.replace(tzinfo=None).isoformat(layout[10], spec)
    if fraction:
        text = text[: 20 + len(fraction[1])].replace(".", fraction[0][0])
    offset = re.search(r"(Z|[+-]\d\d:?\d\d)$", layout[16:])
    return text + (offset[0] if offset else "")
