"""The practice WMS's database: its two tables, and how they are filled. Any engine that SQLAlchemy knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import sqlalchemy as sa

from simulators import clock
from simulators.wms import WmsRow

metadata = sa.MetaData()

outbound = sa.Table(
    "outbound",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("delivery_no", sa.String(24), nullable=False),
    sa.Column("company", sa.String(8), nullable=False),
    sa.Column("order_ref", sa.String(24), nullable=False),
    sa.Column("kind", sa.String(4), nullable=False),
    sa.Column("state", sa.String(4), nullable=False),
    sa.Column("held", sa.String(1), nullable=False),
    sa.Column("customer", sa.String(60), nullable=False),
    sa.Column("warehouse", sa.String(8), nullable=False),
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("changed", sa.DateTime, nullable=False),
    sa.Column("shipped_at", sa.DateTime),
    sa.Column("remark", sa.String(120)),
)
sa.Index("outbound_changed", outbound.c.changed, outbound.c.id)

outbound_line = sa.Table(
    "outbound_line",
    metadata,
    sa.Column(
        "outbound_id", sa.BigInteger, sa.ForeignKey("outbound.id"), primary_key=True, autoincrement=False
    ),
    sa.Column("pos", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_code", sa.String(24), nullable=False),
    sa.Column("unit", sa.String(4), nullable=False),
    sa.Column("qty", sa.Numeric(15, 3), nullable=False),
    sa.Column("qty_sent", sa.Numeric(15, 3), nullable=False),
)


def fill(url: str, rows: Iterator[WmsRow], block: int = 5000) -> int:
    """Make the tables anew at `url` and write all rows; return how many deliveries there are."""
    engine = sa.create_engine(url)
    count = 0
    try:
        with engine.begin() as conn:
            metadata.drop_all(conn)
            metadata.create_all(conn)
            heads: list[dict[str, object]] = []
            lines: list[dict[str, object]] = []
            for count, row in enumerate(rows, 1):
                heads.append(_head(count, row))
                lines += _lines(count, row)
                if len(heads) >= block:
                    _write(conn, heads, lines)
            _write(conn, heads, lines)
    finally:
        engine.dispose()
    return count


def insert(conn: sa.Connection, rows: Iterable[tuple[int, WmsRow]]) -> None:
    """Write rows, each under the id given with it."""
    rows = list(rows)
    _write(
        conn,
        [_head(key, row) for key, row in rows],
        [line for key, row in rows for line in _lines(key, row)],
    )


def remove(conn: sa.Connection, keys: Iterable[int]) -> None:
    """Take the rows with these ids away, lines and all."""
    bound = [{"key": key} for key in keys]
    if bound:
        conn.execute(outbound_line.delete().where(outbound_line.c.outbound_id == sa.bindparam("key")), bound)
        conn.execute(outbound.delete().where(outbound.c.id == sa.bindparam("key")), bound)


def _write(conn: sa.Connection, heads: list[dict[str, object]], lines: list[dict[str, object]]) -> None:
    if heads:
        conn.execute(outbound.insert(), heads)
    if lines:
        conn.execute(outbound_line.insert(), lines)
    heads.clear()
    lines.clear()


def _head(key: int, row: WmsRow) -> dict[str, object]:
    return {
        "id": key,
        "delivery_no": row.delivery_no,
        "company": row.company,
        "order_ref": row.order_ref,
        "kind": row.kind,
        "state": row.state,
        "held": row.held,
        "customer": row.customer,
        "warehouse": row.warehouse,
        "created": _time(row.created, row),
        "changed": _time(row.changed, row),
        "shipped_at": None if row.shipped_at is None else _time(row.shipped_at, row),
        "remark": row.remark,
    }


def _time(moment: int, row: WmsRow) -> datetime:
    if row.utc and row.utc[0] <= moment < row.utc[1]:
        moment -= clock.OFFSET
    return clock.naive(moment)


def _lines(key: int, row: WmsRow) -> list[dict[str, object]]:
    return [
        {
            "outbound_id": key,
            "pos": line.pos,
            "item_code": line.item_code,
            "unit": line.unit,
            "qty": line.qty,
            "qty_sent": line.qty_sent,
        }
        for line in row.lines
    ]
