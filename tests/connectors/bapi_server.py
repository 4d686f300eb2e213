"""A minimal SAP: four BAPIs over SOAP RFC in both name styles, two clients whose numbers collide.

Wire facts: contracts erp 1.2 and 1.3. Only what the caller's tables ask for is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.connectors.soap_server import Reply, Request, envelope

RFC = "urn:sap-com:document:sap:rfc:functions"
MC = "urn:sap-com:document:sap:soap:functions:mc-style"

GETLIST, DETAILS = "BAPI_SALESORDER_GETLIST", "BAPISDORDER_GETDETAILEDLIST"
STATUS, CUSTOMERS = "BAPI_SALESORDER_GETSTATUS", "BAPI_CUSTOMER_GETLIST"

_BAPIRETURN = "TYPE CODE MESSAGE LOG_NO LOG_MSG_NO"
_BAPIRET2 = "TYPE ID NUMBER MESSAGE"
FUNCTIONS: dict[str, dict[str, dict[str, str]]] = {
    GETLIST: {
        "in": {"CUSTOMER_NUMBER": "", "SALES_ORGANIZATION": "", "DOCUMENT_DATE": "", "DOCUMENT_DATE_TO": ""},
        "out": {"RETURN": _BAPIRETURN},
        "tables": {"SALES_ORDERS": "SD_DOC ITM_NUMBER DOC_DATE SOLD_TO"},
    },
    DETAILS: {
        "in": {"I_BAPI_VIEW": "HEADER ITEM SDSCHEDULE STATUS_H FLOW"},
        "out": {},
        "tables": {
            "SALES_DOCUMENTS": "VBELN",
            "ORDER_HEADERS_OUT": "DOC_NUMBER DOC_TYPE PURCH_NO_C SOLD_TO SALES_ORG REC_DATE CH_ON NET_VAL_HD",
            "ORDER_ITEMS_OUT": "DOC_NUMBER ITM_NUMBER MATERIAL REQ_QTY SALES_UNIT",
            "ORDER_SCHEDULES_OUT": "DOC_NUMBER ITM_NUMBER REQ_DATE REQ_QTY",
            "ORDER_STATUSHEADERS_OUT": "SD_DOC DLV_STAT_H PRC_STAT_H OVERALLREJ",
            "ORDER_FLOWS_OUT": "SD_DOC PRECSDDOC PREDITDOC SUBSSDDOC SUBSITDOC DOCCATEGOR REF_QTY BASE_UOM",
        },
    },
    STATUS: {
        "in": {"SALESDOCUMENT": ""},
        "out": {"RETURN": _BAPIRETURN},
        "tables": {"STATUSINFO": "DOC_NUMBER ITM_NUMBER DELIV_NUMB DLV_QTY SALES_UNIT"},
    },
    CUSTOMERS: {
        "in": {"MAXROWS": ""},
        "out": {},
        "tables": {"IDRANGE": "SIGN OPTION LOW HIGH", "ADDRESSDATA": "CUSTOMER NAME", "RETURN": _BAPIRET2},
    },
}


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@dataclass(slots=True)
class Doc:
    """A document; `flows` are (predecessor, item, successor, item, category, quantity, unit)."""

    number: str
    day: str = "2026-03-01"
    customer: str = "0000000042"
    sales_org: str = "1000"
    note: str = ""
    quantity: str = "10.000"
    status: str = "A"
    flows: list[tuple[str, str, str, str, str, str, str]] = field(default_factory=list)

    def flow(
        self,
        category: str,
        quantity: str,
        *,
        slip: str,
        before: str = "",
        item: str = "000010",
        unit: str = "PC",
    ) -> None:
        self.flows.append((before or self.number, item, slip, "000010", category, quantity, unit))


@dataclass(slots=True)
class Sap:
    """Answers the calls. `say` is RETURN by "client customer"; `broken` replaces answers."""

    docs: dict[tuple[str, str], Doc] = field(default_factory=dict)
    customers: dict[str, dict[str, str]] = field(default_factory=dict)
    mc: bool = False
    say: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    broken: Callable[[Request], Reply | None] | None = None
    drop: set[str] = field(default_factory=set)

    def put(self, client: str, doc: Doc) -> Doc:
        self.docs[client, doc.number] = doc
        self.customers.setdefault(client, {})[doc.customer] = f"Customer {int(doc.customer)}"
        return doc

    def __call__(self, request: Request) -> Reply:
        broken = self.broken(request) if self.broken else None
        if broken is not None:
            return broken
        url = urlsplit(request.path)
        if request.method == "GET":
            if url.path.startswith("/sap/bc/srt/") != self.mc:
                return Reply("<p>none</p>", 404, {"Content-Type": "text/html"})
            return Reply(self.wsdl(parse_qs(url.query)["services"][0]))
        client = parse_qs(url.query)["sap-client"][0]
        name = request.call.tag.rpartition("}")[2]
        function = next(one for one in FUNCTIONS if self.name(one) == name)
        return Reply(self.answer(function, client, request))

    def name(self, name: str) -> str:
        return camel(name) if self.mc else name

    # the answers

    def answer(self, function: str, client: str, request: Request) -> bytes:
        sent = {child.tag: child for child in request.call}
        tables = FUNCTIONS[function]["tables"]
        rows, key = _ANSWERS[function](self, client, lambda name: request.text(self.name(name)) or "", sent)
        kind, code, words = self.say.get(key, ("", "", ""))
        said = {"TYPE": kind, "CODE": code, "MESSAGE": words, "ID": code[:2], "NUMBER": code[2:]}
        parts = [self._row(name, said, fields) for name, fields in FUNCTIONS[function]["out"].items()]
        for table, fields in tables.items():
            if self.name(table) in sent and table != "RETURN":
                items = "".join(self._row("item", row, fields) for row in rows.get(table, []))
                parts.append(f"<{self.name(table)}>{items}</{self.name(table)}>")
        if "RETURN" in tables and kind:
            parts.append(
                f"<{self.name('RETURN')}>{self._row('item', said, tables['RETURN'])}</{self.name('RETURN')}>"
            )
        response = f"{camel(function)}Response" if self.mc else f"{function}.Response"
        return envelope(
            f'<n0:{response} xmlns:n0="{MC if self.mc else RFC}">{"".join(parts)}</n0:{response}>'
        )

    def _row(self, tag: str, row: Mapping[str, str], fields: str) -> str:
        tag = tag if tag == "item" else self.name(tag)
        cells = "".join(
            f"<{self.name(name)}>{escape(row.get(name, ''))}</{self.name(name)}>" for name in fields.split()
        )
        return f"<{tag}>{cells}</{tag}>"

    def _getlist(self, client: str, text: Callable[[str], str], sent: Mapping[str, Any]) -> Any:
        customer, first, last = (
            text("CUSTOMER_NUMBER"),
            text("DOCUMENT_DATE"),
            text("DOCUMENT_DATE_TO") or "9",
        )
        found = [
            {"SD_DOC": doc.number, "ITM_NUMBER": item, "DOC_DATE": doc.day, "SOLD_TO": doc.customer}
            for (place, _), doc in sorted(self.docs.items())
            if place == client
            and (doc.customer, doc.sales_org) == (customer, text("SALES_ORGANIZATION"))
            and first <= doc.day <= last
            for item in ("000010", "000020")
        ]
        return {"SALES_ORDERS": found}, f"{client} {customer}"

    def _details(self, client: str, text: Callable[[str], str], sent: Mapping[str, Any]) -> Any:
        asked = [item[0].text for item in sent[self.name("SALES_DOCUMENTS")]]
        docs = [
            self.docs[client, number]
            for number in asked
            if (client, number) in self.docs and number not in self.drop
        ]
        return {
            "ORDER_HEADERS_OUT": [
                {"DOC_NUMBER": one.number, "DOC_TYPE": "TA", "PURCH_NO_C": one.note, "SOLD_TO": one.customer,
                 "SALES_ORG": one.sales_org, "REC_DATE": one.day, "CH_ON": "0000-00-00",
                 "NET_VAL_HD": "12.50-"}
                for one in docs
            ],
            "ORDER_ITEMS_OUT": [
                {"DOC_NUMBER": one.number, "ITM_NUMBER": item, "MATERIAL": "000000000000004711",
                 "REQ_QTY": one.quantity, "SALES_UNIT": "PC"}
                for one in docs for item in ("000010", "000020")
            ],
            "ORDER_SCHEDULES_OUT": [
                {"DOC_NUMBER": one.number, "ITM_NUMBER": "000010", "REQ_DATE": one.day} for one in docs
            ],
            "ORDER_STATUSHEADERS_OUT": [{"SD_DOC": one.number, "DLV_STAT_H": one.status} for one in docs],
            "ORDER_FLOWS_OUT": [
                {"SD_DOC": one.number, "PRECSDDOC": flow[0], "PREDITDOC": flow[1], "SUBSSDDOC": flow[2],
                 "SUBSITDOC": flow[3], "DOCCATEGOR": flow[4], "REF_QTY": flow[5], "BASE_UOM": flow[6]}
                for one in docs for flow in one.flows
            ],
        }, client  # fmt: skip

    def _status(self, client: str, text: Callable[[str], str], sent: Mapping[str, Any]) -> Any:
        number = text("SALESDOCUMENT")
        rows = [
            {
                "DOC_NUMBER": number,
                "ITM_NUMBER": flow[1],
                "DELIV_NUMB": flow[2],
                "DLV_QTY": flow[5],
                "SALES_UNIT": "PC",
            }
            for flow in self.docs[client, number].flows
            if flow[4] == "J"
        ]
        bare = {
            "DOC_NUMBER": number,
            "ITM_NUMBER": "000020",
            "DELIV_NUMB": "",
            "DLV_QTY": "0.000",
            "SALES_UNIT": "PC",
        }
        return {"STATUSINFO": [*rows, bare]}, f"{client} {number}"

    def _customers(self, client: str, text: Callable[[str], str], sent: Mapping[str, Any]) -> Any:
        everyone = sent[self.name("IDRANGE")].find(".//" + self.name("LOW")).text == "*"
        rows = [{"CUSTOMER": number, "NAME": name} for number, name in self.customers.get(client, {}).items()]
        return {"ADDRESSDATA": rows if everyone else []}, f"{client} customers"

    # the description

    def wsdl(self, function: str) -> str:
        spec, name, ns = FUNCTIONS[function], self.name(function), MC if self.mc else RFC
        response = f"{camel(function)}Response" if self.mc else f"{function}.Response"
        tables = "".join(self._table(table, fields) for table, fields in spec["tables"].items())
        asked = "".join(self._element(one, fields) for one, fields in spec["in"].items())
        said = "".join(self._element(one, fields) for one, fields in spec["out"].items())
        return f"""<?xml version="1.0" encoding="utf-8"?>
