"""What a call that writes says of an order: structures, tables and their X twins, as the ERP keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.erp.answers import Call
from simulators.trading.desk import Refused
from simulators.trading.records import Body


def changes(call: Call, body: Body) -> Body:
    """Return what a call changes of an order: only what the X structures mark."""
    said: Body = {}
    header, marked = (call.structures.get(f"ORDER_HEADER_IN{x}", {}) for x in ("", "X"))
    if marked.get("DLV_BLOCK") == "X":
        said["block"] = "X" if header.get("DLV_BLOCK") else ""
    rejected = [
        row for row in _marked(call, "ORDER_ITEM_IN", "ORDER_ITEM_INX", "REASON_REJ") if row["REASON_REJ"]
    ]
    if rejected and len(rejected) == len(body["lines"]):
        said["rejected"] = "X"
    quantities = {
        int(row["ITM_NUMBER"]) // 10: row["REQ_QTY"]
        for row in _marked(call, "SCHEDULE_LINES", "SCHEDULE_LINESX", "REQ_QTY")
    }
    if quantities:
        said["lines"] = [line | {"qty": quantities.get(line["pos"], line["qty"])} for line in body["lines"]]
    return said


def require_change(call: Call) -> None:
    """Raise Refused for a call that does not say that it changes anything."""
    if call.structures.get("ORDER_HEADER_INX", {}).get("UPDATEFLAG") != "U":
        raise Refused("V1312", "no change was asked for")


def sold_to(call: Call) -> str:
    """Return the customer of an order; Refused if none is said."""
    partners = {
        row.get("PARTN_ROLE"): row.get("PARTN_NUMB", "") for row in call.tables.get("ORDER_PARTNERS", ())
    }
    if not partners.get("AG"):
        raise Refused("V1302", "enter sold-to party or ship-to party")
    return partners["AG"].lstrip("0")


def lines(call: Call) -> list[Body]:
    """Return the items with the quantities of their schedule lines."""
    wanted: dict[str, Decimal] = {}
    for row in call.tables.get("ORDER_SCHEDULES_IN", ()):
        item = row.get("ITM_NUMBER", "").zfill(6)
        wanted[item] = wanted.get(item, Decimal(0)) + _number(row.get("REQ_QTY", ""))
    items = call.tables.get("ORDER_ITEMS_IN", ())
    return [_item(row, wanted) for row in items]


def _item(row: Mapping[str, str], wanted: Mapping[str, Decimal]) -> Body:
    item = row.get("ITM_NUMBER", "").zfill(6)
    quantity = wanted.get(item) or _number(row.get("TARGET_QTY") or "0")
    return {"pos": int(item) // 10, "material": row.get("MATERIAL", "").lstrip("0"), "qty": str(quantity)}


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Refused("V1055", f"{text} is no quantity") from error


def _marked(call: Call, table: str, marks: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table in which `name` is marked as meant."""
    meant = {row.get("ITM_NUMBER", "").zfill(6) for row in call.tables.get(marks, ()) if row.get(name) == "X"}
    rows = ({"ITM_NUMBER": "", name: "", **row} for row in call.tables.get(table, ()))
    return [row for row in rows if row["ITM_NUMBER"].zfill(6) in meant]
