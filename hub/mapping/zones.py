"""Time zones: by name or offset, and what the clock change makes of an hour."""

from __future__ import annotations

import re
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from hub.errors import MappingError, RecordError

AMBIGUOUS = "mapping.ambiguous_time"
NONEXISTENT = "mapping.nonexistent_time"

_DAY = timedelta(days=1)
_FIXED = re.compile(r"([+-])(\d{2}):?(\d{2})?")


def localized(wall: datetime, zone: tzinfo) -> tuple[datetime, str]:
    """Return a wall-clock time of `zone` in UTC, and a warning ("": none) where a clock change leaves doubt.

    An hour that happens twice is taken as its first occurrence; one that never happens is moved forward.
    """
    offset = offset_of_day(zone, wall.date()) if wall.year < MAXYEAR else None
    if offset is not None:
        return (wall - offset).replace(tzinfo=UTC), ""
    early, late = (wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    warning = "" if early == late else AMBIGUOUS if early > late else NONEXISTENT
    return (wall - early).replace(tzinfo=UTC), warning


@lru_cache(maxsize=20_000)
def offset_of_day(zone: tzinfo, day: date) -> timedelta | None:
    """Return the offset that holds from one midnight to the next in `zone`, None on the day of a change."""
    start = datetime.combine(day, time(), zone)
    offsets = {one.replace(fold=fold).utcoffset() for one in (start, start + _DAY) for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


_STATED = re.compile(r"(?:UTC|GMT)?\s*([+-]?)(\d{1,2})(?::?(\d{2}))?", re.I)
_HOURS, _MINUTES = 14, 14 * 60
"""No place is farther from UTC: what is more counts in a smaller unit."""


def stated_zone(text: str) -> str:
    """Return the name of the zone that a record states: an offset or a zone's name.

    ``+08:00``, ``+0800``, ``UTC+8``, ``8`` and ``Z``; a whole number beyond 14 counts minutes, beyond
    840 seconds. RecordError for what is neither.
    """
    if text.upper() in {"Z", "UTC", "GMT"}:
        return "UTC"
    bare = text.lstrip("+-")
    if bare.isascii() and bare.isdigit() and not (len(bare) == 4 and text[0] in "+-"):
        minutes = (
            int(bare) * 60 if int(bare) <= _HOURS else int(bare) if int(bare) <= _MINUTES else int(bare) // 60
        )
        sign = "-" if text.startswith("-") else "+"
    elif found := _STATED.fullmatch(text):
        minutes, sign = int(found[2]) * 60 + int(found[3] or 0), found[1] or "+"
    else:
        return _named(text)
    if minutes > _MINUTES:
        raise RecordError("mapping.bad_offset", found=text[:40])
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def _named(text: str) -> str:
    try:
        zone_of(text)
    except MappingError as error:
        raise RecordError("mapping.bad_offset", found=text[:40]) from error
    return text


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """Return the zone called `name` ("Asia/Shanghai", "UTC", "+08:00"); MappingError if there is none."""
    if fixed := _FIXED.fullmatch(name):
        offset = datetime.strptime(f"{fixed[1]}{fixed[2]}{fixed[3] or '00'}", "%z").tzinfo
        if offset is not None:
            return offset
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # what is raised depends on what the name looks like
        raise MappingError("mapping.unknown_zone", name=name) from error
