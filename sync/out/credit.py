"""How the customers of orders stand, for the fuse: read for many orders at once, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from hub.fuse import Credit
from hub.store import lookup
from hub.store.tables import standings

_KEY = ("company", "customer")
_READ = (*_KEY, "currency", "day", "overdue", "overdue_days", "grade")

Customer = tuple[str, str]
"""Company and customer number."""


def read(conn: sa.Connection, customers: Iterable[Customer]) -> dict[Customer, list[Credit]]:
    """Return how each of `customers` stood when money was matched last, by currency, if he is known."""
    found: dict[Customer, list[Credit]] = {}
    rows = lookup.fetch_many(conn, standings, _KEY, set(customers), _READ)
    for row in sorted(rows, key=lambda row: (row.company, row.customer, row.currency)):
        credit = Credit(row.currency, row.day, row.overdue, row.overdue_days, row.grade)
        found.setdefault((row.company, row.customer), []).append(credit)
    return found
