"""Differences, what many of them share, and how long systems take to follow one another."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables.base import Id, metadata, order_key
from hub.store.types import Fixed, Utc, name

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("id", name(16), primary_key=True),
    sa.Column("kind", name(32), nullable=False),
    *order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("field", name(64), nullable=False),
    sa.Column("state", name(12), nullable=False),
    sa.Column("cause", name(16)),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("correct_in", name(64)),
    sa.Column("at_risk", Fixed),
    sa.Column("currency", name(3)),
    sa.Column("owner", sa.String(100)),
    sa.Column("due_at", Utc),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("closed_at", Utc),
    sa.Index("findings_state", "state"),
    sa.Index("findings_order", "company", "order_no"),
)
"""Differences with an identity that is stable over runs, and a life.

`state` is in_flight, open, assigned, explained or closed.
"""

causes = sa.Table(
    "causes",
    metadata,
    sa.Column("id", name(16), primary_key=True),
    sa.Column("kind", name(24), nullable=False),
    sa.Column("company", name(64), nullable=False),
    sa.Column("system", name(64), nullable=False),
    sa.Column("slice", name(), nullable=False),
    sa.Column("state", name(12), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("closed_at", Utc),
)
"""What many findings share: one line for people, its orders behind it."""

finding_events = sa.Table(
    "finding_events",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("finding", name(16), nullable=False),
    sa.Column("what", name(16), nullable=False),
    sa.Column("details", sa.Text),
    sa.Column("who", sa.String(100)),
    sa.Column("run", Id),
    sa.Column("at", Utc, nullable=False),
    sa.Index("finding_events_finding", "finding"),
)
"""The life of a finding or cause, append-only. The birth is the finding's own row."""

latencies = sa.Table(
    "latencies",
    metadata,
    sa.Column("leader", name(64), nullable=False),
    sa.Column("system", name(64), nullable=False),
    sa.Column("word", name(24), nullable=False),
    sa.Column("seconds", sa.Integer, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("sketch", sa.Text, nullable=False),
    sa.Column("as_of", Utc, nullable=False),
    sa.PrimaryKeyConstraint("leader", "system", "word"),
    sqlite_with_rowid=False,
)
"""How long `system` takes to say a status (or side) word once `leader` has said it, as measured.

`seconds` is what all but few of `count` orders took; `sketch` counts them by length (JSON), older ones less.
"""
