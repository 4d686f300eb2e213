"""What merging reads: views, observations and orders side by side, in key order, in the store's own form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from hub.store import lookup
from hub.store.tables import observations, orders, views
from sync.agreed import READ
from sync.ownership import FIELDS, VIEW

OrderNo = tuple[str, str]
Row = tuple[Any, ...]

KEY = ("company", "order_no")
_VIEWS = (*KEY, *VIEW)
_ORDER = (*KEY, *FIELDS, "first_seen")
_PARTS = (*KEY, "system", "part", "seq", "deleted", "is_return", "extras", "lines")
_OF_KEY = itemgetter(0, 1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows of some orders; `upto` is the last one of a scan, None if nothing follows.

    An order without a view may be among them: nobody speaks of it any more. Views are `compared` if they were
    read with what it takes to see whether they agree.
    """

    views: Sequence[Row]
    parts: Sequence[Row]
    orders: Sequence[Row]
    upto: OrderNo | None = None
    compared: bool = False

    @property
    def newborn(self) -> bool:
        """Whether all are new, and one observation of one system is all that there is of each."""
        if self.orders or not self.views or any(row[5] or row[6] for row in self.parts):
            return False
        keys = [*map(_OF_KEY, self.views)]
        return len(set(keys)) == len(keys) and keys == [*map(_OF_KEY, self.parts)]

    def keys(self) -> list[OrderNo]:
        """Return the orders, in order."""
        return sorted({*map(_OF_KEY, self.views), *map(_OF_KEY, self.orders)})

    def stored(self) -> dict[OrderNo, Mapping[str, Any]]:
        """Return how the orders stand, as far as they are known."""
        return {_OF_KEY(row): dict(zip(_ORDER, row, strict=True)) for row in self.orders}


def by_order(rows: Sequence[Row]) -> dict[OrderNo, list[Row]]:
    """Return rows by the order that they begin with, without it."""
    found: dict[OrderNo, list[Row]] = {}
    for company, order_no, *rest in rows:
        found.setdefault((company, order_no), []).append(tuple(rest))
    return found


def look_up(conn: sa.Connection, keys: Sequence[OrderNo]) -> Stretch:
    """Return the rows of the orders `keys`; nobody agrees with anybody yet where all of them are new."""
    stored = lookup.fetch_bound(conn, orders, KEY, keys, _ORDER)
    here = lookup.fetch_bound(conn, views, KEY, keys, (*_VIEWS, *READ) if stored else _VIEWS)
    parts = lookup.fetch_bound(conn, observations, KEY, keys, _PARTS)
    return Stretch(sorted(here), sorted(parts), stored, compared=bool(stored))


def scan(conn: sa.Connection, after: OrderNo, size: int) -> Stretch:
    """Return the orders that come next after `after` in all of the store, with some `size` views in all."""
    lookup.in_key_order(conn)
    here = lookup.scan_bound(conn, views, _VIEWS, after, limit=size)
    upto = None
    if len(here) == size:  # the last order may have more views than these: it comes with the next stretch
        last = _OF_KEY(here[-1])
        here = [row for row in here if _OF_KEY(row) != last]
        upto = _OF_KEY(here[-1])
    parts = lookup.scan_bound(conn, observations, _PARTS, after, upto)
    return Stretch(here, parts, lookup.scan_bound(conn, orders, _ORDER, after, upto), upto)
