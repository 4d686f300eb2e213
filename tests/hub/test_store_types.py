"""Times and quantities are exact, or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.types import from_fixed, from_micros, to_fixed, to_micros


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=8)))))
def test_moments_come_back_to_the_microsecond(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment
    assert from_micros(to_micros(moment)).tzinfo is UTC


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_quantities_come_back_exactly(millionths: int) -> None:
    number = from_fixed(millionths)
    assert to_fixed(number) == millionths
    assert "E" not in str(number)


def test_quantities_are_written_without_idle_zeros() -> None:
    assert [str(from_fixed(to_fixed(Decimal(text)))) for text in ("12.500", "100.000", "-0.000001")] == [
        "12.5",
        "100",
        "-0.000001",
    ]


@pytest.mark.parametrize(
    "text",
    ["0.0000001", "1.00000000000000000000000000000000000001", "1e13", "-1e13", "NaN", "Infinity", "1e999999"],
)
def test_what_cannot_be_kept_exactly_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|large|no number"):
        to_fixed(Decimal(text))


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_micros(datetime(2026, 3, 2))  # noqa: DTZ001  # that it is naive is the point
