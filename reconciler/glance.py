"""The coarse sieve: one ordered pass over `views` that adds up two integers a view (`hub.agreement`).

It holds back every order whose sums prove that all agree, on any route that it may take. What it lets out is
`apart` if its views may say different things; else only its route has to be asked, for a system that does not
hold the order.

A first look at some orders (`Sight`) fits the pass to the store: which sums are common and good, and which
two systems stamp the same milestone. It makes no difference but speed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from hub import agreement
from hub.agreement import COUNT, DIGIT, STAMPED, STEPS, SYSTEMS
from hub.model import MILESTONES, STAMPS, Status
from hub.rules import Rules
from hub.store import lookup, tables
from reconciler.horizons import routed
from reconciler.spread import spread

Number = sa.ColumnElement[int]
Condition = sa.ColumnElement[bool]

_v = tables.views.c
_LIKELY = sorted(STEPS, key=lambda step: (step < Status.SHIPPED, -step))
"""The steps, those first at which most orders agree."""

_MOST_AWAITED = 4
"""So many systems may come late to an order at a glance; an order that lacks another is asked about."""

_FAR = 1 << 58
_SAMPLE = 1_000
"""So many orders show what is common."""

_COMMON = 12
_RARE = 30
_SUMMED = ("company", "order_no", "system", "claims", "goods", *STAMPS)


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a store before the pass.

    `badges` are what each system adds to the sums, all different for different sets of systems. `stampers`
    are the systems that stamp a milestone; `common` are sums of claims that prove their orders well.
    `any_speaks` tells that any view of an order does where the greatest `goods` is needed: SQLite gives the
    goods of one without adding anything up, and nearly always that is a view that says all.
    """

    engine: str
    badges: Mapping[str, int]
    rules: Rules
    stampers: Mapping[Status, tuple[str, ...]]
    common: Sequence[int] = ()
    any_speaks: bool = False

    @property
    def compared(self) -> list[Status]:
        """The milestones whose stamps are compared in the pass; those of the others are only counted."""
        return [step for step, stampers in self.stampers.items() if len(stampers) > 1]

    @property
    def told_by_name(self) -> bool:
        """Whether the names of the systems tell them apart, as `claims` has them."""
        return all(badge == agreement.badge(system) for system, badge in self.badges.items())


def first_look(conn: sa.Connection, rules: Rules, few: bool = False) -> Sight | None:
    """Return what is known of the store; None if there are so many systems that their sums mean nothing.

    For a pass over a `few` orders no more is asked than it takes.
    """
    read = conn.scalars(sa.select(tables.reads.c.system).distinct())
    systems = list(dict.fromkeys([*routed(rules), *sorted(read)]))
    if len(systems) > agreement.MOST_VIEWS:
        return None
    some = _some(conn)
    if some is None:
        return Sight(conn.dialect.name, _badges(systems), rules, {step: () for step in MILESTONES})
    sight = Sight(conn.dialect.name, _badges(systems), rules, _stampers(conn, some))
    if few:
        return sight
    sums = _sums(sight, some)
    told = sums.c.told
    common = (
        sa.select(told).where(_well(told, sight)).group_by(told).order_by(sa.func.count().desc(), told)
    ).limit(_COMMON)
    sight = replace(sight, common=list(conn.scalars(common)))
    return sight if sight.engine != "sqlite" else replace(sight, any_speaks=_any_speaks(conn, sight, some))


def _some(conn: sa.Connection) -> sa.Subquery | None:
    """Return the views of some orders, taken evenly from all; None if there are none.

    The first views that a database gives are often of one company and one age: those of the lowest numbers.
    """
    keys = spread(conn, _SAMPLE)
    if not keys:
        return None
    return lookup.query(conn, tables.views, ("company", "order_no"), keys, _SUMMED).subquery("views")


def _any_speaks(conn: sa.Connection, sight: Sight, some: sa.Subquery) -> bool:
    """Return whether the goods of any view do as well as the greatest, in nearly all orders of a sample."""
    by_any, by_greatest = (
        sa.select(sa.func.count()).select_from(sums).where(sa.not_(_all_say_one(sums.c.goods, sums.c.one)))
        for sums in (_sums(replace(sight, any_speaks=speaks), some) for speaks in (True, False))
    )
    return (conn.scalar(by_any) or 0) <= (conn.scalar(by_greatest) or 0) + _RARE


