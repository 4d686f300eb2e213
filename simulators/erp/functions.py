"""The signatures of the BAPIs that the practice ERP offers (contracts/erp.md, section 1.3).

Field lists are the part of SAP's structures that the simulator fills; names and types are SAP's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CHAR, DATE, TIME, DECIMAL, INT = "string", "date", "time", "decimal", "int"

Fields = dict[str, str]
"""Field name to XSD type."""


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """One remote-enabled function: plain imports and exports, structures in and out, tables (both alike)."""

    name: str
    imports: Fields = field(default_factory=dict)
    exports: Fields = field(default_factory=dict)
    structures_in: dict[str, Fields] = field(default_factory=dict)
    structures_out: dict[str, Fields] = field(default_factory=dict)
    tables: dict[str, Fields] = field(default_factory=dict)


def fields(chars: str = "", dates: str = "", times: str = "", decimals: str = "", ints: str = "") -> Fields:
    """Return the fields named in each text, with their types."""
    typed = {CHAR: chars, DATE: dates, TIME: times, DECIMAL: decimals, INT: ints}
    return {name: kind for kind, names in typed.items() for name in names.split()}


BAPIRETURN = fields("TYPE CODE MESSAGE LOG_NO LOG_MSG_NO MESSAGE_V1 MESSAGE_V2 MESSAGE_V3 MESSAGE_V4")
BAPIRETURN1 = fields(
    "TYPE ID NUMBER MESSAGE LOG_NO LOG_MSG_NO MESSAGE_V1 MESSAGE_V2 MESSAGE_V3 MESSAGE_V4 SYSTEM"
)

_ORDERS = fields(
    "SD_DOC ITM_NUMBER MATERIAL SHORT_TEXT DOC_TYPE PURCH_NO SOLD_TO SALES_ORG SALES_UNIT CURRENCY DLV_BLOCK",
    dates="DOC_DATE REQ_DATE CREATION_DATE",
    times="CREATION_TIME",
    decimals="REQ_QTY NET_VALUE",
)
_STATUSINFO = fields(
    "DOC_NUMBER PURCH_NO PRC_STAT_H DLV_STAT_H DLV_BLOCK ITM_NUMBER MATERIAL SHORT_TEXT SALES_UNIT CURRENCY "
    "DLV_STAT_I DELIV_NUMB DELIV_ITEM S_UNIT_ISO REA_FOR_RE",
    dates="DOC_DATE REQ_DATE_H REQ_DATE DELIV_DATE CREATION_DATE",
    times="CREATION_TIME",
    decimals="REQ_QTY CUM_CF_QTY NET_VALUE NET_PRICE DLV_QTY",
)
_HEADERS = fields(
    "OPERATION DOC_NUMBER CREATED_BY SD_DOC_CAT DOC_TYPE DLV_BLOCK CURRENCY SALES_ORG DISTR_CHAN DIVISION "
    "SALES_GRP PURCH_NO SOLD_TO REF_DOC DOC_CAT_SD",
    dates="REC_DATE DOC_DATE REQ_DATE_H CH_ON",
    times="REC_TIME",
    decimals="NET_VAL_HD",
)
_ITEMS = fields(
    "OPERATION DOC_NUMBER ITM_NUMBER MATERIAL SHORT_TEXT REA_FOR_RE CURRENCY SALES_UNIT ISOCODUNIT PLANT "
    "REF_DOC POSNR_VOR RETOURE",
    decimals="NET_VALUE REQ_QTY CUM_CF_QTY NET_PRICE",
)
_SCHEDULES = fields(
    "OPERATION DOC_NUMBER ITM_NUMBER SCHED_LINE SALES_UNIT", dates="REQ_DATE", decimals="REQ_QTY CONFIR_QTY"
)
_STATUS_HEADERS = fields("OPERATION SD_DOC DELIV_STAT DLV_STAT_H BILLSTATUS OVERALLREJ PRC_STAT_H")
_STATUS_ITEMS = fields("OPERATION SD_DOC ITM_NUMBER DELIV_STAT DLV_STAT_I REJSTATIT")
_FLOWS = fields(
    "OPERATION SD_DOC PRECSDDOC PREDITDOC SUBSSDDOC SUBSITDOC DOCCATEGOR BASE_UOM STATISCURR DOC_CAT_SD "
    "MATERIAL",
    dates="CREAT_DATE",
    times="REC_TIME",
    decimals="REF_QTY REFERENVAL",
)
_VIEW = fields(
    "HEADER ITEM SDSCHEDULE BUSINESS PARTNER ADDRESS STATUS_H STATUS_I SDCOND SDCOND_ADD CONTRACT TEXT FLOW"
)

FUNCTIONS = {
    function.name: function
    for function in (
        Function(
            "BAPI_CUSTOMER_GETLIST",
            imports=fields("CPDONLY", ints="MAXROWS"),
            structures_out={"RETURN": BAPIRETURN1},
            tables={
                "ADDRESSDATA": fields("CUSTOMER SORT1 NAME COUNTRY COUNTRYISO CITY"),
                "IDRANGE": fields("SIGN OPTION LOW HIGH"),
            },
        ),
        Function(
            "BAPI_SALESORDER_GETLIST",
            imports=fields(
                "CUSTOMER_NUMBER SALES_ORGANIZATION MATERIAL PURCHASE_ORDER TRANSACTION_GROUP",
                dates="DOCUMENT_DATE DOCUMENT_DATE_TO",
            ),
            structures_out={"RETURN": BAPIRETURN},
            tables={"SALES_ORDERS": _ORDERS},
        ),
        Function(
            "BAPI_SALESORDER_GETSTATUS",
            imports=fields("SALESDOCUMENT"),
            structures_out={"RETURN": BAPIRETURN},
            tables={"STATUSINFO": _STATUSINFO},
        ),
        Function(
            "BAPISDORDER_GETDETAILEDLIST",
            imports=fields("I_MEMORY_READ"),
            structures_in={"I_BAPI_VIEW": _VIEW},
            tables={
                "SALES_DOCUMENTS": fields("VBELN"),
                "ORDER_HEADERS_OUT": _HEADERS,
                "ORDER_ITEMS_OUT": _ITEMS,
                "ORDER_SCHEDULES_OUT": _SCHEDULES,
                "ORDER_STATUSHEADERS_OUT": _STATUS_HEADERS,
                "ORDER_STATUSITEMS_OUT": _STATUS_ITEMS,
                "ORDER_FLOWS_OUT": _FLOWS,
            },
        ),
    )
}
