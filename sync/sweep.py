"""Which records a sweep reads again: those of orders that are still open in their system."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.model import TOP, Side
from hub.store.tables import observations, reads, views
from sync.inlet import Inlet


def due(conn: sa.Connection, inlet: Inlet, every: timedelta, now: datetime) -> bool:
    """Tell whether the last complete sweep of the stream is `every` or longer ago.

    A first read was complete in itself: the first sweep is due `every` after it.
    """
    last = conn.execute(
        sa.select(sa.func.max(reads.c.complete_at)).where(
            reads.c.system == inlet.system, reads.c.stream == inlet.stream, reads.c.kind == "sweep"
        )
    ).scalar()
    if last is None:
        last = conn.execute(
            sa.select(sa.func.min(views.c.first_seen)).where(views.c.system == inlet.system)
        ).scalar()
    return last is not None and now - last >= every


def open_records(conn: sa.Connection, inlet: Inlet) -> list[str]:
    """Return the keys of records whose order can still move: not at its last word, not cancelled."""
    still = sa.or_(views.c.hi < TOP, views.c.unknown_code.is_not(None))
    same = sa.and_(
        observations.c.company == views.c.company,
        observations.c.order_no == views.c.order_no,
        observations.c.system == views.c.system,
    )
    found = conn.execute(
        sa.select(observations.c.record)
        .distinct()
        .join(views, same)
        .where(
            views.c.system == inlet.system,
            observations.c.stream == inlet.stream,
            still,
            views.c.side.op("&")(int(Side.CANCELLED)) == 0,
        )
        .order_by(observations.c.record)
    )
    return [row.record for row in found]
