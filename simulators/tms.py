"""The practice TMS: milestone events in CSV files, dropped every two hours (contracts/logistics-and-banks.md, 9.1).

Events come late and out of order, some twice, some corrected; a whole file is sent again under another
name. What is older than a month was handed over once, a file a month with the two milestones that count.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from simulators import clock
from simulators.catalogue import COMPANIES
from simulators.clock import DAY, HOUR, MINUTE
from simulators.truth import Delivery, Order, World

COLUMNS = (
    "event_id", "shipment_id", "shipper", "sales_order", "delivery_note", "waybill", "stop_type", "code", "reason",
    "occurred_at", "recorded_at", "quantity", "unit", "estimated", "replaces", "signed_by",
)  # fmt: skip

DISPATCHED, ARRIVED_PICKUP, LOADED, DEPARTED_PICKUP = "DISPATCHED", "ARRIVED_PICKUP", "LOADED", "DEPARTED_PICKUP"
ARRIVED_HUB, DEPARTED_HUB, ARRIVED_DELIVERY, DELIVERED = "ARRIVED_HUB", "DEPARTED_HUB", "ARRIVED_DELIVERY", "DELIVERED"
ETA_UPDATED, DELAYED = "ETA_UPDATED", "DELAYED"
PICKUP, HUB, DELIVERY = "PICKUP", "HUB", "DELIVERY"

PERIOD = 2 * HOUR
RECENT = 30 * DAY
"""How far back the two-hourly files reach; what is older came as history."""

_HISTORY = (DEPARTED_PICKUP, DELIVERED)


@dataclass(slots=True)
class Event:
    """One line of a file; `filed` is when it was at hand to be written to one."""

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

    `silent_since` is from when it drops no more files.
    """

    world: World
    seed: int
    edits: dict[tuple[int, int], Edit] = field(default_factory=dict)
    strays: list[Event] = field(default_factory=list)
    silent_since: int | None = None

    def events(self) -> Iterator[Event]:
        """Yield all events recorded by now, order by order."""
        now = self.world.now
        for order in self.world.orders:
            if order.travels and order.deliveries[0].packed <= now:
                events = [event for event in events_of(order, self.seed) if event.recorded <= now]
                edit = self.edits.get(order.key)
                yield from edit(events) if edit else events
        yield from self.strays

    @property
    def last_drop(self) -> int:
        """When the latest file was dropped."""
        return _drop_before(self.silent_since if self.silent_since is not None else self.world.now)

    @property
    def first_drop(self) -> int:
        """When the two-hourly files begin; history is everything recorded before."""
        return _drop_before(self.world.now - RECENT)


def _drop_before(moment: int) -> int:
    return moment - (moment + clock.OFFSET) % PERIOD


def events_of(order: Order, seed: int) -> list[Event]:
    """Return all events that its shipments will ever have, by shipment; the same for the same seed."""
    return [event for delivery in order.deliveries for event in shipment_events(order, delivery, seed)]


def shipment_events(order: Order, delivery: Delivery, seed: int) -> list[Event]:
    """Return the events of one shipment in the order in which they happen."""
    random = Random(f"{seed}/{delivery.number}").random
    pickup = delivery.departed
    steps = [
        (DISPATCHED, PICKUP, delivery.packed + int((pickup - 40 * MINUTE - delivery.packed) * random())),
        (ARRIVED_PICKUP, PICKUP, pickup - int((15 + 15 * random()) * MINUTE)),
        (LOADED, PICKUP, pickup - int((4 + 8 * random()) * MINUTE)),
        (DEPARTED_PICKUP, PICKUP, pickup),
    ]
    way = delivery.arrived - pickup
    for hub in range(order.buyer.hubs):
        reached = pickup + int(way * (hub + 0.4) / (order.buyer.hubs + 1))
        steps += [(ARRIVED_HUB, HUB, reached), (DEPARTED_HUB, HUB, reached + int((0.5 + random()) * HOUR))]
    steps += [(ARRIVED_DELIVERY, DELIVERY, delivery.arrived), (DELIVERED, DELIVERY, delivery.delivered)]
    events = [_event(order, delivery, code, stop, at, random) for code, stop, at in steps]
    if random() < 0.08:
        events.insert(-2, _announcement(order, delivery, random))
    if random() < 0.02:
        events += _corrected(events, random)
    for number, event in enumerate(events, 1):
        event.event_id = f"E{delivery.shipment[1:]}{number:02d}"
        if event.replaces:
            event.replaces = f"E{delivery.shipment[1:]}{int(event.replaces):02d}"
    return events


