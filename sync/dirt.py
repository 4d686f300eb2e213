"""Marks for consumers: which orders must be looked at again.

A change marks its order for the merge; what the merge has looked at it passes on to the reconciliation, which
needs both the views and the order.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from hub.store import bulk, driver
from hub.store.statements import spelled
from hub.store.tables import dirty

Mark = tuple[str, str, int]
"""Company, order number, and the stamp to clear it with."""

MERGE, RECONCILE = "merge", "reconcile"
ALL = ("*", "*")
"""The mark that stands for every order."""


def mark(
    conn: sa.Connection, keys: Iterable[tuple[str, str]], *, everything: bool = False, consumer: str = MERGE
) -> None:
    """Mark the orders `keys` (company, order_no) for a consumer; one mark for all if `everything`."""
    stamp = secrets.randbits(62)
    places = [ALL] if everything else list(keys)
    bulk.upsert(
        conn,
        dirty,
        [
            {"consumer": consumer, "company": company, "order_no": order_no, "stamp": stamp}
            for company, order_no in places
        ],
    )


def pass_on(conn: sa.Connection, done: Collection[Mark]) -> None:
    """Take away the merge's marks on what it looked at, and mark that for the reconciliation."""
    mark(conn, [place[:2] for place in done], consumer=RECONCILE)
    clear(conn, MERGE, done)


def marks(conn: sa.Connection, consumer: str) -> list[tuple[str, str, int]]:
    """Return what `consumer` has to look at: company, order_no and the stamp to clear it with."""
    return driver.fetch(conn, spelled(conn.dialect, _MARKS), (consumer,))


_MARKS = "SELECT company, order_no, stamp FROM dirty WHERE consumer = ? ORDER BY company, order_no"


def clear(conn: sa.Connection, consumer: str, done: Iterable[tuple[str, str, int]]) -> None:
    """Take away the marks that were looked at, unless somebody marked them anew in between."""
    keys = [(consumer, *one) for one in done]
    bulk.delete(conn, dirty, ("consumer", "company", "order_no", "stamp"), keys)
