"""The SQL of the scan: two sieves over `views`, the first one as cheap as it can be.

The coarse sieve is one ordered pass with few plain aggregates; it lets out every key that may differ and some
that do not (say, two systems that both stamp the delivery). The fine sieve looks at those keys alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hub.model import MILESTONES, Status
from hub.rules import Route, Rules
from hub.store import tables
from reconciler.horizons import routed

QUANTITIES = ("ordered", "produced", "shipped", "returned")
STAMPS = tuple(f"{milestone.word}_at" for milestone in MILESTONES)

_RARE = ("produced", "returned", "confirmed_at", "stocked_at", "delivered_at")
"""What seldom two systems say of one order: only counted by the coarse sieve."""

_COUNTER = 6
"""Bits of a counter in the packed sum."""

_v = tables.views.c
_o = tables.orders.c
Bits = Mapping[str, int]


def statement(rules: Rules) -> sa.Select[Any]:
    """Return the whole scan: differing keys in order, joined with their views and what `orders` knows."""
    bits = {system: place for place, system in enumerate(routed(rules))}
    keys = _fine(_coarse(bits, rules), bits, rules)
    same = sa.and_(keys.c.company == _v.company, keys.c.order_no == _v.order_no)
    order = sa.and_(keys.c.company == _o.company, keys.c.order_no == _o.order_no)
    told = [column for column in tables.views.c if column.name not in ("money", "says", "parts", "run")]
    return (
        sa.select(*told, _o.order_type, _o.amount, _o.currency, _o.due_now)
        .select_from(keys.join(tables.views, same).outerjoin(tables.orders, order))
        .where(sa.or_(keys.c.differs == 1, sa.not_(_in_route(keys, bits, rules))))
        .order_by(_v.company, _v.order_no, _v.system)
    )


def looked_up(keys: Collection[tuple[str, str]]) -> sa.Select[Any]:
    """Return the statement that fetches these orders as the scan would let them out."""
    order = sa.and_(_v.company == _o.company, _v.order_no == _o.order_no)
    told = [column for column in tables.views.c if column.name not in ("money", "says", "parts", "run")]
    return (
        sa.select(*told, _o.order_type, _o.amount, _o.currency, _o.due_now)
        .select_from(tables.views.outerjoin(tables.orders, order))
        .where(sa.tuple_(_v.company, _v.order_no).in_(list(keys)))
        .order_by(_v.company, _v.order_no, _v.system)
    )


def _coarse(bits: Bits, rules: Rules) -> sa.Subquery:
    """Return the keys that may differ, or that not every system holds.

    All that is only counted goes through one sum, packed: who holds the key in the low bits, then a counter
    each. Its numbers are written out, not bound: engines know equal aggregates by their text alone.
    """
    shift = len(bits)
    noted = shift + _COUNTER * len(_RARE)
    parts = [_held(bits)]
    for place, name in enumerate(_RARE):
        parts.append(_worth(_v[name].is_not(None), shift + _COUNTER * place))
    parts.append(_worth(sa.or_(_v.unknown_code.is_not(None), _v.future, _v.side != _n(0)), noted))
    told = sa.cast(sa.func.sum(sum(parts[1:], parts[0])), sa.BigInteger)
    everybody = (1 << shift) - 1
    reasons = [
        sa.func.max(_v.lo) > sa.func.min(_v.hi),
        told.bitwise_and(_n(everybody)) != _n(everybody),
        told >= _n(1 << noted),
        *(_counter(told, shift + _COUNTER * place) > 1 for place in range(len(_RARE))),
        *(sa.func.min(_v[name]) != sa.func.max(_v[name]) for name in ("ordered", "shipped", "line_digest")),
        sa.func.max(_v.shipped) > sa.func.min(_v.ordered),
        sa.func.max(_v.returned) > sa.func.min(_v.shipped),
        sa.and_(sa.func.min(_v.shipped) < sa.func.max(_v.ordered), sa.func.max(_v.lo) >= int(Status.SHIPPED)),
        _micros(sa.func.max(_v.shipped_at)) - _micros(sa.func.min(_v.shipped_at)) > _skew(rules),
    ]
    keys = sa.select(_v.company, _v.order_no).group_by(_v.company, _v.order_no).having(sa.or_(*reasons))
    return sa.union(keys, *_barred(rules)).subquery("coarse")


def _barred(rules: Rules) -> list[sa.Select[Any]]:
    """Return the keys that a system holds although a route says never: they may agree in everything else."""
    same = sa.and_(_o.company == _v.company, _o.order_no == _v.order_no)
    return [
        sa.select(_o.company, _o.order_no)
        .join_from(tables.orders, tables.views, same)
        .where(_matches(route), _v.system == system)
        for route in rules.routes
        for system, need in route.systems.items()
        if need is None
    ]


def _worth(condition: sa.ColumnElement[bool], place: int) -> sa.ColumnElement[int]:
    return sa.case((condition, _n(1 << place)), else_=_n(0))


def _n(number: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(number), sa.BigInteger())


def _fine(coarse: sa.Subquery, bits: Bits, rules: Rules) -> sa.Subquery:
    """Return the keys whose views differ in anything, or that not every system holds."""
    same = sa.and_(coarse.c.company == _v.company, coarse.c.order_no == _v.order_no)
    sums = (
        sa.select(
            _v.company,
            _v.order_no,
            sa.func.max(_v.lo).label("top"),
            sa.func.min(_v.hi).label("bottom"),
            sa.func.sum(_held(bits)).label("held"),
            *_extremes(*QUANTITIES, "line_digest", "side", "side_known", *STAMPS),
            sa.func.sum(sa.case((sa.or_(_v.future, _v.unknown_code.is_not(None)), 1), else_=0)).label(
                "noted"
            ),
        )
        .select_from(coarse.join(tables.views, same))
        .group_by(_v.company, _v.order_no)
        .subquery("fine_sums")
    )
    c = sums.c
    reasons = [
        c.top > c.bottom,
        c.noted > 0,
        *_unlike(c, *QUANTITIES, "line_digest"),
        *_short(c),
        c.returned_high > c.shipped_low,
        sa.and_(c.side_high > 0, sa.or_(*_unlike(c, "side", "side_known"))),
        *(_apart(c, name, rules) for name in STAMPS),
    ]
    differs = sa.case((sa.or_(*reasons), 1), else_=0)
    return sa.select(c.company, c.order_no, c.held, c.top, differs.label("differs")).subquery("keys")


def _held(bits: Bits) -> sa.ColumnElement[int]:
    """Return the bit of a view's system; the sum over a key tells who holds it."""
    return sa.case(
        *(
            (_v.system == sa.literal(system, literal_execute=True), _n(1 << place))
            for system, place in bits.items()
        ),
        else_=_n(0),
    )


