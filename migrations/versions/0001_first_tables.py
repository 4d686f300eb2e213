"""The first tables.

Written by hand, as every revision that touches a primary key must be: autogenerate drops
`postgresql_include` and `alembic check` does not miss it. Times are microseconds, quantities millionths.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIGHT = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_insert_scale_factor": "0.01",
    "autovacuum_analyze_scale_factor": "0.02",
}
SCANNED = [
    "lo", "hi", "side", "ordered", "produced", "shipped", "returned", "line_digest",
    "confirmed_at", "stocked_at", "shipped_at", "delivered_at", "future", "unknown_code",
]  # fmt: skip
"""Columns of `views` that the reconciler's scan reads from the index alone."""


def key(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column in byte order on both engines."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def order() -> list[sa.Column[str]]:
    """Return the columns that name an order."""
    return [sa.Column("company", key(64), nullable=False), sa.Column("order_no", key(), nullable=False)]


def said() -> list[sa.Column[object]]:
    """Return the columns of what a part or a system says."""
    return [
        sa.Column("status", sa.SmallInteger),
        sa.Column("lo", sa.SmallInteger, nullable=False),
        sa.Column("hi", sa.SmallInteger, nullable=False),
        sa.Column("side", sa.SmallInteger, nullable=False),
        sa.Column("side_known", sa.SmallInteger, nullable=False),
        sa.Column("money", sa.SmallInteger),
        sa.Column("ordered", sa.BigInteger),
        sa.Column("produced", sa.BigInteger),
        sa.Column("shipped", sa.BigInteger),
        sa.Column("returned", sa.BigInteger),
        sa.Column("occurred_at", sa.BigInteger),
        sa.Column("says", key(8), nullable=False),
        sa.Column("precision", sa.SmallInteger, nullable=False),
        sa.Column("line_digest", key(32)),
        sa.Column("unknown_code", key(200)),
    ]


def upgrade() -> None:
    """Make the tables."""
    _facts()
    _reading()
    _findings()
    _house()


def _facts() -> None:
    """What the systems said, and what follows from it."""
    op.create_table(
        "observations",
        *order(),
        sa.Column("system", key(64), nullable=False),
        sa.Column("part", key(), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("record", key(200), nullable=False),
        *said(),
        sa.Column("code", key(200)),
        sa.Column("raw_time", key(64)),
        sa.Column("future", sa.Boolean, nullable=False),
        sa.Column("is_return", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("event_id", key(200)),
        sa.Column("replaces", key(200)),
        sa.Column("lines", sa.Text),
        sa.Column("extras", sa.Text),
        sa.Column("mapping", key(16), nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("company", "order_no", "system", "part", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "views",
        *order(),
        sa.Column("system", key(64), nullable=False),
        *said(),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("stocked_at", sa.BigInteger),
        sa.Column("shipped_at", sa.BigInteger),
        sa.Column("delivered_at", sa.BigInteger),
        sa.Column("future", sa.Boolean, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("company", "order_no", "system", postgresql_include=SCANNED),
        sqlite_with_rowid=False,
        postgresql_with=TIGHT,
    )
    op.create_table(
        "orders",
        *order(),
        sa.Column("status", sa.SmallInteger),
        sa.Column("side", sa.SmallInteger, nullable=False),
        sa.Column("money", sa.SmallInteger),
        sa.Column("ordered", sa.BigInteger),
        sa.Column("produced", sa.BigInteger),
        sa.Column("shipped", sa.BigInteger),
        sa.Column("returned", sa.BigInteger),
        sa.Column("occurred_at", sa.BigInteger),
        sa.Column("order_type", key(16)),
        sa.Column("customer_no", key(64)),
        sa.Column("customer_name", sa.String(200)),
        sa.Column("salesperson", sa.String(100)),
        sa.Column("plant", key(64)),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", key(3)),
        sa.Column("due_first", sa.BigInteger),
        sa.Column("due_now", sa.BigInteger),
        sa.Column("priority", sa.String(20)),
        sa.Column("lines", sa.Text),
        sa.Column("extras", sa.Text),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("company", "order_no"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_history",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        *order(),
        sa.Column("field", key(32), nullable=False),
        sa.Column("old", sa.Text),
        sa.Column("new", sa.Text),
        sa.Column("system", key(64)),
        sa.Column("rule", key(64), nullable=False),
        sa.Column("who", sa.String(100)),
        sa.Column("occurred_at", sa.BigInteger),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index("order_history_order", "company", "order_no"),
    )


def _reading() -> None:
    """What was read, how far, and what could not be used."""
    op.create_table(
        "ledger",
        sa.Column("system", key(64), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("record", key(200), nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("mapping", key(16), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("version", key(200)),
        sa.Column("gave", sa.Text),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("system", "stream", "record"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "links",
        sa.Column("kind", key(32), nullable=False),
        sa.Column("value", key(), nullable=False),
        *order(),
        sa.Column("system", key(64), nullable=False),
        sa.Column("relation", key(16), nullable=False),
        sa.Column("who", sa.String(100)),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.PrimaryKeyConstraint("kind", "value", "company", "order_no", "system"),
        sa.Index("links_order", "company", "order_no"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dirty",
        sa.Column("consumer", key(32), nullable=False),
        *order(),
        sa.Column("stamp", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "company", "order_no"),
        sqlite_with_rowid=False,
        postgresql_with=TIGHT,
    )
    op.create_table(
        "cursors",
        sa.Column("system", key(64), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("slot", key(300), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("system", "stream", "slot"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reads",
        sa.Column("system", key(64), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("kind", key(8), nullable=False),
        sa.Column("complete_at", sa.BigInteger),
        sa.Column("newest_at", sa.BigInteger),
        sa.Column("failed_at", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("system", "stream", "kind"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quarantine",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("system", key(64), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("record", key(200), nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("meta", sa.Text),
        sa.Column("reason", key(64), nullable=False),
        sa.Column("values", sa.Text),
        sa.Column("field", key(64)),
        sa.Column("company", key(64)),
        sa.Column("order_no", key()),
        sa.Column("mapping", key(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("solved_at", sa.BigInteger),
        sa.UniqueConstraint("system", "stream", "record", "digest"),
    )
    op.create_table(
        "unlinked",
        sa.Column("system", key(64), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("record", key(200), nullable=False),
        sa.Column("kind", key(32), nullable=False),
        sa.Column("value", key(), nullable=False),
        sa.Column("company", key(64), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("system", "stream", "record", "kind", "value"),
        sa.Index("unlinked_value", "kind", "value"),
        sqlite_with_rowid=False,
    )


def _findings() -> None:
    """Differences, their causes and their lives."""
    op.create_table(
        "findings",
        sa.Column("id", key(16), primary_key=True),
        sa.Column("kind", key(24), nullable=False),
        *order(),
        sa.Column("system", key(64), nullable=False),
        sa.Column("field", key(64), nullable=False),
        sa.Column("state", key(12), nullable=False),
        sa.Column("cause", key(16)),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("correct_in", key(64)),
        sa.Column("at_risk", sa.BigInteger),
        sa.Column("currency", key(3)),
        sa.Column("owner", sa.String(100)),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Index("findings_state", "state"),
        sa.Index("findings_order", "company", "order_no"),
    )
    op.create_table(
        "causes",
        sa.Column("id", key(16), primary_key=True),
        sa.Column("kind", key(24), nullable=False),
        sa.Column("company", key(64), nullable=False),
        sa.Column("system", key(64), nullable=False),
        sa.Column("slice", key(), nullable=False),
        sa.Column("state", key(12), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
    )
    op.create_table(
        "finding_events",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("finding", key(16), nullable=False),
        sa.Column("what", key(16), nullable=False),
        sa.Column("details", sa.Text),
        sa.Column("who", sa.String(100)),
        sa.Column("run", ROW_ID),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index("finding_events_finding", "finding"),
    )


def _house() -> None:
    """Runs, leases, audit, settings."""
    op.create_table(
        "runs",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("kind", key(16), nullable=False),
        sa.Column("system", key(64)),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("outcome", key(16)),
        sa.Column("counts", sa.Text),
        sa.Column("error", sa.Text),
    )
    op.create_table(
        "leases",
        sa.Column("name", key(), primary_key=True),
        sa.Column("holder", key(), nullable=False),
        sa.Column("fence", ROW_ID, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("what", key(64), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "settings",
        sa.Column("name", key(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
