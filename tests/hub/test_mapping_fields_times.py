"""Stamps: mapping language 2.3, abilities 31 and 32."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.model import Precision, Says
from tests.hub.mapped import RECORD, fact, field, refused, system

AT_8 = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
"""Eight o'clock in the morning in Shanghai."""


def stamp(said: str, top: str = "time: {zone: Asia/Shanghai}", **values: Any) -> datetime | None:
    """Return the stamp of a record with these values."""
    return fact(system(field("occurred_at", said), top=top), {**RECORD, **values}).occurred_at


@pytest.mark.parametrize(
    ("format_", "raw"),
    [
        ("iso", "2026-03-01 08:00:00"),
        ("iso", "2026-03-01T00:00:00Z"),
        ("iso", "2026-03-01T03:00:00.000+0300"),
        ("iso", "2026-02-28T24:00:00Z"),
        ("iso", "20260301T080000"),
        ("iso", "2026-03-01T08:00:00+08:00[Asia/Shanghai]"),
        ("parts", [2026, 3, 1, 8, 0]),
        ("parts", [2026, 3, 1, 8, 0, 0, 123000000]),
        ('"%Y%m%d%H%M%S"', "20260301080000"),
        ('"%Y%m%d%H%M%S"', 20260301080000),
        ('"%d.%m.%Y %H:%M"', "1.3.2026 8:00"),
        ('"%m/%d/%y %I:%M %p"', "03/01/26 08:00 am"),
        ('"%Y年%m月%d日 %H时%M分"', "2026年3月1日 8时00分"),
        ('"%Y/%m/%d %p%I:%M:%S"', "2026/3/1 上午8:00:00"),
        ('"%d-%b-%y %H:%M"', "01-MAR-26 08:00"),
        ('"%d %B %Y %H:%M"', "1 March 2026 08:00"),
        ('"%a, %d %b %Y %H:%M:%S %Z"', "Sun, 01 Mar 2026 00:00:00 GMT"),
        ('"%Y %j %H:%M"', "2026 060 08:00"),
        ("epoch", 1772323200),
        ("epoch", "1772323200"),
        ("epoch", Decimal("1772323200.5")),
        ("epoch_ms", 1772323200000),
        ("odata", "/Date(1772323200000+0800)/"),
        ("excel", Decimal("46082.3333333333")),
        ("excel_1904", Decimal("44620.3333333333")),
        ("parts", {"year": 2026, "month": 3, "day": 1, "hour": 8, "minute": 0, "second": 0}),
        ('["%d.%m.%Y", "%Y%m%d", iso]', "2026-03-01T08:00:00"),
    ],
)
def test_a_moment_in_many_ways(format_: str, raw: Any) -> None:
    at = stamp(f"{{from: at, format: {format_}}}", at=raw)
    assert at is not None
    assert at.replace(microsecond=0) == AT_8


@pytest.mark.parametrize(
    ("said", "values", "precision"),
    [
        ("{from: [d, t]}", {"d": "2026-03-01", "t": "08:00:00"}, Precision.SECOND),
        ('{from: [d, t], format: "%Y%m%d %H%M%S"}', {"d": "20260301", "t": "080000"}, Precision.SECOND),
        ('{from: [d, t], format: "%Y%m%d %H%M"}', {"d": 20260301, "t": "0800"}, Precision.MINUTE),
        ("{from: [d, t]}", {"d": date(2026, 3, 1), "t": "08:00"}, Precision.MINUTE),
    ],
)
def test_date_and_time_in_two_fields(said: str, values: dict[str, Any], precision: Precision) -> None:
    one = fact(system(field("occurred_at", said)), {**RECORD, **values})
    assert (one.occurred_at, one.precision) == (AT_8, precision)


@pytest.mark.parametrize(
    ("format_", "day", "clock"),
    [
        ("odata", "/Date(1772323200000)/", "PT08H00M00S"),
        ("odata", "/Date(1772323200000)/", "08:00"),
        ("iso", "2026-03-01T00:00:00", "PT8H"),
        ("iso", "2026-03-01 00:00:00.000", "08:00:00"),
        ("iso", "2026-03-01", 80000),
        ('"%Y%m%d %H%M%S"', 20260301, 80000),
        ('"%Y%m%d %H%M"', "20260301", "800"),
        ("iso", date(2026, 3, 1), "PT08H"),
        ("iso", "2026-03-01T00:00:00", "+00:00"),
    ],
)
def test_a_day_and_its_clock_may_stand_in_two_fields(format_: str, day: Any, clock: Any) -> None:
    assert stamp(f"{{from: [at, clock], format: {format_}}}", at=day, clock=clock) == AT_8


@pytest.mark.parametrize(("day", "clock"), [("/Date(1772323200000)/", "PT99H"), ("/Date(1)/", "25:00")])
def test_a_clock_that_is_none_is_refused(day: str, clock: str) -> None:
    found = refused(
        system(field("occurred_at", "{from: [at, clock], format: odata, zone: UTC}")),
        {**RECORD, "at": day, "clock": clock},
    )
    assert found.key == "mapping.bad_time"