<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="{ns}" targetNamespace="{ns}">
<w:types><x:schema targetNamespace="{ns}" elementFormDefault="unqualified">
<x:element name="{name}"><x:complexType><x:all>{asked}{tables}</x:all></x:complexType></x:element>
<x:element name="{response}"><x:complexType><x:all>{said}{tables}</x:all></x:complexType></x:element>
</x:schema></w:types>
<w:message name="In"><w:part name="p" element="t:{name}"/></w:message>
<w:message name="Out"><w:part name="p" element="t:{response}"/></w:message>
<w:portType name="{name}PortType"><w:operation name="{name}">
<w:input message="t:In"/><w:output message="t:Out"/></w:operation></w:portType>
<w:binding name="{name}Binding" type="t:{name}PortType">
<s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/><w:operation name="{name}">
<s:operation soapAction="http://www.sap.com/{function}"/><w:input><s:body use="literal"/></w:input>
<w:output><s:body use="literal"/></w:output></w:operation></w:binding>
<w:service name="{name}Service"><w:port name="{name}PortType" binding="t:{name}Binding">
<s:address location="http://sapecc.inner.invalid:8000/sap/bc/soap/rfc"/></w:port></w:service></w:definitions>"""

    def _element(self, name: str, fields: str) -> str:
        if not fields:
            return f'<x:element name="{self.name(name)}" type="x:string" minOccurs="0"/>'
        return f'<x:element name="{self.name(name)}" minOccurs="0">{self._structure(fields)}</x:element>'

    def _structure(self, fields: str) -> str:
        inner = "".join(
            f'<x:element name="{self.name(one)}" type="x:string" minOccurs="0"/>' for one in fields.split()
        )
        return f"<x:complexType><x:sequence>{inner}</x:sequence></x:complexType>"

    def _table(self, name: str, fields: str) -> str:
        row = '<x:element name="item" minOccurs="0" maxOccurs="unbounded">'
        row += f"{self._structure(fields)}</x:element>"
        table = f"<x:complexType><x:sequence>{row}</x:sequence></x:complexType>"
        return f'<x:element name="{self.name(name)}" minOccurs="0">{table}</x:element>'


_ANSWERS: dict[str, Callable[..., Any]] = {
    GETLIST: Sap._getlist,
    DETAILS: Sap._details,
    STATUS: Sap._status,
    CUSTOMERS: Sap._customers,
}
