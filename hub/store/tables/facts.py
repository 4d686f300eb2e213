"""What is known of orders: what systems said, what each says now, and what is true by ownership."""

from __future__ import annotations

import sqlalchemy as sa

from hub import agreement
from hub.store.tables.base import TIGHT, Id, index_where, metadata, order_key, quantities, said
from hub.store.types import Fixed, Utc, name

ALIVE = "side & 1 = 0"
"""That an order is not cancelled, as engines have to read it to find it by these indexes."""

WAITING = "status < 90"
"""That nothing of an order has left, as engines have to read it to find it by `orders_waiting`."""

UNDER_WAY = "status < 130"
"""That an order has not come to its end, as engines have to read it to find it by `orders_standing`."""

USUAL = "regular"
"""The type of most orders."""

observations = sa.Table(
    "observations",
    metadata,
    *order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("part", name(), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("stream", name(64), nullable=False),
    sa.Column("record", name(200), nullable=False),
    *said(),
    sa.Column("code", name(200)),
    sa.Column("raw_time", name(64)),
    sa.Column("future", sa.Boolean, nullable=False, default=False),
    sa.Column("is_return", sa.Boolean, nullable=False, default=False),
    sa.Column("deleted", sa.Boolean, nullable=False, default=False),
    sa.Column("event_id", name(200)),
    sa.Column("replaces", name(200)),
    sa.Column("lines", sa.Text),
    sa.Column("extras", sa.Text),
    sa.Column("mapping", name(16), nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.Column("read_at", Utc, nullable=False),
    sa.Column("adds", sa.SmallInteger),
    sa.PrimaryKeyConstraint("company", "order_no", "system", "part", "seq"),
    sqlite_with_rowid=False,
)
"""Append-only facts: a new row whenever a part differs from its latest row; an event once."""

views = sa.Table(
    "views",
    metadata,
    *order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("claims", sa.BigInteger, sa.Computed(agreement.claims(), persisted=True), nullable=False),
    sa.Column("goods", sa.BigInteger, sa.Computed(agreement.goods(), persisted=True), nullable=False),
    sa.Column("confirmed_at", Utc),
    sa.Column("stocked_at", Utc),
    sa.Column("shipped_at", Utc),
    sa.Column("delivered_at", Utc),
    *said(),
    sa.Column("future", sa.Boolean, nullable=False, default=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.Column("gone_at", Utc),
    sa.PrimaryKeyConstraint(
        "company",
        "order_no",
        "system",
        postgresql_include=["claims", "goods", "confirmed_at", "stocked_at", "shipped_at", "delivered_at"],
    ),
    index_where("views_gone", "gone_at", where="gone_at IS NOT NULL"),
    sqlite_with_rowid=False,
    postgresql_with=TIGHT,
)
"""What one system says of one order now: the roll-up of its parts. The reconciler scans this table alone.

`claims` and `goods` fold it for the scan (`hub.agreement`); what a scan reads stands first, for an engine
that reads a row from its beginning.
`confirmed_at` … `delivered_at` are event stamps (second or minute precision) of those statuses, else None.
`gone_at` tells since when the system no longer knows the order at all; what it said last stands beside it.
"""

orders = sa.Table(
    "orders",
    metadata,
    *order_key(),
    sa.Column("status", sa.SmallInteger),
    sa.Column("side", sa.SmallInteger, nullable=False),
    sa.Column("money", sa.SmallInteger),
    *quantities(),
    sa.Column("occurred_at", Utc),
    sa.Column("order_type", name(16)),
    sa.Column("customer_no", name(64)),
    sa.Column("customer_name", sa.String(200)),
    sa.Column("salesperson", sa.String(100)),
    sa.Column("plant", name(64)),
    sa.Column("amount", Fixed),
    sa.Column("currency", name(3)),
    sa.Column("due_first", Utc),
    sa.Column("due_now", Utc),
    sa.Column("priority", sa.String(20)),
    sa.Column("lines", sa.Text),
    sa.Column("extras", sa.Text),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
    sa.Column("run", Id, nullable=False),
    sa.PrimaryKeyConstraint("company", "order_no"),
    index_where("orders_standing", "status", "occurred_at", where=f"{UNDER_WAY} AND {ALIVE}"),
    index_where("orders_waiting", "due_now", "occurred_at", where=f"{WAITING} AND {ALIVE}"),
    index_where("orders_unusual", "order_type", "company", "order_no", where=f"order_type <> '{USUAL}'"),
    sqlite_with_rowid=False,
)
"""The canonical order: the views merged by ownership. Written only by the leased merge.

`orders_standing` finds those that have stood too long in a status before the last one and are not cancelled,
`orders_waiting` those of which nothing has left by when they are due, `orders_unusual` those that go another
way than most.
"""

order_history = sa.Table(
    "order_history",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    *order_key(),
    sa.Column("field", name(32), nullable=False),
    sa.Column("old", sa.Text),
    sa.Column("new", sa.Text),
    sa.Column("system", name(64)),
    sa.Column("rule", name(64), nullable=False),
    sa.Column("who", sa.String(100)),
    sa.Column("occurred_at", Utc),
    sa.Column("run", Id, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Index("order_history_order", "company", "order_no"),
)
"""Append-only: what changed on an order, from which system, by which rule. A birth has no row."""

links = sa.Table(
    "links",
    metadata,
    sa.Column("kind", name(32), nullable=False),
    sa.Column("value", name(), nullable=False),
    *order_key(),
    sa.Column("system", name(64), nullable=False),
    sa.Column("relation", name(16), nullable=False),
    sa.Column("who", sa.String(100)),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc),
    sa.PrimaryKeyConstraint("kind", "value", "company", "order_no", "system"),
    sa.Index("links_order", "company", "order_no"),
    sqlite_with_rowid=False,
)
"""Numbers by which an order is also known: many-to-many, dated.

`relation` is same, renamed, split, merged or apart.
"""
