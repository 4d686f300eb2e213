"""Stamps of the usual shape in a fraction of the time: full width, date before clock, first format.

A day is parsed thoroughly once. What it came to is kept by the text of the day, so that of the next stamp on
the same day only the clock is left to read, which Python does in C. What is not of that shape, is not exact,
or lies on the day of a clock change is DOUBT, and is read thoroughly.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from hub.errors import RecordError
from hub.mapping.formats import EPOCH, NAMED, directives, parser_of
from hub.mapping.times import NO_TIME_BEFORE, Moment, compile_empty, compile_time
from hub.mapping.zones import offset_of_day, zone_of
from hub.model import Precision

Seen = tuple[datetime, Precision]
"""An aware UTC moment and how exact it is."""

DOUBT: Seen = (EPOCH, Precision.NONE)
"""The stamp is not of the usual shape (compare by identity)."""

_REMEMBERED = 20_000
_LONGEST = 40
_LAST = 253_402_300_800  # the year 10000, in seconds since 1970
_PLACE_OF_T = 10
_OLDEST = f"{NO_TIME_BEFORE}"
_CLOCKS = {"%H:%M:%S": (8, Precision.SECOND), "%H:%M": (5, Precision.MINUTE), "%H%M%S": (6, Precision.SECOND)}
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2}


class _Shape(NamedTuple):
    """Where the day ends in a text of `length` characters, and how exact the clock behind it is."""

    length: int
    day: int
    colons: bool
    precision: Precision


class Swift(NamedTuple):
    """Two functions to a moment, None where there is no time, or DOUBT: from text, and from anything else."""

    text: Callable[[str], Seen | None]
    other: Callable[[Any], Seen | None]


def compile_swift(formats: tuple[str, ...], zone: str | None, empty: tuple[str, ...] = ()) -> Swift:
    """Return the functions that read the usual stamps of a source."""
    first = formats[0] if formats else "iso"
    where, unit = zone_of(zone) if zone else None, _unit_of(first)
    read = _Stamps(where).read

    def other(raw: Any) -> Seen | None:
        if raw is None:
            return None
        if raw.__class__ is datetime:
            return read(raw)
        if unit and raw.__class__ is int and 0 < raw < _LAST * unit:
            return EPOCH + timedelta(milliseconds=raw * (1000 // unit)), Precision.SECOND
        return DOUBT

    text = _Texts(compile_time(formats, zone), first, where).read
    if not empty:
        return Swift(text, other)
    declared = compile_empty(empty)

    def unless_empty(raw: str) -> Seen | None:
        return None if declared(raw) else text(raw)

    return Swift(unless_empty, lambda raw: None if raw is None else DOUBT)


def _unit_of(name: str) -> int:
    """Return how many of the units that a format counts make a second, 0 if it does not count."""
    return {"epoch": 1, "epoch_ms": 1000}.get(name, 0)


class _Texts:
    """Stamps as text; `days` keeps ISO form and offset of a day by its text, `whole` what has no clock."""

    def __init__(self, parse: Callable[[Any], Moment | None], first: str, zone: tzinfo | None) -> None:
        self._parse, self._zone = parse, zone
        self._first = parser_of(first)
        self._shape = _ISO if first == "iso" else _shape_of(first)
        self._iso = first == "iso"
        self._days: dict[str, tuple[str, timedelta]] = {}
        self._whole: dict[str, Seen | None] = {}
        self._offsets: dict[str, timedelta] = {}

    def read(self, raw: str) -> Seen | None:
        """Return the moment that a text means, None for no time, or DOUBT."""
        length, day, colons, precision = self._shape
        if len(raw) == length:
            clock = raw[day:]
            if clock[2] == ":" == clock[-3] if colons else clock.isdigit():
                known = self._days.get(raw[:day])
                if known is None:
                    return self._learn_day(raw, clock)
                try:
                    return datetime.fromisoformat(f"{known[0]}{clock}Z") - known[1], precision
                except (ValueError, OverflowError):  # 24:00 is for the thorough way
                    return DOUBT
        if self._iso and len(raw) > length:
            return self._read_iso(raw)
        return self._whole[raw] if raw in self._whole else self._learn(raw)

    def _read_iso(self, raw: str) -> Seen:
        """Return the moment of an ISO text with an offset or a fraction behind its seconds."""
        if raw[_PLACE_OF_T] not in "T " or not raw[13] == ":" == raw[16] or raw[:4] < _OLDEST:
            return DOUBT
        behind = raw[19:]
        try:
            offset = self._offsets.get(behind)
            if offset is not None:
                return datetime.fromisoformat(f"{raw[:19]}Z") - offset, Precision.SECOND
            at = datetime.fromisoformat(raw)
            if at.tzinfo is None:
                known = self._days.get(raw[: _PLACE_OF_T + 1])
                return (datetime.fromisoformat(f"{raw}Z") - known[1], Precision.SECOND) if known else DOUBT
            if behind[0] in "+-Z" and len(self._offsets) < _REMEMBERED:
                self._offsets[behind] = at.utcoffset() or timedelta()
            return at.astimezone(UTC), Precision.SECOND
        except (ValueError, OverflowError):
            return DOUBT

    def _learn_day(self, raw: str, clock: str) -> Seen:
        """Keep what the day of a stamp means, if it means the same at every hour."""
        try:
            wall = self._first(raw)
        except (ValueError, OverflowError):
            return DOUBT
        if wall is None or wall.at.tzinfo is not None or self._zone is None or wall.at.year < NO_TIME_BEFORE:
            return DOUBT
        day = wall.at.date()
        offset = offset_of_day(self._zone, day) if day.year < date.max.year else None
        same_day = wall.at.strftime("%H%M%S").startswith(clock.replace(":", ""))  # 24:00 is of the next
        if offset is not None and same_day and len(self._days) < _REMEMBERED:
            self._days[raw[: -len(clock)]] = f"{day.isoformat()}T", offset
        return DOUBT

    def _learn(self, raw: str) -> Seen | None:
        """Keep what a text without a clock means: there are only so many days."""
        try:
            moment = self._parse(raw)
        except RecordError:
            return DOUBT
        if moment is not None and (moment.precision > Precision.DAY or moment.warning):
            return DOUBT
        seen = None if moment is None else (moment.at, moment.precision)
        if len(self._whole) < _REMEMBERED and len(raw) <= _LONGEST:
            self._whole[raw] = seen
        return seen


class _Stamps:
    """Stamps as SQL drivers and spreadsheets give them; `starts` keeps the epoch by a day's own clocks."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._starts: dict[date, datetime] = {}

    def read(self, raw: datetime) -> Seen:
        """Return the moment that a datetime means, or DOUBT."""
        if raw.year < NO_TIME_BEFORE:
            return DOUBT
        if raw.tzinfo is not None:
            try:
                return raw.astimezone(UTC), Precision.SECOND
            except OverflowError:
                return DOUBT
        start = self._starts.get(raw.date())
        if start is None:
            start = self._learn(raw.date())
        return DOUBT if start is None else (EPOCH + (raw - start), Precision.SECOND)

    def _learn(self, day: date) -> datetime | None:
        if self._zone is None or day.year == date.max.year:
            return None
        offset = offset_of_day(self._zone, day)
        if offset is None:
            return None
        start = EPOCH.replace(tzinfo=None) + offset
        if len(self._starts) < _REMEMBERED:
            self._starts[day] = start
        return start


_ISO = _Shape(19, _PLACE_OF_T + 1, colons=True, precision=Precision.SECOND)
_NO_SHAPE = _Shape(-1, 0, colons=True, precision=Precision.NONE)


def _shape_of(pattern: str) -> _Shape:
    """Return the shape of a pattern's full-width texts; one that no text has for what is not so simple."""
    if pattern in NAMED:
        return _NO_SHAPE
    steps = directives(pattern)
    day = next((at for at, (kind, _) in enumerate(steps) if kind == "H"), len(steps))
    clock = "".join(f"%{kind}" if kind else text for kind, text in steps[day:])
    if clock not in _CLOCKS or any(kind and kind not in _WIDTHS for kind, _ in steps[:day]):
        return _NO_SHAPE
    before = sum(_WIDTHS[kind] if kind else len(text) for kind, text in steps[:day])
    width, precision = _CLOCKS[clock]
    return _Shape(before + width, before, colons=":" in clock, precision=precision)
