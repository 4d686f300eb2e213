"""Figures of events that come on top of what was said before."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.model import Added
from sync.rollup import Said, roll_up


def event(number: int, shipped: str | None, adds: Added = Added.SHIPPED, **more: Any) -> Said:
    """Return an event of the `number`th hour."""
    return Said(
        part=more.pop("part", "D1"),
        seq=number,
        event=True,
        status=90,
        lo=90,
        hi=99,
        shipped=None if shipped is None else Decimal(shipped),
        occurred_at=datetime(2026, 3, 1, number, tzinfo=UTC),
        says="event",
        precision=3,
        event_id=more.pop("event_id", f"E{number}"),
        adds=int(adds) or None,
        **more,
    )


def shipped(*history: Said) -> Decimal | None:
    view = roll_up(list(history))
    assert view is not None
    return view.shipped


def test_event_figures_add_and_cumulative_ones_replace() -> None:
    assert shipped(event(1, "5"), event(2, "3"), event(3, None)) == 8
    assert shipped(event(1, "5", Added.NONE), event(2, "7", Added.NONE)) == 7
    assert shipped(event(1, "5"), event(2, "3"), event(3, "6", Added.NONE)) == 6


def test_order_of_arrival_makes_no_difference() -> None:
    late, early = event(2, "3"), event(1, "5")
    late.seq, early.seq = 1, 2
    assert shipped(late, early) == 8


def test_an_event_told_again_counts_once_and_a_replaced_one_not_at_all() -> None:
    again = event(3, "4", event_id="E1")
    assert shipped(event(1, "5"), event(2, "3"), again) == 7
    assert shipped(event(1, "5"), event(2, "3"), event(3, "1", replaces="E2")) == 6


def test_parts_are_summed_after_their_events() -> None:
    assert shipped(event(1, "5"), event(2, "3"), event(1, "2", part="D2", event_id="X")) == 10
