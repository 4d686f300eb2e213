"""Figures of a system within a span of time, counted in the store: what a dual run is told by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.findings import State
from hub.model import Side, Status
from hub.store.tables import findings, observations, order_history, orders, runs, views

Span = tuple[datetime, datetime]
"""From a moment on, and before another one."""

_EVERY = "*"
"""The order of a finding that speaks of a whole system."""


def born(conn: sa.Connection, span: Span) -> int:
    """Return how many orders the hub saw for the first time."""
    return _count(conn, sa.select(sa.func.count()).where(*_within(orders.c.first_seen, span)))


def entered(conn: sa.Connection, system: str, span: Span) -> int:
    """Return how many orders appeared in the system."""
    appeared = (views.c.system == system, *_within(views.c.first_seen, span))
    return _count(conn, sa.select(sa.func.count()).where(*appeared))


def moved(conn: sa.Connection, span: Span) -> int:
    """Return how many times the hub's orders changed their status."""
    h = order_history.c
    return _count(conn, sa.select(sa.func.count()).where(h.field == "status", *_within(h.at, span)))


def moved_there(conn: sa.Connection, system: str, span: Span) -> int:
    """Return how many times orders changed their status in the system."""
    now, before = observations.c, observations.alias("before")
    same = [before.c[name] == now[name] for name in ("company", "order_no", "system", "part")]
    chosen = (
        sa.select(sa.func.count())
        .join_from(observations, before, sa.and_(*same, before.c.seq == now.seq - 1))
        .where(now.system == system, now.status != before.c.status, *_within(now.read_at, span))
    )
    return _count(conn, chosen)


def differing(conn: sa.Connection, system: str, grace: timedelta, span: Span) -> int:
    """Return on how many orders the system differed from the others within the span.

    What closed by itself within the grace was on its way, and what people accepted stands: neither counts.
    """
    f = findings.c
    there = (f.first_seen < span[1], sa.or_(f.closed_at.is_(None), f.closed_at >= span[0]))
    rows = sa.select(f.company, f.order_no, f.state, f.first_seen, f.closed_at)
    stood = conn.execute(rows.where(f.system == system, f.order_no != _EVERY, *there))
    return len({(row.company, row.order_no) for row in stood if _counts(row, grace)})


def found(conn: sa.Connection, system: str, grace: timedelta, span: Span | None) -> int:
    """Return how many differences came up in the system within the span."""
    if span is None:
        return 0
    f = findings.c
    rows = sa.select(f.state, f.first_seen, f.closed_at).where(f.system == system, f.order_no != _EVERY)
    return sum(_counts(row, grace) for row in conn.execute(rows.where(*_within(f.first_seen, span))))


def under_way(conn: sa.Connection, span: Span) -> int:
    """Return how many orders were under way: all but those that had come to their end before."""
    o = orders.c
    ended = sa.or_(o.status >= Status.COMPLETED, o.side.op("&")(int(Side.CANCELLED)) != 0)
    gone = sa.and_(sa.func.coalesce(ended, sa.false()), o.changed_at < span[0])
    return _count(conn, sa.select(sa.func.count()).where(o.first_seen < span[1], sa.not_(gone)))


def lags(conn: sa.Connection, system: str, span: Span) -> list[int]:
    """Return how long orders took from their confirmation elsewhere to their being in the system, in seconds.

    Only those count that were seen to appear there: what was read at the very begin of the span stood there.
    """
    v, o = views.c, observations.c
    same = sa.and_(v.company == o.company, v.order_no == o.order_no, o.system != v.system)
    confirmed = sa.func.min(sa.func.coalesce(o.occurred_at, o.read_at), type_=observations.c.read_at.type)
    chosen = (
        sa.select(v.first_seen, confirmed.label("confirmed"))
        .join_from(views, observations, same)
        .where(v.system == system, o.status >= Status.CONFIRMED, o.deleted.is_(sa.false()))
        .where(v.first_seen > span[0], v.first_seen < span[1])
        .group_by(v.company, v.order_no, v.first_seen)
    )
    second = timedelta(seconds=1)
    return [max(0, (row.first_seen - row.confirmed) // second) for row in conn.execute(chosen)]


def known_since(conn: sa.Connection, system: str) -> datetime | None:
    """Return when the first read of a system had ended; None if it was never read."""
    r = runs.c
    first = sa.select(r.ended_at).where(r.kind.in_(("pull", "import")), r.system == system)
    at: datetime | None = conn.scalar(first.where(r.ended_at.is_not(None)).order_by(r.id).limit(1))
    return at


def _within(column: sa.ColumnElement[datetime], span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    return column >= span[0], column < span[1]


def _counts(row: Any, grace: timedelta) -> bool:
    if row.state == State.CLOSED:
        return bool(row.closed_at - row.first_seen > grace)
    return row.state in (State.OPEN, State.ASSIGNED)


def _count(conn: sa.Connection, query: sa.Select[Any]) -> int:
    return int(conn.execute(query).scalar_one())
