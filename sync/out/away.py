"""Orders that are merged while a system is away: it was adopted, and nothing is worked out for it now.

Its mapping cannot be read, has no `writes` for a while, or is `read_only` (any mode but that in which it was
adopted). What a system should hold is worked out as an order is merged. So each order that is merged without
it is marked, and merged once more as soon as the system is back; else what it was never told is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from hub.store import Store
from hub.store.tables import adoptions, dirty
from sync import dirt


def note(conn: sa.Connection, keys: Iterable[dirt.OrderNo], modes: Mapping[str, str]) -> None:
    """Mark the orders `keys`, merged in the caller's transaction, for adopted systems that are away.

    `modes` are those in which systems are written to now.
    """
    for system, mode in sorted(_adopted(conn).items()):
        if modes.get(system) != mode:
            dirt.mark(conn, keys, consumer=_consumer(system))


def mark_back(store: Store, modes: Mapping[str, str]) -> int:
    """Mark for the merge what was noted of systems that are back by now; return how many orders."""
    with store.read() as conn:
        back = [_consumer(system) for system, mode in _adopted(conn).items() if modes.get(system) == mode]
        noted = sa.select(dirty.c.consumer).where(dirty.c.consumer.in_(back)).distinct()
        waits = {consumer: dirt.marks(conn, consumer) for consumer in list(conn.execute(noted).scalars())}
    if waits:
        with store.write() as conn:
            for consumer, marks in waits.items():
                dirt.mark(conn, [mark[:2] for mark in marks])
                dirt.clear(conn, consumer, marks)
    return sum(map(len, waits.values()))


def _adopted(conn: sa.Connection) -> dict[str, str]:
    """Return the mode in which each system was adopted."""
    return {row.system: row.mode for row in conn.execute(sa.select(adoptions.c.system, adoptions.c.mode))}


def _consumer(system: str) -> str:
    """Return by what name a system's marks stand: as long as a name may be, and none of a consumer's."""
    return f"@{system}"[:32]
