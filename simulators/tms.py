"""What the practice TMS knows: milestone events of every shipment (contracts, logistics 9.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from simulators import clock
from simulators.catalogue import COMPANIES
from simulators.clock import DAY, HOUR, MINUTE
from simulators.truth import Delivery, Order, World

COLUMNS = (
    "event_id", "shipment_id", "shipper", "sales_order", "delivery_note", "waybill", "stop_type", "code",
    "reason", "occurred_at", "recorded_at", "quantity", "unit", "estimated", "replaces", "signed_by",
)  # fmt: skip

DISPATCHED, ARRIVED_PICKUP, LOADED = "DISPATCHED", "ARRIVED_PICKUP", "LOADED"
DEPARTED_PICKUP, ARRIVED_HUB, DEPARTED_HUB = "DEPARTED_PICKUP", "ARRIVED_HUB", "DEPARTED_HUB"
ARRIVED_DELIVERY, DELIVERED = "ARRIVED_DELIVERY", "DELIVERED"
ETA_UPDATED, DELAYED = "ETA_UPDATED", "DELAYED"
PICKUP, HUB, DELIVERY = "PICKUP", "HUB", "DELIVERY"

PERIOD = 2 * HOUR
"""How often a file is dropped."""

RECENT = 30 * DAY
"""How far back the two-hourly files reach; what is older came as history, two milestones a shipment."""

LATEST = 6 * HOUR
"""No event is recorded later than this after it happened."""

_UNCOUNTED = (DISPATCHED, ARRIVED_PICKUP)
_Draw = Callable[[], float]


@dataclass(slots=True)
class Event:
    """One line of a file: what happened when, and when the TMS came to know of it."""

    event_id: str
    shipment_id: str
    shipper: str
    sales_order: str
    delivery_note: str
    waybill: str
    stop_type: str
    code: str
    occurred: int
    recorded: int
    quantity: int | None = None
    reason: str = ""
    estimated: bool = False
    replaces: str = ""
    signed_by: str = ""

    def row(self) -> tuple[str, ...]:
        """Return its cells in the order of COLUMNS."""
        return (
            self.event_id,
            self.shipment_id,
            self.shipper,
            self.sales_order,
            self.delivery_note,
            self.waybill,
            self.stop_type,
            self.code,
            self.reason,
            clock.iso(self.occurred),
            clock.iso(self.recorded),
            "" if self.quantity is None else str(self.quantity),
            "" if self.quantity is None else "PCS",
            "Y" if self.estimated else "N",
            self.replaces,
            self.signed_by,
        )


Edit = Callable[[list[Event]], list[Event]]
"""What somebody did to the events of one order."""


@dataclass(slots=True)
class Carrier:
    """What the TMS knows at a moment: events by order, as they are after all edits.

    `edits` change the events of single orders by company and number, `strays` are events of shipments that
    should not be; `silent_since` is from when it drops no more files.
    """

    world: World
    seed: int
    edits: dict[tuple[int, int], Edit] = field(default_factory=dict)
    strays: list[Event] = field(default_factory=list)
    silent_since: int | None = None

    def events(self) -> Iterator[Event]:
        """Yield all events recorded by now, order by order; of long finished shipments the history only."""
        now, old = self.world.now, self.first_drop - LATEST - PERIOD
        for order in self.world.orders:
            if order.travels and order.deliveries[0].packed <= now:
                told = [
                    shipment_events(order, delivery, self.seed, brief=delivery.delivered < old)
                    for delivery in order.deliveries
                ]
                events = [event for events in told for event in events if event.recorded <= now]
                edit = self.edits.get(order.key)
                yield from edit(events) if edit else events
        yield from self.strays

    @property
    def last_drop(self) -> int:
        """When the latest file was dropped."""
        return drop_before(self.world.now if self.silent_since is None else self.silent_since)

    @property
    def first_drop(self) -> int:
        """When the two-hourly files begin."""
        return drop_before(self.world.now - RECENT)


def drop_before(moment: int) -> int:
    """Return the time of the drop at or before `moment`."""
    return moment - (moment + clock.OFFSET) % PERIOD


def shipment_events(order: Order, delivery: Delivery, seed: int, brief: bool = False) -> list[Event]:
    """Return all events that a shipment will ever have (`brief`: its history); the same for the same seed."""
    random = Random(f"{seed}/{delivery.number}").random
    steps = _history(delivery) if brief else _steps(order, delivery, random)
    events = [_event(order, delivery, code, stop, at, random) for code, stop, at in steps]
    if not brief and random() < 0.08:
        events.insert(-2, _announcement(order, delivery, random))
    if not brief and random() < 0.02:
        events += _corrected(events, random)
    for number, event in enumerate(events, 1):
        event.event_id = _event_id(delivery, number)
        if event.replaces:
            event.replaces = _event_id(delivery, int(event.replaces))
    return events


_Step = tuple[str, str, int]
"""Code, kind of stop, moment."""


def _event_id(delivery: Delivery, number: int) -> str:
    return f"E{delivery.shipment[1:]}{number:02d}"


def _history(delivery: Delivery) -> list[_Step]:
    return [(DEPARTED_PICKUP, PICKUP, delivery.departed), (DELIVERED, DELIVERY, delivery.delivered)]


def _steps(order: Order, delivery: Delivery, random: _Draw) -> list[_Step]:
    pickup, packed = delivery.departed, delivery.packed
    steps = [
        (DISPATCHED, PICKUP, packed + int((pickup - 40 * MINUTE - packed) * random())),
        (ARRIVED_PICKUP, PICKUP, pickup - int((15 + 15 * random()) * MINUTE)),
        (LOADED, PICKUP, pickup - int((4 + 8 * random()) * MINUTE)),
        (DEPARTED_PICKUP, PICKUP, pickup),
    ]
    hubs = order.buyer.hubs
    for hub in range(hubs):
        reached = pickup + int((delivery.arrived - pickup) * (hub + 0.4) / (hubs + 1))
        left = reached + int((0.5 + random()) * HOUR)
        steps += [(ARRIVED_HUB, HUB, reached), (DEPARTED_HUB, HUB, left)]
    arrived = (ARRIVED_DELIVERY, DELIVERY, delivery.arrived)
    return [*steps, arrived, (DELIVERED, DELIVERY, delivery.delivered)]


def _event(order: Order, delivery: Delivery, code: str, stop: str, moment: int, random: _Draw) -> Event:
    late = (0.5 + 2.5 * random()) * HOUR if random() < 0.02 else (0.2 + 9 * random()) * MINUTE
    counted = code not in _UNCOUNTED
    return Event(
        event_id="",
        shipment_id=delivery.shipment,
        shipper=COMPANIES[order.company].tms,
        sales_order="" if delivery.nameless else f"{order.number:010d}",
        delivery_note=delivery.number,
        waybill=delivery.waybill if counted else "",
        stop_type=stop,
        code=code,
        occurred=moment,
        recorded=moment + int(late),
        quantity=delivery.pieces if counted else None,
        signed_by="收货人签章" if code == DELIVERED else "",
    )


def _announcement(order: Order, delivery: Delivery, random: _Draw) -> Event:
    """Return an event that is no milestone: a new estimate, or a delay on the road."""
    moment = delivery.departed + int((delivery.arrived - delivery.departed) * (0.2 + 0.6 * random()))
    event = _event(order, delivery, ETA_UPDATED, DELIVERY, moment, random)
    event.quantity = None
    if random() < 0.4:
        event.code, event.reason = DELAYED, "高速管制"
    else:
        event.estimated, event.occurred = True, event.occurred + DAY  # says when it will be, not what was
    return event


def _corrected(events: list[Event], random: _Draw) -> list[Event]:
    """Give the departure a wrong time and return the event that puts it right, within the same file."""
    at, wrong = next((at, event) for at, event in enumerate(events) if event.code == DEPARTED_PICKUP)
    right = replace(wrong, replaces=str(at + 1), recorded=wrong.recorded + 90)
    if drop_before(right.recorded) != drop_before(wrong.recorded):
        return []
    wrong.occurred -= int((12 + 40 * random()) * MINUTE)
    return [right]
