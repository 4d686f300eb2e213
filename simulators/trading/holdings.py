"""What each system holds of each order, in one set of words, read from its own records and not by the hub."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from simulators.tms import ARRIVED_DELIVERY, DELIVERED
from simulators.trading import crm, erp, wms
from simulators.trading.crm import Crm
from simulators.trading.erp import Erp
from simulators.trading.quantities import total
from simulators.trading.tms import Tms, held
from simulators.trading.wms import Wms

CRM_WORDS = {
    crm.DRAFT: "draft",
    crm.APPROVED: "confirmed",
    crm.IN_FULFILMENT: "allocated",
    crm.SHIPPED: "shipped",
    crm.DELIVERED: "delivered",
    crm.CLOSED: "completed",
}
ERP_WORDS = {
    erp.OPEN: "confirmed",
    erp.PARTLY: "partly_shipped",
    erp.DELIVERED: "shipped",
    erp.COMPLETED: "completed",
}
WMS_WORDS = {
    wms.RECEIVED: "confirmed",
    wms.ALLOCATED: "allocated",
    wms.PICKED: "ready",
    wms.PARTLY_SENT: "partly_shipped",
    wms.SENT: "shipped",
    wms.VOID: "",
}
TMS_WORDS = {"": "shipped", ARRIVED_DELIVERY: "out_for_delivery", DELIVERED: "delivered"}


class Held(NamedTuple):
    """What a system holds of one order: status in the hub's word, quantities, what lies beside the chain."""

    status: str
    ordered: Decimal
    shipped: Decimal | None
    cancelled: bool
    hold: bool


Holdings = dict[str, list[Held]]
"""By order; an order that a system holds twice has two."""


def of_crm(system: Crm) -> Holdings:
    """Return what the CRM holds."""
    found: Holdings = {}
    for one in system.orders():
        ordered = total(line["qty"] for line in one.get("lines", []))
        said = Held(CRM_WORDS[one["status"]], ordered, Decimal(one["shipped"]), one["cancelled"], one["hold"])
        found.setdefault(one["ref"], []).append(said)
    return found


def of_erp(system: Erp) -> Holdings:
    """Return what the ERP holds."""
    found: Holdings = {}
    for one in system.orders():
        body = one.body
        ordered, shipped = total(line["qty"] for line in body["lines"]), Decimal(body["shipped"])
        said = Held(
            ERP_WORDS[body["status"]], ordered, shipped, body["rejected"] == "X", body["block"] == "X"
        )
        found.setdefault(one.ref, []).append(said)
    return found


def of_wms(system: Wms) -> Holdings:
    """Return what the WMS holds."""
    found: Holdings = {}
    for row in system.rows():
        found.setdefault(row["order_ref"], []).append(_row(row))
    return found


def _row(row: Mapping[str, Any]) -> Held:
    ordered, sent = (sum((one[name] for one in row["lines"]), Decimal(0)) for name in ("qty", "qty_sent"))
    return Held(WMS_WORDS[row["state"]], ordered, sent, row["state"] == wms.VOID, row["held"] == "Y")


def of_tms(system: Tms) -> Holdings:
    """Return what the TMS holds."""
    return {
        ref: [
            Held(TMS_WORDS.get(one["code"], "in_transit"), Decimal(one["quantity"]), None, False, False)
            for one in shipments
        ]
        for ref, shipments in held(system)
    }
