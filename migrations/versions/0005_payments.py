"""What matching takes: the ledger of postings, and what people taught of payers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables of the money side."""
    op.create_table(
        "matches",
        sa.Column("id", number(), primary_key=True, autoincrement=True),
        sa.Column("kind", key(8), nullable=False),
        sa.Column("company", key(64), nullable=False),
        sa.Column("entry_system", key(64), nullable=False),
        sa.Column("entry", key(200), nullable=False),
        sa.Column("system", key(64), nullable=False),
        sa.Column("receivable", key(200), nullable=False),
        sa.Column("currency", key(3), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("closes", sa.BigInteger, nullable=False),
        sa.Column("rule", key(64), nullable=False),
        sa.Column("version", key(16), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("who", sa.String(100)),
        sa.Column("reason", sa.Text),
        sa.Column("undoes", number()),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("undoes"),
    )
    op.create_index("matches_entry", "matches", ["company", "entry_system", "entry"])
    op.create_index("matches_receivable", "matches", ["company", "system", "receivable"])
    op.create_table(
        "payers",
        sa.Column("id", number(), primary_key=True, autoincrement=True),
        sa.Column("company", key(64), nullable=False),
        sa.Column("customer", key(), nullable=False),
        sa.Column("kind", key(8), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("match", number(), nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.String(100)),
    )
    op.create_index("payers_digest", "payers", ["company", "kind", "digest"])


def key(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column in byte order on both engines."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def number() -> sa.types.TypeEngine[Any]:
    """Return the type of ids."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