def test_false_is_no_time() -> None:
    assert stamp("at", at=False) is None


@pytest.mark.parametrize(
    ("offset", "clock"),
    [
        ("+08:00", "08:00"), ("+0800", "08:00"), ("UTC+8", "08:00"), ("GMT+08", "08:00"), (8, "08:00"),
        ("８", "08:00"), (480, "08:00"), (28800, "08:00"), ("-120", "22:00"), ("-02:00", "22:00"),
        ("+05:30", "05:30"), ("Z", "00:00"), ("Europe/Berlin", "01:00"), (" ", "08:00"), (None, "08:00"),
    ],
)  # fmt: skip
def test_an_offset_may_have_a_field_of_its_own(offset: Any, clock: str) -> None:
    day = "2026-02-28" if clock == "22:00" else "2026-03-01"
    said = "{from: at, offset: away}"
    assert stamp(said, at=f"{day} {clock}:00", away=offset) == AT_8


@pytest.mark.parametrize("offset", ["east", "+25:00", "99999999", "+08:00:00:00"])
def test_an_offset_that_is_none_is_refused(offset: str) -> None:
    text = system(field("occurred_at", "{from: at, offset: away}"))
    assert refused(text, {**RECORD, "away": offset}).key == "mapping.bad_offset"


@pytest.mark.parametrize(
    "empty",
    [
        None, "", "  ", 0, "0", "0000-00-00", "0000-00-00 00:00:00", "00000000", "00.00.0000", "1900-01-01",
        "0001-01-01T00:00:00", datetime(1900, 1, 1), date(1, 1, 1), "9999-12-31", "9999-12-31 23:59:59",  # noqa: DTZ001
        datetime(9999, 12, 31), "1970-01-01 00:00:00",  # noqa: DTZ001
    ],
)  # fmt: skip
def test_zero_dates_and_what_is_declared_empty_are_no_time(empty: Any) -> None:
    top = 'time: {zone: Asia/Shanghai, empty: ["9999-12-31*", "1970-01-01 00:00:00"]}'
    assert stamp("at", top, at=empty) is None
    assert stamp("[at, then]", top, at=empty, then="2026-03-01 08:00:00") == AT_8


def test_what_is_not_declared_empty_is_a_time() -> None:
    assert stamp("at", at="1970-01-01 00:00:00") == datetime(1969, 12, 31, 16, tzinfo=UTC)
    said = '{from: at, empty: "1970-*"}'
    assert stamp(said, at="1970-01-01 00:00:00") is None
    assert stamp(said, at="2026-03-01 08:00:00") == AT_8


def test_the_zone_of_a_field_of_a_stream_and_of_the_system() -> None:
    top = "time: {zone: UTC}"
    berlin = system(field("occurred_at", "at"), stream="time: {zone: Europe/Berlin}", top=top)
    assert stamp("at", top) == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert fact(berlin).occurred_at == datetime(2026, 3, 1, 7, tzinfo=UTC)
    assert stamp("{from: at, zone: +09:00}", top) == datetime(2026, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "warning"),
    [("2025-10-26 02:30:00", "ambiguous_time"), ("2026-03-29 02:30:00", "nonexistent_time")],
)
def test_an_hour_that_a_clock_change_makes_doubtful_is_reported(raw: str, warning: str) -> None:
    text = system(top="time: {zone: Europe/Berlin}")
    assert fact(text, {**RECORD, "at": raw}).warnings == (f"mapping.{warning}",)
    assert fact(text, {**RECORD, "at": raw.replace(" 02", " 04")}).warnings == ()


@pytest.mark.parametrize(
    ("raw", "precision"),
    [
        ("2026-03-01", Precision.DAY),
        ("2026-03-01 08:00", Precision.MINUTE),
        ("2026-03-01 08:00:00", Precision.SECOND),
    ],
)
def test_precision_follows_from_what_matched(raw: str, precision: Precision) -> None:
    assert fact(system(), {**RECORD, "at": raw}).precision is precision


@pytest.mark.parametrize("says", ["event", "modified", "created", "seen"])
def test_a_stamp_says_what_it_is_declared_to_say(says: str) -> None:
    one = fact(system(field("occurred_at", f"{{from: at, says: {says}}}")))
    assert one.says is Says(says)
    assert (one.precision is Precision.NONE) == (says in {"created", "seen"})


@pytest.mark.parametrize(
    "raw", ["2026-02-30 08:00:00", "2026-13-01", "soon", "01-XYZ-26", "2026 366", True, 1.5]
)
def test_what_is_no_time_is_refused(raw: Any) -> None:
    text = system(field("occurred_at", '{from: at, format: [iso, "%d-%b-%y", "%Y %j"]}'))
    assert refused(text, {**RECORD, "at": raw}).key == "mapping.bad_time"
