"""Which orders a system may still move: not at its last word, not cancelled."""

from __future__ import annotations

import sqlalchemy as sa

from hub.model import TOP, Side
from hub.store.tables import observations, views
from sync.place import Stream


def still_open(system: str) -> sa.ColumnElement[bool]:
    """Return the condition that an observation's order can still move in its system."""
    same = (getattr(observations.c, name) == getattr(views.c, name) for name in ("company", "order_no"))
    moves = sa.or_(views.c.hi < TOP, views.c.unknown_code.is_not(None))
    cancelled = views.c.side.op("&")(int(Side.CANCELLED)) != 0
    return sa.exists().where(*same, views.c.system == system, moves, ~cancelled)


def open_records(conn: sa.Connection, place: Stream) -> list[str]:
    """Return the keys of the stream's records whose order can still move."""
    found = conn.scalars(
        sa.select(observations.c.record)
        .distinct()
        .where(observations.c.system == place.system, observations.c.stream == place.stream)
        .where(still_open(place.system))
        .order_by(observations.c.record)
    )
    return list(found)
