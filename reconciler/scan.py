"""One ordered pass over `views`: only orders that may differ leave the database, each with all its views.

No grace and no clock here: what the sieve lets out is judged exactly by `reconciler.judge`; what it holds
back agrees whatever the time is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from hub.model import Precision, Side, Status
from hub.rules import Rules
from hub.store import lookup, tables
from hub.store.types import from_fixed, from_micros
from reconciler.case import Case, Order, View
from reconciler.glance import first_look
from reconciler.sieve import ORDER, VIEW, scanned
from reconciler.sources import Key

_BATCH = 1_000
"""Orders that are completed from other tables at a time: bounds memory."""

_KEY = ("company", "order_no")
_OF_KEY = itemgetter(0, 1)
_ORDER = len(VIEW)
_STATUSES: dict[int | None, Status | None] = {None: None, **{int(one): one for one in Status}}
_PRECISIONS = {int(one): one for one in Precision}
_SIDES = [Side(flags) for flags in range(2 * max(Side))]


def suspicious(
    conn: sa.Connection, rules: Rules, named: Collection[Key] = (), marked: sa.FromClause | None = None
) -> Iterator[Case]:
    """Yield, in key order, the orders that may differ, with their views; then those `named` besides.

    Of all orders, or of those `marked` (company, order_no). Memory stays flat.
    """
    query = scanned(rules, first_look(conn, rules, few=marked is not None), marked)
    rows = conn.execution_options(stream_results=True, yield_per=_BATCH).execute(query)
    rest = set(named)
    cases = _cases(rows)
    while batch := list(islice(cases, _BATCH)):
        rest -= {(one.order.company, one.order.order_no) for one in batch}
        yield from _dated(conn, batch)
    yield from loaded(conn, rest)


def loaded(conn: sa.Connection, keys: Collection[Key]) -> Iterator[Case]:
    """Yield the orders `keys` in key order, with all their views; memory stays flat."""
    wanted = sorted(keys)
    for at in range(0, len(wanted), _BATCH):
        yield from load_cases(conn, wanted[at : at + _BATCH])


def load_cases(conn: sa.Connection, keys: Collection[Key]) -> list[Case]:
    """Return the orders `keys` in key order, with all their views; not those of which nobody speaks."""
    orders = {
        _OF_KEY(row): row[2:] for row in lookup.fetch_bound(conn, tables.orders, _KEY, keys, (*_KEY, *ORDER))
    }
    views = sorted(lookup.fetch_bound(conn, tables.views, _KEY, keys, VIEW), key=itemgetter(0, 1, 2))
    unknown = (None,) * len(ORDER)
    return list(_dated(conn, list(_cases((*row, *orders.get(_OF_KEY(row), unknown)) for row in views))))


def _cases(rows: Iterable[Sequence[Any]]) -> Iterator[Case]:
    """Yield the orders that rows of `VIEW` and `ORDER`, in the store's own form, tell of."""
    for (company, order_no), views in groupby(rows, key=_OF_KEY):
        together = list(views)
        order_type, amount, currency, due_now = together[0][_ORDER:]
        order = Order(company, order_no, order_type, _number(amount), currency, _moment(due_now))
        yield Case(order, {row[2]: _view(*row[2:_ORDER]) for row in together})


def _view(
    system: str,
    first_seen: int,
    status: int | None,
    lo: int,
    hi: int,
    side: int,
    side_known: int,
    ordered: int | None,
    produced: int | None,
    shipped: int | None,
    returned: int | None,
    occurred_at: int | None,
    precision: int,
    line_digest: str | None,
    unknown_code: str | None,
    confirmed_at: int | None,
    stocked_at: int | None,
    shipped_at: int | None,
    delivered_at: int | None,
    future: bool,
) -> View:
    return View(
        system,
        from_micros(first_seen),
        _STATUSES[status],
        lo,
        hi,
        _SIDES[side],
        _SIDES[side_known],
        _number(ordered),
        _number(produced),
        _number(shipped),
        _number(returned),
        _moment(occurred_at),
        _PRECISIONS[precision],
        line_digest,
        unknown_code,
        _moment(confirmed_at),
        _moment(stocked_at),
        _moment(shipped_at),
        _moment(delivered_at),
        bool(future),
    )


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _number(millionths: int | None) -> Decimal | None:
    return None if millionths is None else from_fixed(millionths)


def _dated(conn: sa.Connection, cases: Sequence[Case]) -> Iterable[Case]:
    """Return `cases`, those with unlike returns completed by when each system saw its newest return."""
    keys = [(case.order.company, case.order.order_no) for case in cases if _returns_differ(case)]
    if not keys:
        return cases
    newest: dict[tuple[str, str, str], datetime] = {}
    columns = ("company", "order_no", "system", "occurred_at", "is_return")
    for row in lookup.fetch_many(conn, tables.observations, _KEY, keys, columns):
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
