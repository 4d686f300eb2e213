"""The two ways in which ABAP servers write names, seen as one.

RFC style writes `SALES_ORDERS`, mc-style `SalesOrders` (SAP SOAP interfaces, confirmed; contracts erp 1.2).
Records always have RFC names, whatever the style.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from connectors.soap.shape import Shape

_KNOWN = """
ADDRESSDATA BAPI_VIEW BILLSTATUS BILL_BLOCK BASE_UOM BUSINESS CD_UNT_ISO CH_ON CITY CODE COND_P_UNT
COND_UNIT CONFIR_QTY COUNTRY CREATED_BY CREATION_DATE CREATION_TIME CREAT_DATE CUM_CF_QTY CURRENCY CURR_ISO
CUSTOMER CUSTOMER_NUMBER DELIV_DATE DELIV_ITEM DELIV_NUMB DELIV_STAT DISTR_CHAN DIVISION DLV_BLOCK DLV_DATE
DLV_QTY DLV_STAT_H DLV_STAT_I DLV_UNIT_ISO DOCCATEGOR DOCUMENT_DATE DOCUMENT_DATE_TO DOC_CAT_SD DOC_DATE
DOC_NUMBER DOC_STATUS DOC_TYPE FIELD FLOW GI_DATE HEADER HIGH ID IDRANGE ISOCODUNIT ITEM ITM_NUMBER
I_BAPI_VIEW LOG_MSG_NO LOG_NO LOW MATERIAL MATERIAL_LONG MAXROWS MESSAGE MESSAGE_V1 MESSAGE_V2 MESSAGE_V3
MESSAGE_V4 NAME NET_PRICE NET_VALUE NET_VAL_HD NUMBER OPERATION OPTION ORDER_BUSINESS_OUT ORDER_FLOWS_OUT
ORDER_HEADERS_OUT ORDER_ITEMS_OUT ORDER_SCHEDULES_OUT ORDER_STATUSHEADERS_OUT ORDER_STATUSITEMS_OUT
OVERALLPIC OVERALLREJ PARAMETER PARTNER PLANT PLUS_MINUS PO_DATE PO_ITM_NO POSNR_VOR PRC_STAT_H PRECSDDOC
PREDITDOC PURCH_DATE PURCH_NO PURCH_NO_C REASON_REJ REA_FOR_RE REC_DATE REC_TIME REFERENVAL REF_DOC REF_QTY
REJSTATIT REQ_DATE REQ_DATE_H REQ_QTY REQ_TIME RETOURE RETURN ROW SALESDOCUMENT SALES_DOCUMENTS SALES_GRP
SALES_OFF SALES_ORDERS SALES_ORG SALES_ORGANIZATION SALES_UNIT SCHED_LINE SDSCHEDULE SD_DOC SD_DOC_CAT
SHIP_TO SHIP_TO_NAME SHORT_TEXT SIGN SOLD_TO SORT1 STATISCURR STATUSINFO STATUS_H STATUS_I SUBSITDOC
SUBSSDDOC SYSTEM S_UNIT_DLV S_UNIT_ISO TARGET_QTY TARGET_QU TARG_QTY TOTGOODSMV TYPE T_UNIT_ISO VBELN
"""


@lru_cache(maxsize=8192)
def normal(name: str) -> str:
    """Return what a name is in both styles: no underscores, one case."""
    return name.replace("_", "").upper()


_RFC = {normal(name): name for name in _KNOWN.split()}


@lru_cache(maxsize=8192)
def rfc_name(name: str) -> str:
    """Return the RFC name of a parameter or field; a name that is not known stays as it is."""
    return _RFC.get(normal(name), name)


def is_rfc(name: str) -> bool:
    """Tell whether a function's name is in RFC style: then all names of its answer are."""
    return name == name.upper()


def to_rfc(value: Any) -> Any:
    """Return an answer's part with RFC names throughout."""
    if isinstance(value, dict):
        return {rfc_name(name): to_rfc(inner) for name, inner in value.items()}
    return [to_rfc(inner) for inner in value] if isinstance(value, list) else value


def to_wire(value: Any, shape: Shape | None) -> Any:
    """Return arguments with RFC names as the schema writes them; a list becomes a table of `item` rows.

    An empty table or an `X` flag that this release does not have is left out: there is nothing to ask for.
    """
    if isinstance(value, list):
        row = shape.row if shape is not None and shape.row else "item"
        inner = shape.children.get(row) if shape is not None else None
        return {row: [to_wire(one, inner) for one in value]}
    if not isinstance(value, Mapping):
        return value
    known = {normal(name): name for name in shape.children} if shape is not None else {}
    wired = {}
    for name, inner in value.items():
        wire = known.get(normal(name))
        if wire is None and known and inner in ([], "X"):
            continue
        child = shape.children.get(wire) if shape is not None and wire is not None else None
        wired[wire or name] = to_wire(inner, child)
    return wired
