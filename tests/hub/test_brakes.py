from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.brakes import BrakeSpec, DayCount, loops, mass
from hub.locale import text
from hub.rules import parse_rules
from hub.yamlfile import load

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEFAULT = BrakeSpec()
COUNTS = st.integers(0, 2_000)


def brakes(section: str) -> BrakeSpec:
    return parse_rules(load(f"brakes: {{{section}}}")).brakes


@pytest.mark.parametrize(
    ("day", "more", "cancellations", "reason"),
    [
        (DayCount(499, 10_000, 0), 1, 0, None),
        (DayCount(500, 10_000, 0), 1, 0, "fuse.mass_orders"),
        (DayCount(0, 10_000, 0), 501, 0, "fuse.mass_orders"),
        (DayCount(39, 200, 0), 1, 0, None),
        (DayCount(40, 200, 0), 1, 0, "fuse.mass_share"),
        (DayCount(19, 5, 0), 1, 0, None),
        (DayCount(20, 5, 0), 1, 0, "fuse.mass_share"),
        (DayCount(0, 0, 0), 20, 0, None),
        (DayCount(0, 0, 0), 21, 0, "fuse.mass_share"),
        (DayCount(9, 10_000, 9), 1, 1, None),
        (DayCount(10, 10_000, 10), 1, 1, "fuse.mass_cancellations"),
        (DayCount(10, 10_000, 10), 1, 0, None),
        (DayCount(900, 10_000, 90), 0, 0, None),
    ],
)
def test_the_border_of_a_mass(day: DayCount, more: int, cancellations: int, reason: str | None) -> None:
    held = mass(DEFAULT, day, more, cancellations)
    assert (held.reason if held else None) == reason


def test_a_mass_waits_for_one_approval_in_words() -> None:
    own = brakes("orders: 5, cancellations: 0, share: 12.5%, least: 2, roles: [night_shift]")
    said = []
    for day, more, cancellations in [
        (DayCount(5, 1_000, 0), 1, 0), (DayCount(2, 8, 0), 1, 0), (DayCount(0, 1_000, 0), 1, 1),
    ]:  # fmt: skip
        held = mass(own, day, more, cancellations)
        assert held is not None
        assert (held.rule, held.roles) == ("mass", ("night_shift",))
        said += [text(held.reason, locale, **held.values) for locale in ("en", "zh-CN")]
    assert not [one for one in said if "{" in one]
    assert said[0] == "6 orders would be changed within 24 hours; more than 5 need one approval for the rest."
    assert "in a system that holds 8; more than 12.5%" in said[2]


@given(COUNTS, COUNTS, st.integers(0, 30), st.integers(1, 50), st.integers(0, 5))
def test_what_is_held_stays_held_when_more_is_asked(
    orders: int, held: int, cancelled: int, more: int, cancellations: int
) -> None:
    day = DayCount(orders, held, cancelled)
    if mass(DEFAULT, day, more, cancellations):
        assert mass(DEFAULT, day, more + 1, cancellations)
        assert mass(DEFAULT, DayCount(orders + 1, held, cancelled), more, cancellations)


def test_an_order_that_is_written_again_and_again_is_stopped() -> None:
    def ago(*minutes: int) -> list[datetime]:
        return [NOW - timedelta(minutes=each) for each in minutes]

    assert not loops(DEFAULT, [], NOW)
    assert not loops(DEFAULT, ago(1, 2, 3), NOW)
    assert loops(DEFAULT, ago(1, 2, 3, 60), NOW)
    assert not loops(DEFAULT, ago(1, 2, 3, 61, 62, 63), NOW)
    assert loops(brakes("loop: {writes: 2, within: 1m}"), ago(1, 0), NOW)
