"""The signatures of the BAPIs that write, and of those that read (contracts/erp.md, section 1.3)."""

from __future__ import annotations

from simulators.erp.functions import FUNCTIONS, Function, fields

CREATE, CHANGE = "BAPI_SALESORDER_CREATEFROMDAT2", "BAPI_SALESORDER_CHANGE"
COMMIT, ROLLBACK = "BAPI_TRANSACTION_COMMIT", "BAPI_TRANSACTION_ROLLBACK"

BAPIRET2 = fields(
    "TYPE ID NUMBER MESSAGE LOG_NO LOG_MSG_NO MESSAGE_V1 MESSAGE_V2 MESSAGE_V3 MESSAGE_V4 "
    "PARAMETER FIELD SYSTEM",
    ints="ROW",
)

_HEADER = "DOC_TYPE SALES_ORG DISTR_CHAN DIVISION PURCH_NO_C DLV_BLOCK BILL_BLOCK CURRENCY"
_HEADER_X = fields(f"UPDATEFLAG {_HEADER} REQ_DATE_H PURCH_DATE")
_ITEM = fields("ITM_NUMBER MATERIAL PLANT TARGET_QU REASON_REJ", decimals="TARGET_QTY")
_ITEM_X = fields("ITM_NUMBER UPDATEFLAG MATERIAL PLANT TARGET_QU REASON_REJ TARGET_QTY")
_SCHEDULE = fields("ITM_NUMBER SCHED_LINE", dates="REQ_DATE", decimals="REQ_QTY")
_SCHEDULE_X = fields("ITM_NUMBER SCHED_LINE UPDATEFLAG REQ_DATE REQ_QTY")

WRITING = {
    function.name: function
    for function in (
        Function(
            CREATE,
            imports=fields("SALESDOCUMENTIN TESTRUN CONVERT BEHAVE_WHEN_ERROR INT_NUMBER_ASSIGNMENT"),
            exports=fields("SALESDOCUMENT"),
            structures_in={
                "ORDER_HEADER_IN": fields(_HEADER, dates="REQ_DATE_H PURCH_DATE"),
                "ORDER_HEADER_INX": _HEADER_X,
            },
            tables={
                "RETURN": BAPIRET2,
                "ORDER_ITEMS_IN": _ITEM,
                "ORDER_ITEMS_INX": _ITEM_X,
                "ORDER_PARTNERS": fields("PARTN_ROLE PARTN_NUMB"),
                "ORDER_SCHEDULES_IN": _SCHEDULE,
                "ORDER_SCHEDULES_INX": _SCHEDULE_X,
            },
        ),
        Function(
            CHANGE,
            imports=fields("SALESDOCUMENT SIMULATION BEHAVE_WHEN_ERROR"),
            structures_in={
                "ORDER_HEADER_IN": fields(_HEADER, dates="REQ_DATE_H PURCH_DATE"),
                "ORDER_HEADER_INX": _HEADER_X,
            },
            tables={
                "RETURN": BAPIRET2,
                "ORDER_ITEM_IN": _ITEM,
                "ORDER_ITEM_INX": _ITEM_X,
                "SCHEDULE_LINES": _SCHEDULE,
                "SCHEDULE_LINESX": _SCHEDULE_X,
            },
        ),
        Function(COMMIT, imports=fields("WAIT"), structures_out={"RETURN": BAPIRET2}),
        Function(ROLLBACK, structures_out={"RETURN": BAPIRET2}),
    )
}

ALL = {**FUNCTIONS, **WRITING}
