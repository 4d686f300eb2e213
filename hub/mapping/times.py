"""Stamps, both ways: raw values to aware UTC with what they are worth, and back to what a source wants."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from hub.errors import ConfigError, RecordError
from hub.mapping.fieldspec import TimeSpec
from hub.mapping.formats import EPOCH, EXCEL, EXCEL_1904, Parser, Wall, parser_of
from hub.mapping.zones import localized, zone_of
from hub.model import Precision

__all__ = ["Moment", "compile_time", "is_no_time", "parser_of", "send", "zone_of"]

NO_TIME_BEFORE = 1901
"""Databases that have no empty date write 0001-01-01 or 1900-01-01: no order is so old."""


NOTHING = "0-./: T\u3000年月日"
"""A stamp of nothing but these is an empty one."""

_MICRO_DAY = Decimal("1E-10")


class Moment(NamedTuple):
    """An aware UTC moment, how exact it is, and the key of a warning ("" if there is none)."""

    at: datetime
    precision: Precision
    warning: str = ""


def compile_time(
    formats: Sequence[str], zone: str | None, empty: Sequence[str] = ()
) -> Callable[[Any], Moment | None]:
    """Return a function from a raw value to a Moment, None where the value is absent (empty, zero date).

    `empty` names, as globs over the value's text, what else stands for no time.
    The function raises RecordError: "mapping.bad_time" if no format fits, "mapping.naive_time" if the
    value says no offset and no `zone` is given. Python dates and datetimes (of SQL drivers and
    spreadsheets) are taken in any format. Raises MappingError for an unknown format or zone.
    """
    return _compiled(tuple(formats), zone, tuple(empty))


@lru_cache(maxsize=4096)
def _compiled(
    formats: tuple[str, ...], zone: str | None, empty: tuple[str, ...]
) -> Callable[[Any], Moment | None]:
    parsers = [parser_of(one) for one in formats or ("iso",)]
    where, declared = zone_of(zone) if zone else None, compile_empty(empty)

    def read(value: Any) -> Moment | None:
        if is_no_time(value) or declared(str(value)):
            return None
        wall = _of_python(value) if isinstance(value, date) else _first(parsers, value)
        if wall is None:
            raise RecordError("mapping.bad_time", found=_short(value), formats=", ".join(formats or ("iso",)))
        if wall.at.year < NO_TIME_BEFORE:
            return None
        if wall.at.tzinfo is None and where is None:
            raise RecordError("mapping.naive_time", found=_short(value))
        try:
            return _moment(wall, where)
        except OverflowError as error:  # the last hours of the year 9999
            raise RecordError("mapping.bad_time", found=_short(value), formats="iso") from error

    return read


def compile_empty(globs: Sequence[str]) -> Callable[[str], object]:
    """Return a function that tells whether a stamp's text is declared to stand for no time."""
    if not globs:
        return lambda text: None
    return re.compile("|".join(fnmatch.translate(one) for one in globs)).match


def _moment(wall: Wall, zone: tzinfo | None) -> Moment:
    if wall.at.tzinfo is not None or zone is None:
        return Moment(wall.at.astimezone(UTC), wall.precision)
    at, warning = localized(wall.at, zone)
    return Moment(at, wall.precision, "" if wall.precision <= Precision.DAY else warning)


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
    """Tell whether a raw value stands for no time: nothing, blanks, 0, false, or a date of zeros."""
    if value is None or value == "" or value is False:
        return True
    if isinstance(value, str):
        return not value.strip(NOTHING)
    return not value and not isinstance(value, date | bool)


def _of_python(value: date) -> Wall:
    if isinstance(value, datetime):
        return Wall(value, Precision.SECOND)
    return Wall(datetime.combine(value, time()), Precision.DAY)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 64 else text[:63] + "…"


def ask(moment: datetime, spec: TimeSpec) -> Any:
    """Return an aware `moment` as a source is asked from it on: as `send`, but for OData.

    There a record has `/Date(…)/` and a filter `datetimeoffset'2026-01-05T07:00:00Z'` (OData 2.0, section 6).
    """
    if spec.format and spec.format[0] == "odata":
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return send(moment, spec)


def send(moment: datetime, spec: TimeSpec) -> Any:
    """Return an aware `moment` in the zone and the first format of `spec`, rounded down to what it can say.

    Without a format: ISO with offset. Raises ConfigError for a wall-clock format without a zone.
    """
    name = spec.format[0] if spec.format else "iso"
    micros = (moment - EPOCH) // timedelta(microseconds=1)
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
    if name in {"excel", "excel_1904"}:
        wall = at.replace(tzinfo=None) - (EXCEL if name == "excel" else EXCEL_1904)
        return Decimal(wall.days) + (Decimal(wall.seconds) / 86_400).quantize(_MICRO_DAY, ROUND_DOWN)
    if name == "parts":
        return dict(zip(("year", "month", "day", "hour", "minute", "second"), at.timetuple(), strict=False))
    return at.strftime(name)
