"""The brakes: a mass of changes in one day waits for one approval, an order that is written in a loop stops.

Pure: it is the engine that counts what was written in a day, and that stops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from hub.fuse.proposal import Hold, percent
from hub.spec import Duration, Share, Spec, Texts

DAY = timedelta(days=1)
"""The rolling time over which changes are counted."""

RULE = "mass"
"""The name of the hold that a brake asks for: no rule of the fuse may be called so."""

Positive = Annotated[int, Field(gt=0)]


class Loop(Spec):
    """One order written `writes` times `within` that time is stopped."""

    writes: Positive = 4
    within: Duration = timedelta(hours=1)


class BrakeSpec(Spec):
    """The section `brakes` of hub.yaml: what one system may be asked for over a rolling day.

    More than `orders` changed, or more than `share` of those it holds (but never fewer than `least`), or more
    than `cancellations`, or more than `postings` posted in it or taken back: the rest waits for one approval,
    by `roles`.
    """

    orders: Positive = 500
    postings: Positive = 2000
    share: Share = Decimal("0.2")
    least: Annotated[int, Field(ge=0)] = 20
    cancellations: Annotated[int, Field(ge=0)] = 10
    loop: Loop = Loop()
    roles: Annotated[Texts, Field(min_length=1)] = ("it_operations",)


@dataclass(frozen=True, slots=True)
class DayCount:
    """What was written (or asked) in one system in the rolling day, and how many orders the system holds."""

    orders: int
    held_by_system: int
    cancellations: int


def mass(brakes: BrakeSpec, day: DayCount, more: int, more_cancellations: int) -> Hold | None:
    """Return what holds `more` further orders, some of them cancellations, or None if no limit is passed."""
    for reason, values in _passed(brakes, day, more, more_cancellations):
        return Hold(RULE, brakes.roles, reason, values)
    return None


def _passed(
    brakes: BrakeSpec, day: DayCount, more: int, more_cancellations: int
) -> Iterator[tuple[str, dict[str, object]]]:
    cancelled, orders = day.cancellations + more_cancellations, day.orders + more
    if more_cancellations > 0 and cancelled > brakes.cancellations:
        yield "fuse.mass_cancellations", {"count": cancelled, "limit": brakes.cancellations}
    if more > 0 and orders > brakes.orders:
        yield "fuse.mass_orders", {"count": orders, "limit": brakes.orders}
    if more > 0 and orders > brakes.least and orders > brakes.share * day.held_by_system:
        share = percent(brakes.share)
        yield "fuse.mass_share", {"count": orders, "limit": share, "held": day.held_by_system}


def mass_of_postings(brakes: BrakeSpec, before: int, more: int) -> Hold | None:
    """Return what holds `more` further postings after those of the day, or None if no limit is passed."""
    if before + more <= brakes.postings:
        return None
    return Hold(RULE, brakes.roles, "fuse.mass_postings", {"count": before + more, "limit": brakes.postings})


def loops(brakes: BrakeSpec, times: Sequence[datetime], now: datetime) -> bool:
    """Tell whether an order that was written at `times` has been written too often lately to be so again."""
    return sum(now - time <= brakes.loop.within for time in times) >= brakes.loop.writes
