"""The SQL of the scan: what the coarse sieve lets out is looked at closely, and asked for its route.

The coarse sieve (`reconciler.glance`) is one narrow pass over all views. Two fine ones look at the orders
that it lets out: do the views really differ in anything, and do exactly those systems hold the order that
its route asks for by now?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hub.model import STAMPS, Status
from hub.rules import Route, Rules
from hub.store import tables
from reconciler.case import Order, View
from reconciler.glance import Sight, before, glance, holds
from reconciler.horizons import routed

QUANTITIES = ("ordered", "produced", "shipped", "returned")
VIEW = ("company", "order_no", *(field.name for field in fields(View) if field.name != "returned_at"))
"""What is fetched of a view: its key and what makes a `View`, in that order."""

ORDER = tuple(field.name for field in fields(Order))[2:]
"""What is fetched of the order with each of its views: what makes an `Order` besides its key."""

Condition = sa.ColumnElement[bool]
Scanned = sa.Select[Any]

_v = tables.views.c
_o = tables.orders.c


def scanned(rules: Rules, sight: Sight | None, marked: sa.FromClause | None = None) -> Scanned:
    """Return the whole scan: the views of differing orders in key order, with what `orders` knows.

    `marked` (company, order_no) limits it to some orders. Without a `sight` all of them are looked at
    closely.
    """
    unusual = _unusual()
    if sight is None:
        place = _v if marked is None else marked.c
        closely: sa.FromClause = sa.select(place.company, place.order_no).distinct().subquery("closely")
        keys = [_differing(closely, rules), *_barred(rules, unusual, marked)]
    else:
        seen = glance(sight, marked).cte("seen").prefix_with("MATERIALIZED")
        closely = sa.select(seen.c.company, seen.c.order_no).where(seen.c.apart == 1).subquery("closely")
        held_back = _beside(unusual, seen)
        keys = [
            sa.select(seen.c.company, seen.c.order_no).where(seen.c.apart == 2),
            _differing(closely, rules),
            _off_route(seen, sight, unusual),
            *_barred(rules, held_back, marked),
        ]
    return looked_up(sa.union(*keys).subquery("keys"))


def looked_up(keys: sa.FromClause) -> Scanned:
    """Return the views of the orders `keys` (company, order_no) in key order, with what `orders` knows."""
    order = sa.and_(keys.c.company == _o.company, keys.c.order_no == _o.order_no)
    known = sa.select(keys.c.company, keys.c.order_no, *(_as_stored(_o[name]) for name in ORDER))
    k = known.select_from(keys.outerjoin(tables.orders, order)).offset(0).subquery("known")
    same = sa.and_(k.c.company == _v.company, k.c.order_no == _v.order_no)
    return (
        sa.select(*(_as_stored(_v[name]) for name in VIEW), *(k.c[name] for name in ORDER))
        .select_from(k.join(tables.views, same))
        .order_by(_v.company, _v.order_no, _v.system)
    )


def _as_stored(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a column whose values come as they are stored: microseconds and millionths."""
    stored = isinstance(column.type, sa.types.TypeDecorator | sa.Boolean)
    return sa.type_coerce(column, sa.BigInteger).label(column.name) if stored else column


def _off_route(seen: sa.CTE, sight: Sight, unusual: sa.CTE) -> Scanned:
    """Return the keys that agree at a glance, but not with who must hold them."""
    all_types = any(tables.USUAL in route.types for route in sight.rules.routes)
    known: sa.FromClause = tables.orders if all_types else unusual
    order = sa.and_(seen.c.company == known.c.company, seen.c.order_no == known.c.order_no)
    held_well = _in_route(
        seen.c.company,
        known.c.order_type,
        sight.rules,
        lambda system: holds(seen.c.told, system, sight),
        lambda status: before(seen.c.told, status),
    )
    return (
        sa.select(seen.c.company, seen.c.order_no)
        .select_from(seen.outerjoin(known, order))
        .where(seen.c.apart == 0, sa.not_(held_well))
    )


def _unusual() -> sa.CTE:
    """Return the orders of unusual types, by their index alone: enough for routes that name no others."""
    usual: sa.ColumnElement[str] = sa.literal_column(f"'{tables.USUAL}'")
    query = sa.select(_o.company, _o.order_no, _o.order_type).where(_o.order_type != usual)
    return query.cte("unusual").prefix_with("MATERIALIZED")


def _beside(unusual: sa.CTE, seen: sa.CTE) -> sa.CTE:
    """Return the unusual orders that the coarse sieve held back: the others are asked for their route."""
    same = sa.and_(unusual.c.company == seen.c.company, unusual.c.order_no == seen.c.order_no)
    query = sa.select(*unusual.c).select_from(unusual.outerjoin(seen, same)).where(seen.c.company.is_(None))
    return query.cte("held_back").prefix_with("MATERIALIZED")


