"""How the house runs itself: marks, runs, leases, what people did, and what the store knows of itself."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables.base import TIGHT, Id, metadata, order_key
from hub.store.types import Utc, name

dirty = sa.Table(
    "dirty",
    metadata,
    sa.Column("consumer", name(32), nullable=False),
    *order_key(),
    sa.Column("stamp", Id, nullable=False),
    sa.Column("agreed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.PrimaryKeyConstraint("consumer", "company", "order_no"),
    sqlite_with_rowid=False,
    postgresql_with=TIGHT,
)
"""Orders that a consumer (merge, reconcile) must look at; company and order_no "*" stand for all.

On those `agreed` all systems agreed when they were merged.
"""

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("kind", name(16), nullable=False),
    sa.Column("system", name(64)),
    sa.Column("started_at", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Column("outcome", name(16)),
    sa.Column("counts", sa.Text),
    sa.Column("error", sa.Text),
)
"""One row for each run that wrote something or failed; a run that found nothing leaves no row."""

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", name(), primary_key=True),
    sa.Column("holder", name(), nullable=False),
    sa.Column("fence", Id, nullable=False),
    sa.Column("until", Utc, nullable=False),
    sqlite_with_rowid=False,
)
"""Who works on what; the fence grows with every change of hands."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("what", name(64), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
"""What people did, as a hash chain: each hash covers the row and the hash before it."""

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", name(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What the store knows of itself: the check value by which a wrong key is told at once."""
