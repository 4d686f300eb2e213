"""What can be done to the raw records of one order in one system: each function gives one edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulators import tms, wms
from simulators.catalogue import BASE_UNIT
from simulators.erp.books import Edit as ErpEdit
from simulators.erp.documents import Document
from simulators.tms import ARRIVED_DELIVERY, DELIVERED, Event
from simulators.truth import Order
from simulators.wms import ALLOCATED, OUT, WmsLine, WmsRow


def lost_document(document: Document) -> None:
    """Take the ERP's document away."""


def lost_rows(rows: list[WmsRow]) -> list[WmsRow]:
    """Take the WMS's rows away."""
    return []


def lost_events(events: list[Event]) -> list[Event]:
    """Take the TMS's events away."""
    return []


def unposted(document: Document) -> Document:
    """Let the ERP never have posted what left."""
    document.status |= {"DELIV_STAT": "A", "DLV_STAT_H": "A", "BILLSTATUS": "A", "PRC_STAT_H": "A"}
    for row in document.states:
        row |= {"DELIV_STAT": "A", "DLV_STAT_I": "A"}
    document.flows = []
    return document


def posted_less(pieces: int) -> ErpEdit:
    """Let the ERP have posted fewer pieces of the first item than left."""

    def edit(document: Document) -> Document:
        for flow in document.flows:
            if flow["PREDITDOC"] == "000010" and flow["DOCCATEGOR"] in ("J", "R"):
                flow["REF_QTY"] = f"{int(flow['REF_QTY'].partition('.')[0]) - pieces}.000"
        return document

    return edit


def last_mile_lost(events: list[Event]) -> list[Event]:
    """Let the TMS never have heard of the arrival."""
    return [event for event in events if event.code not in (ARRIVED_DELIVERY, DELIVERED)]


def counted_less(pieces: int) -> tms.Edit:
    """Let the carrier have counted fewer pieces than were handed over."""

    def edit(events: list[Event]) -> list[Event]:
        return [replace(event, quantity=event.quantity and event.quantity - pieces) for event in events]

    return edit


def referring_to(order_ref: str) -> wms.Edit:
    """Let the WMS's rows name another order."""
    return _on_rows(lambda row: replace(row, order_ref=order_ref), returns=True)


def in_state(state: str) -> wms.Edit:
    """Let the WMS's deliveries bear another state code."""
    return _on_rows(lambda row: replace(row, state=state))


def left_allocated(order: Order) -> wms.Edit:
    """Leave the WMS's deliveries where they were allocated."""
    allocated = {delivery.number: delivery.allocated for delivery in order.deliveries}

    def stuck(row: WmsRow) -> WmsRow:
        lines = [replace(line, qty_sent=0) for line in row.lines]
        since = allocated[row.delivery_no]
        return replace(row, state=ALLOCATED, changed=since, shipped_at=None, lines=lines)

    return _on_rows(stuck)


def shipped_off_by(seconds: int) -> wms.Edit:
    """Put the WMS's shipping stamps off."""
    return _on_rows(lambda row: replace(row, shipped_at=row.shipped_at and row.shipped_at + seconds))


def first_line_as(item_code: str) -> wms.Edit:
    """Let the WMS name another article in the first line, the count untouched."""

    def swapped(line: WmsLine) -> WmsLine:
        return replace(line, item_code=item_code, unit=BASE_UNIT) if line.pos == 1 else line

    return _on_rows(lambda row: replace(row, lines=[swapped(line) for line in row.lines]))


def planned_more(amount: int) -> wms.Edit:
    """Let the WMS plan more of the first line of its first delivery than was ordered."""

    def edit(rows: list[WmsRow]) -> list[WmsRow]:
        next(row for row in rows if row.kind == OUT).lines[0].qty += amount
        return rows

    return edit


def _on_rows(change: Callable[[WmsRow], WmsRow], returns: bool = False) -> wms.Edit:
    return lambda rows: [change(row) if returns or row.kind == OUT else row for row in rows]
