"""Sales documents as the ERP holds them at a moment, derived from what really happened.

A document is what its BAPIs tell of it: structures with SAP's field names and text values, numbers padded,
dates initial (`0000-00-00`) where nothing happened, only the day of the last change, the minus behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from simulators import clock
from simulators.catalogue import CARTON, COMPANIES, PIECE, SALESPEOPLE, SKUS
from simulators.truth import Line, Order, Return

Row = dict[str, str]

NO_DATE = "0000-00-00"
DOC_TYPES = {"regular": "OR", "rush": "SO", "sample": "FD", "repair": "RA", "consignment": "KB"}
RETURN_TYPE, RED_TYPE = "RE", "G2"

_ORDER, _DELIVERY, _GOODS, _INVOICE, _RETURN, _CREDIT = "C", "J", "R", "M", "H", "K"


@dataclass(slots=True)
class Document:
    """One sales document: header, status, items, schedule lines, item status, document flow."""

    client: str
    header: Row
    status: Row
    items: list[Row] = field(default_factory=list)
    schedules: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    flows: list[Row] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Its number, padded to ten digits."""
        return self.header["DOC_NUMBER"]


def order_document(order: Order, now: int) -> Document:
    """Return the sales order as it stands at `now`."""
    quantities = order.quantities(now)
    sent = delivered(order, now)
    rejected = order.cancelled <= now
    document = Document(
        client=COMPANIES[order.company].client,
        header=_order_header(order, quantities, now),
        status=_order_status(order, quantities, sent, now),
    )
    number = padded(order.number)
    day = promised(order, now)
    for position, line in enumerate(order.lines):
        item = f"{(position + 1) * 10:06d}"
        quantity = quantities[position]
        value = money(quantity * line.price)
        document.items.append(
            _item(number, item, line.sku, quantity, value, line.price, "01" if rejected else "")
        )
        document.schedules.append(_schedule(number, item, line.sku, quantity, day))
        stage = _stage(sent[position], quantity)
        document.states.append(_state(number, item, stage, "C" if rejected else "A"))
    document.flows = list(_order_flows(order, number, now))
    return document


def return_document(order: Order, back: Return) -> Document:
    """Return the document of goods that came back: signed, naming the order that it reverses."""
    number, original = padded(back.number), padded(order.number)
    value = sum(quantity * order.lines[position].price for position, quantity in back.lines)
    header = _header(order, number, RED_TYPE if back.red else RETURN_TYPE, back.posted, f"{money(value)}-")
    header |= {"SD_DOC_CAT": _CREDIT if back.red else _RETURN, "REF_DOC": original, "DOC_CAT_SD": _ORDER}
    document = Document(COMPANIES[order.company].client, header, _status(number, "C", "C", "C", ""))
    for count, (position, quantity) in enumerate(back.lines, 1):
        line = order.lines[position]
        item = f"{count * 10:06d}"
        row = _item(number, item, line.sku, quantity, f"{money(quantity * line.price)}-", line.price, "")
        row |= {"REQ_QTY": f"{row['REQ_QTY']}-", "CUM_CF_QTY": f"{row['CUM_CF_QTY']}-", "RETOURE": "X"}
        row |= {"REF_DOC": original, "POSNR_VOR": f"{(position + 1) * 10:06d}"}
        document.items.append(row)
        document.states.append(_state(number, item, "C", "A"))
        receipt = _flow(
            (number, item), (f"495{number[-7:]}", f"{count:06d}"), _GOODS, quantity, line, back.posted
        )
        document.flows.append(receipt | {"REF_QTY": f"{receipt['REF_QTY']}-"})
    return document


def delivered(order: Order, now: int) -> list[int]:
    """Return what the ERP has posted as delivered by `now`, by line."""
    sent = [0] * len(order.lines)
    for delivery in order.deliveries:
        if delivery.posted <= now:
            for position, quantity in delivery.lines:
                sent[position] += quantity
    return sent


def promised(order: Order, now: int) -> str:
    """Return the promised date as it stands at `now`."""
    change = order.change
    if change and change.line < 0 and now < change.at:
        return clock.date_of(change.before)
    return clock.date_of(order.promised)


def padded(number: int | str) -> str:
    """Return a document or customer number as ten digits."""
    return str(number).rjust(10, "0")


def money(fen: int) -> str:
    """Return an amount with two decimals."""
    return f"{fen // 100}.{fen % 100:02d}"


def unit(sku: int) -> str:
    """Return the unit in which a SKU is sold."""
    return CARTON if SKUS[sku].cartons else PIECE


def sold(sku: int, quantity: int) -> str:
    """Return a quantity of pieces in the unit in which the SKU is sold, with three decimals."""
    return f"{quantity // SKUS[sku].box if SKUS[sku].cartons else quantity}.000"


@lru_cache(maxsize=1024)
def material(sku: int) -> str:
    """Return a SKU's padded material number (MATNR, 18 characters)."""
    return SKUS[sku].code.rjust(18, "0")


def _order_header(order: Order, quantities: list[int], now: int) -> Row:
    value = sum(quantity * line.price for quantity, line in zip(quantities, order.lines, strict=True))
    header = _header(order, padded(order.number), DOC_TYPES[order.kind], order.entered, money(value))
    header["SD_DOC_CAT"] = _ORDER
    hold, change = order.hold, order.change
    if hold and hold.since <= now < hold.until:
        header["DLV_BLOCK"] = "01"
    edits = [order.cancelled]
    if hold:
        edits.append(hold.until)
    if change:
        edits.append(change.at)
    seen = [edit for edit in edits if edit <= now]
    if seen:
        header["CH_ON"] = clock.date(max(seen))
    first = change.before if change and change.line < 0 else order.promised
    header["REQ_DATE_H"] = clock.date_of(first)
    return header


