"""What left the house, beside what was billed: shipments by order, and orders shipped but not invoiced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.model import Money, Side, Status
from hub.store import lookup
from hub.store.tables import documents, links, orders, views
from reconciler.payments.money import decimals, to_minor
from reconciler.payments.reports.given import Unbilled

SHIPMENTS = ("waybill", "delivery")
"""The links that name a shipment: the carrier's number, and that of the warehouse."""

BILLS = ("receivable", "invoice")
_KEY = ("company", "order_no")


def shipments(conn: sa.Connection, company: str, order_nos: Iterable[str]) -> dict[str, list[str]]:
    """Return the waybills of each order, else its deliveries."""
    keys = {(company, order_no) for order_no in order_nos if order_no}
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in lookup.fetch_many(conn, links, _KEY, keys, ("order_no", "kind", "value", "until")):
        if row.kind in SHIPMENTS and row.until is None:
            found[row.order_no][row.kind].add(row.value)
    return {
        order_no: sorted(next(said[k] for k in SHIPMENTS if k in said)) for order_no, said in found.items()
    }


def unbilled(conn: sa.Connection, company: str, free: Collection[str], zone: ZoneInfo) -> list[Unbilled]:
    """Return the orders that are shipped, and have neither receivable nor invoice, the oldest first.

    Orders of a `free` type are never billed. Nothing, where no document of the company names an order: then
    nobody could tell.
    """
    d, o = documents.c, orders.c
    bills = sa.select(d.order_no).where(d.company == company, d.kind.in_(BILLS), d.deleted.is_(False))
    if conn.execute(bills.where(d.order_no.is_not(None)).limit(1)).first() is None:
        return []
    asked = sa.select(orders).where(
        o.company == company,
        o.status >= Status.SHIPPED,
        o.side.op("&")(int(Side.CANCELLED)) == 0,
        sa.func.coalesce(o.money, 0) < Money.INVOICED,
        ~bills.where(d.order_no == o.order_no).exists(),
    )
    rows = [dict(row._mapping) for row in conn.execute(asked) if row.order_type not in free]
    left = _left(conn, rows)
    found = [_unbilled(row, left.get(row["order_no"]) or row["occurred_at"], zone) for row in rows]
    return sorted(found, key=lambda one: (one.shipped is None, one.shipped, one.order_no))


def _left(conn: sa.Connection, rows: Sequence[dict[str, Any]]) -> dict[str, datetime]:
    """Return when each order left first, where a system says so."""
    keys = {(row["company"], row["order_no"]) for row in rows}
    found: dict[str, datetime] = {}
    for row in lookup.fetch_many(conn, views, _KEY, keys, ("order_no", "shipped_at")):
        if row.shipped_at is not None:
            found[row.order_no] = min(row.shipped_at, found.get(row.order_no, row.shipped_at))
    return found


def _unbilled(row: dict[str, Any], left: datetime | None, zone: ZoneInfo) -> Unbilled:
    amount, currency = row["amount"], row["currency"] or ""
    known = amount is not None and currency
    return Unbilled(
        order_no=row["order_no"],
        customer=row["customer_no"] or "",
        name=row["customer_name"] or row["customer_no"] or "",
        shipped=None if left is None else left.astimezone(zone).date(),
        currency=currency if known else "",
        amount=to_minor(round(amount, decimals(currency)), currency) if known else None,
    )
