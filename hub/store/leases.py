"""Leases: one worker at a time, and a fence against the one that was taken for dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.errors import FenceLost, LeaseBusy
from hub.store import alive, driver
from hub.store.engine import Store
from hub.store.statements import spelled
from hub.store.tables import leases
from hub.store.types import to_micros

_HELD = "SELECT fence FROM leases WHERE name = ?"
_RENEW = "UPDATE leases SET until = ? WHERE name = ? AND fence = ?"
_TAKE = (
    "INSERT INTO leases (name, holder, fence, until) VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE"
    " SET holder = excluded.holder, fence = leases.fence + 1, until = excluded.until"
    " WHERE leases.until <= ? RETURNING fence"
)
_FREE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """What its holder may show: `name` of the work, `holder`, and the `fence` that grew when it was taken."""

    name: str
    holder: str
    fence: int

    def check(self, conn: sa.Connection) -> None:
        """Raise FenceLost if another worker took over; call it in every transaction that writes.

        On PostgreSQL nobody can take over between this check and the commit (the row stays share-locked).
        """
        lock = " FOR SHARE" if conn.dialect.name == "postgresql" else ""
        held = driver.fetch(conn, spelled(conn.dialect, _HELD) + lock, (self.name,))
        if held != [(self.fence,)]:
            raise FenceLost("store.fence_lost", name=self.name, holder=self.holder)

    def renew(self, conn: sa.Connection, until: datetime) -> None:
        """Hold it `until` then; FenceLost if another worker took over."""
        given = (to_micros(until), self.name, self.fence)
        if driver.run(conn, spelled(conn.dialect, _RENEW), given) != 1:
            raise FenceLost("store.fence_lost", name=self.name, holder=self.holder)

    def release(self, conn: sa.Connection) -> None:
        """Let the next one in at once; nothing happens if another worker took over."""
        given = (to_micros(_FREE), self.name, self.fence)
        driver.run(conn, spelled(conn.dialect, _RENEW), given)


@contextmanager
def lease(store: Store, name: str, holder: str, now: datetime, ttl: timedelta) -> Iterator[Lease]:
    """Hold the lease `name` from `now` for `ttl` at most; LeaseBusy if it is held, even by the same holder.

    Whoever dies holding it blocks the others until it runs out, and nobody longer; if it died on this
    machine, nobody at all.
    """
    with store.write() as conn:
        held = _take(conn, name, holder, now, now + ttl)
    try:
        yield held
    finally:
        with store.write() as conn:
            held.release(conn)


def _take(conn: sa.Connection, name: str, holder: str, now: datetime, until: datetime) -> Lease:
    """Take the lease in one statement, so that of two workers exactly one gets it."""
    given = (name, holder, to_micros(until), to_micros(now))
    fences = driver.fetch(conn, spelled(conn.dialect, _TAKE), given)
    if not fences:
        other = conn.execute(sa.select(leases).where(leases.c.name == name)).one()
        if alive.is_dead(other.holder) and (left := _take_from(conn, other, holder, until)):
            return left
        raise LeaseBusy(
            "store.lease_busy", name=name, holder=other.holder, until=f"{other.until:%Y-%m-%d %H:%M:%SZ}"
        )
    return Lease(name, holder, fences[0][0])


def _take_from(conn: sa.Connection, dead: sa.Row[Any], holder: str, until: datetime) -> Lease | None:
    """Take what a dead process left; None if another worker was there first."""
    same = (leases.c.name == dead.name, leases.c.fence == dead.fence)
    taken = conn.execute(
        leases.update().where(*same).values(holder=holder, fence=dead.fence + 1, until=until)
    )
    return Lease(dead.name, holder, dead.fence + 1) if taken.rowcount == 1 else None