def _header(order: Order, number: str, doc_type: str, entered: int, value: str) -> Row:
    company = COMPANIES[order.company]
    seller = SALESPEOPLE[order.salesperson]
    return {
        "OPERATION": "",
        "DOC_NUMBER": number,
        "REC_DATE": clock.date(entered),
        "REC_TIME": clock.time(entered),
        "CREATED_BY": seller,
        "DOC_DATE": clock.date(entered),
        "SD_DOC_CAT": "",
        "DOC_TYPE": doc_type,
        "DLV_BLOCK": "",
        "NET_VAL_HD": value,
        "CURRENCY": "CNY",
        "SALES_ORG": company.sales_org,
        "DISTR_CHAN": "10",
        "DIVISION": "00",
        "SALES_GRP": f"V{order.salesperson + 1:02d}",
        "REQ_DATE_H": clock.date(entered),
        "PURCH_NO": f"PO{order.entered % 10_000_000:07d}",
        "SOLD_TO": padded(order.buyer.number),
        "CH_ON": NO_DATE,
        "REF_DOC": "",
    }


def _order_status(order: Order, quantities: list[int], sent: list[int], now: int) -> Row:
    number = padded(order.number)
    if order.cancelled <= now:
        return _status(number, "", "", "C", "C")
    stage = _stage(sum(sent), sum(quantities))
    if order.billed <= now:
        return _status(number, stage, "C", "C", "")
    return _status(number, stage, "A", "A" if stage == "A" else "B", "")


def _status(number: str, delivery: str, billing: str, overall: str, rejection: str) -> Row:
    return {
        "OPERATION": "",
        "SD_DOC": number,
        "DELIV_STAT": delivery,
        "DLV_STAT_H": delivery,
        "BILLSTATUS": billing,
        "OVERALLREJ": rejection or "A",
        "PRC_STAT_H": overall,
    }


def _stage(sent: int, ordered: int) -> str:
    return "A" if not sent else "B" if sent < ordered else "C"


def _item(number: str, item: str, sku: int, quantity: int, value: str, price: int, rejection: str) -> Row:
    return {
        "OPERATION": "",
        "DOC_NUMBER": number,
        "ITM_NUMBER": item,
        "MATERIAL": material(sku),
        "SHORT_TEXT": SKUS[sku].text,
        "REA_FOR_RE": rejection,
        "NET_VALUE": value,
        "CURRENCY": "CNY",
        "REQ_QTY": sold(sku, quantity),
        "CUM_CF_QTY": sold(sku, quantity),
        "SALES_UNIT": unit(sku),
        "ISOCODUNIT": "CT" if SKUS[sku].cartons else "PCE",
        "NET_PRICE": money(price * SKUS[sku].box if SKUS[sku].cartons else price),
        "PLANT": "1010",
        "REF_DOC": "",
    }


def _schedule(number: str, item: str, sku: int, quantity: int, day: str) -> Row:
    return {
        "OPERATION": "",
        "DOC_NUMBER": number,
        "ITM_NUMBER": item,
        "SCHED_LINE": "0001",
        "REQ_DATE": day,
        "REQ_QTY": sold(sku, quantity),
        "CONFIR_QTY": sold(sku, quantity),
        "SALES_UNIT": unit(sku),
    }


def _state(number: str, item: str, delivery: str, rejection: str) -> Row:
    return {
        "OPERATION": "",
        "SD_DOC": number,
        "ITM_NUMBER": item,
        "DELIV_STAT": delivery,
        "DLV_STAT_I": delivery,
        "REJSTATIT": rejection,
    }


def _order_flows(order: Order, number: str, now: int) -> Iterator[Row]:
    for delivery in order.deliveries:
        if delivery.posted > now:
            continue
        slip = f"008{delivery.number[-7:]}"
        for count, (position, quantity) in enumerate(delivery.lines, 1):
            line = order.lines[position]
            source = number, f"{(position + 1) * 10:06d}"
            yield _flow(source, (slip, f"{count * 10:06d}"), _DELIVERY, quantity, line, delivery.posted)
            yield _flow(source, (f"49{slip[2:]}", f"{count:06d}"), _GOODS, quantity, line, delivery.posted)
    if order.billed <= now and order.cancelled > now:
        for position, line in enumerate(order.lines):
            item = f"{(position + 1) * 10:06d}"
            bill = f"009{order.number:07d}", item
            yield _flow((number, item), bill, _INVOICE, line.quantity, line, order.billed)


def _flow(
    source: tuple[str, str], target: tuple[str, str], kind: str, quantity: int, line: Line, moment: int
) -> Row:
    return {
        "OPERATION": "",
        "SD_DOC": source[0],
        "PRECSDDOC": source[0],
        "PREDITDOC": source[1],
        "SUBSSDDOC": target[0],
        "SUBSITDOC": target[1],
        "DOCCATEGOR": kind,
        "REF_QTY": f"{quantity}.000",
        "BASE_UOM": PIECE,
        "REFERENVAL": money(quantity * line.price),
        "STATISCURR": "CNY",
        "DOC_CAT_SD": _ORDER,
        "CREAT_DATE": clock.date(moment),
        "REC_TIME": clock.time(moment),
        "MATERIAL": material(line.sku),
    }
