"""Possible duplicate: the same purchase order of one customer, with the same goods, under two numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hub.model import Side
from hub.store import lookup, tables
from reconciler.case import Verdict
from reconciler.sources import Key, Scope
from sync.facts import parse_lines, sums
from sync.remarks import PURCHASE

_APART = timedelta(days=1)
"""Where neither says when it is due, two orders entered further apart are two orders."""

_COLUMNS = (
    "company", "order_no", "side", "ordered", "customer_no", "customer_name", "due_now", "lines",
    "first_seen",
)  # fmt: skip


def lookalikes(conn: sa.Connection, keys: Collection[Key], scope: Scope) -> Iterator[Verdict]:
    """Yield a verdict on the later of two orders that look like one, for `keys` and what shares their PO."""
    links = _purchases(conn, keys)
    named = {(row.company, row.value): set[Key]() for row in links}
    taught: dict[tuple[str, str, Key], str] = {}
    for row in lookup.fetch_many(conn, tables.links, ("kind", "value"), {(PURCHASE, v) for _, v in named}):
        if row.until is None and (row.company, row.value) in named:
            named[row.company, row.value].add((row.company, row.order_no))
            taught[row.company, row.value, (row.company, row.order_no)] = row.system
    several = {place: same for place, same in named.items() if len(same) > 1}
    orders = _orders(conn, {key for same in several.values() for key in same})
    seen: set[tuple[Key, str]] = set()
    for (company, number), same in sorted(several.items()):
        for later, earlier in _alike(same, orders):
            if later in scope and (later, earlier[1]) not in seen:
                seen.add((later, earlier[1]))
                details = _details(number, earlier, orders[later])
                system = taught[company, number, later]
                yield Verdict("possible_duplicate", *later, system, field=earlier[1][:64], details=details)


def _purchases(conn: sa.Connection, keys: Collection[Key]) -> list[sa.Row[Any]]:
    rows = lookup.fetch_many(conn, tables.links, ("company", "order_no"), keys)
    return [row for row in rows if row.kind == PURCHASE and row.until is None]


def _orders(conn: sa.Connection, keys: Collection[Key]) -> dict[Key, Any]:
    rows = lookup.fetch_many(conn, tables.orders, ("company", "order_no"), keys, _COLUMNS)
    return {(row.company, row.order_no): row for row in rows if not row.side & Side.CANCELLED}


def _alike(same: Collection[Key], orders: Mapping[Key, Any]) -> Iterator[tuple[Key, Key]]:
    """Yield (later, earlier) for orders of the same customer with the same goods for the same date."""
    by_goods: dict[tuple[object, ...], list[Key]] = {}
    for key in same:
        if (order := orders.get(key)) is not None and (goods := _goods(order)):
            by_goods.setdefault(goods, []).append(key)
    for keys in by_goods.values():
        keys.sort(key=lambda key: (orders[key].first_seen, key))
        for earlier, later in zip(keys, keys[1:], strict=False):
            near = orders[later].first_seen - orders[earlier].first_seen <= _APART
            if orders[later].due_now is not None or near:
                yield later, earlier


def _goods(order: Any) -> tuple[object, ...] | None:
    """Return what makes two orders the same purchase; None where too little is said of this one."""
    customer = order.customer_no or order.customer_name
    if customer is None or order.ordered is None:
        return None
    lines = None if order.lines is None else sums(parse_lines(order.lines))
    due = None if order.due_now is None else order.due_now.date()
    return customer, order.ordered, lines, due


def _details(number: str, earlier: Key, order: Any) -> dict[str, Any]:
    return {
        "other": earlier[1],
        "purchase": number,
        "customer": order.customer_name or order.customer_no,
        "ordered": order.ordered,
    }
