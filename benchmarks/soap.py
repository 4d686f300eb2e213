"""A list over SOAP, read and validated, beside zeep: `python -m benchmarks.soap [--orders 20000]`.

Ours: the answer streamed, turned into records and read by the mapping into validated facts. zeep: the same
answer parsed into its objects, and into dicts; nothing is validated there beyond the schema's types.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost, in_child, metered

RUNS = 3
ROUNDS = 5
"""Each round runs all three; of each the least counts: what the host does besides only adds."""
NS = "urn:list"
FIELDS = (
    "Id",
    "Customer",
    "State",
    "Changed",
    "Ordered",
    "Shipped",
    "Plant",
    "Salesperson",
    "Amount",
    "Currency",
)
_TYPES = {"Changed": "dateTime", "Ordered": "decimal", "Shipped": "decimal", "Amount": "decimal"}

MAPPING = """
system: shop
connector: soap
time: {zone: UTC, format: iso}
streams:
  orders:
    read: {op: List, records: Rows}
    key: Id
    fields:
      company: {const: C1}
      order_no: Id
      status: {from: State, codes: {OPEN: confirmed, PICK: allocated, SENT: shipped}}
      ordered: Ordered
      shipped: Shipped
      occurred_at: {from: Changed, says: modified}
    extras:
      {customer_no: Customer, plant: Plant, salesperson: Salesperson, amount: Amount, currency: Currency}
"""


def wsdl() -> str:
    """Return the description of a service that lists orders (document/literal)."""
    row = "".join(f'<xsd:element name="{name}" type="xsd:{_TYPES.get(name, "string")}"/>' for name in FIELDS)
    return f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:t="{NS}" targetNamespace="{NS}">
 <types><xsd:schema targetNamespace="{NS}" elementFormDefault="qualified">
  <xsd:element name="List"><xsd:complexType><xsd:sequence/></xsd:complexType></xsd:element>
  <xsd:complexType name="Row"><xsd:sequence>{row}</xsd:sequence></xsd:complexType>
  <xsd:complexType name="Rows"><xsd:sequence>
   <xsd:element name="Row" type="t:Row" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType>
  <xsd:element name="ListResponse"><xsd:complexType><xsd:sequence>
   <xsd:element name="Rows" type="t:Rows"/></xsd:sequence></xsd:complexType></xsd:element>
 </xsd:schema></types>
 <message name="In"><part name="p" element="t:List"/></message>
 <message name="Out"><part name="p" element="t:ListResponse"/></message>
 <portType name="P"><operation name="List">
  <input message="t:In"/><output message="t:Out"/></operation></portType>
 <binding name="B" type="t:P"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="List"><soap:operation soapAction=""/><input><soap:body use="literal"/></input>
  <output><soap:body use="literal"/></output></operation></binding>
 <service name="S"><port name="P" binding="t:B"><soap:address location="http://127.0.0.1/"/></port></service>
</definitions>"""


def answer(orders: int) -> bytes:
    """Return the list of so many orders."""
    rows = []
    for number in range(orders):
        said = (
            f"SO{number:08d}", f"K{number % 500}", ("OPEN", "PICK", "SENT")[number % 3],
            f"2026-03-{1 + number % 28:02d}T{number % 24:02d}:00:00Z", f"{number % 90 + 1}.5", "0", "P1",
            f"Sales {number % 40}", f"{number}.25", "CNY",
        )  # fmt: skip
        rows.append(
            "<Row>" + "".join(f"<{n}>{v}</{n}>" for n, v in zip(FIELDS, said, strict=True)) + "</Row>"
        )
    return (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<ListResponse xmlns="{NS}"><Rows>{"".join(rows)}</Rows></ListResponse></e:Body></e:Envelope>'
    ).encode()


def ours(orders: int) -> Cost:
    """Read the answer and every record of it, calmly as a sync does."""
    from connectors.soap import stream
    from connectors.soap.selection import Selection
    from connectors.soap.wsdl import Wsdl
    from hub import yamlfile
    from hub.errors import RecordError
    from hub.mapping import Reader
    from hub.mapping.grammar import SystemMapping
    from hub.rules import Rules
    from sync.calm import calm

    body, mapping = answer(orders), SystemMapping.model_validate(yamlfile.load(MAPPING).data)
    operation = Wsdl("http://x/?wsdl", lambda url: wsdl().encode()).operation("List")
    reader, selection = (
        Reader(mapping, "orders", Rules()),
        Selection(mapping.streams["orders"].read, operation.shape),
    )
    now = datetime(2026, 4, 1, tzinfo=UTC)

    def once() -> int:
        chunks = (body[at : at + 65536] for at in range(0, len(body), 65536))
        found = stream.read(chunks, operation.shape)
        good = 0
        for records in selection.pages(found, 1000):
            good += sum(not isinstance(one, RecordError) for one in reader.read_all(records, {}, now))
        return good

    with calm():
        return _measured(once, orders)


def zeep_parsing(orders: int, *, dicts: bool = False) -> Cost:
    """Parse the same answer with zeep."""
    import io

    from lxml import etree
    from zeep import Client
    from zeep.helpers import serialize_object

    body = answer(orders)
    client = Client(io.StringIO(wsdl()))
    binding = client.service._binding
    operation = binding.get("List")

    def once() -> int:
        found: Any = operation.process_reply(etree.fromstring(body))
        return len(serialize_object(found, dict) if dicts else found)

    return _measured(once, orders)


def _measured(once: Any, orders: int) -> Cost:
    """Run once to warm up, then `RUNS` times; the cost is the mean of these."""
    assert once() == orders
    with metered(None) as cost:
        for _ in range(RUNS):
            once()
    cost.client /= RUNS
    cost.told = {"orders": orders, "per_second": round(orders / cost.client)}
    return cost


def _round(orders: int) -> dict[str, Cost]:
    """Run all three, one after the other: what else the machine does meets them all alike."""
    return {
        "ours, validated": in_child("benchmarks.soap", "ours", {"orders": orders}),
        "zeep, objects": in_child("benchmarks.soap", "zeep_parsing", {"orders": orders}),
        "zeep, dicts": in_child("benchmarks.soap", "zeep_parsing", {"orders": orders, "dicts": True}),
    }


def _cpu(cost: Cost) -> float:
    return cost.cpu


def main() -> None:
    """Run all three some times and say how the least of each compare."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--orders", type=int, default=20_000)
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    began = time.perf_counter()
    rounds = [_round(given.orders) for _ in range(ROUNDS)]
    costs = {name: min((one[name] for one in rounds), key=_cpu) for name in rounds[0]}
    ratio = costs["zeep, objects"].cpu / costs["ours, validated"].cpu
    for name, cost in costs.items():
        print(f"{name:18} {cost.cpu:7.3f} CPU s  {cost.told['per_second']:>8,} orders a CPU second")
    print(f"zeep's objects cost {ratio:.1f} times as much ({time.perf_counter() - began:.0f} s in all).")
    if given.json:
        said = {"costs": {name: asdict(cost) for name, cost in costs.items()}, "ratio": ratio}
        given.json.write_text(json.dumps(said, indent=1), "utf-8")


if __name__ == "__main__":
    main()