def _extremes(*names: str) -> list[sa.ColumnElement[Any]]:
    """Return the least and the greatest of each column, as plain integers where they are moments."""
    columns: list[sa.ColumnElement[Any]] = []
    for name in names:
        column = _micros(_v[name]) if name in STAMPS else _v[name]
        columns += [sa.func.min(column).label(f"{name}_low"), sa.func.max(column).label(f"{name}_high")]
    return columns


def _unlike(c: Any, *names: str) -> list[sa.ColumnElement[bool]]:
    return [c[f"{name}_low"] != c[f"{name}_high"] for name in names]


def _short(c: Any) -> list[sa.ColumnElement[bool]]:
    """Return whether more was shipped than ordered, or less although somebody says that all has left."""
    short = sa.and_(c.top >= int(Status.SHIPPED), c.shipped_low < c.ordered_high)
    return [c.shipped_high > c.ordered_low, short]


def _apart(c: Any, name: str, rules: Rules) -> sa.ColumnElement[bool]:
    spread: sa.ColumnElement[int] = c[f"{name}_high"] - c[f"{name}_low"]
    return spread > _skew(rules)


def _skew(rules: Rules) -> int:
    return rules.skew // timedelta(microseconds=1)


def _micros(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.type_coerce(moment, sa.BigInteger)


def _counter(packed: sa.ColumnElement[int], shift: int) -> sa.ColumnElement[int]:
    return packed.bitwise_rshift(_n(shift)).bitwise_and(_n((1 << _COUNTER) - 1))


def _in_route(keys: sa.Subquery, bits: Bits, rules: Rules) -> sa.ColumnElement[bool]:
    """Return whether exactly the systems hold a key that its route asks for by now (first match wins)."""
    whens = [(_matches(route), _held_well(keys, bits, route)) for route in rules.routes]
    return sa.func.coalesce(sa.case(*whens, else_=True), False) if whens else sa.true()


def _matches(route: Route) -> sa.ColumnElement[bool]:
    terms: list[sa.ColumnElement[bool]] = [sa.true()]
    if route.types:
        terms.append(_o.order_type.in_(route.types))
    if route.companies:
        terms.append(_v.company.in_(route.companies))
    return sa.and_(*terms)


def _held_well(keys: sa.Subquery, bits: Bits, route: Route) -> sa.ColumnElement[bool]:
    terms: list[sa.ColumnElement[bool]] = [sa.true()]
    for system, need in route.systems.items():
        holds = keys.c.held.bitwise_and(1 << bits[system]) != 0
        terms.append(sa.not_(holds) if need is None else sa.or_(holds, keys.c.top < int(need.from_status)))
    return sa.and_(*terms)
