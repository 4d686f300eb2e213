"""A clean but noisy time: what a factory does every week, none of it a fault; and faults to plant in it.

Noise: the ERP posts twice a day and never on Sundays; one order in thirty is edited after confirmation and
approved again; goods come back; samples never reach finance; the carrier's files come late, twice and in
disorder; the WMS is away for six hours; remarks move stamps; orders go in several deliveries, or are
cancelled while they are drafts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

from simulators import clock, damage
from simulators.catalogue import COMPANIES, SKUS, wms_code
from simulators.clock import DAY, HOUR, MINUTE
from simulators.erp.documents import Document, sold
from simulators.factory import build_world
from simulators.faults import UNKNOWN_STATE, Truth
from simulators.replay import Outage, Replay
from simulators.tms import Event, shipment_events
from simulators.truth import NEVER, Change, Order, Return, World
from simulators.wms import OUT, RECEIVED, WmsRow, order_ref, rows_of

EDITED = 0.03
RETURNED = 0.02
AWAY = 6 * HOUR
_STRAY = 3_900_007


def noisy(
    seed: int, orders: int, end: datetime, days: int, out: Path, planted: bool = False
) -> tuple[Replay, list[Truth]]:
    """Return a replay of the `days` before `end`, in which `orders` were taken, and the faults `planted`."""
    world = build_world(seed, orders, end, days)
    random = Random(f"{seed}/noise")
    _enrich(world, random)
    outage = _outage(world, random)
    doubled = _twice(world) if planted else None
    replay = Replay(world, seed, out, outage)
    truth = list(_Planter(replay, random, doubled).all()) if planted else []
    return replay, truth


def _enrich(world: World, random: Random) -> None:
    """Let a share of orders be edited and approved again, some goods come back, samples never be billed."""
    numbers = {0: 0, 1: 0}
    for order in world.orders:
        order.change = order.returned = None
        if order.kind == "sample":
            order.billed = NEVER
        if order.cancelled < NEVER:
            continue
        if random.random() < EDITED:
            _edit(order, random)
        if order.travels and random.random() < RETURNED:
            _bring_back(order, world.now, numbers, random)
    world.returns = [order for order in world.orders if order.returned]


def _edit(order: Order, random: Random) -> None:
    """Edit quantity or date between confirmation and picking; the WMS follows within three hours."""
    first = min(delivery.allocated for delivery in order.deliveries)
    at = order.known + int((first - order.known) * random.random() * 0.5)
    followed = min(at + int((0.2 + 2.6 * random.random()) * HOUR), first)
    if len(order.deliveries) > 1 or random.random() < 0.4:
        order.change = Change(at, followed, -1, order.promised - 1 - int(random.random() * 4))
        return
    position = int(len(order.lines) * random.random())
    line = order.lines[position]
    order.change = Change(at, followed, position, line.quantity + SKUS[line.sku].lot)


def _bring_back(order: Order, end: int, numbers: dict[int, int], random: Random) -> None:
    """Let one lot of the first line come back a day or two after delivery."""
    received = clock.at_work(
        order.delivered + int((0.5 + 1.5 * random.random()) * DAY), int(random.random() * HOUR)
    )
    if received > end:
        return
    numbers[order.company] += 1
    number = numbers[order.company]
    order.returned = Return(
        number=60_000_000 + number,
        delivery=f"RT{1 + order.company}-{number:08d}",
        red=random.random() < 0.25,
        lines=[(0, SKUS[order.lines[0].sku].lot)],
        received=received,
        posted=clock.next_batch(received + 10 * MINUTE) + int(random.random() * 8 * MINUTE),
    )


def _outage(world: World, random: Random) -> Outage:
    """Take the WMS away for six hours of a working afternoon in the middle of the time."""
    middle = clock.day_of(world.start + (world.now - world.start) // 2)
    day = middle + 1 if clock.is_sunday(middle) else middle
    since = clock.midnight(day) + 10 * HOUR + int(random.random() * 4 * HOUR)
    return Outage(since, since + AWAY)


def _twice(world: World) -> tuple[Order, Order]:
    """Enter one order a second time under another number: same customer, purchase order, goods and date."""
    first = next(
        order
        for order in world.orders
        if order.travels and order.cancelled == NEVER and order.hold is None and order.change is None
        and order.returned is None and len(order.deliveries) == 1 and order.entered > world.start + DAY
    )  # fmt: skip
    number = max(order.number for order in world.of(first.company)) + 1
    delivery = first.deliveries[0]
    deliveries = [
        replace(
            delivery,
            number=f"{delivery.number[:4]}88000001",
            shipment=f"S88{delivery.shipment[3:]}",
            waybill=f"YD88{delivery.waybill[4:]}",
        )
    ]
    second = replace(
        first, number=number, lines=[replace(line) for line in first.lines], deliveries=deliveries
    )
    world.orders.append(second)
    return first, second


class _Planter:
    """Plants twenty faults, each in an order of its own; what they need is that the time is long enough."""

    def __init__(self, replay: Replay, random: Random, doubled: tuple[Order, Order] | None) -> None:
        self.replay, self.world, self.random = replay, replay.world, random
        self.end = replay.end
        self.doubled = doubled
        self.pool = [order for order in self.world.orders if self._plain(order)]
        random.shuffle(self.pool)
        self.taken = {order.key for order in doubled or ()}

    def all(self) -> Iterator[Truth]:
        """Plant everything."""
        yield self._plant("missing", "wms", self._left_by_name, self._set_wms(damage.lost_rows))
        yield self._plant("missing", "wms", self._left_by_name, self._set_wms(damage.lost_rows))
        yield self._plant("missing", "tms", self._left, self._set_tms(damage.lost_events))
        yield self._plant("missing", "erp", self._left, self._set_erp(damage.lost_document))
        yield self._plant("missing", "wms", self._left_by_name, self._mistype)
        yield self._stray()
        yield self._plant("extra", "tms", self._sample, self._sample_on_truck)
        yield self._plant("status", "wms", self._left, self._leave_allocated)
        yield self._plant("status", "erp", self._left, self._set_erp(damage.unposted))
        yield self._plant("quantity", "wms", self._planned, self._set_wms(damage.planned_more(1)))
        yield self._plant("quantity", "tms", self._left, self._set_tms(damage.counted_less(1)))
        yield self._plant("line", "wms", self._waiting, self._swap)
        yield self._plant("wrong_shipment", "wms", self._swapped_and_left, self._swap)
        yield self._plant("skew", "wms", self._left, self._set_wms(damage.shipped_off_by(37 * MINUTE)))
        yield self._plant("illegal_transition", "erp", self._posted, self._take_back)
        yield self._plant("changed_after_confirmation", "erp", self._left, self._change_late)
        yield self._plant("duplicate", "wms", self._planned, self._enter_twice)
        yield self._plant("stale", "tms", self._rolling, self._strand)
        yield self._plant("gone", "wms", self._waiting_long, self._delete)
        if self.doubled:
            second = self.doubled[1]
            yield Truth("possible_duplicate", COMPANIES[second.company].code, str(second.number), "erp")

    def _plant(
        self, kind: str, system: str, fits: Callable[[Order], bool], fault: Callable[[Order], None]
    ) -> Truth:
        order = next(one for one in self.pool if one.key not in self.taken and fits(one))
        self.taken.add(order.key)
        fault(order)
        return Truth(kind, COMPANIES[order.company].code, str(order.number), system)

    # who is chosen

    @staticmethod
    def _plain(order: Order) -> bool:
        """One delivery, nothing else happens to it: a fault in it is the only thing to be seen."""
        quiet = order.hold is None and order.change is None and order.returned is None
        return quiet and order.cancelled == NEVER and len(order.deliveries) == 1

    def _left(self, order: Order) -> bool:
        """It left two and a half days before the end: nobody may call it on its way."""
        return order.travels and max(order.posted, order.shipped) < self.end - 2.5 * DAY

    def _left_by_name(self, order: Order) -> bool:
        return self._left(order) and not order.deliveries[0].nameless

    def _posted(self, order: Order) -> bool:
        return self._left(order) and order.billed > self.end

    def _sample(self, order: Order) -> bool:
        return not order.travels and order.posted < self.end - DAY

    def _planned(self, order: Order) -> bool:
        return order.entered < self.end - 2 * DAY and order.travels

    def _waiting(self, order: Order) -> bool:
        return self._planned(order) and order.shipped > self.end and not SKUS[order.lines[0].sku].boxed

    def _swapped_and_left(self, order: Order) -> bool:
        return self._left(order) and not SKUS[order.lines[0].sku].boxed

    def _rolling(self, order: Order) -> bool:
        return self._left(order) and order.buyer.hubs > 0 and order.shipped < self.end - 4.5 * DAY

    def _waiting_long(self, order: Order) -> bool:
        return order.entered < self.end - 3 * DAY and order.deliveries[0].packed > self.end - 12 * HOUR

    # what is done to it

    def _wms(self, order: Order, edit: Callable[[list[WmsRow]], list[WmsRow]]) -> None:
        """Edit the warehouse's rows of an order, once there are any."""
        self.replay.warehouse.edits[order.key] = lambda rows: edit(rows) if rows else rows

    def _set_wms(self, edit: Callable[[list[WmsRow]], list[WmsRow]]) -> Callable[[Order], None]:
        return lambda order: self._wms(order, edit)

    def _set_erp(self, edit: Callable[[Document], Document | None]) -> Callable[[Order], None]:
        def apply(order: Order) -> None:
            self.replay.books.edits[order.key] = edit

        return apply

    def _set_tms(self, edit: Callable[[list[Event]], list[Event]]) -> Callable[[Order], None]:
        def apply(order: Order) -> None:
            self.replay.carrier.edits[order.key] = edit

        return apply

    def _mistype(self, order: Order) -> None:
        """Let the warehouse write one digit wrong: a number that no order of any company has."""
        wrong = int(f"9{str(order.number)[1:]}")
        self._wms(order, damage.referring_to(order_ref(order.company, wrong)))

    def _leave_allocated(self, order: Order) -> None:
        """Let the warehouse forget to book what it does from allocation on."""
        since, edit = order.deliveries[0].allocated, damage.left_allocated(order)
        self._wms(order, lambda rows: edit(rows) if self.world.now >= since else rows)

    def _swap(self, order: Order) -> None:
        day = clock.date(order.entered)
        own = {wms_code(line.sku, day) for line in order.lines}
        other = next(
            code
            for index in range(40, len(SKUS))
            if not SKUS[index].boxed and (code := wms_code(index, day)) not in own
        )
        self._wms(order, damage.first_line_as(other))

    def _stray(self) -> Truth:
        """Let the WMS hold an order of which nobody else has heard."""
        order = next(one for one in self.pool if one.key not in self.taken and self._left(one))
        self.taken.add(order.key)
        created = self.world.start + DAY
        model = rows_of(order, self.end)[0]
        self.replay.warehouse.strays.append(
            replace(
                model,
                delivery_no=f"{model.delivery_no[:4]}90000001",
                order_ref=order_ref(order.company, _STRAY),
                state=RECEIVED,
                created=created,
                changed=created + MINUTE,
                shipped_at=None,
                lines=[replace(line, qty_sent=0) for line in model.lines],
            )
        )
        return Truth("extra", COMPANIES[order.company].code, str(_STRAY), "wms")

    def _sample_on_truck(self, order: Order) -> None:
        delivery = replace(order.deliveries[0], shipment="S99000001", waybill="YD9900000001")
        self.replay.carrier.strays += shipment_events(order, delivery, self.replay.seed)

    def _take_back(self, order: Order) -> None:
        """Let somebody reverse the posting in the ERP, a day after it was made."""
        since = order.posted + DAY

        def edit(document: Document) -> Document:
            return damage.unposted(document) if self.world.now >= since else document

        self.replay.books.edits[order.key] = edit

    def _change_late(self, order: Order) -> None:
        """Let sales raise the quantity in the ERP a day after the goods had left."""
        since, line = order.shipped + DAY, order.lines[0]

        def edit(document: Document) -> Document:
            if self.world.now >= since:
                document.header["CH_ON"] = clock.date(since)
                more = sold(line.sku, line.quantity + 2 * SKUS[line.sku].lot)
                document.items[0] |= {"REQ_QTY": more, "CUM_CF_QTY": more}
            return document

        self.replay.books.edits[order.key] = edit

    def _enter_twice(self, order: Order) -> None:
        """Let the warehouse enter the delivery a second time under another number."""

        def edit(rows: list[WmsRow]) -> list[WmsRow]:
            again = [
                replace(row, delivery_no=f"{row.delivery_no[:4]}77{row.delivery_no[6:]}")
                for row in rows
                if row.kind == OUT
            ]
            return [*rows, *again]

        self._wms(order, edit)

    def _strand(self, order: Order) -> None:
        """Let the truck never arrive, and nobody bill it."""
        order.billed = NEVER
        self.replay.carrier.edits[order.key] = damage.last_mile_lost

    def _delete(self, order: Order) -> None:
        """Let somebody delete the warehouse's rows a day after they came."""
        since = order.known + DAY

        def edit(rows: list[WmsRow]) -> list[WmsRow]:
            return [] if self.world.now >= since else rows

        self._wms(order, edit)


def unknown_code(replay: Replay, orders: int = 3) -> Truth:
    """Let the WMS of some orders use a state that no mapping knows."""
    for order in replay.world.orders[:orders]:
        replay.warehouse.edits[order.key] = damage.in_state(UNKNOWN_STATE)
    return Truth("unknown_code", "*", "*", "wms")
