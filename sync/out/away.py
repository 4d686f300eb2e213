"""Orders that are merged while a system is away: one that was adopted, and whose mapping cannot be read now.

What a system should hold is worked out as an order is merged. So each order that is merged without it is
marked, and merged once more as soon as the system is back; else nobody would miss what it was never told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from hub.store import Store
from hub.store.tables import adoptions, dirty
from sync import dirt


def note(conn: sa.Connection, keys: Iterable[dirt.OrderNo], here: Collection[str]) -> None:
    """Mark the orders `keys`, merged in the caller's transaction, for adopted systems that are not `here`."""
    for system in sorted(set(conn.execute(sa.select(adoptions.c.system)).scalars()) - set(here)):
        dirt.mark(conn, keys, consumer=_consumer(system))


def mark_back(store: Store, here: Iterable[str]) -> int:
    """Mark for the merge what was noted of systems that are `here` again; return how many orders."""
    consumers = sorted(map(_consumer, here))
    with store.read() as conn:
        back = conn.execute(
            sa.select(dirty.c.consumer).where(dirty.c.consumer.in_(consumers)).distinct()
        ).scalars()
        waits = {consumer: dirt.marks(conn, consumer) for consumer in list(back)}
    if waits:
        with store.write() as conn:
            for consumer, marks in waits.items():
                dirt.mark(conn, [mark[:2] for mark in marks])
                dirt.clear(conn, consumer, marks)
    return sum(map(len, waits.values()))


def _consumer(system: str) -> str:
    """Return by what name a system's marks stand: as long as a name may be, and none of a consumer's."""
    return f"@{system}"[:32]
