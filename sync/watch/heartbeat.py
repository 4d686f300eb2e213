"""A lease for each system says that it is being watched: renewed while the watch lives, free after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.store import Store, alive
from hub.store.leases import Lease, lease
from hub.store.tables import leases
from hub.store.turns import holder, wall

TERM = timedelta(seconds=30)
"""So long a watch may be silent before it is taken for dead."""

BEAT = 10.0
"""Seconds between two signs of life."""

_NAME = "watch:"


@dataclass(frozen=True, slots=True)
class Watched:
    """One system that is being watched: by which process, known to live until then (aware UTC) at least."""

    system: str
    holder: str
    until: datetime


@contextmanager
def watching(store: Store, systems: Sequence[str]) -> Iterator[list[Lease]]:
    """Hold the lease of every system; LeaseBusy if another watch has one of them."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(lease(store, f"{_NAME}{system}", holder(), wall(), TERM))
            for system in sorted(systems)
        ]


def beat(store: Store, held: Sequence[Lease]) -> None:
    """Give a sign of life; FenceLost if another watch took over."""
    with store.write() as conn:
        for one in held:
            one.renew(conn, wall() + TERM)


def watched(conn: sa.Connection, now: datetime) -> list[Watched]:
    """Return the systems that a living watch reads just now, by name (`now` is this machine's time)."""
    found = conn.execute(
        sa.select(leases).where(leases.c.name.like(f"{_NAME}%"), leases.c.until > now).order_by(leases.c.name)
    )
    return [
        Watched(row.name.removeprefix(_NAME), row.holder, row.until)
        for row in found
        if not alive.is_dead(row.holder)
    ]
