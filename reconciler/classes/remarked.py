"""Which orders the classes of history look at: those that the sync remarked, and those with a finding."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from hub.findings import LIVE
from hub.model import Precision, Side, Status
from hub.store import bulk, tables
from reconciler.case import Case, Order, View
from reconciler.sources import Key, Scope
from sync.remarks import CONSUMER

KINDS = (
    "duplicate", "possible_duplicate", "illegal_transition", "changed_after_confirmation", "stale", "gone",
)  # fmt: skip
"""The classes that are found here, and that a run over all orders closes here."""

_VIEW = (
    "system", "first_seen", "lo", "hi", "ordered", "produced", "shipped", "returned", "occurred_at",
    "line_digest", "unknown_code", "confirmed_at", "stocked_at", "shipped_at", "delivered_at", "future",
)  # fmt: skip
_ORDER = ("company", "order_no", "order_type", "amount", "currency", "due_now")


def remarked(conn: sa.Connection, scope: Scope) -> list[Key]:
    """Return the orders of `scope` whose history was remarked, or that have a finding of these classes."""
    d, f = tables.dirty.c, tables.findings.c
    marks = sa.select(d.company, d.order_no).where(d.consumer == CONSUMER)
    live = sa.select(f.company, f.order_no).where(f.state.in_([*LIVE]), f.kind.in_(KINDS))
    keys = {(company, order_no) for company, order_no in conn.execute(marks.union(live))}
    return sorted(key for key in keys if key in scope)


def load_cases(conn: sa.Connection, keys: Collection[Key]) -> dict[Key, Case]:
    """Return the orders `keys` as their systems tell them, less those of which nobody speaks any more."""
    place = ("company", "order_no")
    known = {
        (row.company, row.order_no): Order(**row._mapping)
        for row in bulk.fetch_many(conn, tables.orders, place, keys, _ORDER)
    }
    views: dict[Key, dict[str, View]] = {}
    for row in bulk.fetch_many(conn, tables.views, place, keys):
        views.setdefault((row.company, row.order_no), {})[row.system] = _view(row)
    return {key: Case(known.get(key) or Order(*key), views[key]) for key in keys if key in views}


def _view(row: sa.Row[tuple[object, ...]]) -> View:
    return View(
        status=None if row.status is None else Status(row.status),
        side=Side(row.side),
        side_known=Side(row.side_known),
        precision=Precision(row.precision),
        **{name: getattr(row, name) for name in _VIEW},
    )