def glance(sight: Sight, marked: sa.FromClause | None = None) -> sa.Select[Any]:
    """Return the orders that may differ: company, order_no, told (the sum of claims) and apart.

    That is 0 where all agree and only the route is asked, 2 where statuses or stamps differ for sure, else 1.

    `marked` (company, order_no) limits it to some orders.
    """
    sums = _sums(sight, tables.views, marked)
    c = sums.c
    near = [_near(c, step, sight) for step in sight.compared]
    same_goods = _all_say_one(c.goods, c.one)
    alike = sa.and_(same_goods, *near)
    known = [c.told.in_([_n(told) for told in sight.common])] if sight.common else []
    well = sa.or_(
        sa.and_(sa.or_(*known, _well(c.told, sight)), alike), sa.and_(*_cancelled(c.told, sight), *near)
    )
    surely = sa.and_(*_plain(c.told, sight), same_goods)
    apart = sa.case((sa.and_(_agreed(c.told, sight), alike), 0), (surely, 2), else_=1)
    return sa.select(c.company, c.order_no, c.told, apart.label("apart")).where(sa.not_(well))


def holds(told: Number, system: str, sight: Sight) -> Condition:
    """Return whether `system` holds an order."""
    sets = [held for held in _subsets(sight.badges) if system in held]
    return _holders(told).in_([_n(sum(sight.badges[one] for one in held)) for held in sets])


def before(told: Number, status: Status) -> Condition:
    """Return whether all systems agree that an order has not come to `status` yet."""
    return _meet(told, [step for step in _LIKELY if step < status])


def _badges(systems: Sequence[str]) -> dict[str, int]:
    """Return what `claims` has of each system's name, or a bit each where that leaves two sets alike."""
    badges = {system: agreement.badge(system) for system in systems}
    sums = Counter((len(held), sum(badges[system] for system in held)) for held in _subsets(badges))
    if max(sums.values(), default=1) > 1:
        return {system: 1 << place for place, system in enumerate(systems)}
    return badges


