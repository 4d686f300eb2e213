"""Schemas that descriptions refer to and hosts seldom serve: SOAP encoding 1.1 and 1.2, and Apache's Map.

Written out from the base types of XML Schema (SOAP 1.1 section 5, SOAP 1.2 part 2 section 3): what zeep
needs to know that a type exists and that an array is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

XSD = "http://www.w3.org/2001/XMLSchema"
ENCODING_11 = "http://schemas.xmlsoap.org/soap/encoding/"
ENCODING_12 = "http://www.w3.org/2003/05/soap-encoding"
MAP = "http://xml.apache.org/xml-soap"

_TYPES = (
    "string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN", "ID", "IDREF", "ENTITY",
    "anyURI", "QName", "NOTATION", "boolean", "float", "double", "decimal", "integer", "nonPositiveInteger",
    "negativeInteger", "nonNegativeInteger", "positiveInteger", "long", "int", "short",
    "byte", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte", "dateTime", "date", "time",
    "duration", "gYear", "gYearMonth", "gMonthDay", "gMonth", "gDay", "base64Binary", "hexBinary",
)  # fmt: skip


def bundled(url: str) -> bytes | None:
    """Return the schema of a namespace, None for one that is not bundled."""
    found = _BUNDLED.get(url.rstrip("/"))
    return found.encode() if found is not None else None


def completed(document: bytes) -> bytes:
    """Return a description in which every schema says where the bundled schemas that it uses are."""
    used = [namespace for namespace in (ENCODING_11, ENCODING_12, MAP) if namespace.encode() in document]
    if not used:
        return document
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        return document  # zeep says what is wrong with it
    for schema in root.iter(f"{{{XSD}}}schema"):
        _import(schema, used)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _import(schema: Any, used: Iterable[str]) -> None:
    known = {node.get("namespace"): node for node in schema.findall(f"{{{XSD}}}import")}
    for namespace in used:
        if namespace == schema.get("targetNamespace"):
            continue
        node = known.get(namespace)
        if node is None:
            node = schema.makeelement(f"{{{XSD}}}import", {"namespace": namespace})
            schema.insert(0, node)
        node.set("schemaLocation", namespace)


def _encoding(namespace: str, attributes: str) -> str:
    types = "".join(
        f'<xs:complexType name="{name}"><xs:simpleContent><xs:extension base="xs:{name}">'
        '<xs:attributeGroup ref="e:commonAttributes"/></xs:extension></xs:simpleContent></xs:complexType>'
        f'<xs:element name="{name}" type="e:{name}"/>'
        for name in _TYPES
    )
    many = '<xs:any namespace="##any" minOccurs="0" maxOccurs="unbounded" processContents="lax"/>'
    return (
        f'<xs:schema xmlns:xs="{XSD}" xmlns:e="{namespace}" targetNamespace="{namespace}">'
        '<xs:attributeGroup name="commonAttributes"><xs:attribute name="id" type="xs:ID"/>'
        '<xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="ref" type="xs:IDREF"/>'
        f"</xs:attributeGroup>{attributes}"
        f'<xs:group name="Array"><xs:sequence>{many}</xs:sequence></xs:group>'
        f'<xs:group name="Struct"><xs:sequence>{many}</xs:sequence></xs:group>'
        '<xs:complexType name="Array"><xs:group ref="e:Array" minOccurs="0"/>'
        '<xs:attributeGroup ref="e:arrayAttributes"/><xs:attributeGroup ref="e:commonAttributes"/>'
        "</xs:complexType>"
        '<xs:element name="Array" type="e:Array"/>'
        '<xs:complexType name="Struct"><xs:group ref="e:Struct" minOccurs="0"/>'
        '<xs:attributeGroup ref="e:commonAttributes"/></xs:complexType>'
        '<xs:element name="Struct" type="e:Struct"/>'
        f'<xs:simpleType name="base64"><xs:restriction base="xs:base64Binary"/></xs:simpleType>{types}'
        "</xs:schema>"
    )


def _attributes(*names: str) -> str:
    declared = "".join(f'<xs:attribute name="{name}" type="xs:string"/>' for name in names)
    group = "".join(f'<xs:attribute ref="e:{name}"/>' for name in names)
    return f'{declared}<xs:attributeGroup name="arrayAttributes">{group}</xs:attributeGroup>'


_MAP = (
    f'<xs:schema xmlns:xs="{XSD}" xmlns:m="{MAP}" targetNamespace="{MAP}">'
    '<xs:complexType name="mapItem"><xs:sequence><xs:element name="key" nillable="true"/>'
    '<xs:element name="value" nillable="true"/></xs:sequence></xs:complexType>'
    '<xs:complexType name="Map"><xs:sequence>'
    '<xs:element name="item" type="m:mapItem" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>'
    '</xs:complexType><xs:complexType name="Vector"><xs:sequence>'
    '<xs:element name="item" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:schema>'
)

_BUNDLED = {
    ENCODING_11.rstrip("/"): _encoding(ENCODING_11, _attributes("arrayType", "offset", "position")),
    ENCODING_12: _encoding(ENCODING_12, _attributes("itemType", "arraySize", "nodeType")),
    MAP: _MAP,
}
