"""What the complete reading half and the full set of finding classes keep."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# What is folded may change only together with a revision that makes the columns anew.
from hub import agreement as folded

revision = "0002"
down_revision = "0001"

TIGHT = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_insert_scale_factor": "0.01",
    "autovacuum_analyze_scale_factor": "0.02",
}


def upgrade() -> None:
    """Add what 0001 did not know yet."""
    agreement()
    sweeps()
    documents()
    judging()
    longer_kinds()
    adding()


def key(length: int = 128) -> sa.types.TypeEngine[str]:
    """Return a text column in byte order on both engines."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def record() -> list[sa.schema.SchemaItem]:
    """Return the columns that name a record, and their primary key."""
    return [
        sa.Column("system", key(64), nullable=False),
        sa.Column("stream", key(64), nullable=False),
        sa.Column("record", key(200), nullable=False),
        sa.PrimaryKeyConstraint("system", "stream", "record"),
    ]


def agreement() -> None:
    """Fold what views say into two columns, first in the row; note since when an order is gone.

    The table is made anew: columns stand in the order in which a scan reads them.
    """
    op.execute("CREATE TEMP TABLE views_before AS SELECT * FROM views")
    op.drop_table("views")
    stamps = ["confirmed_at", "stocked_at", "shipped_at", "delivered_at"]
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
    ]
    place: list[sa.Column[Any]] = [
        sa.Column("company", key(64), nullable=False),
        sa.Column("order_no", key(), nullable=False),
        sa.Column("system", key(64), nullable=False),
    ]
    op.create_table(
        "views",
        *place,
        sa.Column("claims", sa.BigInteger, sa.Computed(folded.claims(), persisted=True), nullable=False),
        sa.Column("goods", sa.BigInteger, sa.Computed(folded.goods(), persisted=True), nullable=False),
        *said,
        sa.Column("gone_at", sa.BigInteger),
        sa.PrimaryKeyConstraint(
            "company",
            "order_no",
            "system",
            postgresql_include=["claims", "goods", *stamps],
        ),
        sqlite_with_rowid=False,
        postgresql_with=TIGHT,
    )
    names = ", ".join(f'"{column.name}"' for column in (*place, *said))
    op.execute(f"INSERT INTO views ({names}) SELECT {names} FROM views_before")
    op.drop_table("views_before")


def sweeps() -> None:
    """Keep what sweeps see, miss and bring, and which details were fetched."""
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("reads", sa.Column("missed", sa.Integer))
    op.create_table("seen_keys", *record(), sqlite_with_rowid=False, postgresql_with=TIGHT)
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
        ("orders_unusual", "orders", ["order_type", "company", "order_no"], "order_type <> 'regular'"),
        ("views_gone", "views", ["gone_at"], "gone_at IS NOT NULL"),
    ):
        op.create_index(index, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def longer_kinds() -> None:
    """Let the name of a class of findings be longer; SQLite can only do so with a table made anew."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("findings", "kind", type_=key(32))
        return
    for index in ("findings_state", "findings_order"):
        op.drop_index(index, "findings")
    op.rename_table("findings", "findings_before")
    table = op.create_table(
        "findings",
        sa.Column("id", key(16), primary_key=True),
        sa.Column("kind", key(32), nullable=False),
        sa.Column("company", key(64), nullable=False),
        sa.Column("order_no", key(), nullable=False),
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
    names = ", ".join(column.name for column in table.c)
    op.execute(f"INSERT INTO findings ({names}) SELECT {names} FROM findings_before")
    op.drop_table("findings_before")


def adding() -> None:
    """Note which quantities of an event come on top of what was said before."""
    op.add_column("observations", sa.Column("adds", sa.SmallInteger))
