"""Orders that their system speaks of for the first time, written without a detour.

Of an order that has one plain observation, the view says just that: nothing is rolled up, nothing is sifted,
and nothing can be there already. The page goes column by column from its facts into both tables. What comes
of it is the same as on the general way (`sync.news`, `sync.rollup`); a test compares the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.model import MILESTONES, Fact, Precision, Says, Status
from hub.store import bulk, lookup
from hub.store.columns import Columns, Same, Values, bind
from hub.store.tables import observations, views
from hub.store.types import to_micros
from sync.facts import digest, fact_columns, standing, sums, view_columns

OrderNo = tuple[str, str]

_KEY = ("company", "order_no")
_FEW = 20
"""Past so many companies on a page it is cheaper to ask for every order at once."""


class Told(NamedTuple):
    """A placed fact and its order, the key of the record that told it, the id of the event, if it is one."""

    order: OrderNo
    fact: Fact
    record: str
    event_id: str | None


def parted(told: Sequence[Told], held: Collection[OrderNo]) -> tuple[list[Told], list[Told]]:
    """Return what is the first and only plain word on its order, in key order, and all the rest.

    `held` are the orders that the system has spoken of before.
    """
    times = Counter(map(_ORDER, told))
    born: list[Told] = []
    rest: list[Told] = []
    for one in told:
        first = times[one.order] == 1 and one.order not in held
        (born if first and _plain(one.fact) else rest).append(one)
    born.sort(key=_ORDER)
    return born, rest


_ORDER = itemgetter(0)


def spoken_of(conn: sa.Connection, system: str, orders: Collection[OrderNo]) -> set[OrderNo]:
    """Return those of `orders` that `system` has spoken of before.

    What comes in key order for the first time costs one question a company, not one an order.
    """
    by_company: dict[str, list[str]] = {}
    for company, order_no in orders:
        by_company.setdefault(company, []).append(order_no)
    asked = [
        (company, order_no)
        for company, numbers in by_company.items()
        if len(by_company) > _FEW
        or lookup.between(conn, observations, "order_no", min(numbers), max(numbers), company=company)
        for order_no in numbers
    ]
    return set(lookup.fetch_bound(conn, observations, _KEY, asked, _KEY, system=system))


def _plain(fact: Fact) -> bool:
    """Tell whether a fact says how things are: a deletion, a return or a correction says more than that."""
    return not (fact.deleted or fact.is_return or fact.replaces)


def order_of(fact: Fact) -> OrderNo:
    """Return the company and the number of the order that a placed fact is about."""
    return fact.company, fact.order_no or ""


def write(conn: sa.Connection, born: Sequence[Told], stamp: Mapping[str, Any]) -> None:
    """Write the observations and the views of `born`; `stamp` holds the columns that are the same in all."""
    if not born:
        return
    facts = [one.fact for one in born]
    columns = fact_columns(facts, [one.event_id for one in born])
    columns |= {name: Same(value) for name, value in stamp.items()}
    columns |= {"record": [one.record for one in born], "seq": Same(1)}
    said = bind(observations, columns)
    bulk.insert_bound(conn, observations, said, len(born))
    seen = {name: said[name] for name in ("company", "order_no", "system", "run")}
    seen |= {"first_seen": said["read_at"], **_view_columns(facts, said)}
    bulk.insert_bound(conn, views, seen, len(born))


def _view_columns(facts: Sequence[Fact], said: Columns) -> Columns:
    """Return what the views of orders with one observation each say, in driver form like `said`."""
    lines: Values | Same = Same(None)
    if any(fact.lines is not None for fact in facts):
        lines = [None if fact.lines is None else digest(standing(sums(fact.lines))) for fact in facts]
    return view_columns({**said, "line_digest": lines, "parts": Same(1)}, _milestones(facts))


def _milestones(facts: Sequence[Fact]) -> dict[Status, Values | Same]:
    """Return the microsecond in which each milestone was reached, where that is what a fact says."""
    reached = [
        fact.status if fact.says == Says.EVENT and fact.precision >= Precision.MINUTE else None
        for fact in facts
    ]
    found: dict[Status, Values | Same] = dict.fromkeys(MILESTONES, Same(None))
    for milestone in MILESTONES:
        if milestone not in reached:
            continue
        found[milestone] = [
            to_micros(fact.occurred_at)
            if status == milestone and fact.occurred_at is not None and fact.lo >= milestone
            else None
            for fact, status in zip(facts, reached, strict=True)
        ]
    return found
