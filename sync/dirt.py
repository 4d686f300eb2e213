"""Marks for consumers: which orders must be looked at again."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import sqlalchemy as sa

from hub.store import bulk
from hub.store.tables import dirty

Mark = tuple[str, str, int]
"""Company, order number, and the stamp to clear it with."""

CONSUMERS = ("merge",)
ALL = ("*", "*")
"""The mark that stands for every order."""


def mark(conn: sa.Connection, keys: Iterable[tuple[str, str]], *, everything: bool = False) -> None:
    """Mark the orders `keys` (company, order_no) for every consumer; one mark for all if `everything`."""
    stamp = secrets.randbits(62)
    places = [ALL] if everything else list(keys)
    bulk.upsert(
        conn,
        dirty,
        [
            {"consumer": consumer, "company": company, "order_no": order_no, "stamp": stamp}
            for consumer in CONSUMERS
            for company, order_no in places
        ],
    )


def marks(conn: sa.Connection, consumer: str) -> list[tuple[str, str, int]]:
    """Return what `consumer` has to look at: company, order_no and the stamp to clear it with."""
    found = conn.execute(
        sa.select(dirty.c.company, dirty.c.order_no, dirty.c.stamp)
        .where(dirty.c.consumer == consumer)
        .order_by(dirty.c.company, dirty.c.order_no)
    )
    return [(row.company, row.order_no, row.stamp) for row in found]


def clear(conn: sa.Connection, consumer: str, done: Iterable[tuple[str, str, int]]) -> None:
    """Take away the marks that were looked at, unless somebody marked them anew in between."""
    rows = [{"c": company, "o": order_no, "s": stamp} for company, order_no, stamp in done]
    if rows:
        conn.execute(
            sa.delete(dirty).where(
                dirty.c.consumer == consumer,
                dirty.c.company == sa.bindparam("c"),
                dirty.c.order_no == sa.bindparam("o"),
                dirty.c.stamp == sa.bindparam("s"),
            ),
            rows,
        )
