"""The WMS's database: two tables, and the triggers by which every write stamps, counts and is noted.

A trigger moves `changed` and `version` on every update, also of a line: the echo of a write moves the stamp.
Stamps are local time as text, with milliseconds. `setting` holds the time where it is set, and who writes:
the hub, unless a person of the warehouse is at it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from simulators.trading.faults import fault_table
from simulators.trading.journal import journal_table
from simulators.trading.wms_triggers import postgresql, sqlite

COMPANY = "HS01"


class Quantity(sa.types.UserDefinedType[Decimal]):
    """An exact number in the database's own type, on the way to and from it as text."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        """Return the type as the database calls it."""
        return "NUMERIC(15,3)"

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        """Return what makes a number of ours one of the database's."""
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return what makes a number of the database's one of ours."""
        return lambda value: None if value is None else Decimal(str(value))


metadata = sa.MetaData()
journal = journal_table(metadata)
fault = fault_table(metadata)

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("value", sa.String(60)),
)
outbound = sa.Table(
    "outbound",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("company", sa.String(8), nullable=False, server_default=COMPANY),
    sa.Column("order_ref", sa.String(60), nullable=False, index=True),
    sa.Column("state", sa.String(4), nullable=False),
    sa.Column("held", sa.String(1), nullable=False, server_default="N"),
    sa.Column("customer", sa.String(60), nullable=False, server_default=""),
    sa.Column("created", sa.String(32)),
    sa.Column("changed", sa.String(32)),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("shipped_at", sa.String(32)),
    sa.Column("remark", sa.String(200)),
    sqlite_autoincrement=True,
)
sa.Index("outbound_changed", outbound.c.changed, outbound.c.id)
outbound_line = sa.Table(
    "outbound_line",
    metadata,
    sa.Column("outbound_id", sa.ForeignKey("outbound.id"), primary_key=True, autoincrement=False),
    sa.Column("pos", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_code", sa.String(24), nullable=False),
    sa.Column("unit", sa.String(4), nullable=False, server_default="PCS"),
    sa.Column("qty", Quantity(), nullable=False),
    sa.Column("qty_sent", Quantity(), nullable=False, server_default="0"),
)


def prepare(conn: sa.Connection, *, unique: bool) -> None:
    """Make triggers, settings, and the key on the reference if it is `unique`."""
    statements = sqlite if conn.dialect.name == "sqlite" else postgresql
    for statement in statements():
        conn.exec_driver_sql(statement)
    if not conn.execute(setting.select()).first():
        conn.execute(setting.insert(), [{"name": "who", "value": "hub"}, {"name": "now", "value": None}])
    there = {one["name"] for one in sa.inspect(conn).get_indexes("outbound")}
    if unique and "outbound_reference" not in there:
        conn.exec_driver_sql("CREATE UNIQUE INDEX outbound_reference ON outbound (company, order_ref)")
