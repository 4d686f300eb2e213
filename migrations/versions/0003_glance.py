"""What looks at many orders need: cancelled ones folded, narrower indexes, sums, notes of what agrees."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# What is folded may change only together with a revision that makes the columns anew.
from hub import agreement as folded

revision = "0003"
down_revision = "0002"

TIGHT = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_insert_scale_factor": "0.01",
    "autovacuum_analyze_scale_factor": "0.02",
}


def upgrade() -> None:
    """Fold the views anew, look for what stands by narrower indexes, note what agrees.

    There are stores of revision 0002 that have the sum already, and no `glances` any more.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP AGGREGATE IF EXISTS hub_sum(bigint)")
        op.execute("CREATE AGGREGATE hub_sum(bigint) (SFUNC = int8pl, STYPE = bigint, INITCOND = '0')")
    views()
    index("orders_standing", "orders", ["status", "occurred_at"], "status < 130 AND side & 1 = 0")
    index("orders_waiting", "orders", ["due_now", "occurred_at"], "status < 90 AND side & 1 = 0")
    op.execute("DROP TABLE IF EXISTS glances")
    op.add_column("dirty", sa.Column("agreed", sa.Boolean, nullable=False, server_default=sa.false()))


def key(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column in byte order on both engines."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def views() -> None:
    """Make the views anew, for their computed columns; a store computes these when a row is written."""
    op.execute("CREATE TEMP TABLE views_before AS SELECT * FROM views")
    op.drop_table("views")
    stamps = ["confirmed_at", "stocked_at", "shipped_at", "delivered_at"]
    place: list[sa.Column[Any]] = [
        sa.Column("company", key(64), nullable=False),
        sa.Column("order_no", key(), nullable=False),
        sa.Column("system", key(64), nullable=False),
    ]
    said: list[sa.Column[Any]] = [
        *(sa.Column(name, sa.BigInteger) for name in stamps),
        sa.Column("status", sa.SmallInteger),
        *(sa.Column(name, sa.SmallInteger, nullable=False) for name in ("lo", "hi", "side", "side_known")),
        sa.Column("money", sa.SmallInteger),
        *(sa.Column(name, sa.BigInteger) for name in ("ordered", "produced", "shipped", "returned")),
        sa.Column("occurred_at", sa.BigInteger),
        sa.Column("says", key(8), nullable=False),
        sa.Column("precision", sa.SmallInteger, nullable=False),
        sa.Column("line_digest", key(32)),
        sa.Column("unknown_code", key(200)),
        sa.Column("future", sa.Boolean, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("run", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gone_at", sa.BigInteger),
    ]
    op.create_table(
        "views",
        *place,
        sa.Column("claims", sa.BigInteger, sa.Computed(folded.claims(), persisted=True), nullable=False),
        sa.Column("goods", sa.BigInteger, sa.Computed(folded.goods(), persisted=True), nullable=False),
        *said,
        sa.PrimaryKeyConstraint(
            "company", "order_no", "system", postgresql_include=["claims", "goods", *stamps]
        ),
        sqlite_with_rowid=False,
        postgresql_with=TIGHT,
    )
    names = ", ".join(f'"{column.name}"' for column in (*place, *said))
    op.execute(f"INSERT INTO views ({names}) SELECT {names} FROM views_before")
    op.drop_table("views_before")
    index("views_gone", "views", ["gone_at"], "gone_at IS NOT NULL")


def index(name: str, table: str, columns: list[str], where: str) -> None:
    """Make a partial index, in place of one of the same name."""
    op.execute(f"DROP INDEX IF EXISTS {name}")
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
