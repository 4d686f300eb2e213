"""What the people of the trading world do by themselves, at any time, as a throw of the dice will have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from simulators.tms import ARRIVED_DELIVERY, DELIVERED, DEPARTED_PICKUP
from simulators.trading import wms
from simulators.trading.crm import APPROVED, DRAFT
from simulators.trading.erp import COMPLETED, INVOICED

if TYPE_CHECKING:
    from simulators.trading.trading import Trading

_ROAD = ("", DEPARTED_PICKUP, ARRIVED_DELIVERY, DELIVERED)
_WAREHOUSE = {wms.RECEIVED: wms.Wms.allocate, wms.ALLOCATED: wms.Wms.pick, wms.PICKED: wms.Wms.ship}


def something(trading: Trading, refs: Sequence[str]) -> str:
    """Let somebody take one order a step further, or change their mind; return what was done."""
    if not refs:
        return "nothing"
    ref = trading.random.choice(list(refs))
    done: list[Callable[[Trading, str], str]] = [_sales, _warehouse, _road, _books]
    trading.random.shuffle(done)
    return next((what for act in done if (what := act(trading, ref))), "nothing")


def _sales(trading: Trading, ref: str) -> str:
    (order,) = trading.crm.find(ref)
    if order["cancelled"]:
        return ""
    if order["status"] == DRAFT:
        trading.approve(ref)
        return f"{ref} approved"
    if order["status"] != APPROVED:
        return ""
    throw = trading.random.random()
    if throw < 0.1:
        trading.cancel(ref)
        return f"{ref} cancelled"
    if throw < 0.3:
        trading.hold(ref, not order["hold"])
        return f"{ref} held or freed"
    trading.change_quantity(ref, trading.random.randint(1, 40))
    return f"{ref} changed"


def _warehouse(trading: Trading, ref: str) -> str:
    rows = trading.wms.find(ref)
    if not rows or rows[0]["held"] == "Y" or rows[0]["state"] not in _WAREHOUSE:
        return ""
    step = _WAREHOUSE[rows[0]["state"]]
    step(trading.wms, ref)
    return f"{ref} {step.__name__}"


def _road(trading: Trading, ref: str) -> str:
    trading.tms.work()
    shipments = trading.tms.shipments(ref)
    if not shipments or shipments[0]["code"] == DELIVERED:
        return ""
    code = _ROAD[_ROAD.index(shipments[0]["code"]) + 1]
    trading.tms.report(ref, code)
    return f"{ref} {code}"


def _books(trading: Trading, ref: str) -> str:
    shipments = trading.tms.shipments(ref)
    documents = trading.erp.find(ref)
    if not documents or not shipments or shipments[0]["code"] != DELIVERED:
        return ""
    body = documents[0].body
    if body["status"] == COMPLETED:
        return ""
    if body["money"] != INVOICED:
        trading.erp.invoice(ref)
        return f"{ref} invoiced"
    trading.erp.pay(ref)
    return f"{ref} paid"
