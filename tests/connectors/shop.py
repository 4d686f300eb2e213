"""A service in rpc style as they are met: SOAP encoding with references (Axis), maps (PHP), sessions."""

from __future__ import annotations

from tests.connectors.soap_server import ENVELOPE

NS = "urn:shop"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
ENCODING_12 = "http://www.w3.org/2003/05/soap-encoding"


def wsdl(use: str = "encoded", *, soap12: bool = False) -> str:
    """Return the description, in SOAP 1.1 or 1.2, its messages encoded or literal."""
    binding = "http://schemas.xmlsoap.org/wsdl/soap12/" if soap12 else "http://schemas.xmlsoap.org/wsdl/soap/"
    style = f'encodingStyle="{ENCODING_12 if soap12 else ENCODING}"' if use == "encoded" else ""
    body = f'<soap:body use="{use}" namespace="{NS}" {style}/>'

    def operation(name: str) -> str:
        return (
            f'<operation name="{name}"><soap:operation soapAction="{NS}#{name}"/>'
            f"<input>{body}</input><output>{body}</output></operation>"
        )

    def port(name: str) -> str:
        messages = f'<input message="t:{name}In"/><output message="t:{name}Out"/>'
        return f'<operation name="{name}">{messages}</operation>'

    def array(name: str, items: str) -> str:
        attribute = f'<xsd:attribute ref="enc:arrayType" wsdl:arrayType="{items}[]"/>'
        content = f'<xsd:restriction base="enc:Array">{attribute}</xsd:restriction>'
        inner = f"<xsd:complexContent>{content}</xsd:complexContent>"
        return f'<xsd:complexType name="{name}">{inner}</xsd:complexType>'

    return f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="{binding}"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema"
  xmlns:enc="{ENCODING}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:map="http://xml.apache.org/xml-soap"
  xmlns:t="{NS}" targetNamespace="{NS}">
 <types><xsd:schema targetNamespace="{NS}">
  <xsd:complexType name="Line"><xsd:sequence><xsd:element name="sku" type="xsd:string"/>
   <xsd:element name="qty" type="xsd:decimal"/></xsd:sequence></xsd:complexType>
  {array("Lines", "t:Line")}
  <xsd:complexType name="Order"><xsd:all><xsd:element name="id" type="xsd:string"/>
   <xsd:element name="state" type="enc:string"/><xsd:element name="changed" type="xsd:dateTime"/>
   <xsd:element name="customer" type="xsd:anyType"/>
   <xsd:element name="lines" type="t:Lines"/></xsd:all></xsd:complexType>
  {array("Orders", "t:Order")}
  {array("Names", "xsd:string")}
  <xsd:complexType name="Filter"><xsd:sequence><xsd:element name="field" type="xsd:string"/>
   <xsd:element name="from" type="xsd:dateTime" nillable="true"/></xsd:sequence></xsd:complexType>
 </xsd:schema></types>
 <message name="loginIn"><part name="user" type="xsd:string"/><part name="key" type="xsd:string"/></message>
 <message name="loginOut"><part name="loginReturn" type="xsd:string"/></message>
 <message name="ordersIn"><part name="session" type="xsd:string"/><part name="filter" type="t:Filter"/>
  <part name="ids" type="t:Names"/><part name="options" type="map:Map"/>
  <part name="limit" type="xsd:int"/></message>
 <message name="ordersOut"><part name="ordersReturn" type="t:Orders"/></message>
 <message name="infoIn"><part name="session" type="xsd:string"/></message>
 <message name="infoOut"><part name="infoReturn" type="map:Map"/></message>
 <portType name="ShopPort">{port("login")}{port("orders")}{port("info")}</portType>
 <binding name="ShopBinding" type="t:ShopPort">
  <soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
  {operation("login")}{operation("orders")}{operation("info")}</binding>
 <service name="Shop"><port name="ShopPort" binding="t:ShopBinding">
  <soap:address location="http://shop.inner.invalid/api/soap"/></port></service>
</definitions>"""


def answer(name: str, inner: str, *, beside: str = "", soap12: bool = False) -> bytes:
    """Return the answer of an operation; `beside` are the objects that it refers to."""
    soap, encoding = (SOAP_12, ENCODING_12) if soap12 else (ENVELOPE, ENCODING)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{soap}" '
        f'xmlns:enc="{encoding}" xmlns:t="{NS}" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:map="http://xml.apache.org/xml-soap"><s:Body>'
        f'<t:{name}Response s:encodingStyle="{encoding}">{inner}</t:{name}Response>{beside}'
        "</s:Body></s:Envelope>"
    ).encode()
