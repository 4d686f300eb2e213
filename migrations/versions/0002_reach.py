"""What the complete reading half and the full set of finding classes keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what 0001 did not know yet."""
    sweeps()
    documents()
    judging()


def key(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column in byte order on both engines."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def record() -> list[sa.SchemaItem]:
    """Return the columns that name a record, and their primary key."""
    return [
        sa.Column("system", key(64), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("record", key(200), nullable=False),
        sa.PrimaryKeyConstraint("system", "stream", "record"),
    ]


def sweeps() -> None:
    """Keep what sweeps see, miss and bring, and which details were fetched."""
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    tight = {
        "autovacuum_vacuum_scale_factor": "0.01",
        "autovacuum_vacuum_insert_scale_factor": "0.01",
        "autovacuum_analyze_scale_factor": "0.02",
    }
    op.add_column("views", sa.Column("gone_at", sa.BigInteger))
    op.add_column("reads", sa.Column("missed", sa.Integer))
    op.create_table("seen_keys", *record(), sqlite_with_rowid=False, postgresql_with=tight)
    op.create_table(
        "absent",
        *record(),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("run", row_id, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "glances", *record(), sa.Column("digest", key(64), nullable=False), sqlite_with_rowid=False
    )


def documents() -> None:
    """Keep what is no order: receivables, invoices, bank entries, work orders, stock."""
    op.create_table(
        "documents",
        sa.Column("company", key(64), nullable=False),
        sa.Column("system", key(64), nullable=False),
        sa.Column("kind", key(16), nullable=False),
        sa.Column("number", key(200), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("record", key(200), nullable=False),
        sa.Column("order_no", key()),
        sa.Column("status", key(200)),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", key(3)),
        sa.Column("quantities", sa.Text),
        sa.Column("occurred_at", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("fields", sa.LargeBinary),
        sa.Column("mapping", key(16), nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("run", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("company", "system", "kind", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("documents_order", "documents", ["company", "order_no"])


def judging() -> None:
    """Keep how long systems lag, and find what stands still or is gone without looking at everything."""
    op.create_table(
        "latencies",
        sa.Column("leader", key(64), nullable=False),
        sa.Column("system", key(64), nullable=False),
        sa.Column("word", key(24), nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("sketch", sa.Text, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("leader", "system", "word"),
        sqlite_with_rowid=False,
    )
    for index, table, columns, where in (
        ("orders_standing", "orders", ["status", "occurred_at"], "status < 130"),
        ("views_gone", "views", ["gone_at"], "gone_at IS NOT NULL"),
    ):
        op.create_index(
            index, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
