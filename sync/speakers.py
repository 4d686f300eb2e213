"""Who speaks of an order now: the records whose word stands, of all that ever told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.store import lookup
from hub.store.tables import observations

_ORDER = ("company", "order_no")


class Speaker(NamedTuple):
    """A record that tells of a part of an order."""

    company: str
    order_no: str
    system: str
    stream: str
    record: str
    part: str


def speakers(
    conn: sa.Connection, orders: Collection[tuple[str, str]], system: str | None = None
) -> list[Speaker]:
    """Return who speaks of `orders`, in any system or in one: nothing that was taken away is among them."""
    if not orders:
        return []
    key = _ORDER if system is None else (*_ORDER, "system")
    wanted = orders if system is None else [(*order, system) for order in orders]
    names = (*Speaker._fields, "seq", "event_id", "deleted")
    return list(_newest(lookup.fetch_many(conn, observations, key, wanted, names)))


def _newest(rows: Iterable[Any]) -> Iterable[Speaker]:
    """Yield the newest state of each part, and each event as last worded, unless they were taken away."""
    newest: dict[tuple[str, ...], Any] = {}
    for row in sorted(rows, key=lambda row: int(row.seq)):
        event = ("", "") if row.event_id is None else (row.stream, row.event_id)
        newest[row.company, row.order_no, row.system, row.part, *event] = row
    for row in newest.values():
        if not row.deleted:
            yield Speaker(*(getattr(row, name) for name in Speaker._fields))
