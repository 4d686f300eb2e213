"""The brake on a mass of changes: counted per system over a rolling day, held together for one approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.brakes import DAY, BrakeSpec, DayCount, mass, mass_of_postings
from hub.postings import is_posting
from hub.rules import Rules
from hub.store import jsons
from hub.store.tables import outbox, views
from sync.out.outbox import OrderNo
from sync.out.targets import LIVE

Row = dict[str, Any]

_COUNTED = ("pending", "sent", "confirmed", "unknown", "waiting")
"""States of changes that were written, or are about to be."""


def brake(conn: sa.Connection, rules: Rules, fresh: Iterable[Row], now: datetime) -> list[Row]:
    """Return `fresh` changes; those of a system that would pass its limits are held, as one batch."""
    by_system: dict[tuple[str, bool], list[Row]] = {}
    for row in fresh:
        by_system.setdefault((row["system"], is_posting(row["order_no"])), []).append(row)
    braked: list[Row] = []
    for (system, _), rows in by_system.items():
        braked += _braked(conn, rules.brakes, system, rows, now)
    return braked


def _braked(conn: sa.Connection, brakes: BrakeSpec, system: str, rows: list[Row], now: datetime) -> list[Row]:
    going = [row for row in rows if row["mode"] == LIVE and row["state"] in _COUNTED]
    if not going:
        return rows
    orders = {(row["company"], row["order_no"]) for row in going}
    if is_posting(going[0]["order_no"]):
        before = _asked(conn, system, now, postings=True) - orders
        hold = mass_of_postings(brakes, len(before), len(orders))
    else:
        cancelled = sum(_cancels(row) for row in going)
        hold = mass(brakes, _day(conn, system, brakes, orders, now), len(orders), cancelled)
    if hold is None:
        return rows
    batch = f"{system}-{now:%Y%m%d}"
    for row in going:
        told = {**asdict(hold), "values": {**hold.values, "system": system}}
        row["state"], row["batch"], row["due_at"] = "held", batch, None
        row["holds"] = jsons.dumps([*(jsons.loads(row["holds"]) or []), told])
    return rows


def _day(conn: sa.Connection, system: str, brakes: BrakeSpec, more: Set[OrderNo], now: datetime) -> DayCount:
    """Return what was asked of a system in the last day, `more` orders of now not counted a second time."""
    count = len(_asked(conn, system, now, postings=False) - more)
    cancelled = outbox.c.wanted.contains('"cancelled":true')
    cancels = conn.scalar(sa.select(sa.func.count()).where(*_of_day(system, now), cancelled)) or 0
    return DayCount(count, _held(conn, system, brakes, count + len(more)), cancels)


def _asked(conn: sa.Connection, system: str, now: datetime, *, postings: bool) -> set[OrderNo]:
    """Return the orders, or the postings, that a system was asked for in the last day."""
    o = outbox.c
    found = conn.execute(sa.select(o.company, o.order_no).where(*_of_day(system, now)).distinct())
    return {(row.company, row.order_no) for row in found if is_posting(row.order_no) is postings}


def _of_day(system: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    o = outbox.c
    return o.system == system, o.created_at > now - DAY, o.mode == LIVE, o.state.in_(_COUNTED)


def _held(conn: sa.Connection, system: str, brakes: BrakeSpec, orders: int) -> int:
    """Return how many orders a system holds, counted only as far as it makes a difference."""
    enough = int(orders / brakes.share) + 1 if brakes.share else 1
    some = sa.select(sa.literal(1)).select_from(views).where(views.c.system == system).limit(enough)
    return conn.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0


def _cancels(row: Mapping[str, Any]) -> bool:
    return bool(jsons.loads(row["wanted"]).get("cancelled"))
