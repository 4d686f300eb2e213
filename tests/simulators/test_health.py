"""Nobody may cry wolf over a healthy world: what the raw records say agrees, once grace is over."""

from __future__ import annotations

from datetime import datetime

import pytest

from simulators.catalogue import BOX, CARTON, SKUS, wms_code
from simulators.clock import DAY, date
from simulators.erp.documents import Document
from simulators.tms import DELIVERED, DEPARTED_PICKUP, Event
from simulators.truth import Order
from simulators.wms import OUT, WmsRow
from tests.simulators.worlds import MONDAY, NOW, Systems, healthy

Range = tuple[int, int]

ERP_SAYS = {"A A": (30, 89), "B B": (90, 99), "C B": (100, 129), "C C": (130, 130)}
WMS_SAYS = {"00": (30, 39), "10": (40, 84), "20": (40, 84), "30": (85, 89), "90": (100, 130)}
TMS_SAYS = {
    "DEPARTED_PICKUP": (100, 109),
    "ARRIVED_HUB": (110, 114),
    "DEPARTED_HUB": (110, 114),
    "ARRIVED_DELIVERY": (115, 119),
    "DELIVERED": (120, 130),
}
PIECES = {sku.code: sku for sku in SKUS}


@pytest.fixture(params=[NOW, MONDAY], ids=["tuesday-evening", "before-the-monday-batch"])
def systems(request: pytest.FixtureRequest) -> Systems:
    now: datetime = request.param
    return healthy(now)


def settled(systems: Systems) -> list[Order]:
    """The orders to which nothing has happened for three days."""
    now = systems.world.now
    return [
        order
        for order in systems.world.orders
        if all(moment < now - 3 * DAY for moment in (*order.moments(), order.delivered) if moment <= now)
    ]


def pieces(document: Document) -> list[int]:
    """The ordered pieces of each item."""
    amounts = []
    for item in document.items:
        sku = PIECES[item["MATERIAL"].lstrip("0")]
        amount = int(item["REQ_QTY"].rstrip("-").split(".")[0])
        amounts.append(amount * sku.box if item["SALES_UNIT"] == CARTON else amount)
    return amounts


def posted(document: Document) -> int:
    return sum(abs(int(f["REF_QTY"].split(".")[0])) for f in document.flows if f["DOCCATEGOR"] == "R")


def counted(order: Order, row: WmsRow, sent: bool = False) -> dict[int, int]:
    """The pieces of a row by line of the order; every code must be the one of its day."""
    amounts = {}
    for line in row.lines:
        sku = SKUS[order.lines[line.pos - 1].sku]
        assert line.item_code == wms_code(order.lines[line.pos - 1].sku, date(order.entered))
        quantity = line.qty_sent if sent else line.qty
        amounts[line.pos - 1] = quantity * sku.box if line.unit == BOX else quantity
    return amounts


def rolled_up(ranges: list[Range]) -> Range:
    if len(set(ranges)) == 1 or all(low >= 100 for low, _ in ranges):
        return min(ranges)
    return (90, 99) if any(low >= 100 for low, _ in ranges) else min(ranges)


def tms_range(events: list[Event], ordered: int) -> Range | None:
    """What the TMS says of the whole order: of a part that left it knows no more than that something left."""
    ranges: dict[str, Range] = {}
    sent: dict[str, int] = {}
    gone = {event.replaces for event in events}
    for event in sorted(events, key=lambda event: event.occurred):
        if event.event_id not in gone and event.code in TMS_SAYS:
            ranges[event.shipment_id] = TMS_SAYS[event.code]
            sent[event.shipment_id] = event.quantity or 0
    if not ranges:
        return None
    low, high = rolled_up(list(ranges.values()))
    return (low, high) if sum(sent.values()) == ordered else (90, high)