def _event(
    order: Order, delivery: Delivery, code: str, stop: str, moment: int, random: Callable[[], float]
) -> Event:
    late = (0.5 + 2.5 * random()) * HOUR if random() < 0.02 else (0.2 + 9 * random()) * MINUTE
    loaded = code not in (DISPATCHED, ARRIVED_PICKUP)
    return Event(
        event_id="",
        shipment_id=delivery.shipment,
        shipper=COMPANIES[order.company].tms,
        sales_order="" if delivery.nameless else f"{order.number:010d}",
        delivery_note=delivery.number,
        waybill=delivery.waybill if loaded else "",
        stop_type=stop,
        code=code,
        occurred=moment,
        recorded=moment + int(late),
        quantity=delivery.pieces if loaded else None,
        signed_by="收货人签章" if code == DELIVERED else "",
    )


def _announcement(order: Order, delivery: Delivery, random: Callable[[], float]) -> Event:
    """Return an event that is no milestone: a new estimate, or a delay on the road."""
    moment = delivery.departed + int((delivery.arrived - delivery.departed) * (0.2 + 0.6 * random()))
    event = _event(order, delivery, ETA_UPDATED, DELIVERY, moment, random)
    event.quantity = None
    if random() < 0.4:
        event.code, event.reason = DELAYED, "高速管制"
    else:
        event.estimated, event.occurred = True, event.occurred + DAY  # says when it will be, not what was
        event.recorded = moment + MINUTE
    return event


def _corrected(events: list[Event], random: Callable[[], float]) -> list[Event]:
    """Give the departure a wrong time and return the event that puts it right, within the same file."""
    at, wrong = next((at, event) for at, event in enumerate(events) if event.code == DEPARTED_PICKUP)
    right = replace(wrong, replaces=str(at + 1), recorded=wrong.recorded + 90)
    if _drop_before(right.recorded) != _drop_before(wrong.recorded):
        return []
    wrong.occurred -= int((12 + 40 * random()) * MINUTE)
    return [right]


def drop(folder: Path, carrier: Carrier) -> int:
    """Write all files with their markers to `folder`; return how many events they hold, repeats not counted.

    Every file bears the time at which it was dropped. At the end stands a file that was never finished.
    """
    folder.mkdir(parents=True, exist_ok=True)
    history: dict[str, list[Event]] = {}
    files: dict[int, list[Event]] = {at: [] for at in range(carrier.first_drop, carrier.last_drop + 1, PERIOD)}
    unsent: list[Event] = []
    count = 0
    for event in carrier.events():
        due = _drop_before(event.recorded) + PERIOD
        if due > carrier.last_drop:
            unsent.append(event)
        elif due >= carrier.first_drop:
            files[due].append(event)
        elif event.code in _HISTORY or event.replaces:
            history.setdefault(clock.date(event.recorded)[:7].replace("-", ""), []).append(event)
        else:
            continue
        count += due <= carrier.last_drop
    for month, events in sorted(history.items()):
        _write(folder, f"TMS_EVENTS_{month}_HISTORY", events, carrier.first_drop)
    _write_recent(folder, files, Random(f"{carrier.seed}/files"))
    if unsent:
        _write_half(folder, carrier.last_drop, unsent)
    return count


def _write_recent(folder: Path, files: Mapping[int, list[Event]], random: Random) -> None:
    """Write the two-hourly files: shuffled a little, with repeats, and a few sent again as a whole."""
    last: list[Event] = []
    newest = max(files)
    for at, events in files.items():
        repeats = [event for event in last if random.random() < 0.01]
        last = events
        lines = [*sorted(events, key=lambda event: event.recorded), *repeats]
        if random.random() < 0.3:
            random.shuffle(lines)
        _write(folder, f"TMS_EVENTS_{_name(at)}_01", lines, at)
        if lines and at < newest and random.random() < 0.02:
            _write(folder, f"TMS_EVENTS_{_name(at)}_02", lines, at + 20 * MINUTE)


def _name(moment: int) -> str:
    text = clock.stamp(moment)
    return f"{text[:4]}{text[5:7]}{text[8:10]}{text[11:13]}"


def _write(folder: Path, stem: str, events: Iterable[Event], at: int) -> None:
    path = folder / f"{stem}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows(event.row() for event in events)
    marker = folder / f"{stem}.ok"
    marker.touch()
    for name in (path, marker):
        os.utime(name, (at, at))


def _write_half(folder: Path, after: int, events: list[Event]) -> None:
    """Write the first lines of a file that is still being sent: cut in the middle of a line, without marker."""
    path = folder / f"TMS_EVENTS_{_name(after + PERIOD)}_01.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(COLUMNS)
        line = ",".join(events[0].row())
        file.write(line[: len(line) // 2])
    os.utime(path, (after + 60, after + 60))
