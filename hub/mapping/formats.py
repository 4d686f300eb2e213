"""The shapes in which sources write a time, each as a parser from the raw value to wall-clock or aware time.

``iso``, ``epoch`` (seconds), ``epoch_ms``, ``odata`` (``/Date(ms+offset)/``), ``excel`` and ``excel_1904``
(serial days since 1900 and 1904), ``parts`` (an object of year, month, day, hour, minute, second), or a
strptime pattern. In a pattern a number may drop its leading zero where a separator follows (``5.1.2026``),
but compact digits have their full width (``20260105``); names of months and days are English, of any length
from three letters, or Chinese months. 24:00 is midnight of the next day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from hub.errors import MappingError
from hub.mapping.zones import zone_of
from hub.model import Precision
from hub.problems import MappingErrors, Problem, unknown

NAMED = ("iso", "epoch", "epoch_ms", "odata", "excel", "excel_1904", "parts")
ABSOLUTE = frozenset({"epoch", "epoch_ms"})
"""Formats that name a moment without any zone."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001  # serials are wall-clock time; the zone is applied after
EXCEL_1904 = datetime(1904, 1, 1)  # noqa: DTZ001  # as above
_DAY = timedelta(days=1)


class Wall(NamedTuple):
    """What a format read: a time that is aware, or still needs the zone of its source."""

    at: datetime
    precision: Precision


Parser = Callable[[Any], Wall | None]
"""Reads one format; None if the value is not in it."""


@lru_cache(maxsize=256)
def parser_of(name: str) -> Parser:
    """Return the parser of a format; MappingError for a pattern that cannot be read."""
    if name in NAMED:
        return _PARSERS[name]
    if "%" not in name:
        key, values = unknown(name, NAMED, "word")
        raise MappingErrors([Problem("", 0, 0, "error", key, values)])
    return _pattern(name)


_CLOCK_24 = re.compile(r"(?<=[T ])24:?00(:?00(?:[.,]0+)?)?")
_SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_ZONE_NAME = re.compile(r"\s*\[[\w/+-]+\]$")
_OFFSET = re.compile(r"(?:Z|[+-]\d{2}(?::?\d{2})?)$", re.I)


def _iso(value: Any) -> Wall | None:
    if not isinstance(value, str):
        return None
    text = value.strip()
    midnight = False
    if len(text) > 10:
        text = _SPACED_OFFSET.sub("", _ZONE_NAME.sub("", text))
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
    return Wall(EPOCH + timedelta(microseconds=int(number * unit)), Precision.SECOND)


_ODATA = re.compile(r"\\?/Date\((-?\d+)(?:([+-])(\d{2})(\d{2}))?\)\\?/")


def _odata(value: Any) -> Wall | None:
    """Read `/Date(ms+offset)/`: the milliseconds are UTC already, the offset says only how to show them."""
    found = _ODATA.fullmatch(value.strip()) if isinstance(value, str) else None
    return Wall(EPOCH + timedelta(milliseconds=int(found[1])), Precision.SECOND) if found else None


def _excel(value: Any, start: datetime = EXCEL) -> Wall | None:
    number = _number(value)
    if number is None or not 0 < number < 2_957_004:  # year 9999
        return None
    at = start + timedelta(seconds=int((number * 86_400).to_integral_value()))
    return Wall(at, Precision.DAY if number == number.to_integral_value() else Precision.SECOND)


_PARTS = (
    ("year",), ("month", "monthValue"), ("day", "dayOfMonth", "date"),
    ("hour", "hours"), ("minute", "minutes"), ("second", "seconds"),
)  # fmt: skip


def _parts(value: Any) -> Wall | None:
    """Read an object of year, month (1 to 12), day, hour, minute, second; the last three may be absent.

    Or a list of them in this order, as Java writes a LocalDateTime; what follows the second is left out.
    """
    if isinstance(value, list):
        value = dict(zip((names[0] for names in _PARTS), value, strict=False))
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
    return Wall(datetime(*numbers), precision)  # type: ignore[arg-type]  # noqa: DTZ001  # naive: the zone comes after


