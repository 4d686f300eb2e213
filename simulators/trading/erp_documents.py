"""The ERP's orders as the BAPIs that read tell of them: padded numbers, days of change, document flow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from simulators.catalogue import COMPANIES, PIECE
from simulators.clock import ZONE
from simulators.erp.documents import NO_DATE, Document, Row, padded
from simulators.trading.erp import COMPLETED, DELIVERED, OPEN, PARTLY, Erp
from simulators.trading.records import Body, Record

_CLIENT, _SALES_ORG = COMPANIES[0].client, COMPANIES[0].sales_org
_STAGES = {OPEN: ("A", "A"), PARTLY: ("B", "B"), DELIVERED: ("C", "B"), COMPLETED: ("C", "C")}
"""Delivery status and overall status, by status: A not yet, B partly, C completely."""


class SapBooks:
    """The ERP's orders as documents of the first company's client."""

    def __init__(self, erp: Erp) -> None:
        """Take the ERP."""
        self._erp = erp

    def document(self, client: str, number: str) -> Document | None:
        """Return a document, None if there is none by that number."""
        found = (one for one in self._erp.orders() if client == _CLIENT and padded(str(one.number)) == number)
        return next(map(document_of, found), None)

    def of_customer(self, client: str, customer: str) -> Iterator[Document]:
        """Yield the documents of one customer."""
        for one in sorted(self._erp.orders(), key=lambda one: one.number):
            if client == _CLIENT and padded(one.body["customer"]) == customer:
                yield document_of(one)


def document_of(record: Record) -> Document:
    """Return one order as a document."""
    body, number = record.body, padded(str(record.number))
    delivery, overall = _STAGES[body["status"]]
    rejected = body["rejected"] == "X"
    status = {
        "SD_DOC": number,
        "DELIV_STAT": "" if rejected else delivery,
        "DLV_STAT_H": "" if rejected else delivery,
        "BILLSTATUS": "C" if body["money"] else "A",
        "OVERALLREJ": "C" if rejected else "A",
        "PRC_STAT_H": "C" if rejected else overall,
    }
    document = Document(_CLIENT, _header(record, number), status)
    left = Decimal(body["shipped"])
    for line in body["lines"]:
        item, quantity = f"{int(line['pos']) * 10:06d}", Decimal(line["qty"])
        sent, left = min(left, quantity), left - min(left, quantity)
        document.items.append(_item(number, item, line, rejected))
        document.schedules.append(_schedule(number, item, quantity, document.header["REQ_DATE_H"]))
        stage = "A" if not sent else "C" if sent == quantity else "B"
        document.states.append(
            {"SD_DOC": number, "ITM_NUMBER": item, "DELIV_STAT": stage, "DLV_STAT_I": stage, "REJSTATIT": ""}
        )
        if sent:
            document.flows += _flows(record, number, item, sent)
    return document


def _local(record: Record) -> datetime:
    return datetime.fromisoformat(record.changed).astimezone(ZONE)


def _header(record: Record, number: str) -> Row:
    body = record.body
    created = datetime.fromisoformat(body.get("created", record.changed)).astimezone(ZONE)
    day, changed = f"{created:%Y-%m-%d}", f"{_local(record):%Y-%m-%d}"
    return {
        "DOC_NUMBER": number,
        "CREATED_BY": "HUB_ERP",
        "SD_DOC_CAT": "C",
        "DOC_TYPE": "OR",
        "DLV_BLOCK": "01" if body["block"] else "",
        "CURRENCY": "CNY",
        "SALES_ORG": _SALES_ORG,
        "PURCH_NO": record.ref,
        "SOLD_TO": padded(body["customer"] or "0"),
        "REF_DOC": "",
        "REC_DATE": day,
        "REC_TIME": f"{created:%H:%M:%S}",
        "DOC_DATE": day,
        "REQ_DATE_H": day,
        "CH_ON": changed if record.version > 1 else NO_DATE,
        "NET_VAL_HD": "0.00",
    }


def _item(number: str, item: str, line: Body, rejected: bool) -> Row:
    quantity = f"{Decimal(line['qty']):.3f}"
    return {
        "DOC_NUMBER": number,
        "ITM_NUMBER": item,
        "MATERIAL": f"{line['material']:0>18}",
        "SHORT_TEXT": "",
        "REA_FOR_RE": "01" if rejected else "",
        "CURRENCY": "CNY",
        "SALES_UNIT": PIECE,
        "ISOCODUNIT": "PCE",
        "PLANT": "1010",
        "REQ_QTY": quantity,
        "CUM_CF_QTY": quantity,
        "NET_VALUE": "0.00",
        "NET_PRICE": "0.00",
    }


def _schedule(number: str, item: str, quantity: Decimal, day: str) -> Row:
    said = f"{quantity:.3f}"
    row = {"DOC_NUMBER": number, "ITM_NUMBER": item, "SCHED_LINE": "0001", "SALES_UNIT": PIECE}
    return row | {"REQ_DATE": day, "REQ_QTY": said, "CONFIR_QTY": said}


def _flows(record: Record, number: str, item: str, sent: Decimal) -> Iterator[Row]:
    at = _local(record)
    for kind, document in (
        ("J", f"{80_000_000 + record.number:010d}"),
        ("R", f"{49_000_000 + record.number:010d}"),
    ):
        yield {
            "SD_DOC": number,
            "PRECSDDOC": number,
            "PREDITDOC": item,
            "SUBSSDDOC": document,
            "SUBSITDOC": item,
            "DOCCATEGOR": kind,
            "DOC_CAT_SD": "C",
            "BASE_UOM": PIECE,
            "CREAT_DATE": f"{at:%Y-%m-%d}",
            "REC_TIME": f"{at:%H:%M:%S}",
            "REF_QTY": f"{sent:.3f}",
            "REFERENVAL": "0.00",
        }
