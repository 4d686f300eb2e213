"""A track beside the hub, such as a hand-kept list of orders: does it say of each what the hub says?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.model import QUANTITIES, Side, Status
from hub.rules import Rules
from hub.store.tables import orders, reads, views
from sync.dual_run.days import Day, Gate, Reason, days_of, figures_of
from sync.out.values import Told, told

ALIKE, DIFFERENT, LACKING, ALONE = "alike", "different", "lacking", "alone"
"""The track says the same, something else, nothing of an order, or alone knows of it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One order on which hub and track differ; `hub` and `track` are what each says, by field."""

    company: str
    order_no: str
    fate: str
    hub: Mapping[str, Told] = field(default_factory=dict)
    track: Mapping[str, Told] = field(default_factory=dict)


@dataclass(slots=True)
class Track:
    """The comparison as of now: counts by what was found, the orders that differ, the days since it began."""

    system: str
    since: datetime
    until: datetime
    read_at: datetime | None
    alike: int = 0
    rows: list[Row] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    gate: Gate = Gate(False, 0, 0)

    def count(self, fate: str) -> int:
        """Return on how many orders that was found."""
        return self.alike if fate == ALIKE else sum(one.fate == fate for one in self.rows)

    @property
    def agreement(self) -> Decimal | None:
        """The share of orders on which hub and track say the same."""
        compared = self.alike + len(self.rows)
        return Decimal(self.alike) / compared if compared else None


def track(
    conn: sa.Connection,
    rules: Rules,
    system: str,
    now: datetime,
    *,
    days: int | None = None,
    since: datetime | None = None,
) -> Track | None:
    """Return how the track `system` compares with the hub; None if nothing was ever read of it.

    Compared is what the track holds, and what the hub has come to know since the track began.
    """
    first: datetime | None = conn.scalar(
        sa.select(sa.func.min(views.c.first_seen)).where(views.c.system == system)
    )
    if first is None:
        return None
    read_at = conn.scalar(sa.select(sa.func.max(reads.c.complete_at)).where(reads.c.system == system))
    found = Track(system, since or first, now, read_at)
    for row in conn.execute(_both(system, found.since)):
        compared = _compared(dict(row._mapping), system)
        if compared is None:
            found.alike += 1
        else:
            found.rows.append(compared)
    zone = ZoneInfo(rules.zone)
    spans = days_of(found.since, now, zone)
    found.days = [figures_of(conn, rules, system, span, day) for day, span in spans]
    found.gate = _gate(rules, found, days or rules.dual_run.days)
    return found


def _both(system: str, since: datetime) -> sa.Select[Any]:
    """Return the question for orders beside what the track says of them, if it does."""
    o, v, other = orders.c, views.c, views.alias("other").c
    here = sa.and_(v.company == o.company, v.order_no == o.order_no, v.system == system)
    elsewhere = sa.exists().where(
        other.company == o.company, other.order_no == o.order_no, other.system != system
    )
    names = ("status", "side", *QUANTITIES)
    columns = [o[name].label(f"hub_{name}") for name in names] + [v[name] for name in names]
    return (
        sa.select(
            o.company, o.order_no, v.system, v.lo, v.hi, v.side_known, *columns, elsewhere.label("elsewhere")
        )
        .join_from(orders, views, here, isouter=True)
        .where(sa.or_(v.system.is_not(None), o.first_seen >= since))
        .order_by(o.company, o.order_no)
    )


def _compared(row: Mapping[str, Any], system: str) -> Row | None:
    """Return on what hub and track differ about one order; None if they agree."""
    key = row["company"], row["order_no"]
    if row["system"] is None:
        return Row(*key, LACKING)
    if not row["elsewhere"]:
        return Row(*key, ALONE)
    hub: dict[str, Told] = {}
    there: dict[str, Told] = {}
    status = row["hub_status"]
    if status is not None and row["status"] is not None and not row["lo"] <= status <= row["hi"]:
        hub["status"], there["status"] = Status(status).word, Status(row["status"]).word
    for side in Side:
        if row["side_known"] & side and (row["side"] ^ row["hub_side"]) & side:
            name = str(side.name).lower()
            hub[name], there[name] = bool(row["hub_side"] & side), bool(row["side"] & side)
    for name in QUANTITIES:
        if None not in (row[name], row[f"hub_{name}"]) and row[name] != row[f"hub_{name}"]:
            hub[name], there[name] = told(row[f"hub_{name}"]), told(row[name])
    return Row(*key, DIFFERENT, hub, there) if hub else None


def _gate(rules: Rules, found: Track, days: int) -> Gate:
    """Return what is lacking until the hub may do without the track."""
    day, lacking = len(found.days), list[Reason]()
    if found.until - found.since < timedelta(days=days):
        lacking.append(("dual_run.lacks_days", {"day": day, "days": days}))
    asked, agreement = rules.dual_run.agreement, found.agreement
    if agreement is None:
        lacking.append(("dual_run.lacks_all", {}))
    elif agreement < asked:
        told_counts = {name: found.count(name) for name in (DIFFERENT, LACKING, ALONE)}
        lacking.append(
            ("dual_run.lacks_agreement_of_track", {"agreement": agreement, "asked": asked, **told_counts})
        )
    return Gate(not lacking, min(day, days), days, tuple(lacking))
