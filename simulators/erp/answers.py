"""What the functions answer: parameters in, rows of tables and structures out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simulators.catalogue import COMPANIES, CUSTOMERS, SKUS
from simulators.erp.documents import Document, Row, material, padded, sold

MATERIALS = {material(index): index for index in range(len(SKUS))}
"""SKU (position in the catalogue) by padded material number."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: SAP client, function, plain parameters, structures, rows of the tables that were sent."""

    client: str
    function: str
    values: Mapping[str, str]
    structures: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, Sequence[Mapping[str, str]]]


@dataclass(slots=True)
class Answer:
    """What goes back: structures, tables (only those that the caller sent are returned), plain values."""

    structures: dict[str, Row] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    values: Row = field(default_factory=dict)


class Documents(Protocol):
    """Where the functions that read find what they tell of."""

    def document(self, client: str, number: str) -> Document | None:
        """Return a document, None if there is none by that number."""
        ...

    def of_customer(self, client: str, customer: str) -> Iterator[Document]:
        """Yield the documents of one customer."""
        ...


def answer(books: Documents, call: Call) -> Answer:
    """Return the answer of a known function."""
    return _ANSWERS[call.function](books, call)


def message(kind: str = "", code: str = "", text: str = "") -> Row:
    """Return a BAPIRETURN structure; an initial one means that all went well."""
    return {
        "TYPE": kind,
        "CODE": code,
        "MESSAGE": text,
        "LOG_NO": "",
        "LOG_MSG_NO": "000000",
        "MESSAGE_V1": "",
        "MESSAGE_V2": "",
        "MESSAGE_V3": "",
        "MESSAGE_V4": "",
    }


def _customers(books: Documents, call: Call) -> Answer:
    rows = [
        {
            "CUSTOMER": padded(customer.number),
            "SORT1": customer.city,
            "NAME": customer.name,
            "COUNTRY": "CN",
            "COUNTRYISO": "CN",
            "CITY": customer.city,
        }
        for company, customers in zip(COMPANIES, CUSTOMERS, strict=True)
        if company.client == call.client
        for customer in customers
        if _in_range(padded(customer.number), call.tables.get("IDRANGE", ()))
    ]
    most = int(call.values.get("MAXROWS") or 0)
    result = message() | {"ID": "", "NUMBER": "000", "SYSTEM": ""}
    result.pop("CODE")
    return Answer({"RETURN": result}, {"ADDRESSDATA": rows[:most] if most else rows})


