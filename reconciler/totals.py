"""The positive side: what each system holds, what adds up, and which orders are late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import nsmallest
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from hub.model import Side, Status
from hub.rules import Rules
from hub.store import tables
from hub.store.types import from_fixed

HUB = "hub"
GROUPS = ("open", "partly_shipped", "shipped", "cancelled", "unknown")
"""Status groups of the control totals, by the canonical status."""

SOON = timedelta(days=2)
SHOWN = 1_000
"""So many orders at risk are listed; all are counted."""

_v = tables.views.c
_o = tables.orders.c


@dataclass(frozen=True, slots=True)
class Sum:
    """How many orders, and how much of them is ordered and shipped (base units); None: not said at all."""

    orders: int
    ordered: Decimal | None
    shipped: Decimal | None


@dataclass(slots=True)
class Total:
    """One control total: the same orders (of one company in one status group) summed up in each system."""

    company: str
    group: str
    sums: dict[str, Sum] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Return whether all systems that say a number come to the same."""
        return not any(self.apart(name) for name in ("orders", "ordered", "shipped"))

    def apart(self, name: str) -> bool:
        """Return whether the systems come to different sums of `name` (orders, ordered or shipped)."""
        said = {getattr(one, name) for one in self.sums.values()}
        return len(said - {None}) > 1


@dataclass(frozen=True, slots=True)
class LateOrder:
    """An order that misses its date, or will: `past_due` (not shipped) or `not_started` (due very soon)."""

    company: str
    order_no: str
    why: str
    due: datetime
    status: str | None
    customer: str | None
    amount: Decimal | None
    currency: str | None


@dataclass(slots=True)
class Late:
    """Orders at risk: the most urgent by name, all by number; open orders are `dated` or `undated`."""

    orders: list[LateOrder] = field(default_factory=list)
    dated: int = 0
    undated: int = 0
    past_due: int = 0
    not_started: int = 0
    amount: dict[str, Decimal] = field(default_factory=dict)


def held(conn: sa.Connection) -> dict[str, int]:
    """Return how many orders each system holds."""
    rows = conn.execute(sa.select(_v.system, sa.func.count()).group_by(_v.system).order_by(_v.system))
    return {system: count for system, count in rows}


def orders_known(conn: sa.Connection) -> int:
    """Return how many orders are known to any system."""
    keys = sa.select(_v.company, _v.order_no).distinct().subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(keys)).scalar_one())


def control_totals(conn: sa.Connection, rules: Rules) -> list[Total]:
    """Return the totals of the hub and of every system that must know each order from its confirmation on.

    The groups are those of the hub's canonical status, so that all systems sum up the same orders.
    """
    group = _group()
    sums = (sa.func.count(), _sum(_o.ordered), _sum(_o.shipped))
    totals: dict[tuple[str, str], Total] = {}
    own = sa.select(_o.company, group, *sums).group_by(_o.company, group)
    for company, name, *numbers in conn.execute(own):
        _add(totals, company, name, HUB, numbers)
    query = (
        sa.select(_o.company, group, _v.system, sa.func.count(), _sum(_v.ordered), _sum(_v.shipped))
        .join_from(tables.views, tables.orders, sa.and_(_v.company == _o.company, _v.order_no == _o.order_no))
        .where(_v.system.in_(always_needed(rules)))
        .group_by(_o.company, group, _v.system)
    )
    for company, name, system, *numbers in conn.execute(query):
        _add(totals, company, name, system, numbers)
    return sorted(totals.values(), key=lambda total: (total.company, GROUPS.index(total.group)))


def always_needed(rules: Rules) -> list[str]:
    """Return the systems that every route asks for by the time that an order is confirmed."""
    first, *rest = [
        {
            system: None
            for system, need in route.systems.items()
            if need is not None and need.from_status <= Status.CONFIRMED
        }
        for route in rules.routes
    ] or [{}]
    return [system for system in first if all(system in other for other in rest)]


def late_orders(conn: sa.Connection, as_of: datetime) -> Late:
    """Return the orders past due and not shipped, and those due within two days and not begun."""
    late = Late()
    waiting = []
    for order in _unshipped(conn):
        if order.due_now is None:
            late.undated += 1
            continue
        late.dated += 1
        past = order.due_now < as_of
        if past or (order.due_now < as_of + SOON and (order.status or 0) < Status.ALLOCATED):
            waiting.append(order)
            late.past_due += past
            late.not_started += not past
            if order.amount:
                before = late.amount.get(order.currency or "", Decimal(0))
                late.amount[order.currency or ""] = before + order.amount
    for order in nsmallest(SHOWN, waiting, key=attrgetter("due_now", "company", "order_no")):
        why = "past_due" if order.due_now < as_of else "not_started"
        word = None if order.status is None else Status(order.status).word
        late.orders.append(
            LateOrder(
                order.company, order.order_no, why, order.due_now, word, order.customer_name, order.amount,
                order.currency,
            )
        )  # fmt: skip
    return late


def _unshipped(conn: sa.Connection) -> Iterator[Any]:
    """Yield the orders that have not left and are not cancelled, by the index of orders on their way."""
    alive = sa.literal_column(tables.ALIVE, sa.Boolean)
    columns = (
        _o.company, _o.order_no, _o.due_now, _o.status, _o.customer_name, _o.amount, _o.currency,
    )  # fmt: skip
    for standing in (
        sa.and_(_o.status < int(Status.SHIPPED), _o.status < sa.literal_column("130")),
        _o.status.is_(None),
    ):
        yield from conn.execute(sa.select(*columns).where(standing, alive))


def waiting_records(conn: sa.Connection) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Return how many records lie in quarantine by (system, reason), how many wait for a link by system."""
    q, u = tables.quarantine.c, tables.unlinked.c
    reasons = sa.select(q.system, q.reason, sa.func.count()).where(q.solved_at.is_(None))
    quarantine = {
        (system, reason): count
        for system, reason, count in conn.execute(reasons.group_by(q.system, q.reason).order_by(q.system))
    }
    unlinked = conn.execute(sa.select(u.system, sa.func.count()).group_by(u.system).order_by(u.system))
    return quarantine, {system: count for system, count in unlinked}


def _group() -> sa.ColumnElement[str]:
    return sa.case(
        (_o.side.bitwise_and(int(Side.CANCELLED)) != 0, "cancelled"),
        (_o.status.is_(None), "unknown"),
        (_o.status >= int(Status.SHIPPED), "shipped"),
        (_o.status >= int(Status.PARTLY_SHIPPED), "partly_shipped"),
        else_="open",
    )


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Return the sum in millionths, as the engine gives it (of BIGINT it is numeric on PostgreSQL)."""
    return sa.func.sum(sa.type_coerce(column, sa.BigInteger))


def _add(
    totals: dict[tuple[str, str], Total], company: str, group: str, system: str, numbers: list[Any]
) -> None:
    orders, ordered, shipped = numbers
    total = totals.setdefault((company, group), Total(company, group))
    total.sums[system] = Sum(orders, _fixed(ordered), _fixed(shipped))


def _fixed(millionths: Any) -> Decimal | None:
    return None if millionths is None else from_fixed(int(millionths))
