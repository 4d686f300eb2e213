"""Marks for consumers: which orders must be looked at again.

A change marks its order for the merge; what the merge has looked at it passes on to the reconciliation, which
needs both the views and the order.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Container, Iterable, Sequence
from operator import itemgetter

import sqlalchemy as sa

from hub.store import bulk, driver
from hub.store.statements import spelled
from hub.store.tables import dirty

OrderNo = tuple[str, str]
"""Company and order number."""

Mark = tuple[str, str, int, bool]
"""Company, order number, the stamp to clear it with, and whether all systems agreed when it was merged."""

MERGE, RECONCILE = "merge", "reconcile"
ALL = ("*", "*")
"""The mark that stands for every order."""

_MARKS = "SELECT company, order_no, stamp, agreed FROM dirty WHERE consumer = ? ORDER BY company, order_no"
_STAMPS = 500


def mark(
    conn: sa.Connection,
    keys: Iterable[OrderNo],
    *,
    everything: bool = False,
    consumer: str = MERGE,
    agreed: Container[OrderNo] = (),
) -> None:
    """Mark the orders `keys` for a consumer; one mark for all if `everything`.

    Of those `agreed` their marks tell that all systems agree on them.
    """
    stamp = secrets.randbits(62)
    places = [ALL] if everything else list(keys)
    bulk.upsert(
        conn,
        dirty,
        [
            {
                "consumer": consumer,
                "company": place[0],
                "order_no": place[1],
                "stamp": stamp,
                "agreed": place in agreed,
            }
            for place in places
        ],
    )


def pass_on(conn: sa.Connection, done: Collection[Mark], agreed: Container[OrderNo] = ()) -> None:
    """Take away the merge's marks on what it looked at, and mark that for the reconciliation."""
    mark(conn, [place[:2] for place in done], consumer=RECONCILE, agreed=agreed)
    clear(conn, MERGE, done)


def marks(conn: sa.Connection, consumer: str) -> list[Mark]:
    """Return what `consumer` has to look at."""
    return driver.fetch(conn, spelled(conn.dialect, _MARKS), (consumer,))


def clear(conn: sa.Connection, consumer: str, done: Iterable[Mark]) -> None:
    """Take away the marks that were looked at, unless somebody marked them anew in between."""
    keys = [(consumer, *mark[:3]) for mark in done]
    bulk.delete(conn, dirty, ("consumer", "company", "order_no", "stamp"), keys)


def clear_all(
    conn: sa.Connection, consumer: str, read: Sequence[Mark], but: Collection[OrderNo] = ()
) -> None:
    """Take away all marks of a consumer, as they were `read`, `but` those of some orders.

    Whole stamps at a time, while they are few: a mark made anew in between has another one, and what was
    marked together was read together.
    """
    whole = set(map(itemgetter(2), read))
    if but:
        whole -= {mark[2] for mark in read if mark[:2] in but}
    if len(whole) > _STAMPS:
        whole = set()
    if whole:
        conn.execute(dirty.delete().where(dirty.c.consumer == consumer, dirty.c.stamp.in_(sorted(whole))))
    if but or not whole:
        clear(conn, consumer, [mark for mark in read if mark[2] not in whole and mark[:2] not in but])
