"""The dual run: day by day, what the hub would have written against what people entered, and the gate.

Days are those of the house's zone. Nothing is kept for it: all figures follow from the outbox, the views, the
observations and the findings, so that a report of last week can be made again today.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.rules import Rules
from hub.store.tables import outbox
from sync.dual_run import figures
from sync.dual_run.figures import Span
from sync.dual_run.shadow import ALIKE, DIFFERENT, NEVER, ONLY, Wish, adopted, orders_by_hand, wishes
from sync.out.outbox import CONFIRMED
from sync.out.targets import SHADOW, Target
from sync.out.wants import CREATE

DAY = timedelta(days=1)
Reason = tuple[str, dict[str, Any]]
"""A message key and its values."""


@dataclass(slots=True)
class Day:
    """One day: orders and status changes in the hub and in the system, and what became of would-be writes.

    `never` are those that became overdue on it. `differing` of `orders` under way differed on it.
    `earlier` is by how much the hub would have been earlier in all, `work` what entering it by hand took.
    """

    day: date
    born: int = 0
    entered: int = 0
    moved: int = 0
    moved_there: int = 0
    alike: int = 0
    different: int = 0
    never: int = 0
    only_by_hand: int = 0
    differing: int = 0
    orders: int = 0
    earlier: timedelta = timedelta()
    work: timedelta = timedelta()

    @property
    def agreement(self) -> Decimal | None:
        """The share of entries that were alike; None where nothing was to be compared."""
        compared = self.alike + self.different + self.never + self.only_by_hand
        return Decimal(self.alike) / compared if compared else None

    @property
    def rate(self) -> Decimal | None:
        """The share of orders on which the systems differed."""
        return Decimal(self.differing) / self.orders if self.orders else None

    @property
    def gained(self) -> timedelta:
        """The hours gained: what would have been there earlier, and the work of entering it."""
        return self.earlier + self.work

    def add(self, other: Day) -> None:
        """Add another day's figures."""
        for name in self.__slots__:
            if name != "day":
                setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure before the adoption and since: median hours, or a count a day; None: nothing to tell."""

    name: str
    before: Decimal | None
    since: Decimal | None


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a system may go live: on which day of how many it is, and what is lacking."""

    met: bool
    day: int
    days: int
    lacking: tuple[Reason, ...] = ()


@dataclass(slots=True)
class DualRun:
    """The whole of one system, from `since` (its adoption) to `until`; `open` are wishes not done yet."""

    system: str
    mode: str
    since: datetime
    until: datetime
    total: Day
    gate: Gate
    days: list[Day] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    kpis: list[Kpi] = field(default_factory=list)

    def of(self, fate: str) -> list[Wish]:
        """Return the wishes of which that became, in the order of asking."""
        return [one for one in self.wishes if one.fate == fate]


def begun(conn: sa.Connection, system: str) -> tuple[datetime, datetime | None] | None:
    """Return from when to when a system ran in shadow; None if it never did. Still running: no end."""
    mode, at = adopted(conn, system) or ("", None)
    if mode == SHADOW and at is not None:
        return at, None
    first = sa.select(sa.func.min(outbox.c.created_at)).where(
        outbox.c.system == system, outbox.c.mode == SHADOW
    )
    started: datetime | None = conn.scalar(first)
    return None if started is None else (started, at)


def dual_run(
    conn: sa.Connection,
    rules: Rules,
    targets: Iterable[Target],
    system: str,
    now: datetime,
    *,
    days: int | None = None,
    since: datetime | None = None,
) -> DualRun | None:
    """Return the dual run of a system as of `now`; None if it never ran in shadow.

    `days` stands for those that hub.yaml asks for, `since` for the adoption.
    """
    ran = begun(conn, system)
    if ran is None:
        return None
    zone, start = ZoneInfo(rules.zone), since or ran[0]
    until = min(ran[1] or now, now)
    own = [one for one in targets if one.system == system]
    found = wishes(conn, system, start, until)
    found += orders_by_hand(conn, rules, own, start, until)
    spans = list(days_of(start, until, zone))
    table = [figures_of(conn, rules, system, span, day) for day, span in spans]
    for one in found:
        _count(table, one, rules, now, zone)
    total = Day(start.astimezone(zone).date())
    for one_day in table:
        total.add(one_day)
    wanted = days or rules.dual_run.days
    gate = _gate(rules, system, total, start, until, wanted, zone)
    mode = SHADOW if ran[1] is None else "live"
    kpis = _kpis(conn, rules, system, start, now, wanted)
    return DualRun(system, mode, start, until, total, gate, table, found, kpis)