def _subsets(systems: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    for count in range(len(systems) + 1):
        yield from combinations(systems, count)


def _stampers(conn: sa.Connection, some: sa.Subquery) -> dict[Status, tuple[str, ...]]:
    """Return the systems that stamp each milestone, going by some views."""
    counts = [sa.func.count(some.c[_name(step)]).label(_name(step)) for step in MILESTONES]
    rows = conn.execute(
        sa.select(some.c.system, *counts).group_by(some.c.system).order_by(some.c.system)
    ).all()
    return {
        step: tuple(row.system for row in rows if getattr(row, _name(step)) > _RARE) for step in MILESTONES
    }


def _sums(sight: Sight, views: sa.FromClause, marked: sa.FromClause | None = None) -> sa.Subquery:
    """Return the sums over the views of each order: told, goods, one (of `goods`), and stamps apart."""
    v: Any = views.c
    source, place = views, (v.company, v.order_no)
    if marked is not None:
        source = marked.join(views, sa.and_(marked.c.company == v.company, marked.c.order_no == v.order_no))
        place = marked.c.company, marked.c.order_no
    claims = v.claims
    if not sight.told_by_name:
        claims = v.claims.bitwise_and(_n((1 << SYSTEMS) - 1)) + _by_system(
            v.system, {system: badge << SYSTEMS for system, badge in sight.badges.items()}
        )
    distances = [_distance(v, step, sight).label(_name(step)) for step in sight.compared]
    sums = sa.select(
        *place,
        _added_up(claims, sight.engine).label("told"),
        _added_up(v.goods, sight.engine).label("goods"),
        (v.goods if sight.any_speaks else sa.func.max(v.goods)).label("one"),
        *distances,
    )
    sums = sums.select_from(source).group_by(*place)
    if sight.engine == "postgresql":  # or it would write out the sums wherever they are used
        sums = sums.offset(_n(0))
    return sums.subquery("sums")


def _distance(v: Any, step: Status, sight: Sight) -> Number:
    """Return how far the stamps of a milestone lie apart, NULL where there is none.

    Of two systems one sum tells it, the difference with its sign; a third one's stamp takes it far away. That
    is cheaper on SQLite alone, where names are compared fast and every aggregate is dear.
    """
    stamp, stampers = sa.type_coerce(v[_name(step)], sa.BigInteger), sight.stampers[step]
    if len(stampers) > 2 or sight.engine == "postgresql":
        return sa.func.max(stamp) - sa.func.min(stamp)
    first, second = stampers
    signed = sa.case(  # what has no stamp is told first: names are dearer to compare
        (stamp.is_(None), sa.null()),
        (v.system == _text(first), stamp),
        (v.system == _text(second), -stamp),
        else_=_n(_FAR),
    )
    return _added_up(signed, sight.engine)


def _near(c: Any, step: Status, sight: Sight) -> Condition:
    """Return whether the stamps of a milestone lie together, or there is only one."""
    skew = sight.rules.skew // timedelta(microseconds=1)
    return sa.or_(c[_name(step)].between(_n(-skew), _n(skew)), _digit(c.told, STAMPED[step]) < _n(2))


def _all_say_one(goods: Number, one: Number) -> Condition:
    """Return whether all that say a quantity, and all that say lines, say those of the greatest `goods`."""
    quantity_bits = (1 << agreement.QUANTITY) - 1
    lines = one.bitwise_and(_n(quantity_bits))
    said = _digit(goods, agreement.LINES_COUNT) * lines
    return goods == goods.bitwise_rshift(_n(agreement.QUANTITY_COUNT)) * (one - lines) + said


def _well(told: Number, sight: Sight) -> Condition:
    """Return whether claims agree and the right systems hold the order, on any route that it may take."""
    return sa.and_(*_plain(told, sight), sa.or_(*_held_well(told, sight)))


def _agreed(told: Number, sight: Sight) -> Condition:
    """Return whether claims agree, whoever holds the order."""
    return sa.and_(*_plain(told, sight), _meet(told, _LIKELY))


def _cancelled(told: Number, sight: Sight) -> Iterator[Condition]:
    """Yield that all views say that the order is cancelled; who holds it does not matter then."""
    yield told.bitwise_and(_n((1 << COUNT) - 1)) == _n(0)
    yield _digit(told, agreement.CLOSELY) == _digit(told, COUNT)
    yield from _lone_stamps(told, sight)


def _plain(told: Number, sight: Sight) -> Iterator[Condition]:
    """Yield that no view has to be looked at closely, and no two stamps that the pass does not compare."""
    yield _digit(told, agreement.CLOSELY) == _n(0)
    yield from _lone_stamps(told, sight)


def _lone_stamps(told: Number, sight: Sight) -> Iterator[Condition]:
    for step in MILESTONES:
        if step not in sight.compared:
            yield _digit(told, STAMPED[step]) < _n(2)


def _held_well(told: Number, sight: Sight) -> Iterator[Condition]:
    """Yield who may hold an order, and how far it may be then."""
    systems = routed(sight.rules)
    held = _holders(told)
    yield sa.and_(held == _n(sum(sight.badges[system] for system in systems)), _meet(told, _LIKELY))
    awaited = _awaited(sight.rules)
    for count in range(1, len(awaited) + 1):
        for absent in combinations(awaited, count):
            there = sum(sight.badges[system] for system in systems if system not in absent)
            yield sa.and_(held == _n(there), before(told, min(awaited[system] for system in absent)))


def _awaited(rules: Rules) -> dict[str, Status]:
    """Return the systems that no route needs from the first step on, and from when one does."""
    needed: dict[str, Status] = {}
    for route in rules.routes:
        for system, need in route.systems.items():
            if need is not None:
                needed[system] = min(need.from_status, needed.get(system, need.from_status))
    late = [(status, system) for system, status in needed.items() if status > STEPS[0]]
    return {system: status for status, system in sorted(late, reverse=True)[:_MOST_AWAITED]}


def _holders(told: Number) -> Number:
    return told.bitwise_rshift(_n(SYSTEMS))


def _meet(told: Number, steps: Sequence[Status]) -> Condition:
    """Return whether all ranges cover one of `steps`."""
    count = _digit(told, COUNT)
    return sa.or_(sa.false(), *(_digit(told, DIGIT * STEPS.index(step)) == count for step in steps))


def _by_system(system: Any, numbers: Mapping[str, int]) -> Number:
    choices = [(system == _text(name), _n(number)) for name, number in numbers.items()]
    return sa.case(*choices, else_=_n(0)) if choices else _n(0)


def _name(step: Status) -> str:
    return f"{step.word}_at"


def _digit(number: Number, place: int) -> Number:
    return number.bitwise_rshift(_n(place)).bitwise_and(_n((1 << DIGIT) - 1))


def _added_up(numbers: sa.ColumnElement[Any], engine: str) -> Number:
    """Return a sum as the integer that it is; PostgreSQL's own is a numeric, and half as dear again."""
    if engine == "postgresql":
        return sa.func.hub_sum(numbers, type_=sa.BigInteger)
    return sa.cast(sa.func.sum(numbers), sa.BigInteger)


def _n(number: int) -> Number:
    """Return a number written out: engines know equal expressions by their text alone."""
    return sa.literal_column(str(number), sa.BigInteger())


def _text(name: str) -> sa.ColumnElement[str]:
    return sa.literal(name, literal_execute=True)
