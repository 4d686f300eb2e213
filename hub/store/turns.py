"""Whose turn it is: how processes name themselves, how long they may be silent, how they stay in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hub.store import alive
from hub.store.leases import Lease

LEASE = timedelta(minutes=10)
"""How long a worker may be silent before it is taken for dead."""


def wall() -> datetime:
    """Return the time of this machine; leases go by it even where the hub's clock is set."""
    return datetime.now(UTC)


def holder() -> str:
    """Return the name under which this process holds leases."""
    return alive.name()


@dataclass(slots=True)
class Turn:
    """A turn that is kept while pages come: renewed with each that is written, else before it grows old."""

    lease: Lease
    kept_at: datetime = field(default_factory=wall)

    def stay(self, conn: sa.Connection) -> None:
        """Hold the lease for its full term again, in a transaction that writes; FenceLost if it is gone."""
        self.kept_at = wall()
        self.lease.renew(conn, self.kept_at + LEASE)

    @property
    def ages(self) -> bool:
        """Whether a tenth of the term has passed since it was last renewed."""
        return wall() - self.kept_at > LEASE / 10


def stay(lease: Lease, conn: sa.Connection) -> None:
    """Hold the lease for its full term again, with the page being written; FenceLost if it is gone."""
    lease.renew(conn, wall() + LEASE)
