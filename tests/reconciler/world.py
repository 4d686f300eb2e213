"""A small practice world: orders as three systems tell them, healthy by construction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from hub.model import TOP, Precision, Side, Status
from hub.rules import Rules, load_rules
from hub.store import Store, bulk, tables
from reconciler.case import Case, Horizon, Order, View
from sync.agreed import Agreement
from sync.stretch import by_order, look_up

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SAYS: dict[str, tuple[Status, ...]] = {
    "erp": (Status.DRAFT, Status.CONFIRMED, Status.SHIPPED, Status.COMPLETED),
    "wms": (
        Status.CONFIRMED,
        Status.ALLOCATED,
        Status.STOCKED,
        Status.PARTLY_SHIPPED,
        Status.SHIPPED,
    ),
    "tms": (Status.SHIPPED, Status.IN_TRANSIT, Status.DELIVERED),
}
"""The statuses that each system is able to say."""


def hub_rules() -> Rules:
    """The rules of `mappings/hub.yaml`."""
    return load_rules(Path(__file__).parents[2])


def span(system: str, status: Status) -> tuple[int, int]:
    """The range of ranks that `status` means when `system` says it."""
    later = [other for other in SAYS[system] if other > status]
    return int(status), int(min(later)) - 1 if later else TOP


def view(system: str, status: Status | str | None = None, *, ago: timedelta = 5 * DAY, **said: Any) -> View:
    """A view of `system`; `ago` is the age of its stamp, quantities may be given as int."""
    status = Status.of(status) if isinstance(status, str) else status
    lo, hi = span(system, status) if status is not None else (0, TOP)
    for name in ("ordered", "produced", "shipped", "returned"):
        if isinstance(said.get(name), int):
            said[name] = Decimal(said[name])
    plain = {
        "first_seen": NOW - 30 * DAY,
        "status": status,
        "lo": lo,
        "hi": hi,
        "occurred_at": NOW - ago,
        "precision": Precision.SECOND,
        "side_known": Side.NONE if system == "tms" else Side.CANCELLED,
    }
    return View(system=system, **(plain | said))


def case(*views: View, order_type: str = "regular", **order: Any) -> Case:
    """An order of company A with these views."""
    told: dict[str, Any] = {"amount": Decimal(1000), "currency": "CNY"} | order
    return Case(Order("A", "SO-1", order_type, **told), {one.system: one for one in views})


def horizons(**until: timedelta) -> dict[str, Horizon]:
    """All systems read just now, but those named: read so long ago."""
    return {
        system: Horizon(system, NOW - until.get(system, timedelta(0)), complete_at=NOW) for system in SAYS
    }


def healthy(seed: int, number: int) -> Case:
    """A healthy order of any age: every system says what it is able to say of the one truth, with its lag."""
    dice = Random(seed * 1_000_003 + number)
    born = NOW - timedelta(minutes=dice.randrange(3 * 60, 90 * 24 * 60))
    total = Decimal(dice.randrange(1, 500))
    kind = "sample" if dice.random() < 0.05 else "regular"
    confirmed = born + timedelta(minutes=dice.randrange(10, 120))
    stocked = confirmed + timedelta(hours=dice.randrange(8, 400))
    left = stocked + timedelta(minutes=dice.randrange(60, 2_000))
    there = left + timedelta(hours=dice.randrange(6, 90))
    order = Order(
        dice.choice("AB"),
        f"SO-{1_000_000 + number * 7_919}",
        kind,
        amount=Decimal(dice.randrange(500, 90_000)),
        currency="CNY",
        due_now=there + timedelta(days=dice.randrange(0, 9)),
    )
    truth = [
        (Status.CONFIRMED, confirmed),
        (Status.STOCKED, stocked),
        (Status.SHIPPED, left),
        (Status.DELIVERED, there),
    ]
    lags = {"erp": timedelta(hours=20), "wms": timedelta(minutes=5), "tms": timedelta(hours=3)}
    views = [_told(system, truth, lags[system], total, dice) for system in SAYS]
    barred = {"tms"} if kind == "sample" else set()
    return Case(order, {one.system: one for one in views if one is not None and one.system not in barred})


def _told(
    system: str, truth: Iterable[tuple[Status, datetime]], lag: timedelta, total: Decimal, dice: Random
) -> View | None:
    known = [
        (status, at)
        for status, at in truth
        if status in SAYS[system] and at + (lag if status > Status.CONFIRMED else timedelta()) <= NOW
    ]
    if not known:
        return None
    status, at = known[-1]
    gone = total if status >= Status.SHIPPED else Decimal(0)
    one = view(
        system,
        status,
        ordered=None if system == "tms" else total,
        shipped=gone,
        line_digest=None if system == "tms" else f"{total:032f}"[:32],
        occurred_at=at,
        first_seen=known[0][1],
    )
    if system == "erp":
        return replace(one, precision=Precision.DAY, occurred_at=at.replace(hour=0, minute=0, second=0))
    stamps: dict[str, Any] = {
        f"{step.word}_at": when + timedelta(seconds=dice.randrange(0, 90))
        for step, when in known
        if step in (Status.STOCKED, Status.SHIPPED, Status.DELIVERED)
    }
    return replace(one, **stamps)


def fill(store: Store, cases: Iterable[Case], reads: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Write cases into `views` and `orders`, and that every system was read completely just now."""
    views, orders = rows_of(cases)
    with store.write() as conn:
        bulk.insert(conn, tables.views, views)
        bulk.insert(conn, tables.orders, orders)
        bulk.upsert(conn, tables.reads, [_read(system, **((reads or {}).get(system, {}))) for system in SAYS])