def test_the_chain_statuses_agree(systems: Systems) -> None:
    rows, events = systems.rows(), systems.events()
    orders = [order for order in settled(systems) if order.cancelled > systems.world.now]
    assert len(orders) > 2000
    for order in orders:
        document = systems.documents(order)[0]
        said = document.status
        outgoing = [row for row in rows[order.key] if row.kind == OUT]
        claims = [
            ERP_SAYS[f"{said['DLV_STAT_H']} {said['PRC_STAT_H']}"],
            rolled_up([WMS_SAYS[row.state] for row in outgoing]),
        ]
        told = tms_range(events[order.key], sum(pieces(document)))
        if told:
            claims.append(told)
        assert max(low for low, _ in claims) <= min(high for _, high in claims), (order.key, claims)
        assert (told is not None) == (order.travels and order.deliveries[0].shipped <= systems.world.now)


def test_the_quantities_agree(systems: Systems) -> None:
    rows, events = systems.rows(), systems.events()
    for order in settled(systems):
        document = systems.documents(order)[0]
        outgoing = [row for row in rows[order.key] if row.kind == OUT]
        planned = [0] * len(order.lines)
        for row in outgoing:
            for position, quantity in counted(order, row).items():
                planned[position] += quantity
        assert planned == pieces(document)
        sent = sum(sum(counted(order, row, sent=True).values()) for row in outgoing)
        assert sent == posted(document)
        if order.travels:
            left = {e.shipment_id: e.quantity for e in events[order.key] if e.code == DEPARTED_PICKUP}
            assert sum(quantity or 0 for quantity in left.values()) == sent


def test_returns_agree_and_name_their_original(systems: Systems) -> None:
    rows = systems.rows()
    returned = [order for order in settled(systems) if order.returned]
    assert len(returned) > 20
    for order in returned:
        document = systems.documents(order)[1]
        back = [row for row in rows[order.key] if row.kind != OUT]
        assert document.header["REF_DOC"] == f"{order.number:010d}"
        assert document.header["DOC_TYPE"] in ("RE", "G2")
        assert all(item["REQ_QTY"].endswith("-") for item in document.items)
        assert sum(sum(counted(order, row).values()) for row in back) == -sum(pieces(document))
        assert posted(document) == sum(pieces(document))


def test_what_lies_beside_the_chain_agrees(systems: Systems) -> None:
    rows = systems.rows()
    sides = set()
    for order in settled(systems):
        document = systems.documents(order)[0]
        outgoing = [row for row in rows[order.key] if row.kind == OUT]
        rejected = document.status["OVERALLREJ"] == "C"
        blocked = document.header["DLV_BLOCK"] == "01"
        assert [row.state == "99" for row in outgoing] == [rejected] * len(outgoing)
        assert [row.held == "Y" for row in outgoing] == [blocked] * len(outgoing)
        assert all(item["REA_FOR_RE"] == ("01" if rejected else "") for item in document.items)
        sides.add((rejected, blocked))
    assert len(sides) > 1


def test_the_two_clocks_agree_on_when_goods_left(systems: Systems) -> None:
    events = systems.events()
    for key, rows in systems.rows().items():
        stamps = {row.delivery_no: row.shipped_at for row in rows if row.shipped_at}
        gone = {event.replaces for event in events[key]}
        for event in events[key]:
            if event.code == DEPARTED_PICKUP and event.event_id not in gone:
                assert abs(event.occurred - stamps[event.delivery_note]) < 150
            if event.code == DELIVERED:
                assert event.occurred > stamps[event.delivery_note]


def test_at_any_moment_much_is_honestly_on_its_way() -> None:
    systems = healthy(MONDAY)
    rows, events = systems.rows(), systems.events()
    unposted = untold = 0
    for order in systems.world.orders:
        for document in systems.documents(order)[:1]:
            sent = any(row.shipped_at for row in rows[order.key])
            unposted += sent and document.status["DLV_STAT_H"] == "A"
            departed = any(event.code == DEPARTED_PICKUP for event in events[order.key])
            untold += order.travels and sent and not departed
    assert unposted > 10
    assert untold > 0