def days_of(start: datetime, until: datetime, zone: ZoneInfo) -> Iterable[tuple[date, Span]]:
    """Yield the days of the house from start to end, each with the moments between which it is looked at."""
    day, last = start.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        begin, end = (datetime.combine(one, time(), zone) for one in (day, day + DAY))
        yield day, (max(begin, start), min(end, until))
        day += DAY


def figures_of(conn: sa.Connection, rules: Rules, system: str, span: Span, day: date) -> Day:
    """Return the figures of one day that follow from the store alone."""
    return Day(
        day,
        born=figures.born(conn, span),
        entered=figures.entered(conn, system, span),
        moved=figures.moved(conn, span),
        moved_there=figures.moved_there(conn, system, span),
        differing=figures.differing(conn, system, rules.graces.default, span),
        orders=figures.under_way(conn, span),
    )


def _count(table: Sequence[Day], one: Wish, rules: Rules, now: datetime, zone: ZoneInfo) -> None:
    """Count a wish on the day on which it was settled."""
    at = one.day_of(now)
    if at is None or not table:
        return
    on = at.astimezone(zone).date()
    day = next((row for row in table if row.day == on), table[-1])
    name = {ALIKE: "alike", DIFFERENT: "different", NEVER: "never", ONLY: "only_by_hand"}[one.fate]
    setattr(day, name, getattr(day, name) + 1)
    if one.fate == ALIKE:
        day.earlier += one.lag
        day.work += timedelta(seconds=int(rules.dual_run.minutes_per_entry * 60))


def _gate(
    rules: Rules, system: str, total: Day, start: datetime, until: datetime, days: int, zone: ZoneInfo
) -> Gate:
    """Return what is lacking to go live."""
    asked = rules.dual_run
    day = (until.astimezone(zone).date() - start.astimezone(zone).date()).days + 1
    lacking: list[Reason] = []
    if until - start < days * DAY:
        lacking.append(("dual_run.lacks_days", {"day": day, "days": days}))
    if total.agreement is None:
        lacking.append(("dual_run.lacks_all", {}))
    elif total.agreement < asked.agreement:
        told = {"different": total.different, "never": total.never, "only": total.only_by_hand}
        share = {"agreement": total.agreement, "asked": asked.agreement}
        lacking.append(("dual_run.lacks_agreement", {"system": system, **share, **told}))
    if total.rate is not None and total.rate > asked.difference_rate:
        told_rate = {"rate": total.rate, "asked": asked.difference_rate}
        lacking.append(("dual_run.lacks_rate", {"system": system, **told_rate}))
    return Gate(not lacking, min(day, days), days, tuple(lacking))


def _kpis(
    conn: sa.Connection, rules: Rules, system: str, start: datetime, now: datetime, days: int
) -> list[Kpi]:
    """Return the figures before the adoption and since, over as many days at most as the dual run takes."""
    known = figures.known_since(conn, system)
    before = max(known, start - days * DAY) if known is not None and known < start else None
    spans = [None if before is None else (before, start), (start, now)]
    return [
        Kpi("hours", *(_hours(conn, system, span) for span in spans)),
        Kpi("entries", *(_per_day(_entries(conn, system, span), span) for span in spans)),
        Kpi(
            "differences",
            *(_per_day(figures.found(conn, system, rules.graces.default, span), span) for span in spans),
        ),
    ]


def _hours(conn: sa.Connection, system: str, span: Span | None) -> Decimal | None:
    """Return the median hours from the confirmation of an order to its being in the system."""
    lags = figures.lags(conn, system, span) if span else []
    return Decimal(median_low(lags)) / 3600 if lags else None


def _entries(conn: sa.Connection, system: str, span: Span | None) -> int:
    """Return how many orders people entered in the system: those that appeared there, but for the hub's."""
    if span is None:
        return 0
    o = outbox.c
    ours = sa.select(sa.func.count()).where(
        o.system == system, o.state == CONFIRMED, o.kind == CREATE, o.sent_at >= span[0], o.sent_at < span[1]
    )
    return max(0, figures.entered(conn, system, span) - int(conn.scalar(ours) or 0))


def _per_day(count: int, span: Span | None) -> Decimal | None:
    """Return a count a day, over whole days at least."""
    return None if span is None else Decimal(count) / max(1, -((span[0] - span[1]) // DAY))
