"""Which orders the classes of history look at: those that the sync remarked, and those with a finding."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from hub.findings import LIVE
from hub.store import tables
from reconciler import scan
from reconciler.case import Case
from reconciler.sources import Key, Scope
from sync.remarks import CONSUMER

KINDS = (
    "duplicate", "possible_duplicate", "illegal_transition", "changed_after_confirmation", "stale", "gone",
)  # fmt: skip
"""The classes that are found here, and that a run over all orders closes here."""


def remarked(conn: sa.Connection, scope: Scope) -> list[Key]:
    """Return the orders of `scope` whose history was remarked, or that have a finding of these classes."""
    d, f = tables.dirty.c, tables.findings.c
    marks = sa.select(d.company, d.order_no).where(d.consumer == CONSUMER)
    live = sa.select(f.company, f.order_no).where(f.state.in_([*LIVE]), f.kind.in_(KINDS))
    keys = {(company, order_no) for company, order_no in conn.execute(marks.union(live))}
    return sorted(key for key in keys if key in scope)


def load_cases(conn: sa.Connection, keys: Collection[Key]) -> dict[Key, Case]:
    """Return the orders `keys` as their systems tell them, less those of which nobody speaks any more."""
    return {(one.order.company, one.order.order_no): one for one in scan.load_cases(conn, keys)}
