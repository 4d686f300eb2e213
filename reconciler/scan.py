"""One ordered pass over `views`: only orders that may differ leave the database, each with all its views.

No grace and no clock here: what the sieve lets out is judged exactly by `reconciler.judge`; what it holds
back agrees whatever the time is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from hub.model import Precision, Side, Status
from hub.rules import Rules
from hub.store import bulk, tables
from reconciler.case import Case, Order, View
from reconciler.sieve import QUANTITIES, STAMPS, looked_up, statement
from reconciler.sources import Key

_BATCH = 1_000
"""Orders that are completed from other tables at a time: bounds memory."""


def suspicious(conn: sa.Connection, rules: Rules, named: Collection[Key] = ()) -> Iterator[Case]:
    """Yield, in key order, the orders that may differ, with their views; then those `named` besides."""
    rows = conn.execution_options(stream_results=True, yield_per=_BATCH).execute(statement(rules))
    rest = set(named)
    cases = _cases(rows)
    while batch := list(islice(cases, _BATCH)):
        rest -= {(one.order.company, one.order.order_no) for one in batch}
        yield from _dated(conn, batch)
    for keys in _batches(sorted(rest)):
        yield from _dated(conn, list(_cases(conn.execute(looked_up(keys)))))


def _cases(rows: Iterable[Any]) -> Iterator[Case]:
    return (_case(list(group)) for _, group in groupby(rows, key=attrgetter("company", "order_no")))


def _batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    return (keys[at : at + _BATCH] for at in range(0, len(keys), _BATCH))


def _case(rows: Sequence[Any]) -> Case:
    first = rows[0]
    order = Order(
        first.company, first.order_no, first.order_type, first.amount, first.currency, first.due_now
    )
    return Case(order, {row.system: _view(row) for row in rows})


def _view(row: Any) -> View:
    return View(
        system=row.system,
        first_seen=row.first_seen,
        status=None if row.status is None else Status(row.status),
        lo=row.lo,
        hi=row.hi,
        side=Side(row.side),
        side_known=Side(row.side_known),
        occurred_at=row.occurred_at,
        precision=Precision(row.precision),
        line_digest=row.line_digest,
        unknown_code=row.unknown_code,
        future=row.future,
        **{name: getattr(row, name) for name in (*QUANTITIES, *STAMPS)},
    )


def _dated(conn: sa.Connection, cases: Sequence[Case]) -> Iterable[Case]:
    """Return `cases`, those with unlike returns completed by when each system saw its newest return."""
    keys = [(case.order.company, case.order.order_no) for case in cases if _returns_differ(case)]
    if not keys:
        return cases
    newest: dict[tuple[str, str, str], datetime] = {}
    columns = ("company", "order_no", "system", "occurred_at", "is_return")
    for row in bulk.fetch_many(conn, tables.observations, ("company", "order_no"), keys, columns):
        key = (row.company, row.order_no, row.system)
        if row.is_return and row.occurred_at is not None:
            newest[key] = max(row.occurred_at, newest.get(key, row.occurred_at))
    return [_with_returns(case, newest) for case in cases]


def _returns_differ(case: Case) -> bool:
    views = case.views.values()
    said = {view.returned for view in views if view.returned is not None}
    return len(said) > 1 or len({view.side & Side.RETURNED for view in views}) > 1


def _with_returns(case: Case, newest: dict[tuple[str, str, str], datetime]) -> Case:
    views = {
        system: replace(view, returned_at=newest.get((case.order.company, case.order.order_no, system)))
        for system, view in case.views.items()
    }
    return Case(case.order, views)