def _in_range(number: str, ranges: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether a number is selected: no range at all selects nothing, as in SAP."""
    for row in ranges:
        low, high = row.get("LOW", ""), row.get("HIGH", "")
        option = row.get("OPTION", "")
        if option == "CP" and low == "*":
            return True
        if option == "EQ" and number == padded(low):
            return True
        if option == "BT" and padded(low) <= number <= padded(high):
            return True
    return False


def _orders(books: Documents, call: Call) -> Answer:
    customer = call.values.get("CUSTOMER_NUMBER", "")
    organisation = call.values.get("SALES_ORGANIZATION", "")
    if not customer or not organisation:
        return Answer({"RETURN": message("E", "V1302", "请输入客户编号和销售组织")}, {})
    first, last = _date(call.values.get("DOCUMENT_DATE")), _date(call.values.get("DOCUMENT_DATE_TO"))
    rows = [
        row
        for document in books.of_customer(call.client, padded(customer))
        if document.header["SALES_ORG"] == organisation and _dated(document, first, last)
        for row in _order_rows(document)
    ]
    return Answer({"RETURN": message()}, {"SALES_ORDERS": rows})


def _date(text: str | None) -> str:
    """Return a date parameter as "yyyy-mm-dd"; initial dates are no filter."""
    text = text or ""
    if len(text) == 8 and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return "" if text.startswith("0000") else text


def _dated(document: Document, first: str, last: str) -> bool:
    """Tell whether a document was entered in the asked days: a single date is a lower bound."""
    day = document.header["REC_DATE"]
    return first <= day and (not last or day <= last)


def _order_rows(document: Document) -> Iterator[Row]:
    head = document.header
    for item in document.items:
        yield {
            "SD_DOC": head["DOC_NUMBER"],
            "ITM_NUMBER": item["ITM_NUMBER"],
            "MATERIAL": item["MATERIAL"],
            "SHORT_TEXT": item["SHORT_TEXT"],
            "DOC_TYPE": head["DOC_TYPE"],
            "PURCH_NO": head["PURCH_NO"],
            "SOLD_TO": head["SOLD_TO"],
            "SALES_ORG": head["SALES_ORG"],
            "SALES_UNIT": item["SALES_UNIT"],
            "CURRENCY": item["CURRENCY"],
            "DLV_BLOCK": head["DLV_BLOCK"],
            "DOC_DATE": head["DOC_DATE"],
            "REQ_DATE": head["REQ_DATE_H"],
            "CREATION_DATE": head["REC_DATE"],
            "CREATION_TIME": head["REC_TIME"],
            "REQ_QTY": item["REQ_QTY"],
            "NET_VALUE": item["NET_VALUE"],
        }


def _status(books: Documents, call: Call) -> Answer:
    number = call.values.get("SALESDOCUMENT", "")
    document = books.document(call.client, padded(number))
    if document is None:
        return Answer({"RETURN": message("E", "V1045", f"销售凭证 {number} 不存在")}, {"STATUSINFO": []})
    rows = [row for item in document.items for row in _status_rows(document, item)]
    return Answer({"RETURN": message()}, {"STATUSINFO": rows})


def _status_rows(document: Document, item: Row) -> Iterator[Row]:
    """Yield one row an item and delivery; an item that was not delivered has one row without."""
    state = next(row for row in document.states if row["ITM_NUMBER"] == item["ITM_NUMBER"])
    head, status = document.header, document.status
    row = {
        "DOC_NUMBER": head["DOC_NUMBER"],
        "DOC_DATE": head["DOC_DATE"],
        "PURCH_NO": head["PURCH_NO"],
        "PRC_STAT_H": status["PRC_STAT_H"],
        "DLV_STAT_H": status["DLV_STAT_H"],
        "REQ_DATE_H": head["REQ_DATE_H"],
        "DLV_BLOCK": head["DLV_BLOCK"],
        "ITM_NUMBER": item["ITM_NUMBER"],
        "MATERIAL": item["MATERIAL"],
        "SHORT_TEXT": item["SHORT_TEXT"],
        "REQ_DATE": head["REQ_DATE_H"],
        "REQ_QTY": item["REQ_QTY"],
        "CUM_CF_QTY": item["CUM_CF_QTY"],
        "SALES_UNIT": item["SALES_UNIT"],
        "NET_VALUE": item["NET_VALUE"],
        "CURRENCY": item["CURRENCY"],
        "NET_PRICE": item["NET_PRICE"],
        "DLV_STAT_I": state["DLV_STAT_I"],
        "S_UNIT_ISO": item["ISOCODUNIT"],
        "CREATION_DATE": head["REC_DATE"],
        "CREATION_TIME": head["REC_TIME"],
        "REA_FOR_RE": item["REA_FOR_RE"],
    }
    slips = [f for f in document.flows if f["PREDITDOC"] == item["ITM_NUMBER"] and f["DOCCATEGOR"] == "J"]
    for slip in slips:
        yield row | {
            "DELIV_NUMB": slip["SUBSSDDOC"],
            "DELIV_ITEM": slip["SUBSITDOC"],
            "DELIV_DATE": slip["CREAT_DATE"],
            "DLV_QTY": _in_sales_unit(item, slip["REF_QTY"]),
        }
    if not slips:
        yield row | {"DELIV_NUMB": "", "DELIV_ITEM": "000000", "DELIV_DATE": "0000-00-00", "DLV_QTY": "0.000"}


def _in_sales_unit(item: Row, pieces: str) -> str:
    """Return a delivered quantity in the unit of the order's item."""
    sku = MATERIALS[item["MATERIAL"]]
    return sold(sku, int(pieces.partition(".")[0]))


_PARTS: dict[str, tuple[str, Callable[[Document], list[Row]]]] = {
    "HEADER": ("ORDER_HEADERS_OUT", lambda document: [document.header]),
    "ITEM": ("ORDER_ITEMS_OUT", lambda document: document.items),
    "SDSCHEDULE": ("ORDER_SCHEDULES_OUT", lambda document: document.schedules),
    "STATUS_H": ("ORDER_STATUSHEADERS_OUT", lambda document: [document.status]),
    "STATUS_I": ("ORDER_STATUSITEMS_OUT", lambda document: document.states),
    "FLOW": ("ORDER_FLOWS_OUT", lambda document: document.flows),
}
"""Flag of I_BAPI_VIEW: the table it fills, and with what."""


def _details(books: Documents, call: Call) -> Answer:
    flags = call.structures.get("I_BAPI_VIEW", {})
    wanted = [part for flag, part in _PARTS.items() if flags.get(flag) == "X"]
    result = Answer(tables={table: [] for table, _ in _PARTS.values()})
    result.tables["SALES_DOCUMENTS"] = [dict(row) for row in call.tables.get("SALES_DOCUMENTS", ())]
    for row in result.tables["SALES_DOCUMENTS"]:
        document = books.document(call.client, padded(row.get("VBELN", "")))
        if document is None:
            continue  # unknown numbers are passed over in silence
        for table, rows_of in wanted:
            result.tables[table] += rows_of(document)
    return result


_ANSWERS: dict[str, Callable[[Documents, Call], Answer]] = {
    "BAPI_CUSTOMER_GETLIST": _customers,
    "BAPI_SALESORDER_GETLIST": _orders,
    "BAPI_SALESORDER_GETSTATUS": _status,
    "BAPISDORDER_GETDETAILEDLIST": _details,
}
