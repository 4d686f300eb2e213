"""One ordered pass over `views`: only orders that may differ leave the database, each with all its views.

The pass is coarse on purpose: plain aggregates over the covering index, no grace, no clock. What it lets
out is judged exactly by `reconciler.judge`; what it holds back agrees whatever the time is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from hub.model import MILESTONES, Precision, Side, Status
from hub.rules import Route, Rules
from hub.store import bulk, tables
from reconciler.case import Case, Order, View
from reconciler.horizons import routed

_v = tables.views.c
_o = tables.orders.c
_QUANTITIES = ("ordered", "produced", "shipped", "returned")
_STAMPS = tuple(f"{milestone.word}_at" for milestone in MILESTONES)
_BATCH = 1_000
"""Orders that are completed from other tables at a time: bounds memory."""


def suspicious(conn: sa.Connection, rules: Rules) -> Iterator[Case]:
    """Yield, in key order, the orders that may differ, with their views; memory stays flat."""
    rows = conn.execution_options(stream_results=True, yield_per=_BATCH).execute(statement(rules))
    keyed = groupby(rows, key=attrgetter("company", "order_no"))
    cases = (_case(list(group)) for _, group in keyed)
    while batch := list(islice(cases, _BATCH)):
        yield from _dated(conn, batch)


def statement(rules: Rules) -> sa.Select[Any]:
    """Return the whole scan: differing keys, joined with their views and what `orders` knows of them."""
    bits = {system: 1 << place for place, system in enumerate(routed(rules))}
    keys = _keys(bits, rules)
    same = sa.and_(keys.c.company == _v.company, keys.c.order_no == _v.order_no)
    order = sa.and_(keys.c.company == _o.company, keys.c.order_no == _o.order_no)
    told = [column for column in tables.views.c if column.name not in ("money", "says", "parts", "run")]
    return (
        sa.select(*told, _o.order_type, _o.amount, _o.currency, _o.due_now)
        .select_from(keys.join(tables.views, same).outerjoin(tables.orders, order))
        .where(sa.or_(keys.c.differs == 1, sa.not_(_in_route(keys, bits, rules))))
        .order_by(_v.company, _v.order_no, _v.system)
    )


def _keys(bits: dict[str, int], rules: Rules) -> sa.Subquery:
    """Return the keys whose views differ in anything, or that not every system holds."""
    whens = [(_v.system == system, bit) for system, bit in bits.items()]
    held = sa.func.sum(sa.case(*whens, else_=0))
    differs = _differs(rules)
    return (
        sa.select(
            _v.company,
            _v.order_no,
            held.label("held"),
            sa.func.max(_v.lo).label("top"),
            sa.case((differs, 1), else_=0).label("differs"),
        )
        .group_by(_v.company, _v.order_no)
        .having(sa.or_(differs, held != sum(bits.values())))
        .subquery("keys")
    )


def _differs(rules: Rules) -> sa.ColumnElement[bool]:
    """Return whether the views of a key differ in range, quantity, lines, side or stamps, or warn of them."""
    low, high = sa.func.min, sa.func.max
    skew = rules.skew // timedelta(microseconds=1)
    shipped = sa.and_(high(_v.lo) >= int(Status.SHIPPED), high(_v.ordered) > low(_v.shipped))
    reasons = [
        high(_v.lo) > low(_v.hi),
        *(low(_v[name]) != high(_v[name]) for name in _QUANTITIES),
        low(_v.line_digest) != high(_v.line_digest),
        high(_v.shipped) > low(_v.ordered),
        high(_v.returned) > low(_v.shipped),
        shipped,
        sa.and_(high(_v.side) > 0, low(_v.side) != high(_v.side)),
        *(_micros(high(_v[name])) - _micros(low(_v[name])) > skew for name in _STAMPS),
        high(sa.case((_v.future, 1), else_=0)) == 1,
        sa.func.count(_v.unknown_code) > 0,
    ]
    return sa.or_(*reasons)


def _micros(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.type_coerce(moment, sa.BigInteger)


def _in_route(keys: sa.Subquery, bits: dict[str, int], rules: Rules) -> sa.ColumnElement[bool]:
    """Return whether exactly the systems hold a key that its route asks for by now (first match wins)."""
    whens = [(_matches(route), _held_well(keys, bits, route)) for route in rules.routes]
    return sa.func.coalesce(sa.case(*whens, else_=True), False)


def _matches(route: Route) -> sa.ColumnElement[bool]:
    terms: list[sa.ColumnElement[bool]] = [sa.true()]
    if route.types:
        terms.append(_o.order_type.in_(route.types))
    if route.companies:
        terms.append(_v.company.in_(route.companies))
    return sa.and_(*terms)


def _held_well(keys: sa.Subquery, bits: dict[str, int], route: Route) -> sa.ColumnElement[bool]:
    terms: list[sa.ColumnElement[bool]] = []
    for system, need in route.systems.items():
        holds = keys.c.held.bitwise_and(bits[system]) != 0
        if need is None:
            terms.append(sa.not_(holds))
        else:
            terms.append(sa.or_(holds, keys.c.top < int(need.from_status)))
    return sa.and_(sa.true(), *terms)


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
        **{name: getattr(row, name) for name in (*_QUANTITIES, *_STAMPS)},
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
