from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError, MappingError, RecordError
from hub.mapping import TimeSpec, send
from hub.mapping.times import Moment, compile_time
from hub.model import Precision

D, M, S = Precision.DAY, Precision.MINUTE, Precision.SECOND
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "+05:30"]
FORMATS = [
    "iso", "epoch", "epoch_ms", "odata", "excel", "parts",
    "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M%S", "%Y/%m/%d %H:%M:%S %z", "%y%m%d %H%M%S",
]  # fmt: skip

seconds = st.datetimes(datetime(1971, 1, 1), datetime(2060, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


def read(value: Any, *formats: str, zone: str | None = "Europe/Berlin") -> Moment | None:
    return compile_time(formats, zone)(value)


@given(moment=seconds, name=st.sampled_from(FORMATS), zone=st.sampled_from(ZONES))
def test_what_is_sent_is_read_back(moment: datetime, name: str, zone: str) -> None:
    found = read(send(moment, TimeSpec(zone=zone, format=(name,))), name, zone=zone)
    assert found is not None
    doubt = timedelta(hours=1) if found.warning == "mapping.ambiguous_time" else timedelta()
    assert moment - doubt <= found.at <= moment
    midnight = name == "excel" and moment.astimezone(compile_zone(zone)).time() == time()
    assert found.precision == (D if midnight else S)


def compile_zone(name: str) -> Any:
    from hub.mapping.times import zone_of

    return zone_of(name)


@given(moment=st.datetimes(datetime(1971, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_sent_is_never_later_than_the_moment(moment: datetime) -> None:
    """A cursor that is sent too late would lose records."""
    for name in FORMATS:
        found = read(send(moment, TimeSpec(zone="Asia/Shanghai", format=(name,))), name, zone="Asia/Shanghai")
        assert found is not None
        assert moment - timedelta(seconds=1) < found.at <= moment


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        found = read(text, *FORMATS[6:], "iso", "epoch", "excel")
    except RecordError as error:
        assert error.key == "mapping.bad_time"
    else:
        assert found is None or found.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "formats", "expected", "precision"),
    [
        ("2026-01-05", (), "2026-01-04T23:00:00", D),
        ("20260105", (), "2026-01-04T23:00:00", D),
        ("9999-12-31", (), "9999-12-30T23:00:00", D),
        ("2026-01-05T08:00", (), "2026-01-05T07:00:00", M),
        ("20260105T0800", (), "2026-01-05T07:00:00", M),
        ("2026-01-05 08:00:01", (), "2026-01-05T07:00:01", S),
        ("2026-01-05 08:00:01.1234567", (), "2026-01-05T07:00:01.123456", S),
        ("2026-01-05T08:00:00Z", (), "2026-01-05T08:00:00", S),
        ("2026-01-05T08:00:00 +0800", (), "2026-01-05T00:00:00", S),
        ("2026-01-05T24:00:00Z", (), "2026-01-06T00:00:00", S),
        ("2026-01-05 24:00", (), "2026-01-05T23:00:00", M),
        ("5.1.2026 7:00", ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"), "2026-01-05T06:00:00", M),
        ("20260105240000", ("%Y%m%d%H%M%S",), "2026-01-05T23:00:00", S),
        (20260105, ("%Y%m%d",), "2026-01-04T23:00:00", D),
        ("2026年1月5日 08:00", ("%Y年%m月%d日 %H:%M",), "2026-01-05T07:00:00", M),
        ("01/05/2026 01:05:00 PM", ("%m/%d/%Y %I:%M:%S %p",), "2026-01-05T12:05:00", S),
        ("2026-01-05 12:00 上午", ("%Y-%m-%d %I:%M %p",), "2026-01-04T23:00:00", M),
        ("/Date(1767600000000+0800)/", ("odata",), "2026-01-05T08:00:00", S),
        (r"\/Date(1767600000000)\/", ("odata",), "2026-01-05T08:00:00", S),
        (1767600000, ("epoch",), "2026-01-05T08:00:00", S),
        ("1767600000123", ("epoch_ms",), "2026-01-05T08:00:00.123000", S),
        (Decimal("46027.5"), ("excel",), "2026-01-05T11:00:00", S),
        ("46027", ("excel",), "2026-01-04T23:00:00", D),
        (
            {"year": 2026, "month": 1, "day": "5", "hour": 8, "minute": 3},
            ("parts",),
            "2026-01-05T07:03:00",
            M,
        ),
        (date(2026, 1, 5), ("%d.%m.%Y",), "2026-01-04T23:00:00", D),
        (datetime(2026, 1, 5, 8), ("%d.%m.%Y",), "2026-01-05T07:00:00", S),  # noqa: DTZ001
        (datetime(2026, 1, 5, 8, tzinfo=timezone(timedelta(hours=8))), (), "2026-01-05T00:00:00", S),
    ],
)
def test_shapes_of_time(value: Any, formats: tuple[str, ...], expected: str, precision: Precision) -> None:
    found = read(value, *formats)
    assert found == Moment(datetime.fromisoformat(expected).replace(tzinfo=UTC), precision)


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", 0, "0", "0000-00-00", "00000000", "0000-00-00 00:00:00", "0001-01-01T00:00:00",
     "1900-01-01", Decimal(0), [], {}],
)  # fmt: skip
def test_zero_dates_are_absent(value: Any) -> None:
    assert read(value, "iso", "parts", "epoch") is None


@pytest.mark.parametrize(
    ("value", "formats"),
    [
        ("2026115", ("%Y%m%d",)),
        ("2026-02-30", ()),
        ("2026-01-05 25:00", ()),
        ("30.02.2026", ("%d.%m.%Y",)),
        ("2026-01-05", ("%d.%m.%Y",)),
        ("yesterday", ("iso", "epoch", "excel")),
        (1767600000.5, ("epoch",)),
        (True, ("epoch",)),
        ("99999999999999999999", ("epoch",)),
        ({"year": 2026}, ("parts",)),
        ("9999-12-31T23:59:59-12:00", ()),
    ],
)
def test_what_fits_no_format_is_refused(value: Any, formats: tuple[str, ...]) -> None:
    with pytest.raises(RecordError) as caught:
        read(value, *formats)
    assert caught.value.key == "mapping.bad_time"


def test_a_time_without_zone_is_refused() -> None:
    for value in ("2026-01-05 08:00:00", datetime(2026, 1, 5), date(2026, 1, 5)):  # noqa: DTZ001
        with pytest.raises(RecordError) as caught:
            read(value, zone=None)
        assert caught.value.key == "mapping.naive_time"
    assert read("2026-01-05 08:00:00Z", zone=None) is not None


def test_hours_at_a_clock_change_are_reported() -> None:
    twice, never = read("2026-10-25 02:30"), read("2026-03-29 02:30")
    assert twice == Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), M, "mapping.ambiguous_time")
    assert never == Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), M, "mapping.nonexistent_time")
    assert read("2026-10-25 04:30") == Moment(datetime(2026, 10, 25, 3, 30, tzinfo=UTC), M)
    assert read("2026-10-25") == Moment(datetime(2026, 10, 24, 22, tzinfo=UTC), D)


@pytest.mark.parametrize("name", ["isoo", "%H:%M", "%Y-%m", "%Y-%m-%d %Q", "%Y%Y%m%d"])
def test_a_format_that_cannot_be_read_is_refused(name: str) -> None:
    with pytest.raises(MappingError):
        compile_time([name], None)


def test_wall_clock_is_sent_only_where_the_zone_is_known() -> None:
    moment = datetime(2026, 1, 5, 7, tzinfo=UTC)
    with pytest.raises(ConfigError) as caught:
        send(moment, TimeSpec(format=("%Y-%m-%d",)))
    assert caught.value.key == "mapping.naive_format"
    assert send(moment, TimeSpec()) == "2026-01-05T07:00:00+00:00"
    assert (
        send(moment, TimeSpec(zone="Asia/Shanghai", format=("%Y-%m-%d %H:%M", "iso"))) == "2026-01-05 15:00"
    )
    parts = {"year": 2026, "month": 1, "day": 5, "hour": 15, "minute": 0, "second": 0}
    assert send(moment, TimeSpec(zone="Asia/Shanghai", format=("parts",))) == parts


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(MappingError) as caught:
        read("2026-01-05", zone="Europe/Berln")
    assert caught.value.key == "mapping.unknown_zone"
