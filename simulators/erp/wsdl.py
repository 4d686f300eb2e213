"""The WSDL of one function, as an ABAP server generates it (contracts/erp.md, section 1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from simulators.erp.functions import Fields, Function
from simulators.erp.style import Style

INNER_HOST = "http://sapecc01.factory.internal:8000"
"""The address that the server believes to have: nobody outside reaches it."""


@lru_cache(maxsize=32)
def wsdl(function: Function, style: Style, client: str) -> str:
    """Return the WSDL text of `function` in `style`."""
    name, answer = style.name(function.name), style.response(function.name)
    soap_action = f"http://www.sap.com/{function.name}"
    address = f"{INNER_HOST}/sap/bc/soap/rfc?sap-client={client}"
    return f"""<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions targetNamespace="{style.namespace}" xmlns:tns="{style.namespace}"
 xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<wsdl:types><xsd:schema targetNamespace="{style.namespace}" elementFormDefault="unqualified">
{"".join(_types(function, style))}{_call(function, style, name)}{_answer(function, style, answer)}
</xsd:schema></wsdl:types>
<wsdl:message name="{name}Input"><wsdl:part name="parameters" element="tns:{name}"/></wsdl:message>
<wsdl:message name="{name}Output"><wsdl:part name="parameters" element="tns:{answer}"/></wsdl:message>
<wsdl:portType name="{name}PortType"><wsdl:operation name="{name}">
<wsdl:input message="tns:{name}Input"/><wsdl:output message="tns:{name}Output"/>
</wsdl:operation></wsdl:portType>
<wsdl:binding name="{name}Binding" type="tns:{name}PortType">
<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="{name}"><soap:operation soapAction="{soap_action}"/>
<wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
</wsdl:operation></wsdl:binding>
<wsdl:service name="{name}Service"><wsdl:port name="{name}PortType" binding="tns:{name}Binding">
<soap:address location="{address}"/></wsdl:port></wsdl:service>
</wsdl:definitions>
"""


def _types(function: Function, style: Style) -> Iterator[str]:
    """Yield the complex types: one a structure, and for each table its row and the table of items."""
    structures = function.structures_in | function.structures_out
    for name, fields in structures.items():
        yield _structure(style.name(name), fields, style)
    for name, fields in function.tables.items():
        row, table = f"{style.name(name)}Row", f"{style.name(name)}Table"
        yield _structure(row, fields, style)
        item = f'<xsd:element name="item" type="tns:{row}" minOccurs="0" maxOccurs="unbounded"/>'
        yield f'<xsd:complexType name="{table}"><xsd:sequence>{item}</xsd:sequence></xsd:complexType>\n'


def _structure(name: str, fields: Fields, style: Style) -> str:
    elements = "".join(
        f'<xsd:element name="{style.name(field)}" type="xsd:{kind}" minOccurs="0"/>'
        for field, kind in fields.items()
    )
    return f'<xsd:complexType name="{name}"><xsd:sequence>{elements}</xsd:sequence></xsd:complexType>\n'


def _call(function: Function, style: Style, name: str) -> str:
    plain = (
        f'<xsd:element name="{style.name(field)}" type="xsd:{kind}" minOccurs="0"/>'
        for field, kind in function.imports.items()
    )
    structures = (_typed(style.name(field), style.name(field)) for field in function.structures_in)
    return _element(name, "".join((*plain, *structures, *_tables(function, style))))


def _answer(function: Function, style: Style, name: str) -> str:
    plain = (
        f'<xsd:element name="{style.name(field)}" type="xsd:{kind}" minOccurs="0"/>'
        for field, kind in function.exports.items()
    )
    structures = (_typed(style.name(field), style.name(field)) for field in function.structures_out)
    return _element(name, "".join((*plain, *structures, *_tables(function, style))))


def _tables(function: Function, style: Style) -> Iterator[str]:
    return (_typed(style.name(table), f"{style.name(table)}Table") for table in function.tables)


def _typed(name: str, kind: str) -> str:
    return f'<xsd:element name="{name}" type="tns:{kind}" minOccurs="0"/>'


def _element(name: str, content: str) -> str:
    whole = f"<xsd:complexType><xsd:all>{content}</xsd:all></xsd:complexType>"
    return f'<xsd:element name="{name}">{whole}</xsd:element>\n'
