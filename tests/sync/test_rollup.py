from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model import Side, Status
from sync.rollup import Said, View, roll_up

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def said(part: str, status: Status | None, seq: int = 1, **more: Any) -> Said:
    lo = int(status) if status else 0
    values: dict[str, Any] = {"event": False, "hi": 130, "lo": lo} | more
    return Said(part=part, seq=seq, status=int(status) if status else None, **values)


def event(part: str, status: Status | None, at: datetime, seq: int, **more: Any) -> Said:
    values = {"event_id": f"e{seq}", "says": "event", "precision": 3} | more
    return said(part, status, seq, event=True, occurred_at=at, **values)


def rolled(*history: Said) -> View:
    view = roll_up(history)
    assert view is not None
    return view


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([Status.ALLOCATED, Status.ALLOCATED], Status.ALLOCATED),
        ([Status.ALLOCATED, Status.READY], Status.ALLOCATED),
        ([Status.ALLOCATED, Status.SHIPPED], Status.PARTLY_SHIPPED),
        ([Status.IN_TRANSIT, Status.DELIVERED], Status.IN_TRANSIT),
        ([Status.PARTLY_SHIPPED, Status.SHIPPED], Status.PARTLY_SHIPPED),
    ],
)
def test_parts_roll_up_to_one_status(parts: list[Status], status: Status) -> None:
    view = rolled(*(said(str(number), one) for number, one in enumerate(parts)))
    assert view.status == status
    assert view.lo == status
    if status is Status.PARTLY_SHIPPED:
        assert view.hi < Status.SHIPPED


def test_a_state_replaces_what_its_part_said_before() -> None:
    view = rolled(
        said("a", Status.SHIPPED, 2, ordered=Decimal(5)), said("a", Status.READY, 1, ordered=Decimal(9))
    )
    assert (view.status, view.ordered) == (Status.SHIPPED, Decimal(5))


def test_a_part_taken_away_is_gone_and_may_come_back() -> None:
    before = said("a", Status.READY, 1)
    gone = said("a", Status.READY, 2, deleted=True)
    assert roll_up([before, gone]) is None
    assert rolled(before, gone, said("a", Status.SHIPPED, 3)).status == Status.SHIPPED


def test_a_late_event_does_not_turn_the_clock_back() -> None:
    delivered = event("w", Status.DELIVERED, NOON, 1, shipped=Decimal(7))
    departed = event("w", Status.SHIPPED, NOON - timedelta(hours=5), 2, shipped=Decimal(6))
    view = rolled(delivered, departed)
    assert view.status == Status.DELIVERED
    assert view.shipped == Decimal(7)
    assert view.stamps[Status.SHIPPED] == NOON - timedelta(hours=5)
    assert view.stamps[Status.DELIVERED] == NOON


def test_an_event_without_a_status_moves_neither_status_nor_stamp() -> None:
    view = rolled(event("w", Status.SHIPPED, NOON, 1), event("w", None, NOON + timedelta(hours=1), 2, lo=0))
    assert (view.status, view.lo, view.occurred_at) == (Status.SHIPPED, 100, NOON)


def test_a_correction_takes_the_place_of_the_event_that_it_replaces() -> None:
    wrong = event("w", Status.DELIVERED, NOON, 1)
    right = event("w", Status.IN_TRANSIT, NOON + timedelta(minutes=1), 2, replaces="e1")
    assert rolled(wrong, right).status == Status.IN_TRANSIT


def test_the_same_event_sent_again_counts_once_and_its_newest_word_wins() -> None:
    first = event("w", Status.SHIPPED, NOON, 1)
    again = event("w", Status.SHIPPED, NOON + timedelta(hours=2), 2, event_id="e1")
    assert rolled(first, again).stamps[Status.SHIPPED] == NOON + timedelta(hours=2)


def test_an_unknown_code_keeps_what_was_reached_and_allows_anything_above() -> None:
    view = rolled(
        event("w", Status.SHIPPED, NOON, 1, hi=109),
        event("w", None, NOON + timedelta(hours=1), 2, lo=0, unknown_code="??"),
    )
    assert (view.lo, view.hi, view.unknown_code) == (100, 130, "??")


def test_a_return_adds_to_returned_and_says_nothing_about_the_chain() -> None:
    view = rolled(
        said("out", Status.SHIPPED, ordered=Decimal(10), shipped=Decimal(10)),
        said("ret", Status.CONFIRMED, is_return=True, returned=Decimal(3)),
    )
    assert (view.status, view.ordered, view.shipped, view.returned) == (
        100,
        Decimal(10),
        Decimal(10),
        Decimal(3),
    )
    assert view.side & Side.RETURNED


def test_a_cancelled_part_does_not_speak_for_the_rest() -> None:
    live = said("1", Status.SHIPPED, ordered=Decimal(6))
    dead = said("2", Status.CONFIRMED, ordered=Decimal(4), side=int(Side.CANCELLED))
    view = rolled(live, dead)
    assert (view.status, view.ordered, view.side) == (100, Decimal(6), 0)
    assert rolled(dead).side == Side.CANCELLED


def test_a_milestone_counts_only_when_every_part_has_reached_it() -> None:
    first = event("1", Status.SHIPPED, NOON, 1)
    second = event("2", Status.READY, NOON, 2)
    assert Status.SHIPPED not in rolled(first, second).stamps
    done = event("2", Status.SHIPPED, NOON + timedelta(hours=3), 3)
    assert rolled(first, second, done).stamps[Status.SHIPPED] == NOON + timedelta(hours=3)


def test_lines_of_several_parts_add_up_by_sku() -> None:
    view = rolled(
        said("1", Status.READY, lines=(("A", Decimal(2)), ("B", Decimal(1)))),
        said("2", Status.READY, lines=(("A", Decimal("0.5")),)),
    )
    assert view.lines == (("A", Decimal("2.5")), ("B", Decimal(1)))


STATUSES = st.sampled_from([None, *Status])


@given(st.lists(st.tuples(st.sampled_from("abc"), STATUSES, st.integers(0, 50)), min_size=1), st.randoms())
def test_events_give_the_same_view_in_any_order_of_storage(
    told: list[tuple[str, Status | None, int]], random: Random
) -> None:
    history = [
        event(part, status, NOON + timedelta(hours=hour), seq, lo=int(status or 0))
        for seq, (part, status, hour) in enumerate(told)
    ]
    shuffled = list(history)
    random.shuffle(shuffled)
    assert roll_up(shuffled) == roll_up(history)