def _barred(rules: Rules, unusual: sa.CTE, marked: sa.FromClause | None) -> Iterator[Scanned]:
    """Yield the keys that a system holds although a route says never: they may agree in everything else."""
    for route in rules.routes:
        few = bool(route.types) and tables.USUAL not in route.types
        known: sa.FromClause = unusual if few else tables.orders
        k = known.c
        for system, need in route.systems.items():
            if need is None:
                same = sa.and_(k.company == _v.company, k.order_no == _v.order_no)
                keys = sa.select(k.company, k.order_no).join_from(known, tables.views, same)
                keys = keys.where(_matches(route, k.company, k.order_type), _v.system == system)
                if marked is not None:
                    only = sa.and_(marked.c.company == k.company, marked.c.order_no == k.order_no)
                    keys = keys.join(marked, only)
                yield keys


def _differing(closely: sa.FromClause, rules: Rules) -> Scanned:
    """Return the keys whose views differ in anything, or that are not held by those who must."""
    seats = {system: 1 << place for place, system in enumerate(routed(rules))}
    same = sa.and_(closely.c.company == _v.company, closely.c.order_no == _v.order_no)
    noted = sa.or_(_v.future, _v.unknown_code.is_not(None))
    held = sa.case(*((_v.system == system, seat) for system, seat in seats.items()), else_=0) if seats else 0
    sums = (
        sa.select(
            closely.c.company,
            closely.c.order_no,
            sa.func.max(_v.lo).label("top"),
            sa.func.min(_v.hi).label("bottom"),
            sa.func.sum(held).label("held"),
            *_extremes(*QUANTITIES, "line_digest", "side", "side_known", *STAMPS),
            sa.func.sum(sa.case((noted, 1), else_=0)).label("noted"),
        )
        .select_from(closely.join(tables.views, same))
        .group_by(closely.c.company, closely.c.order_no)
        .subquery("sums_closely")
    )
    c = sums.c
    order = sa.and_(c.company == _o.company, c.order_no == _o.order_no)
    held_well = _in_route(
        c.company,
        _o.order_type,
        rules,
        lambda system: c.held.bitwise_and(seats[system]) != 0,
        lambda status: c.top < int(status),
    )
    return (
        sa.select(c.company, c.order_no)
        .select_from(sums.outerjoin(tables.orders, order))
        .where(sa.or_(*_differ(c, rules), sa.not_(held_well)))
    )


def _differ(c: Any, rules: Rules) -> Iterator[Condition]:
    """Yield what may be a difference, going by the extremes of each column."""
    yield c.top > c.bottom
    yield c.noted > 0
    yield from _unlike(c, *QUANTITIES, "line_digest")
    yield c.shipped_high > c.ordered_low
    yield sa.and_(c.top >= int(Status.SHIPPED), c.shipped_low < c.ordered_high)
    yield c.returned_high > c.shipped_low
    yield sa.and_(c.side_high > 0, sa.or_(*_unlike(c, "side", "side_known")))
    skew = rules.skew // timedelta(microseconds=1)
    yield from (c[f"{name}_high"] - c[f"{name}_low"] > skew for name in STAMPS)


def _extremes(*names: str) -> Iterator[sa.ColumnElement[Any]]:
    """Yield the least and the greatest of each column, as plain integers where they are moments."""
    for name in names:
        column = sa.type_coerce(_v[name], sa.BigInteger) if name in STAMPS else _v[name]
        yield sa.func.min(column).label(f"{name}_low")
        yield sa.func.max(column).label(f"{name}_high")


def _unlike(c: Any, *names: str) -> Iterator[Condition]:
    return (c[f"{name}_low"] != c[f"{name}_high"] for name in names)


def _in_route(
    company: Any,
    order_type: Any,
    rules: Rules,
    holds: Callable[[str], Condition],
    before: Callable[[Status], Condition],
) -> Condition:
    """Return whether exactly the systems hold an order that its route asks for by now (first match wins)."""
    whens = []
    for route in rules.routes:
        terms = [
            sa.not_(holds(system)) if need is None else sa.or_(holds(system), before(need.from_status))
            for system, need in route.systems.items()
        ]
        whens.append((_matches(route, company, order_type), sa.and_(sa.true(), *terms)))
    return sa.func.coalesce(sa.case(*whens, else_=True), False) if whens else sa.true()


def _matches(route: Route, company: Any, order_type: Any) -> Condition:
    terms: list[Condition] = [sa.true()]
    if route.types:
        terms.append(order_type.in_(route.types))
    if route.companies:
        terms.append(company.in_(route.companies))
    return sa.and_(*terms)
