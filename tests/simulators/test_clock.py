from __future__ import annotations

from datetime import datetime

import pytest

from simulators import clock


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+08:00").timestamp())


@pytest.mark.parametrize(
    ("moment", "batch"),
    [
        ("2026-06-27T12:29:59", "2026-06-27T12:30:00"),  # Saturday
        ("2026-06-27T12:30:01", "2026-06-27T20:30:00"),
        ("2026-06-27T20:31:00", "2026-06-29T12:30:00"),  # over Sunday
        ("2026-06-28T13:00:00", "2026-06-29T12:30:00"),
    ],
)
def test_the_erp_posts_twice_a_day_and_not_on_sundays(moment: str, batch: str) -> None:
    assert clock.next_batch(at(moment)) == at(batch)


@pytest.mark.parametrize(
    ("moment", "work"),
    [
        ("2026-06-26T07:00:00", "2026-06-26T08:01:00"),
        ("2026-06-26T10:00:00", "2026-06-26T10:00:00"),
        ("2026-06-26T20:00:00", "2026-06-27T08:01:00"),
        ("2026-06-28T09:00:00", "2026-06-28T12:01:00"),  # Sundays begin at noon
        ("2026-06-28T18:00:00", "2026-06-29T08:01:00"),
    ],
)
def test_the_warehouse_works_in_shifts(moment: str, work: str) -> None:
    assert clock.at_work(at(moment), 60) == at(work)


def test_wall_clock_texts() -> None:
    moment = at("2026-01-01T00:00:09")
    assert clock.stamp(moment) == "2026-01-01 00:00:09"
    assert clock.iso(moment) == "2026-01-01T00:00:09+08:00"
    assert clock.date(moment) == "2026-01-01"
    assert clock.time(moment) == "00:00:09"
    assert clock.naive(moment).isoformat() == "2026-01-01T00:00:09"
    assert clock.local(moment).isoformat() == clock.iso(moment)
    assert clock.midnight(clock.day_of(moment)) == moment - 9
