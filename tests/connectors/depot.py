"""An invented depot over SOAP: its WSDL, and a server that lists dispatches page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.connectors.soap_server import Reply, Request, envelope

NS = "urn:depot"

WSDL = f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:t="{NS}" targetNamespace="{NS}">
 <types><xsd:schema targetNamespace="{NS}" elementFormDefault="qualified">
  <xsd:element name="ListDispatches"><xsd:complexType><xsd:sequence>
   <xsd:element name="from" type="xsd:string" minOccurs="0"/>
   <xsd:element name="cursor" type="xsd:string" minOccurs="0"/>
   <xsd:element name="max" type="xsd:int" minOccurs="0"/>
   <xsd:element name="ids" type="xsd:string" minOccurs="0" maxOccurs="unbounded"/>
  </xsd:sequence></xsd:complexType></xsd:element>
  <xsd:complexType name="Line"><xsd:sequence>
   <xsd:element name="Pos" type="xsd:int"/><xsd:element name="Qty" type="xsd:decimal"/>
  </xsd:sequence></xsd:complexType>
  <xsd:complexType name="Dispatch"><xsd:sequence>
   <xsd:element name="Id" type="xsd:string"/><xsd:element name="Changed" type="xsd:dateTime" nillable="true"/>
   <xsd:element name="Note" type="xsd:string" minOccurs="0" nillable="true"/>
   <xsd:element name="Qty" type="xsd:decimal" minOccurs="0"/>
   <xsd:element name="Lines" minOccurs="0"><xsd:complexType><xsd:sequence>
     <xsd:element name="Line" type="t:Line" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence>
   </xsd:complexType></xsd:element>
   <xsd:element name="Box" type="t:Line" minOccurs="0" maxOccurs="unbounded"/>
   <xsd:element name="Weight" minOccurs="0"><xsd:complexType><xsd:simpleContent>
   <xsd:extension base="xsd:decimal">
     <xsd:attribute name="unit" type="xsd:string"/></xsd:extension></xsd:simpleContent></xsd:complexType>
   </xsd:element>
   <xsd:element name="Address" minOccurs="0"><xsd:complexType><xsd:all>
     <xsd:element name="City" type="xsd:string"/></xsd:all></xsd:complexType></xsd:element>
  </xsd:sequence></xsd:complexType>
  <xsd:element name="ListDispatchesResponse"><xsd:complexType><xsd:sequence>
   <xsd:element name="Code" type="xsd:string" minOccurs="0"/>
   <xsd:element name="Text" type="xsd:string" minOccurs="0"/>
   <xsd:element name="Rows" minOccurs="0"><xsd:complexType><xsd:sequence>
     <xsd:element name="Row" type="t:Dispatch" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence>
   </xsd:complexType></xsd:element>
   <xsd:element name="Total" type="xsd:int" minOccurs="0"/>
   <xsd:element name="Next" type="xsd:string" minOccurs="0"/>
  </xsd:sequence></xsd:complexType></xsd:element>
  <xsd:element name="GetLines"><xsd:complexType><xsd:sequence>
   <xsd:element name="id" type="xsd:string" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType>
   </xsd:element>
  <xsd:element name="GetLinesResponse"><xsd:complexType><xsd:sequence>
   <xsd:element name="Line" minOccurs="0" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>
     <xsd:element name="Id" type="xsd:string"/><xsd:element name="Pos" type="xsd:int"/></xsd:sequence>
   </xsd:complexType></xsd:element>
  </xsd:sequence></xsd:complexType></xsd:element>
 </xsd:schema></types>
 <message name="ListIn"><part name="p" element="t:ListDispatches"/></message>
 <message name="ListOut"><part name="p" element="t:ListDispatchesResponse"/></message>
 <message name="LinesIn"><part name="p" element="t:GetLines"/></message>
 <message name="LinesOut"><part name="p" element="t:GetLinesResponse"/></message>
 <portType name="Depot">
  <operation name="ListDispatches"><input message="t:ListIn"/><output message="t:ListOut"/></operation>
  <operation name="GetLines"><input message="t:LinesIn"/><output message="t:LinesOut"/></operation>
 </portType>
 <binding name="DepotBinding" type="t:Depot">
   <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="ListDispatches"><soap:operation soapAction="urn:depot/List"/><input>
   <soap:body use="literal"/></input>
   <output><soap:body use="literal"/></output></operation>
  <operation name="GetLines"><soap:operation soapAction="urn:depot/Lines"/><input>
   <soap:body use="literal"/></input>
   <output><soap:body use="literal"/></output></operation>
 </binding>
 <service name="DepotService"><port name="DepotPort" binding="t:DepotBinding">
  <soap:address location="http://depot.inner.invalid:8000/services/depot?v=1"/></port></service>
</definitions>"""


def listing(rows: str, *, tail: str = "", head: str = "") -> bytes:
    """Return an answer to ListDispatches with `rows` as XML."""
    return envelope(
        f'<ListDispatchesResponse xmlns="{NS}">{head}<Rows>{rows}</Rows>{tail}</ListDispatchesResponse>'
    )


@dataclass(slots=True)
class Dispatch:
    """One record of the depot."""

    id: str
    changed: str
    note: str = ""

    def xml(self) -> str:
        return (
            f"<Row><Id>{self.id}</Id><Changed>{self.changed}</Changed><Note>{escape(self.note)}</Note></Row>"
        )


@dataclass(slots=True)
class Depot:
    """Lists dispatches sorted by change, `max` (or `cap`) at a time; `broken` replaces its answers."""

    dispatches: dict[str, Dispatch] = field(default_factory=dict)
    cap: int = 1_000
    broken: Callable[[Request], Reply] | None = None

    def __call__(self, request: Request) -> Reply:
        if request.method == "GET":
            return Reply(WSDL)
        if self.broken is not None:
            return self.broken(request)
        if request.call.tag.endswith("GetLines"):
            return self._lines(request)
        return Reply(self.list(request))

    def list(self, request: Request) -> bytes:
        ids = [found.text for found in request.call.findall(f"{{{NS}}}ids")]
        since, begin = request.text("from") or "", int(request.text("cursor") or 0)
        size = min(int(request.text("max") or 1_000), self.cap)
        found = sorted(self.dispatches.values(), key=lambda one: (one.changed, one.id))
        found = [one for one in found if one.changed >= since and (not ids or one.id in ids)]
        end = begin + size
        tail = f"<Total>{len(found)}</Total>" + (f"<Next>{end}</Next>" if end < len(found) else "")
        return listing("".join(one.xml() for one in found[begin:end]), tail=tail)

    def _lines(self, request: Request) -> Reply:
        ids = [found.text for found in request.call]
        lines = "".join(f"<Line><Id>{one}</Id><Pos>{pos}</Pos></Line>" for one in ids for pos in (1, 2))
        return Reply(envelope(f'<GetLinesResponse xmlns="{NS}">{lines}</GetLinesResponse>'))
