"""A warehouse behind SAP's BAPIs: what is written waits in a session for COMMIT, in both styles of names.

Status and note stand in fields of the header that SAP has for other things (ORD_REASON, NAME).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from simulators.erp.answers import Answer, Call
from simulators.erp.documents import Row
from simulators.erp.envelope import read_call, write_answer
from simulators.erp.functions import FUNCTIONS, Function, fields
from simulators.erp.style import MC, RFC
from simulators.erp.wsdl import wsdl
from simulators.trading.erp_functions import BAPIRET2, CHANGE, COMMIT, CREATE, ROLLBACK
from tests.connectors.conformance_writing import Kept
from tests.connectors.soap_server import Reply, Request
from tests.connectors.warehouse import Refusal, Stored, Warehouse

GETLIST, DETAILS = "BAPI_SALESORDER_GETLIST", "BAPISDORDER_GETDETAILEDLIST"
SEARCH = "Z_ORDERS_BY_REFERENCE"
_HEAD = "DOC_TYPE SALES_ORG PURCH_NO_C ORD_REASON NAME"
_HEADS = {
    "ORDER_HEADER_IN": fields(_HEAD),
    "ORDER_HEADER_INX": fields(f"UPDATEFLAG {_HEAD}"),
}
_ITEM = fields("ITM_NUMBER MATERIAL", decimals="TARGET_QTY")
_ITEM_X = fields("ITM_NUMBER UPDATEFLAG MATERIAL TARGET_QTY")
_DETAILS = FUNCTIONS[DETAILS]
_LIST = fields("SD_DOC ITM_NUMBER DOC_DATE PURCH_NO PURCH_NO_C")
ALL = {
    one.name: one
    for one in (
        Function(
            GETLIST,
            imports=fields("CUSTOMER_NUMBER SALES_ORGANIZATION PURCHASE_ORDER PURCHASE_ORDER_NUMBER"),
            structures_out={"RETURN": fields("TYPE CODE MESSAGE")},
            tables={"SALES_ORDERS": _LIST},
        ),
        Function(SEARCH, imports=fields("REFERENCE"), tables={"FOUND": fields("VBELN")}),
        Function(
            DETAILS,
            structures_in=_DETAILS.structures_in,
            tables={**_DETAILS.tables, "ORDER_HEADERS_OUT": fields(f"DOC_NUMBER PURCH_NO {_HEAD}")},
        ),
        Function(
            CREATE,
            exports=fields("SALESDOCUMENT"),
            structures_in=_HEADS,
            tables={"RETURN": BAPIRET2, "ORDER_ITEMS_IN": _ITEM, "ORDER_ITEMS_INX": _ITEM_X},
        ),
        Function(
            CHANGE,
            imports=fields("SALESDOCUMENT"),
            structures_in=_HEADS,
            tables={"RETURN": BAPIRET2, "ORDER_ITEM_IN": _ITEM, "ORDER_ITEM_INX": _ITEM_X},
        ),
        Function(COMMIT, imports=fields("WAIT"), structures_out={"RETURN": BAPIRET2}),
        Function(ROLLBACK, structures_out={"RETURN": BAPIRET2}),
    )
}
Work = Callable[[], object]


class Server:
    """Answers by a warehouse. One that is `stateless` keeps no sessions, `direct` functions commit."""

    def __init__(self, *, mc: bool = False, stateless: bool = False, direct: bool = False) -> None:
        self.style = MC if mc else RFC
        self.warehouse = Warehouse()
        self.stateless, self.direct = stateless, direct
        self.sessions: dict[str, list[Work]] = {}
        self.says: Row = {}
        self.calls: list[tuple[str, str]] = []
        self._names = itertools.count(1)

    def __call__(self, request: Request) -> Reply:
        query = {name: said[0] for name, said in parse_qs(urlsplit(request.path).query).items()}
        if request.method == "GET":
            function = ALL.get(query["services"])
            mixed = urlsplit(request.path).path.startswith("/sap/bc/srt/")
            if function is None or mixed != self.style.mixed:
                return Reply("<p>none</p>", 404, {"Content-Type": "text/html"})
            return Reply(wsdl(function, self.style, query["sap-client"]))
        call, style = read_call(request.body, query["sap-client"], ALL)
        self.calls.append((call.function, query["sap-client"]))
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        if call.function in (GETLIST, DETAILS, SEARCH):
            return Reply(write_answer(self._read(call), call, style, ALL), headers=headers)
        name = request.headers.get("Cookie", "").rpartition("sap-contextid=")[2].partition(";")[0]
        if name not in self.sessions:
            name = f"S{next(self._names)}"
        work = self.sessions.setdefault(name, [])
        made = self._written(call, work, name)
        if name in self.sessions and not self.stateless:
            headers["Set-Cookie"] = f"sap-contextid={name}; path=/"
        return Reply(write_answer(made, call, style, ALL), headers=headers)

    def _read(self, call: Call) -> Answer:
        ours = self.warehouse.orders.values() if call.client == "100" else ()
        if call.function == GETLIST:
            wanted = call.values.get("PURCHASE_ORDER_NUMBER", "").upper()
            rows = [
                _listed(one, item) for one in ours if one.kept.number.upper() == wanted for item in (1, 2)
            ]
            return Answer({"RETURN": {}}, {"SALES_ORDERS": rows})
        if call.function == SEARCH:
            named = self.warehouse.named(call.values["REFERENCE"]) if call.client == "100" else []
            return Answer(tables={"FOUND": [{"VBELN": _number(one)} for one in named]})
        asked = {row["VBELN"] for row in call.tables["SALES_DOCUMENTS"]}
        found = [one for one in ours if _number(one) in asked]
        tables: dict[str, list[Row]] = {
            "ORDER_HEADERS_OUT": [_header(one) for one in found],
            "ORDER_ITEMS_OUT": [row for one in found for row in _items(one)],
        }
        return Answer(tables=tables)

    def _written(self, call: Call, work: list[Work], name: str) -> Answer:
        match call.function:
            case one if one == COMMIT:
                for each in self.sessions.pop(name):
                    each()
                return Answer({"RETURN": self.says})
            case one if one == ROLLBACK:
                self.sessions.pop(name)
                return Answer({"RETURN": {}})
        made: Stored | None = None
        try:
            if call.function == CREATE:
                number = self._create(call, work)
            else:
                number = call.values["SALESDOCUMENT"]
                self._change(call, work)
        except Refusal:
            return Answer(tables={"RETURN": [_said("E", "V1", "045", "document does not exist")]})
        if self.direct:
            for each in self.sessions.pop(name):
                made = each()  # type: ignore[assignment]  # a create gives what it made
            number = _number(made) if made is not None else number
        return Answer(
            tables={
                "RETURN": [_said("W", "V1", "555", "credit limit"), self.says or _said("S", "V1", "311", "")]
            },
            values={"SALESDOCUMENT": number},
        )

    def _create(self, call: Call, work: list[Work]) -> str:
        head = call.structures["ORDER_HEADER_IN"]
        assert {name: "X" for name in head} | {"UPDATEFLAG": "I"} == call.structures["ORDER_HEADER_INX"]
        kept = Kept(head["PURCH_NO_C"], head["ORD_REASON"], head["NAME"], _quantities(call, "ORDER_ITEMS_IN"))
        work.append(lambda: self.warehouse.create(kept))
        waiting = sum(map(len, self.sessions.values()))
        last = max([0, *(int(own[1:]) for own in self.warehouse.orders)])
        return f"{last + waiting:010d}"

    def _change(self, call: Call, work: list[Work]) -> None:
        own = f"W{int(call.values['SALESDOCUMENT'])}"
        if own not in self.warehouse.orders:
            raise Refusal("missing")
        marks, head = call.structures["ORDER_HEADER_INX"], call.structures.get("ORDER_HEADER_IN", {})
        assert marks["UPDATEFLAG"] == "U"
        names = {"ORD_REASON": "status", "NAME": "note"}
        told: dict[str, object] = {
            ours: head[theirs] for theirs, ours in names.items() if marks.get(theirs) == "X"
        }
        if call.tables.get("ORDER_ITEM_IN"):
            assert all(row["TARGET_QTY"] == "X" for row in call.tables["ORDER_ITEM_INX"])
            told["lines"] = {**self.warehouse.orders[own].kept.lines, **_quantities(call, "ORDER_ITEM_IN")}
        work.append(lambda: self.warehouse.change(own, None, **told))


def refused(call: Call, style_mc: bool, kind: str, area: str, number: str, text: str) -> Reply:
    """Return what RETURN says no with, whatever was called."""
    row = _said(kind, area, number, text)
    made = Answer({"RETURN": row}, {"RETURN": [_said("I", "V4", "219", "not processed"), row]})
    return Reply(write_answer(made, call, MC if style_mc else RFC, ALL))


def _said(kind: str, area: str, number: str, text: str) -> Row:
    return {"TYPE": kind, "ID": area, "NUMBER": number, "MESSAGE": text}


def _quantities(call: Call, table: str) -> Mapping[str, Decimal]:
    return {row["MATERIAL"]: Decimal(row["TARGET_QTY"]) for row in call.tables[table]}


def _number(one: Stored) -> str:
    return one.id[1:].zfill(10)


def _listed(one: Stored, item: int) -> Row:
    return {
        "SD_DOC": _number(one),
        "ITM_NUMBER": f"{item * 10:06d}",
        "PURCH_NO": one.kept.number[:20],
        "PURCH_NO_C": one.kept.number,
    }


def _header(one: Stored) -> Row:
    kept = one.kept
    return {
        "DOC_NUMBER": _number(one),
        "PURCH_NO_C": kept.number,
        "ORD_REASON": kept.status,
        "NAME": kept.note,
    }


def _items(one: Stored) -> list[Row]:
    return [
        {"DOC_NUMBER": _number(one), "ITM_NUMBER": f"{at * 10:06d}", "MATERIAL": sku, "REQ_QTY": f"{qty:.3f}"}
        for at, (sku, qty) in enumerate(one.kept.lines.items(), 1)
    ]
