"""From the tables of one detail call to one record an order: RFC names, SAP's own texts, in either style.

Sources: structures BAPISDHD, BAPISDIT, BAPISDHDST, BAPISDFLOW of BAPISDORDER_GETDETAILEDLIST (SAP function
interface as published with PyRFC, confirmed): the document's number is DOC_NUMBER in headers, items and
schedules, SD_DOC in status and flow. That a goods movement has category R and a delivery J is likely
(domain VBTYP).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import orjson

from hub.errors import RecordError
from hub.model import Record

TAKES_BACK = "h"
"""Category of a cancelled goods movement (domain VBTYP), likely: it is subtracted."""

_NO_ITEM = "000000"


@dataclass(slots=True)
class Parts:
    """What the tables of a block hold of one document."""

    header: Record = field(default_factory=dict)
    status: Record = field(default_factory=dict)
    business: Record = field(default_factory=dict)
    items: list[Record] = field(default_factory=list)
    schedules: list[Record] = field(default_factory=list)
    flows: list[Record] = field(default_factory=list)


def group(tables: Mapping[str, Iterable[Record]]) -> dict[str, Parts]:
    """Return the parts of each document of a block by its padded number."""
    found: dict[str, Parts] = {}
    for name, rows in tables.items():
        for row in rows:
            number = padded(str(row.get("SD_DOC") or row.get("DOC_NUMBER") or "").strip())
            if number:
                _put(found.setdefault(number, Parts()), name, row)
    return found


def _put(parts: Parts, table: str, row: Record) -> None:
    match table:
        case "ORDER_HEADERS_OUT":
            parts.header = row
        case "ORDER_STATUSHEADERS_OUT":
            parts.status = row
        case "ORDER_BUSINESS_OUT" if _item(row) in ("", _NO_ITEM):
            parts.business = row
        case "ORDER_ITEMS_OUT":
            parts.items.append(row)
        case "ORDER_SCHEDULES_OUT":
            parts.schedules.append(row)
        case "ORDER_FLOWS_OUT":
            parts.flows.append(row)


def record(parts: Parts, client: str, number: str, sales_org: str) -> Record:
    """Return one order as a record.

    `KEY` is client and padded number, since numbers of two clients collide; `MOVED_AT` the newest
    CREAT_DATE and REC_TIME of its flows, for no header stamp moves when goods leave.
    """
    header = {**parts.business, **parts.header}
    return {
        "KEY": f"{client}/{number}",
        "CLIENT": client,
        "SALES_ORG": str(header.get("SALES_ORG") or "").strip() or sales_org,
        "SD_DOC": number,
        "header": header,
        "status": parts.status,
        "items": parts.items,
        "schedules": parts.schedules,
        "flows": parts.flows,
        "MOVED_AT": max((_when(flow) for flow in parts.flows), default=""),
    }


def version(order: Record) -> str:
    """Return what tells one state of a document from the next, as a digest: SAP itself has no version.

    It covers all that SAP shows of header, status, items and schedule lines, and nothing that is added here.
    """
    shown = [order[name] for name in ("header", "status", "items", "schedules")]
    return blake2b(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def add_delivered_by_flow(order: Record, goods: str) -> None:
    """Give each item `DLV_QTY` and `DLV_UNIT`, summed from the document flow.

    A goods movement may hang on the order's item or on a delivery of it; each counts once. Raises
    RecordError for a quantity that is none, and for movements of one item in different units.
    """
    items = {_item(item): _Delivered() for item in order["items"]}
    number = order["SD_DOC"]
    came_from = {
        (padded(_text(flow, "SUBSSDDOC")), _text(flow, "SUBSITDOC")): _text(flow, "PREDITDOC")
        for flow in order["flows"]
        if padded(_text(flow, "PRECSDDOC") or number) == number
    }
    counted: set[tuple[str, str, str]] = set()
    for flow in order["flows"]:
        category = _text(flow, "DOCCATEGOR")
        if category not in (goods, TAKES_BACK):
            continue
        before = padded(_text(flow, "PRECSDDOC") or number)
        item = _text(flow, "PREDITDOC")
        if before != number:
            item = came_from.get((before, item), "")
        movement = (category, _text(flow, "SUBSSDDOC"), _text(flow, "SUBSITDOC"))
        if item in items and movement not in counted:
            counted.add(movement)
            amount = quantity(_text(flow, "REF_QTY"))
            items[item].add(-amount if category == TAKES_BACK else amount, _text(flow, "BASE_UOM"))
    _write(order, items)


def add_delivered_by_status(order: Record, rows: Iterable[Record]) -> None:
    """Give each item `DLV_QTY` and `DLV_UNIT` from STATUSINFO, which has a row for each item and delivery."""
    items = {_item(item): _Delivered() for item in order["items"]}
    for row in rows:
        item = _item(row)
        if item in items and _text(row, "DELIV_NUMB").strip("0"):
            items[item].add(
                quantity(_text(row, "DLV_QTY")), _text(row, "S_UNIT_DLV") or _text(row, "SALES_UNIT")
            )
    _write(order, items)


@dataclass(slots=True)
class _Delivered:
    total: Decimal = Decimal(0)
    units: set[str] = field(default_factory=set)

    def add(self, amount: Decimal, unit: str) -> None:
        self.total += amount
        self.units.add(unit)


def _write(order: Record, items: Mapping[str, _Delivered]) -> None:
    for item in order["items"]:
        delivered = items[_item(item)]
        if len(delivered.units) > 1:
            units = ", ".join(sorted(delivered.units))
            raise RecordError("sap.mixed_units", field="shipped", item=_item(item), units=units)
        item["DLV_QTY"] = f"{delivered.total:f}"
        item["DLV_UNIT"] = next(iter(delivered.units), "") or _text(item, "SALES_UNIT")


def quantity(text: str) -> Decimal:
    """Return an SAP quantity ("5.000", "5.000-"); empty is 0. RecordError for anything else."""
    sign = -1 if text.endswith("-") else 1
    try:
        amount = Decimal(text.removesuffix("-").strip() or "0")
    except InvalidOperation:
        raise RecordError("sap.bad_quantity", field="shipped", found=text[:40]) from None
    if not amount.is_finite():
        raise RecordError("sap.bad_quantity", field="shipped", found=text[:40])
    return sign * amount


def padded(number: str) -> str:
    """Return a document or customer number as SAP keeps it: digits to ten places, other texts as they are."""
    return number.zfill(10) if number.isdecimal() else number


def _when(flow: Mapping[str, Any]) -> str:
    """Return when a flow was posted, as SAP says it: the day, and the time where there is one."""
    day = _text(flow, "CREAT_DATE")
    return f"{day} {_text(flow, 'REC_TIME')}".strip() if day.strip("0-") else ""


def _item(row: Mapping[str, Any]) -> str:
    return _text(row, "ITM_NUMBER")


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "").strip()
