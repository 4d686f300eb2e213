"""What writing back takes: the outbox with its steps and approvals, accepted forms, brakes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

OPEN = "state IN ('pending', 'sent', 'unknown', 'held', 'waiting')"


def upgrade() -> None:
    """Make the tables of the way out."""
    op.create_table(
        "outbox",
        sa.Column("id", number(), primary_key=True, autoincrement=True),
        *order(),
        *texts("system", "write", length=64),
        sa.Column("kind", key(8), nullable=False),
        sa.Column("state", key(12), nullable=False),
        sa.Column("mode", key(12), nullable=False),
        *texts("digest", "key", length=32),
        *(sa.Column(one, sa.Text, nullable=False) for one in ("wanted", "seen", "rule")),
        *(sa.Column(one, sa.Text) for one in ("reason", "holds")),
        sa.Column("batch", key(64)),
        sa.Column("author", sa.String(100)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        *(sa.Column(one, sa.BigInteger, nullable=False) for one in ("created_at", "changed_at")),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("ids", sa.Text),
        sa.Column("run", number(), nullable=False),
    )
    partial("outbox_open", "outbox", ["system", "company", "order_no", "write"], OPEN, unique=True)
    op.create_index("outbox_order", "outbox", ["company", "order_no"])
    op.create_index("outbox_written", "outbox", ["system", "created_at"])
    op.create_table(
        "change_steps",
        sa.Column("change", number(), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("step", key(), nullable=False),
        sa.Column("took", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("change", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "approvals",
        sa.Column("id", number(), primary_key=True, autoincrement=True),
        sa.Column("change", number(), nullable=False),
        sa.Column("digest", key(32), nullable=False),
        sa.Column("role", key(64), nullable=False),
        sa.Column("granted", sa.Boolean, nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("approvals_change", "approvals", ["change"])
    op.create_table(
        "forms",
        *order(),
        *texts("system", "write", length=64),
        sa.Column("held", sa.Text, nullable=False),
        sa.Column("settles_at", sa.BigInteger),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("company", "order_no", "system", "write"),
        sqlite_with_rowid=False,
    )
    partial("forms_unsettled", "forms", ["system", "settles_at"], "settles_at IS NOT NULL")
    op.create_table(
        "pauses",
        sa.Column("system", key(64), primary_key=True),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "breakers",
        sa.Column("system", key(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        *(sa.Column(one, sa.BigInteger) for one in ("open_until", "next_at")),
        sa.Column("error", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "adoptions",
        sa.Column("system", key(64), primary_key=True),
        sa.Column("mode", key(12), nullable=False),
        *(sa.Column(one, sa.BigInteger, nullable=False) for one in ("at", "born_from")),
        sa.Column("parked", sa.Integer, nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sqlite_with_rowid=False,
    )


def key(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column in byte order on both engines."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def number() -> sa.types.TypeEngine[Any]:
    """Return the type of ids."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def order() -> list[sa.Column[Any]]:
    """Return the columns by which an order is known."""
    return [sa.Column("company", key(64), nullable=False), sa.Column("order_no", key(), nullable=False)]


def texts(*names: str, length: int) -> list[sa.Column[Any]]:
    """Return text columns that are always filled."""
    return [sa.Column(one, key(length), nullable=False) for one in names]


def partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    """Make a partial index."""
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
