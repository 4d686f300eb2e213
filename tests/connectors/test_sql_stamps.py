from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from connectors.sql import marks
from connectors.sql.marks import Mark
from connectors.sql.stamps import earlier, like
from hub.errors import ConfigError
from hub.mapping.grammar import TimeSpec

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 1, 0, 30)  # noqa: DTZ001  # as drivers give it
PLUS_8 = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("stamp", "formats", "expected"),
    [
        (NOON, (), datetime(2026, 2, 28, 23, 30)),  # noqa: DTZ001
        (NOON.replace(tzinfo=PLUS_8), (), datetime(2026, 2, 28, 23, 30, tzinfo=PLUS_8)),
        (date(2026, 3, 1), (), date(2026, 2, 28)),
        ("2026-03-01 00:30:00", (), "2026-02-28 23:30:00"),
        ("2026-03-01T00:30:00", (), "2026-02-28T23:30:00"),
        ("2026-03-01 00:30", (), "2026-02-28 23:30"),
        ("2026-03-01 00:30:00.123", (), "2026-02-28 23:30:00.123"),
        ("2026-03-01T00:30:00.1234567Z", (), "2026-02-28T23:30:00.123456Z"),
        ("2026-03-01T00:30:00+08:00", ("iso",), "2026-02-28T23:30:00+08:00"),
        ("2026-03-01T00:30+0800", (), "2026-02-28T23:30+0800"),
        ("2026-03-01", (), "2026-02-28"),
        ("20260301", (), "20260228"),
        ("20260301003000", ("%Y%m%d%H%M%S",), "20260228233000"),
        ("2026/03/01 00:30:00", ("%d.%m.%Y", "%Y/%m/%d %H:%M:%S"), "2026/02/28 23:30:00"),
        (1772325000, ("epoch",), 1772321400),
        (Decimal("1772325000.5"), ("epoch",), Decimal("1772321400.5")),
        (1772325000123, ("epoch_ms",), 1772321400123),
        ("1772325000", ("epoch",), "1772321400"),
        (46082.25, ("excel",), 46082.25 - 1 / 24),
        (4711, (), 4711),
        (b"\x00\x17", (), b"\x00\x17"),
        (None, (), None),
    ],
)
def test_an_hour_earlier_in_the_stamps_own_type(stamp: Any, formats: tuple[str, ...], expected: Any) -> None:
    found = earlier(stamp, HOUR, TimeSpec(format=formats))
    assert found == expected
    assert type(found) is type(expected)


def test_without_overlap_no_stamp_needs_to_be_understood() -> None:
    assert earlier("A-17", timedelta(), TimeSpec()) == "A-17"


def test_text_in_no_known_format_is_a_matter_for_a_person() -> None:
    with pytest.raises(ConfigError, match=r"(?s)A-17.*overlap: 0s"):
        earlier("A-17", HOUR, TimeSpec())


def test_text_that_does_not_sort_is_no_cursor() -> None:
    with pytest.raises(ConfigError, match="do not sort"):
        earlier("01.03.2026 00:30", HOUR, TimeSpec(format=("%d.%m.%Y %H:%M",)))


@pytest.mark.parametrize(
    ("sample", "formats", "expected"),
    [
        (NOON, (), datetime(2026, 4, 1, 8)),  # noqa: DTZ001
        (NOON.replace(tzinfo=UTC), (), datetime(2026, 4, 1, tzinfo=UTC)),
        (date(2026, 3, 1), (), date(2026, 4, 1)),
        ("2026-03-01 00:30:00", (), "2026-04-01 08:00:00"),
        ("2026-03-01", (), "2026-04-01"),
        (None, (), "2026-04-01 08:00:00"),
        ("20260301003000", ("%Y%m%d%H%M%S",), "20260401080000"),
        (1, ("epoch",), 1775001600),
    ],
)
def test_a_moment_in_the_form_of_a_sample(sample: Any, formats: tuple[str, ...], expected: Any) -> None:
    moment = datetime(2026, 4, 1, tzinfo=UTC)
    assert like(sample, moment, TimeSpec(zone="Asia/Shanghai", format=formats)) == expected


@pytest.mark.parametrize(
    "value",
    [1, "x", None, NOON, NOON.replace(tzinfo=PLUS_8), date(2026, 3, 1), Decimal("1.50"), 0.1, b"\x00\xff"],
)
def test_marks_survive_the_store(value: Any) -> None:
    kept = marks.load(marks.save(Mark(value, value), "a,b"), "a,b")
    assert kept == Mark(value, value)


@pytest.mark.parametrize(
    "kept",
    [
        None,
        7,
        {},
        {"by": "a,b"},
        {"by": "a,b", "stamp": {"date": "x"}, "key": 1},
        {"by": "a,b", "stamp": {"decimal": "?"}, "key": 1},
        {"by": "a,b", "stamp": [], "key": 1},
        {"by": "a,b", "stamp": {}, "key": 1},
        {"by": "b", "stamp": 1, "key": 1},
    ],
)
def test_a_mark_that_is_none_means_from_the_start(kept: Any) -> None:
    assert marks.load({"cursor": kept}, "a,b") is None
