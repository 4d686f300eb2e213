"""The description of the ERP's plain order service."""

from __future__ import annotations

NS = "urn:trading:orders"
PATH = "/services/orders"

_LINE = (("Pos", "int"), ("Material", "string"), ("Quantity", "decimal"))
_ORDER = (
    ("Number", "string"), ("Reference", "string"), ("Customer", "string"), ("Status", "string"),
    ("Block", "string"), ("Rejected", "string"), ("Shipped", "decimal"), ("Money", "string"),
    ("Changed", "dateTime"), ("Version", "int"),
)  # fmt: skip
_CALLS: dict[str, tuple[tuple[str, str], ...]] = {
    "CreateOrder": (
        ("Reference", "string"), ("Customer", "string"), ("Status", "string"), ("Lines", "t:Lines"),
    ),
    "ChangeOrder": (
        ("Number", "string"), ("Version", "int"), ("Status", "string"), ("Shipped", "decimal"),
        ("Block", "string"), ("Rejected", "string"), ("Lines", "t:Lines"),
    ),
    "GetOrders": (("Since", "dateTime"), ("Cursor", "string"), ("Max", "int"), ("Number", "string")),
    "FindOrder": (("Reference", "string"),),
}  # fmt: skip
_ANSWERS: dict[str, tuple[tuple[str, str], ...]] = {
    "CreateOrder": (("Code", "string"), ("Text", "string"), ("Number", "string"), ("Version", "int")),
    "ChangeOrder": (("Code", "string"), ("Text", "string"), ("Version", "int")),
    "GetOrders": (("Code", "string"), ("Text", "string"), ("Orders", "t:Orders"), ("Next", "string")),
    "FindOrder": (("Code", "string"), ("Text", "string"), ("Orders", "t:Orders")),
}


def _fields(fields: tuple[tuple[str, str], ...], least: int = 0) -> str:
    return "".join(
        f'<xsd:element name="{name}" type="{kind if ":" in kind else f"xsd:{kind}"}" minOccurs="{least}"/>'
        for name, kind in fields
    )


def wsdl() -> str:
    """Return the service's description; it believes to have an address of its own."""
    elements = "".join(
        f'<xsd:element name="{name}"><xsd:complexType><xsd:sequence>{_fields(fields)}'
        "</xsd:sequence></xsd:complexType></xsd:element>"
        for name, fields in [*_CALLS.items(), *((f"{name}Response", one) for name, one in _ANSWERS.items())]
    )
    messages = "".join(
        f'<message name="{name}In"><part name="p" element="t:{name}"/></message>'
        f'<message name="{name}Out"><part name="p" element="t:{name}Response"/></message>'
        for name in _CALLS
    )
    port = "".join(
        f'<operation name="{name}"><input message="t:{name}In"/><output message="t:{name}Out"/></operation>'
        for name in _CALLS
    )
    literal = '<soap:body use="literal"/>'
    binding = "".join(
        f'<operation name="{name}"><soap:operation soapAction="{NS}/{name}"/>'
        f"<input>{literal}</input><output>{literal}</output></operation>"
        for name in _CALLS
    )
    return f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:t="{NS}" targetNamespace="{NS}">
 <types><xsd:schema targetNamespace="{NS}" elementFormDefault="qualified">
  <xsd:complexType name="Line"><xsd:sequence>{_fields(_LINE, 1)}</xsd:sequence></xsd:complexType>
  <xsd:complexType name="Lines"><xsd:sequence>
   <xsd:element name="Line" type="t:Line" minOccurs="0" maxOccurs="unbounded"/>
   </xsd:sequence></xsd:complexType>
  <xsd:complexType name="Order"><xsd:sequence>{_fields((*_ORDER, ("Lines", "t:Lines")))}
   </xsd:sequence></xsd:complexType>
  <xsd:complexType name="Orders"><xsd:sequence>
   <xsd:element name="Order" type="t:Order" minOccurs="0" maxOccurs="unbounded"/>
   </xsd:sequence></xsd:complexType>
  {elements}
 </xsd:schema></types>
 {messages}
 <portType name="OrdersPort">{port}</portType>
 <binding name="OrdersBinding" type="t:OrdersPort">
  <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{binding}</binding>
 <service name="Orders"><port name="OrdersPort" binding="t:OrdersBinding">
  <soap:address location="http://erp.factory.internal:8080{PATH}"/></port></service>
</definitions>"""
