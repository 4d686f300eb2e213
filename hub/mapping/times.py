"""Stamps, both ways: the many shapes of a time in a source, and aware UTC.

Formats: ``iso``, ``epoch`` (seconds), ``epoch_ms``, ``odata`` (``/Date(ms+offset)/``), ``excel`` (serial days),
``parts`` (an object of year, month, day, hour, minute, second) or a strptime pattern; they are tried in order.
In a pattern a number may drop its leading zero where a separator follows (``5.1.2026``), but compact digits
have their full width (``20260105``). 24:00 is midnight of the next day; a date of zeros is no date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hub.errors import ConfigError, MappingError, RecordError
from hub.mapping.grammar import TimeSpec
from hub.model import Precision, Says

NAMED = ("iso", "epoch", "epoch_ms", "odata", "excel", "parts")
ABSOLUTE = frozenset({"epoch", "epoch_ms"})
"""Formats that name a moment without any zone."""

AMBIGUOUS = "mapping.ambiguous_time"
NONEXISTENT = "mapping.nonexistent_time"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001  # serials are wall-clock time; the zone is applied after
_DAY = timedelta(days=1)


class Moment(NamedTuple):
    """An aware UTC moment, how exact it is, the key of a warning ("" if there is none), and what it says.

    `says` is None unless the alternative that gave the moment says it itself.
    """

    at: datetime
    precision: Precision
    warning: str = ""
    says: Says | None = None


class Wall(NamedTuple):
    """What a format read: a time that is aware, or still needs the zone of its source."""

    at: datetime
    precision: Precision


Parser = Callable[[Any], Wall | None]
"""Reads one format; None if the value is not in it."""


def compile_time(formats: Sequence[str], zone: str | None) -> Callable[[Any], Moment | None]:
    """Return a function from a raw value to a Moment, None where the value is absent (empty, zero date).

    The function raises RecordError: "mapping.bad_time" if no format fits, "mapping.naive_time" if the
    value says no offset and no `zone` is given. Python dates and datetimes (of SQL drivers and
    spreadsheets) are taken in any format. Raises MappingError for an unknown format or zone.
    """
    parsers = [parser_of(one) for one in formats or ("iso",)]
    where = zone_of(zone) if zone else None

    def read(value: Any) -> Moment | None:
        if is_no_time(value):
            return None
        wall = _of_python(value) if isinstance(value, date) else _first(parsers, value)
        if wall is None:
            raise RecordError("mapping.bad_time", found=_short(value), formats=", ".join(formats or ("iso",)))
        if wall.at.tzinfo is not None:
            return Moment(wall.at.astimezone(UTC), wall.precision)
        if where is None:
            raise RecordError("mapping.naive_time", found=_short(value))
        return localized(wall, where)

    return read


def _first(parsers: list[Parser], value: Any) -> Wall | None:
    for parse in parsers:
        try:
            wall = parse(value)
        except (ValueError, OverflowError):
            continue
        if wall is not None:
            return wall
    return None


def is_no_time(value: Any) -> bool:
    """Tell whether a raw value stands for no time: nothing, blanks, 0, or a date of zeros."""
    if value is None or value == "":
        return True
    if isinstance(value, str):
        return not value.strip("0-./: T\u3000年月日")
    return not isinstance(value, date | dict) and value in (0, [])


def localized(wall: Wall, zone: tzinfo) -> Moment:
    """Return the moment of a wall-clock time in `zone`, with a warning where the clock change makes it doubtful.

    An hour that happens twice is taken as its first occurrence; one that never happens is shifted forward.
    """
    offset = _offset_of_day(zone, wall.at.date())
    if offset is not None:
        return Moment((wall.at - offset).replace(tzinfo=UTC), wall.precision)
    early, late = wall.at.replace(tzinfo=zone, fold=0), wall.at.replace(tzinfo=zone, fold=1)
    before, after = early.utcoffset(), late.utcoffset()
    warning = ""
    if before is not None and after is not None and before != after:
        warning = AMBIGUOUS if before > after else NONEXISTENT
    if wall.precision <= Precision.DAY:
        warning = ""
    return Moment(early.astimezone(UTC), wall.precision, warning)


@lru_cache(maxsize=20_000)
def _offset_of_day(zone: tzinfo, day: date) -> timedelta | None:
    """Return the offset that holds from one midnight to the next in `zone`, None on the day of a change."""
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + _DAY, time(), zone)
    offsets = {one.replace(fold=fold).utcoffset() for one in (start, end) for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """Return the zone called `name` ("Asia/Shanghai", "UTC", "+08:00"); MappingError if there is none."""
    if fixed := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", name):
        offset = datetime.strptime(f"{fixed[1]}{fixed[2]}{fixed[3]}", "%z").tzinfo
        if offset is not None:
            return offset
    try:
        return ZoneInfo(name)
    except (
        OSError,
        ValueError,
    ) as error:  # ZoneInfoNotFoundError is a KeyError on some, an OSError on others
        raise MappingError("mapping.unknown_zone", name=name) from error
    except KeyError as error:
        raise MappingError("mapping.unknown_zone", name=name) from error


def _of_python(value: date) -> Wall:
    if not isinstance(value, datetime):
        return Wall(datetime.combine(value, time()), Precision.DAY)
    return Wall(value, Precision.SECOND)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 64 else text[:63] + "…"


# Formats


@lru_cache(maxsize=256)
def parser_of(name: str) -> Parser:
    """Return the parser of a format; MappingError for a pattern that cannot be read."""
    if name in NAMED:
        return _PARSERS[name]
    if "%" not in name:
        from hub.problems import unknown

        key, values = unknown(name, NAMED, "word")
        raise MappingError(key, **values)
    return _pattern(name)


_CLOCK_24 = re.compile(r"(?<=[T ])24:?00(:?00(?:[.,]0+)?)?")
_SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_OFFSET = re.compile(r"(?:Z|[+-]\d{2}(?::?\d{2})?)$", re.I)


def _iso(value: Any) -> Wall | None:
    if not isinstance(value, str):
        return None
    text = value.strip()
    midnight = False
    if len(text) > 10:
        text = _SPACED_OFFSET.sub("", text)
        text, changed = _CLOCK_24.subn(lambda found: found[0].replace("24", "00", 1), text, count=1)
        midnight = bool(changed)
    at = datetime.fromisoformat(text)
    clock = _OFFSET.sub("", text[10:] if text[4:5] == "-" else text[8:])
    digits = sum(one.isdigit() for one in clock)
    precision = Precision.SECOND if digits >= 6 else Precision.MINUTE if digits >= 3 else Precision.DAY
    return Wall(at + _DAY if midnight else at, precision)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _since_epoch(value: Any, unit: int) -> Wall | None:
    number = _number(value)
    if number is None:
        return None
    return Wall(_EPOCH + timedelta(microseconds=int(number * unit)), Precision.SECOND)


_ODATA = re.compile(r"\\?/Date\((-?\d+)(?:([+-])(\d{2})(\d{2}))?\)\\?/")


def _odata(value: Any) -> Wall | None:
    """Read `/Date(ms+offset)/`: the milliseconds are UTC already, the offset says only how to show them."""
    found = _ODATA.fullmatch(value.strip()) if isinstance(value, str) else None
    return Wall(_EPOCH + timedelta(milliseconds=int(found[1])), Precision.SECOND) if found else None


def _excel(value: Any) -> Wall | None:
    number = _number(value)
    if number is None or not 0 < number < 2_958_466:  # year 9999
        return None
    at = _EXCEL + timedelta(seconds=int((number * 86_400).to_integral_value()))
    return Wall(at, Precision.DAY if number == number.to_integral_value() else Precision.SECOND)


_PARTS = (
    ("year",), ("month", "monthValue"), ("day", "dayOfMonth", "date"),
    ("hour", "hours"), ("minute", "minutes"), ("second", "seconds"),
)  # fmt: skip


def _parts(value: Any) -> Wall | None:
    """Read an object of year, month (1 to 12), day, hour, minute, second; an absent `second` lowers precision."""
    if not isinstance(value, dict):
        return None
    by_name = {str(name).casefold(): one for name, one in value.items()}
    said = [
        next((by_name[name.casefold()] for name in names if name.casefold() in by_name), None)
        for names in _PARTS
    ]
    if any(one is None for one in said[:3]):
        return None
    numbers = [int(str(one)) for one in said if one is not None]
    clock = 6 - sum(one is None for one in said)
    precision = Precision.SECOND if clock == 6 else Precision.MINUTE if clock == 5 else Precision.DAY
    return Wall(datetime(*numbers), precision)  # type: ignore[arg-type,misc]  # noqa: DTZ001  # naive on purpose


_PARSERS: dict[str, Parser] = {
    "iso": _iso,
    "epoch": lambda value: _since_epoch(value, 1_000_000),
    "epoch_ms": lambda value: _since_epoch(value, 1_000),
    "odata": _odata,
    "excel": _excel,
    "parts": _parts,
}

# Patterns: our own, since strptime takes "2026115" for %Y%m%d and knows nothing of precision or 24:00

_WIDTHS = {
    "Y": (4, 4),
    "y": (2, 2),
    "m": (1, 2),
    "d": (1, 2),
    "H": (1, 2),
    "I": (1, 2),
    "M": (1, 2),
    "S": (1, 2),
    "f": (1, 9),
}
_DIRECTIVE = re.compile(r"%(.)|([^%]+)", re.S)


def _pattern(pattern: str) -> Parser:
    expression = re.compile(_regex(pattern), re.I)
    names = set(expression.groupindex)
    if not {"m", "d"} <= names or not names & {"Y", "y"}:
        raise MappingError("mapping.bad_format", format=pattern, reason="%Y %m %d")
    clock = {"H", "I"} & names
    precision = (
        Precision.SECOND if "S" in names else Precision.MINUTE if clock and "M" in names else Precision.DAY
    )

    def parse(value: Any) -> Wall | None:
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        found = expression.fullmatch(str(value).strip())
        return Wall(_built(found.groupdict()), precision) if found else None

    return parse


def _regex(pattern: str) -> str:
    steps = list(_DIRECTIVE.finditer(pattern))
    parts = []
    for index, step in enumerate(steps):
        kind, literal = step[1], step[2]
        if literal is not None or kind == "%":
            parts.append(r"\s+".join(re.escape(one) for one in re.split(r"\s+", literal or "%")))
        elif kind == "z":
            parts.append(r"(?P<z>Z|[+-]\d{2}:?\d{2})")
        elif kind == "p":
            parts.append(r"(?P<p>AM|PM|上午|下午)")
        elif kind in _WIDTHS:
            least, most = _WIDTHS[kind]
            beside = [steps[at][1] for at in (index - 1, index + 1) if 0 <= at < len(steps)]
            compact = any(one is not None and one in _WIDTHS for one in beside) and kind != "f"
            parts.append(rf"(?P<{kind}>[0-9]{{{most if compact else least},{most}}})")
        else:
            raise MappingError("mapping.bad_format", format=pattern, reason=f"%{kind}")
    try:
        re.compile("".join(parts))
    except re.error as error:
        raise MappingError("mapping.bad_format", format=pattern, reason=str(error)) from error
    return "".join(parts)


def _built(said: dict[str, str | None]) -> datetime:
    """Return the datetime of a pattern's groups; ValueError if there is no such day or hour."""
    year = int(said["Y"]) if said.get("Y") else _century(int(said["y"] or 0))
    hour = int(said.get("H") or 0)
    if said.get("I"):
        hour = int(said["I"] or 0) % 12 + (12 if str(said.get("p") or "").upper() in {"PM", "下午"} else 0)
    minute, second = int(said.get("M") or 0), int(said.get("S") or 0)
    micros = int((said.get("f") or "0")[:6].ljust(6, "0"))
    next_day = hour == 24 and minute == second == micros == 0
    zone = (
        zone_of("UTC")
        if (said.get("z") or "").upper() == "Z"
        else zone_of(said["z"] or "")
        if said.get("z")
        else None
    )
    at = datetime(
        year,
        int(said["m"] or 0),
        int(said["d"] or 0),
        0 if next_day else hour,
        minute,
        second,
        micros,
        tzinfo=zone,
    )
    return at + _DAY if next_day else at


