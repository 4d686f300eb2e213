"""A warehouse behind SOAP, in document style or in rpc style with SOAP encoding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from tests.connectors.conformance_writing import Kept
from tests.connectors.rest_server import header
from tests.connectors.soap_server import Reply, Request, envelope, fault
from tests.connectors.warehouse import Refusal, Stored, Warehouse

NS = "urn:warehouse"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
ORDER = {"no": "string", "state": "string", "note": "string", "lines": "Line*", "key": "string"}
OPERATIONS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "login": ({"user": "string", "secret": "string"}, {"token": "string"}),
    "find": ({"no": "string"}, {"rows": "Order*"}),
    "create": (ORDER, {"id": "string", "rev": "int"}),
    "change": ({"id": "string", "rev": "string", "state": "string", "note": "string"}, {"rev": "int"}),
    "line": ({"id": "string", "rev": "string", "sku": "string", "qty": "decimal"}, {"rev": "int"}),
}
"""What each operation takes and gives; a star marks a list."""

_TYPES = {
    "Line": {"sku": "string", "qty": "decimal"},
    "Order": {"id": "string", "no": "string", "state": "string", "note": "string", "rev": "int"},
}


def wsdl(style: str) -> str:
    """Return the description in "document" or "rpc" style."""
    use = f'use="encoded" namespace="{NS}" encodingStyle="{ENCODING}"' if style == "rpc" else 'use="literal"'
    operations = [(name, *parts) for name, parts in OPERATIONS.items()]
    messages = "".join(
        _message(f"{name}In", name, takes, style) + _message(f"{name}Out", f"{name}Response", gives, style)
        for name, takes, gives in operations
    )
    elements = "".join(
        f'<xsd:element name="{element}"><xsd:complexType><xsd:sequence>{_fields(parts)}</xsd:sequence>'
        "</xsd:complexType></xsd:element>"
        for name, takes, gives in operations
        for element, parts in ((name, takes), (f"{name}Response", gives))
    )
    types = "".join(
        f'<xsd:complexType name="{name}"><xsd:sequence>{_fields(parts)}</xsd:sequence></xsd:complexType>'
        + _array(name)
        for name, parts in _TYPES.items()
    )
    port = "".join(
        f'<operation name="{name}"><input message="t:{name}In"/><output message="t:{name}Out"/></operation>'
        for name in OPERATIONS
    )
    bound = "".join(
        f'<operation name="{name}"><soap:operation soapAction="{NS}#{name}"/>'
        f"<input><soap:body {use}/></input><output><soap:body {use}/></output></operation>"
        for name in OPERATIONS
    )
    return f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
  xmlns:enc="{ENCODING}" xmlns:t="{NS}" targetNamespace="{NS}">
 <types><xsd:schema targetNamespace="{NS}" elementFormDefault="qualified">
  {types}{elements}</xsd:schema></types>
 {messages}<portType name="Port">{port}</portType>
 <binding name="Binding" type="t:Port">
  <soap:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/>{bound}</binding>
 <service name="Warehouse"><port name="Port" binding="t:Binding">
  <soap:address location="http://warehouse.inner.invalid/soap"/></port></service>
</definitions>"""


def _message(name: str, element: str, parts: dict[str, str], style: str) -> str:
    if style == "document":
        return f'<message name="{name}"><part name="p" element="t:{element}"/></message>'
    inner = "".join(f'<part name="{part}" type="{_named(kind)}"/>' for part, kind in parts.items())
    return f'<message name="{name}">{inner}</message>'


def _fields(parts: dict[str, str]) -> str:
    return "".join(
        f'<xsd:element name="{name}" type="{_plain(kind)}" minOccurs="0"'
        f' maxOccurs="{"unbounded" if kind.endswith("*") else "1"}"/>'
        for name, kind in parts.items()
    )


def _plain(kind: str) -> str:
    return f"t:{kind[:-1]}" if kind.endswith("*") else f"xsd:{kind}"


