"""Numbers by which an order is also known: learned from records, joined and separated by people.

A record that carries only a delivery number finds its order through a link that another stream taught; one
that people joined to an order (`orderhub link`) finds it through a link of kind `order_no`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.model import Fact, OrderKey
from hub.store import bulk, lookup
from hub.store.tables import links, orders
from sync.dirt import mark
from sync.remarks import remark, twins

JOINED = "order_no"
"""The kind of link that people make: this order number is that order."""

_SAME = ("same", "renamed", "merged")


@dataclass(frozen=True, slots=True)
class Aliases:
    """The links that a page of facts may need, by (company, kind, value)."""

    orders: dict[tuple[str, str, str], tuple[str, ...]]

    @classmethod
    def load(cls, conn: sa.Connection, facts: Sequence[Fact]) -> Aliases:
        """Load what `facts` may need: the links they wait for, and joined numbers."""
        wanted = {(fact.waits_for.kind, fact.waits_for.value) for fact in facts if fact.waits_for}
        if _anything_joined(conn):
            wanted |= {(JOINED, fact.order_no) for fact in facts if fact.order_no is not None}
        known: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for row in lookup.fetch_many(conn, links, ("kind", "value"), wanted):
            if row.until is None and row.relation in _SAME:
                place = row.company, row.kind, row.value
                known[place] = tuple(sorted({*known.get(place, ()), row.order_no}))
        return cls(known)

    def place(self, fact: Fact) -> OrderKey | None:
        """Return the order that `fact` is about; None while its link is not known or names several orders."""
        order_no = fact.order_no
        if order_no is None and fact.waits_for is not None:
            found = self.orders.get((fact.company, fact.waits_for.kind, fact.waits_for.value), ())
            order_no = found[0] if len(found) == 1 else None
        if order_no is None:
            return None
        joined = self.orders.get((fact.company, JOINED, order_no), ())
        return OrderKey(fact.company, joined[0] if len(joined) == 1 else order_no)


def learn(
    conn: sa.Connection, system: str, facts: Iterable[tuple[OrderKey, Fact]], since: datetime
) -> set[tuple[str, str, str, str]]:
    """Keep the links that facts teach, from `since` on; a link that is known already is not touched.

    Return what was not known: kind, value, company, order number.
    """
    taught = {
        (link.kind, link.value, key.company, key.order_no) for key, fact in facts for link in fact.links
    }
    if not taught:
        return taught
    rows = lookup.fetch_many(conn, links, ("kind", "value"), {(kind, value) for kind, value, _, _ in taught})
    known = {
        (row.kind, row.value, row.company, row.order_no)
        for row in rows
        if row.system == system and row.until is None
    }
    fresh = [
        {
            "kind": kind,
            "value": value,
            "company": company,
            "order_no": order_no,
            "system": system,
            "relation": "same",
            "who": None,
            "since": since,
            "until": None,
        }
        for kind, value, company, order_no in sorted(taught - known)
    ]
    bulk.upsert(conn, links, fresh)
    alike = twins(taught - known, rows)
    if alike:
        mark(conn, alike)
        remark(conn, alike)
    return taught - known


def unlearn(
    conn: sa.Connection, system: str, left: Iterable[tuple[str, str]], until: datetime
) -> list[dict[str, object]]:
    """End the links that `system` taught of orders (company, order_no) it speaks of no more; return them."""
    ended = [
        {**row._mapping, "until": until}
        for row in lookup.fetch_many(conn, links, ("company", "order_no"), set(left))
        if row.system == system and row.until is None
    ]
    bulk.upsert(conn, links, ended)
    return ended


def orders_called(conn: sa.Connection, number: str, company: str | None = None) -> list[OrderKey]:
    """Return the orders that `number` may mean: the order's own number, or a link of any kind."""
    own = sa.select(orders.c.company, orders.c.order_no).where(orders.c.order_no == number)
    linked = sa.select(links.c.company, links.c.order_no).where(
        links.c.value == number, links.c.until.is_(None)
    )
    found = conn.execute(sa.union(own, linked)).all()
    keys = {OrderKey(row.company, row.order_no) for row in found if company in (None, row.company)}
    return sorted(keys, key=str)


def _anything_joined(conn: sa.Connection) -> bool:
    return lookup.exists(conn, links, kind=JOINED)
