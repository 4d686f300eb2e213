"""What the money side keeps besides matches: postings by number, statements by day, how customers stand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables and columns."""
    _postings()
    _statements()
    _standings()


def _postings() -> None:
    """Give each posting the number by which a finance system knows it."""
    op.add_column("matches", sa.Column("posting", key(32)))
    op.create_index("matches_posting", "matches", ["company", "posting"])


def _statements() -> None:
    """Make the table of statements: which days of which account were read."""
    op.create_table(
        "statements",
        sa.Column("company", key(64), primary_key=True),
        sa.Column("system", key(64), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("account", sa.LargeBinary, nullable=False),
        sa.Column("account_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("currency", key(3), nullable=False),
        sa.Column("first_on", key(10), nullable=False),
        sa.Column("last_on", key(10), nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("opening", sa.BigInteger),
        sa.Column("closing", sa.BigInteger),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("sum", sa.BigInteger, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("file_digest", key(32), nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
    )
    op.create_index("statements_account", "statements", ["company", "account_digest"])


def _standings() -> None:
    """Make the table of customers' standings."""
    op.create_table(
        "standings",
        sa.Column("company", key(64), primary_key=True),
        sa.Column("customer", key(), primary_key=True),
        sa.Column("currency", key(3), primary_key=True),
        sa.Column("name", sa.LargeBinary),
        sa.Column("day", key(10), nullable=False),
        sa.Column("open", sa.BigInteger, nullable=False),
        sa.Column("classes", sa.Text, nullable=False),
        sa.Column("overdue", sa.BigInteger, nullable=False),
        sa.Column("overdue_count", sa.Integer, nullable=False),
        sa.Column("overdue_days", sa.Integer, nullable=False),
        sa.Column("weighted_days", sa.BigInteger, nullable=False),
        sa.Column("collection", sa.BigInteger),
        sa.Column("average_days", sa.BigInteger),
        sa.Column("grade", key(1), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def key(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column in byte order on both engines."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def number() -> sa.types.TypeEngine[Any]:
    """Return the type of ids."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