def rewrite(store: Store, *cases: Case) -> None:
    """Let orders be as these cases tell them from now on (those without a view: gone altogether)."""
    keys = [(one.order.company, one.order.order_no) for one in cases]
    views, orders = rows_of(one for one in cases if one.views)
    with store.write() as conn:
        for table in (tables.views, tables.orders):
            bulk.delete(conn, table, ("company", "order_no"), keys)
        bulk.insert(conn, tables.views, views)
        bulk.insert(conn, tables.orders, orders)


def rows_of(cases: Iterable[Case]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of `views` and of `orders` that cases stand for."""
    views: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    for one in cases:
        key = {"company": one.order.company, "order_no": one.order.order_no}
        for said in one.views.values():
            row = asdict(said) | key | {"money": None, "says": "event", "parts": 1, "run": 1}
            del row["returned_at"]
            views.append(
                row
                | {"status": None if said.status is None else int(said.status), "side": int(said.side)}
                | {"side_known": int(said.side_known), "precision": int(said.precision)}
            )
        leader = max(one.views.values(), key=lambda said: said.lo)
        best = next((known for name in ("erp", "wms") if (known := one.views.get(name))), leader)
        orders.append(
            key
            | {"status": leader.status and int(leader.status), "side": int(best.side)}
            | {"ordered": best.ordered, "shipped": leader.shipped, "order_type": one.order.order_type}
            | {"amount": one.order.amount, "currency": one.order.currency, "due_now": one.order.due_now}
            | {"first_seen": NOW - DAY, "changed_at": NOW - DAY, "run": 1}
        )
    return views, orders


def agreed(conn: sa.Connection, cases: Iterable[Case], rules: Rules) -> set[tuple[str, str]]:
    """Those of the orders, as they lie in the store, on which the merge would see all systems agree."""
    agreement = Agreement(rules)
    orders = {(one.order.company, one.order.order_no): one.order for one in cases}
    views = by_order(look_up(conn, sorted(orders)).views)
    return {key for key, said in views.items() if agreement.holds(key[0], orders[key].order_type, said)}


def _read(system: str, **said: Any) -> dict[str, Any]:
    plain = {"complete_at": NOW, "newest_at": NOW, "failed_at": None, "error": None}
    return {"system": system, "stream": "orders", "kind": "since", **plain, **said}
