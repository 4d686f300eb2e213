"""Faults of every class, put into healthy orders, with the truth beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hub.model import Precision, Status
from reconciler.case import Case, View
from tests.reconciler.world import DAY, NOW, healthy, span

Truth = set[tuple[str, str, str, str]]
"""(kind, company, order_no or "*", system)"""


def settled(seed: int, number: int) -> list[Case]:
    """Healthy orders of a size, all delivered and posted long ago, none of them a sample."""
    found: list[Case] = []
    for place in range(number * 4):
        one = healthy(seed, place)
        erp = one.views.get("erp")
        if erp is not None and "tms" in one.views and erp.moment() < NOW - 6 * DAY and erp.lo >= 100:
            found.append(one)
    return found[:number]


def with_faults(cases: list[Case]) -> tuple[list[Case], Truth]:
    """Break three orders of each class; the rest stays as it is."""
    todo = iter(cases)
    broken: list[Case] = []
    truth: Truth = set()

    def told(kind: str, one: Case, system: str) -> None:
        truth.add((kind, one.order.company, one.order.order_no, system))

    for system in ("erp", "wms", "tms"):
        one = next(todo)
        told("missing", one, system)
        broken.append(without(one, system))
        one = next(todo)
        told("status", one, system)
        broken.append(behind(one, system))
        one = next(todo)
        told("quantity", one, system)
        broken.append(change(one, system, shipped=one.views[system].shipped + 1))  # type: ignore[operator]  # set
    for system in ("wms", "tms"):
        one = renamed(next(todo), "X")
        told("extra", one, system)
        broken.append(Case(one.order, {system: one.views[system]}))
    one = next(todo)
    one = Case(replace(one.order, order_type="sample"), one.views)
    told("extra", one, "tms")
    broken.append(one)
    for _ in range(3):
        one = next(todo)
        told("wrong_shipment", one, "wms")
        broken.append(change(one, "wms", line_digest="f" * 32))
        one = next(todo)
        told("missing", one, "tms")
        broken.append(without(one, "tms"))
        slip = renamed(one, slip=True)
        broken.append(Case(slip.order, {"tms": slip.views["tms"]}))
    for _ in range(2):
        one = next(todo)
        truth.add(("unknown_code", "*", "*", "wms"))
        broken.append(change(one, "wms", status=None, lo=0, hi=130, unknown_code="77"))
    return [*broken, *todo], truth


def without(one: Case, system: str) -> Case:
    """The order as if `system` had never seen it."""
    return Case(one.order, {name: said for name, said in one.views.items() if name != system})


def change(one: Case, system: str, **said: Any) -> Case:
    """The order with other words of one system."""
    return Case(one.order, {**one.views, system: replace(one.views[system], **said)})


def behind(one: Case, system: str) -> Case:
    """The order with one system left where it was before anything was shipped."""
    if system == "tms":  # which knows nothing before: it says delivered of what has not left
        views = {name: _at(said, Status.CONFIRMED) for name, said in one.views.items() if name != "tms"}
        return Case(one.order, {**views, "tms": one.views["tms"]})
    return change(one, system, **_fields(system, Status.CONFIRMED))


def _at(said: View, status: Status) -> View:
    return replace(said, **_fields(said.system, status))


def _fields(system: str, status: Status) -> dict[str, Any]:
    lo, hi = span(system, status)
    return {"status": status, "lo": lo, "hi": hi, "shipped": Decimal(0), "shipped_at": None}


def renamed(one: Case, prefix: str = "", slip: bool = False) -> Case:
    """The same order under another number: far away, or with two neighbouring digits swapped."""
    number = prefix + one.order.order_no
    if slip:
        number = next(
            swapped
            for place in range(len(number) - 1, 4, -1)
            if (swapped := number[: place - 1] + number[place] + number[place - 1] + number[place + 1 :])
            != number
        )
    return Case(replace(one.order, order_no=number), one.views)


def shifted(cases: Iterable[Case], system: str, company: str, offset: timedelta) -> list[Case]:
    """The orders with every stamp of one system in one company moved by `offset`."""
    names = ("occurred_at", "confirmed_at", "stocked_at", "shipped_at", "delivered_at")
    moved = []
    for one in cases:
        said = one.views.get(system)
        if said is not None and one.order.company == company:
            stamps: dict[str, Any] = {
                name: stamp + offset for name in names if (stamp := getattr(said, name)) is not None
            }
            one = change(one, system, **stamps)
        moved.append(one)
    return moved


def unposted(cases: Iterable[Case], company: str, since: timedelta) -> list[Case]:
    """The orders as if ERP had posted no shipment of one company for so long."""
    halted = []
    for one in cases:
        erp, wms = one.views.get("erp"), one.views.get("wms")
        left = wms.shipped_at if wms else None
        if erp and left and one.order.company == company and left > NOW - since and erp.lo >= Status.SHIPPED:
            fields = _fields("erp", Status.CONFIRMED)
            when = left.replace(hour=0, minute=0, second=0) - 9 * DAY
            one = change(one, "erp", **fields, occurred_at=when, precision=Precision.DAY)
        halted.append(one)
    return halted
