"""Local time of the factory: seconds since the epoch in, Chinese wall-clock time and working hours out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The one zone of the factory; it has no daylight saving."""

OFFSET = 8 * 3600
MINUTE, HOUR, DAY = 60, 3600, 86400

_SUNDAY = 6
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
_BATCHES = (12 * HOUR + 30 * MINUTE, 20 * HOUR + 30 * MINUTE)


def local(moment: int) -> datetime:
    """Return the wall-clock time of `moment` (seconds since the epoch) in the factory's zone, aware."""
    return datetime.fromtimestamp(moment, ZONE)


def stamp(moment: int) -> str:
    """Return the wall-clock time of `moment` as "yyyy-mm-dd HH:MM:SS"."""
    second = moment + OFFSET
    day, rest = divmod(second, DAY)
    return f"{date_of(day)} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


def iso(moment: int) -> str:
    """Return the wall-clock time of `moment` in ISO form with its offset."""
    return f"{stamp(moment).replace(' ', 'T')}+08:00"


def naive(moment: int) -> datetime:
    """Return the wall-clock time of `moment` without a zone, as a database column holds it."""
    return datetime(1970, 1, 1) + timedelta(seconds=moment + OFFSET)  # noqa: DTZ001 - that is the column's form


def date(moment: int) -> str:
    """Return the local date of `moment` as "yyyy-mm-dd"."""
    return date_of((moment + OFFSET) // DAY)


def time(moment: int) -> str:
    """Return the local time of day of `moment` as "HH:MM:SS"."""
    return stamp(moment)[11:]


@lru_cache(maxsize=4096)
def date_of(day: int) -> str:
    """Return the date of a local day number (days since 1970-01-01)."""
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


def day_of(moment: int) -> int:
    """Return the local day number of `moment`."""
    return (moment + OFFSET) // DAY


def midnight(day: int) -> int:
    """Return the moment at which a local day number begins."""
    return day * DAY - OFFSET


def is_sunday(day: int) -> bool:
    """Tell whether a local day number is a Sunday."""
    return (day + _EPOCH_WEEKDAY) % 7 == _SUNDAY


def shift(day: int) -> tuple[int, int]:
    """Return the seconds of the local day between which the warehouse works: 08–20, on Sundays 12–18."""
    return (12 * HOUR, 18 * HOUR) if is_sunday(day) else (8 * HOUR, 20 * HOUR)


def at_work(moment: int, jitter: int = 0) -> int:
    """Return `moment` if the warehouse works then, else `jitter` seconds into its next shift."""
    day, second = divmod(moment + OFFSET, DAY)
    start, end = shift(day)
    if second < start:
        return midnight(day) + start + jitter
    if second < end:
        return moment
    return midnight(day + 1) + shift(day + 1)[0] + jitter


def next_batch(moment: int) -> int:
    """Return when the ERP next posts shipments: 12:30 and 20:30 local, not on Sundays."""
    day, second = divmod(moment + OFFSET, DAY)
    while True:
        if not is_sunday(day):
            for batch in _BATCHES:
                if batch >= second:
                    return midnight(day) + batch
        day, second = day + 1, 0