def _named(kind: str) -> str:
    return f"t:{kind[:-1]}s" if kind.endswith("*") else f"xsd:{kind}"


def _array(name: str) -> str:
    attribute = f'<xsd:attribute ref="enc:arrayType" wsdl:arrayType="t:{name}[]"/>'
    return (
        f'<xsd:complexType name="{name}s"><xsd:complexContent><xsd:restriction base="enc:Array">{attribute}'
        "</xsd:restriction></xsd:complexContent></xsd:complexType>"
    )


class Server:
    """Answers by a warehouse, to whoever has the token of the last login."""

    def __init__(self, style: str) -> None:
        self.style, self.warehouse = style, Warehouse()
        self.token, self.logins = "", 0

    def __call__(self, request: Request) -> Reply:
        if request.method == "GET":
            return Reply(wsdl(self.style))
        name = called(request)
        if name == "login":
            self.logins += 1
            self.token = f"T{self.logins}"
            return self.answer(name, f"<token>{self.token}</token>")
        if header(request, "X-Session") != self.token:
            return Reply("", 401) if self.style == "document" else refused("7", "session expired")
        try:
            return self.answer(name, getattr(self, name)(request))
        except Refusal as refusal:
            return refused({"stale": "412", "missing": "404", "exists": "409"}[refusal.kind], "no")

    def find(self, request: Request) -> str:
        rows = [_row(one) for one in self.warehouse.named(request.text("no"))]
        if self.style == "document":
            return "".join(f"<rows>{row}</rows>" for row in rows)
        items = "".join(f"<item>{row}</item>" for row in rows)
        return f'<rows enc:arrayType="t:Order[{len(rows)}]">{items}</rows>'

    def create(self, request: Request) -> str:
        made = self.warehouse.create(order(request), request.text("key") or "")
        return f"<id>{made.id}</id><rev>{made.rev}</rev>"

    def change(self, request: Request) -> str:
        names = {"state": "status", "note": "note"}
        told = {names[name]: text for name in names if (text := request.text(name)) is not None}
        return (
            f"<rev>{self.warehouse.change(request.text('id') or '', request.text('rev'), **told).rev}</rev>"
        )

    def line(self, request: Request) -> str:
        own, rev, sku = (request.text(name) or "" for name in ("id", "rev", "sku"))
        return f"<rev>{self.warehouse.change_line(own, rev, sku, _quantity(request.text('qty'))).rev}</rev>"

    def answer(self, name: str, inner: str) -> Reply:
        if self.style == "document":
            return Reply(envelope(f'<{name}Response xmlns="{NS}">{inner}</{name}Response>'))
        spaces = f'xmlns:t="{NS}" xmlns:enc="{ENCODING}"'
        return Reply(envelope(f"<t:{name}Response {spaces}>{inner}</t:{name}Response>"))


def called(request: Request) -> str:
    name: str = request.call.tag.rpartition("}")[2]
    return name


def order(request: Request) -> Kept:
    """Return the order that a create brings."""
    said = [request.text(name) or "" for name in ("no", "state", "note")]
    lines: dict[str, Decimal] = {}
    for sku in request.call.iterfind(".//{*}sku"):
        lines[sku.text] = _quantity(_beside(sku, "qty"))
    return Kept(said[0], said[1], said[2], lines)


def refused(no: str, text: str, code: str = "Client") -> Reply:
    """Return a fault whose detail has number and text."""
    return Reply(fault(code, "no", f"<no>{escape(no)}</no><text>{escape(text)}</text>"), 500)


def _beside(element: Any, name: str) -> str | None:
    found: str | None = element.getparent().findtext(f"{{*}}{name}")
    return found


def _quantity(said: str | None) -> Decimal:
    assert said
    assert set(said) <= set("0123456789.-"), said
    return Decimal(said)


def _row(one: Stored) -> str:
    kept = one.kept
    said = {"id": one.id, "no": kept.number, "state": kept.status, "note": kept.note, "rev": one.rev}
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in said.items())
