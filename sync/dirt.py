"""Marks for consumers: which orders must be looked at again.

A change marks its order for the merge; what the merge has looked at it passes on to the reconciliation, which
needs both the views and the order.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import repeat

import sqlalchemy as sa

from hub.store import bulk, driver, jsons
from hub.store.statements import spelled
from hub.store.tables import dirty

OrderNo = tuple[str, str]
"""Company and order number."""

Mark = tuple[str, str, int]
"""Company, order number, and the stamp to clear it with."""

MERGE, RECONCILE = "merge", "reconcile"
ALL = ("*", "*")
"""The mark that stands for every order."""

_MARKS = "SELECT company, order_no, stamp FROM dirty WHERE consumer = ? ORDER BY company, order_no"
_LOTS = (
    "SELECT company, stamp, agreed, {numbers} FROM dirty WHERE consumer = ?"
    " GROUP BY company, stamp, agreed ORDER BY company, stamp, agreed"
)
_NUMBERS = {"sqlite": "json_group_array(order_no)", "postgresql": "CAST(json_agg(order_no) AS text)"}
_STAMPS = 500


@dataclass(frozen=True, slots=True)
class Lot:
    """Orders of a company that were marked at once, and whether all systems agreed as they were merged."""

    company: str
    stamp: int
    agreed: bool
    numbers: Sequence[str]

    @property
    def keys(self) -> Iterator[OrderNo]:
        """Yield the orders."""
        return zip(repeat(self.company), self.numbers, strict=False)


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


def lots(conn: sa.Connection, consumer: str) -> list[Lot]:
    """Return what `consumer` has to look at, as it was marked: cheaper than mark by mark."""
    sql = _LOTS.format(numbers=_NUMBERS[conn.dialect.name])
    return [
        Lot(company, stamp, bool(agreed), jsons.loads(numbers))
        for company, stamp, agreed, numbers in driver.fetch(conn, spelled(conn.dialect, sql), (consumer,))
    ]


def clear(conn: sa.Connection, consumer: str, done: Iterable[Mark]) -> None:
    """Take away the marks that were looked at, unless somebody marked them anew in between."""
    keys = [(consumer, *mark) for mark in done]
    bulk.delete(conn, dirty, ("consumer", "company", "order_no", "stamp"), keys)


def clear_all(
    conn: sa.Connection, consumer: str, read: Sequence[Lot], but: AbstractSet[OrderNo] = frozenset()
) -> None:
    """Take away all marks of a consumer, as they were `read`, `but` those of some orders.

    Whole stamps at a time, while they are few: a mark made anew in between has another one, and what was
    marked together was read together.
    """
    whole = {lot.stamp for lot in read} - {lot.stamp for lot in read if not but.isdisjoint(lot.keys)}
    if len(whole) > _STAMPS:
        whole = set()
    if whole:
        bulk.delete(conn, dirty, ("consumer", "stamp"), [(consumer, stamp) for stamp in whole])
    rest = [lot for lot in read if lot.stamp not in whole]
    clear(conn, consumer, [(*key, lot.stamp) for lot in rest for key in lot.keys if key not in but])