def _century(year: int) -> int:
    return 2000 + year if year < 69 else 1900 + year


# The way out


def send(moment: datetime, spec: TimeSpec) -> Any:
    """Return an aware `moment` in the zone and the first format of `spec`, rounded down to what it can say.

    Without a format: ISO with offset. Raises ConfigError for a wall-clock format without a zone.
    """
    name = spec.format[0] if spec.format else "iso"
    micros = (moment - _EPOCH) // timedelta(microseconds=1)
    if name == "epoch":
        return micros // 1_000_000
    if name == "epoch_ms":
        return micros // 1_000
    if name == "odata":
        return f"/Date({micros // 1_000})/"
    if name == "iso":
        return moment.astimezone(zone_of(spec.zone) if spec.zone else UTC).isoformat()
    if spec.zone is None and "%z" not in name:
        raise ConfigError("mapping.naive_format", format=name)
    return _sent_local(moment.astimezone(zone_of(spec.zone or "UTC")), name)


def _sent_local(at: datetime, name: str) -> Any:
    if name == "excel":
        wall = at.replace(tzinfo=None) - _EXCEL
        return Decimal(wall.days) + (Decimal(wall.seconds) / 86_400).quantize(Decimal("1.0000000000"))
    if name == "parts":
        return dict(zip(("year", "month", "day", "hour", "minute", "second"), at.timetuple(), strict=False))
    return at.strftime(name)