_PARSERS: dict[str, Parser] = {
    "iso": _iso,
    "epoch": lambda value: _since_epoch(value, 1_000_000),
    "epoch_ms": lambda value: _since_epoch(value, 1_000),
    "odata": _odata,
    "excel": _excel,
    "excel_1904": lambda value: _excel(value, EXCEL_1904),
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
    "j": (1, 3),
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CHINESE = "一二三四五六七八九十"
_NAMES = {
    "b": r"(?P<b>[a-z]{3,9}\.?|十?[一二三四五六七八九十]月)", "a": r"[^\W\d_]+\.?", "Z": r"(?:UTC|GMT|Z)",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2})", "p": r"(?P<p>AM|PM|上午|下午)",
}  # fmt: skip
_NAMES |= {"B": _NAMES["b"], "A": _NAMES["a"]}
_DIRECTIVE = re.compile(r"%(.)|([^%]+)", re.S)


def _pattern(pattern: str) -> Parser:
    expression = re.compile(_regex(pattern), re.I)
    names = set(expression.groupindex)
    if not ({"m", "d"} <= names or {"b", "d"} <= names or "j" in names) or not names & {"Y", "y"}:
        raise MappingError("mapping.bad_format", format=pattern, reason="%Y %m %d")
    clock, utc = {"H", "I"} & names, "%Z" in pattern
    precision = (
        Precision.SECOND if "S" in names else Precision.MINUTE if clock and "M" in names else Precision.DAY
    )

    def parse(value: Any) -> Wall | None:
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        found = expression.fullmatch(str(value).strip())
        return Wall(_built(found.groupdict(), utc), precision) if found else None

    return parse


def directives(pattern: str) -> list[tuple[str, str]]:
    """Return the steps of a pattern, each a directive's letter or, after "", literal text."""
    return [
        ("", "%" if step[1] == "%" else step[2]) if step[1] in (None, "%") else (step[1], "")
        for step in _DIRECTIVE.finditer(pattern)
    ]


def _regex(pattern: str) -> str:
    steps = list(_DIRECTIVE.finditer(pattern))
    parts = []
    for index, step in enumerate(steps):
        kind, literal = step[1], step[2]
        if literal is not None or kind == "%":
            parts.append(r"\s+".join(re.escape(one) for one in re.split(r"\s+", literal or "%")))
        elif kind in _NAMES:
            parts.append(_NAMES[kind])
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


def _built(groups: dict[str, str | None], utc: bool) -> datetime:
    """Return the datetime of a pattern's groups; ValueError if there is no such day or hour."""
    said = {name: text for name, text in groups.items() if text}
    year = int(said["Y"]) if "Y" in said else _century(int(said["y"]))
    hour = int(said.get("H", "0"))
    if "I" in said:
        hour = int(said["I"]) % 12 + (12 if said.get("p", "").upper() in {"PM", "下午"} else 0)
    minute, second = int(said.get("M", "0")), int(said.get("S", "0"))
    micros = int(said.get("f", "0")[:6].ljust(6, "0"))
    next_day = hour == 24 and minute == second == micros == 0
    day = _day(year, said).replace(tzinfo=UTC if utc else _offset(said.get("z")))
    return (
        day + _DAY if next_day else day.replace(hour=hour, minute=minute, second=second, microsecond=micros)
    )


def _day(year: int, said: dict[str, str]) -> datetime:
    if "j" not in said:
        month = _month(said["b"]) if "b" in said else int(said["m"])
        return datetime(year, month, int(said["d"]))  # noqa: DTZ001  # naive: the zone comes after
    day = datetime(year, 1, 1) + timedelta(int(said["j"]) - 1)  # noqa: DTZ001  # as above
    if day.year != year:
        raise ValueError
    return day


def _month(name: str) -> int:
    """Return the number of a month's name; ValueError if there is no such month."""
    if name.endswith("月"):
        return sum(_CHINESE.index(one) + 1 for one in name[:-1])
    return _MONTHS.index(name[:3].casefold()) + 1


def _offset(text: str | None) -> tzinfo | None:
    return None if text is None else zone_of("UTC" if text.upper() == "Z" else text)


def _century(year: int) -> int:
    return 2000 + year if year < 69 else 1900 + year
