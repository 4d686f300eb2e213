"""What the tables are made of: their register, and the columns that many of them share."""

from __future__ import annotations

import sqlalchemy as sa

from hub.model import QUANTITIES
from hub.store.types import Fixed, Utc, name

metadata = sa.MetaData()
"""All tables of the store, whichever module they stand in."""

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that the engine counts up."""

TIGHT = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_insert_scale_factor": "0.01",
    "autovacuum_analyze_scale_factor": "0.02",
}
"""PostgreSQL's autovacuum on tables that are scanned by index alone or emptied all the time."""


def order_key() -> list[sa.Column[str]]:
    """Return what an order is known by."""
    return [sa.Column("company", name(64), nullable=False), sa.Column("order_no", name(), nullable=False)]


def record_key() -> list[sa.Column[str]]:
    """Return what a record is known by: its system, its stream, its key there."""
    return [
        sa.Column("system", name(64), nullable=False),
        sa.Column("stream", name(64), nullable=False),
        sa.Column("record", name(200), nullable=False),
    ]


def quantities() -> list[sa.Column[object]]:
    """Return the quantities of `hub.model.QUANTITIES`."""
    return [sa.Column(one, Fixed) for one in QUANTITIES]


def said() -> list[sa.Column[object]]:
    """Return what a part or a system says: range, side, money, quantities, stamp, lines."""
    return [
        sa.Column("status", sa.SmallInteger),
        sa.Column("lo", sa.SmallInteger, nullable=False),
        sa.Column("hi", sa.SmallInteger, nullable=False),
        sa.Column("side", sa.SmallInteger, nullable=False),
        sa.Column("side_known", sa.SmallInteger, nullable=False),
        sa.Column("money", sa.SmallInteger),
        *quantities(),
        sa.Column("occurred_at", Utc),
        sa.Column("says", name(8), nullable=False),
        sa.Column("precision", sa.SmallInteger, nullable=False),
        sa.Column("line_digest", name(32)),
        sa.Column("unknown_code", name(200)),
    ]


def index_where(index: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """Return an index of the rows alone that meet a condition, on both engines."""
    only = sa.text(where)
    return sa.Index(index, *columns, unique=unique, sqlite_where=only, postgresql_where=only)
