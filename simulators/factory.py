"""The factory: a seed and a number of orders in, one world of orders with their true lives out."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from datetime import datetime
from itertools import accumulate
from random import Random

from simulators import clock
from simulators.catalogue import CUSTOMERS, ORDER_KINDS, SALESPEOPLE, SKUS, wms_code
from simulators.clock import DAY, HOUR, MINUTE
from simulators.truth import NEVER, Change, Delivery, Hold, Line, Order, Return, World

Progress = Callable[[str, int, int], None]

FIRST_NUMBER = 1000001
"""Both companies number their documents from here: a number alone names no order."""
FIRST_RETURN = 60000001

_KINDS = tuple(accumulate((70, 10, 8, 5, 7)))
_LINES = tuple(accumulate((34, 28, 18, 12, 8)))
_LEAD = {"regular": 3.2, "rush": 0.5, "sample": 1.2, "repair": 3.6, "consignment": 2.4}  # days to shipping
_PROMISE = {"regular": 9, "rush": 3, "sample": 5, "repair": 10, "consignment": 7}
_FIRST_COMPANY = 0.6  # share of the first company


def build_world(
    seed: int, orders: int, now: datetime, days: int = 365, progress: Progress | None = None
) -> World:
    """Return the world of `orders` orders taken in the `days` before `now` (aware).

    The same arguments give the same world. `progress` hears stage, done and total.
    """
    end = int(now.timestamp())
    start = clock.midnight(clock.day_of(end) - days)
    factory = _Factory(Random(seed), end)
    for done, entered in enumerate(_entries(factory.random, orders, start, end), 1):
        factory.take(entered)
        if progress and done % 10_000 == 0:
            progress("world", done, orders)
    return World(end, start, factory.orders, [order for order in factory.orders if order.returned])


def _entries(random: Random, orders: int, start: int, end: int) -> list[int]:
    """Return when orders come in: mostly in office hours, few on Sundays, some at night."""
    first = clock.day_of(start)
    days = range(first, clock.day_of(end) + 1)
    weight = list(accumulate(0.25 if clock.is_sunday(day) else 1.0 for day in days))
    entries: list[int] = []
    while len(entries) < orders:
        day = first + bisect(weight, random.random() * weight[-1])
        if random.random() < 0.06:
            second = random.random() * DAY
        else:
            second = (8.5 + 10 * (random.random() + random.random()) / 2) * HOUR
        moment = clock.midnight(day) + int(second)
        if moment <= end:
            entries.append(moment)
    return sorted(entries)


class _Factory:
    """Takes orders one by one and decides their whole lives at once."""

    def __init__(self, random: Random, now: int) -> None:
        self.random = random
        self.orders: list[Order] = []
        self._now = now
        self._numbers = [FIRST_NUMBER, FIRST_NUMBER]
        self._returns = [FIRST_RETURN, FIRST_RETURN]
        self._deliveries = 800_000
        self._shipments = 300_000

    def take(self, entered: int) -> None:
        """Take one order at `entered`."""
        random = self.random.random
        company = 0 if random() < _FIRST_COMPANY else 1
        number = self._numbers[company]
        self._numbers[company] += 1 if random() < 0.98 else 2
        kind = ORDER_KINDS[bisect(_KINDS, random() * _KINDS[-1])]
        lines = self._lines(kind, entered)
        customers = CUSTOMERS[company]
        order = Order(
            company=company,
            number=number,
            kind=kind,
            customer=int(len(customers) * random() ** 1.6),
            salesperson=int(len(SALESPEOPLE) * random()),
            entered=entered,
            known=entered + 3 * MINUTE + int(random() * 80 * MINUTE),
            promised=clock.day_of(entered) + _PROMISE[kind] + int(random() * 5),
            lines=lines,
            deliveries=[],
        )
        ready = self._hold(order)
        order.deliveries = self._split(order, ready)
        if random() < 0.025:
            self._cancel(order)
        else:
            if random() < 0.045:
                self._change(order)
            self._bill(order)
            if random() < 0.021:
                self._return(order)
        self.orders.append(order)

    def _lines(self, kind: str, entered: int) -> list[Line]:
        random = self.random.random
        day = clock.date(entered)
        lines: dict[str, Line] = {}  # by the WMS's code: no order has two SKUs under one code
        for _ in range(1 + bisect(_LINES, random() * _LINES[-1])):
            index = int(len(SKUS) * random())
            sku = SKUS[index]
            pieces = sku.lot * int(1 + (4 if kind in ("sample", "repair") else 60) * random() ** 2)
            price = 0 if kind == "sample" else sku.price - sku.price * int(random() * 12) // 100
            lines.setdefault(wms_code(index, day), Line(index, pieces, price))
        return list(lines.values())

    def _hold(self, order: Order) -> int:
        """Perhaps block the order (credit check at entry); return from when the warehouse may work on it."""
        random = self.random.random
        if random() >= 0.02:
            return order.known
        until = order.entered + int((0.2 + 5 * random() ** 2) * DAY)
        order.hold = Hold(order.entered, until, order.known, until + 4 * MINUTE + int(random() * 30 * MINUTE))
        return max(order.known, order.hold.until_wms)

    def _split(self, order: Order, ready: int) -> list[Delivery]:
        """Return its deliveries; about one order in twelve goes in two, planned so from the start."""
        random = self.random.random
        whole = [(position, line.quantity) for position, line in enumerate(order.lines)]
        if random() >= 0.083 or sum(line.quantity // SKUS[line.sku].lot for line in order.lines) < 2:
            return [self._delivery(order, ready, whole)]
        first, second = [], []
        for position, line in enumerate(order.lines):
            lot = SKUS[line.sku].lot
            part = lot * int((line.quantity // lot) * (0.3 + 0.4 * random()))
            if part:
                first.append((position, part))
            if part < line.quantity:
                second.append((position, line.quantity - part))
        if not first or not second:
            return [self._delivery(order, ready, whole)]
        early = self._delivery(order, ready, first)
        return [early, self._delivery(order, early.packed + int((0.3 + 3 * random()) * DAY), second)]

    def _delivery(self, order: Order, ready: int, lines: list[tuple[int, int]]) -> Delivery:
        random = self.random.random
        lead = _LEAD[order.kind] * (0.4 + 1.2 * random()) * DAY
        jitter = int(random() * 50 * MINUTE)
        allocated = clock.at_work(int(ready + 10 * MINUTE + lead * 0.35), jitter)
        picked = clock.at_work(int(allocated + lead * 0.45), jitter + 5 * MINUTE)
        packed = clock.at_work(picked + int((0.3 + 2.5 * random()) * HOUR), jitter + 20 * MINUTE)
        shipped = clock.at_work(packed + int((0.75 + 3 * random()) * HOUR), jitter + 75 * MINUTE)
        departed = shipped - 60 + int(random() * 150)
        arrived, delivered = self._journey(order.buyer.hubs, departed)
        self._deliveries += 1
        delivery = Delivery(
            number=f"WH{1 + order.company}-{self._deliveries:08d}",
            lines=lines,
            allocated=allocated,
            picked=picked,
            packed=packed,
            shipped=shipped,
            posted=clock.next_batch(shipped + 10 * MINUTE) + int(random() * 8 * MINUTE),
            departed=departed,
            arrived=arrived,
            delivered=delivered,
        )
        if order.travels:
            self._shipments += 1
            delivery.shipment = f"S{self._shipments:09d}"
            delivery.waybill = f"YD{7_000_000_000 + self._shipments * 37}"
            delivery.nameless = random() < 0.1
        return delivery

    def _journey(self, hubs: int, departed: int) -> tuple[int, int]:
        """Return when the truck stands at the customer's gate and when he signs: by day, later if further."""
        random = self.random.random
        arrived = departed + int((2 + 4 * random()) * HOUR + hubs * (0.6 + 0.8 * random()) * DAY)
        day, second = divmod(arrived + clock.OFFSET, DAY)
        if not 8 * HOUR <= second < 19 * HOUR:
            arrived = clock.midnight(day + (second >= 19 * HOUR)) + int((8 + 4 * random()) * HOUR)
        return arrived, arrived + int((10 + 80 * random()) * MINUTE)

    def _cancel(self, order: Order) -> None:
        """Cancel it before anything was packed; the WMS voids its deliveries soon after."""
        random = self.random.random
        latest = min(delivery.packed for delivery in order.deliveries) - 2 * HOUR
        order.cancelled = max(order.known + HOUR, order.entered + int((latest - order.entered) * random()))
        order.voided = order.cancelled + 5 * MINUTE + int(random() * 50 * MINUTE)
        if order.hold and order.hold.until > order.cancelled:
            order.hold.until, order.hold.until_wms = order.cancelled, order.voided
        for delivery in order.deliveries:
            late = [delivery.allocated, delivery.picked]
            delivery.allocated, delivery.picked = (at if at < order.cancelled else NEVER for at in late)
            delivery.packed = delivery.shipped = delivery.posted = NEVER
            delivery.departed = delivery.arrived = delivery.delivered = NEVER

    def _change(self, order: Order) -> None:
        """Change a quantity or the date after confirmation, before the warehouse has taken it up."""
        random = self.random.random
        latest = min(delivery.allocated for delivery in order.deliveries) - 3 * HOUR
        at = order.known + HOUR + int(random() * DAY)
        followed = at + 10 * MINUTE + int(random() * 2.5 * HOUR)
        if at > latest:
            return
        if len(order.deliveries) > 1 or random() < 0.4:
            order.change = Change(at, followed, -1, order.promised - 1 - int(random() * 4))
            return
        position = int(len(order.lines) * random())
        line = order.lines[position]
        lot = SKUS[line.sku].lot
        order.change = Change(at, followed, position, line.quantity + lot * (1 + int(random() * 5)))

    def _bill(self, order: Order) -> None:
        random = self.random.random
        if order.travels:
            order.billed = (
                clock.midnight(clock.day_of(order.delivered) + 2 + int(20 * random() ** 2)) + 2 * HOUR
            )
        else:
            order.billed = order.posted  # free of charge: complete as soon as it has left

    def _return(self, order: Order) -> None:
        """Let some of the goods come back, weeks later; the ERP books it at its next batch."""
        random = self.random.random
        received = clock.at_work(order.delivered + int((3 + 25 * random()) * DAY), int(random() * HOUR))
        if received > self._now:
            return
        lines: list[tuple[int, int]] = []
        for position, line in enumerate(order.lines):
            lot = SKUS[line.sku].lot
            if not lines or random() < 0.3:
                lines.append((position, lot * (1 + int((line.quantity // lot) * random() * 0.8))))
        lines = [(position, min(back, order.lines[position].quantity)) for position, back in lines]
        number = self._returns[order.company]
        self._returns[order.company] += 1
        self._deliveries += 1
        order.returned = Return(
            number=number,
            delivery=f"RT{1 + order.company}-{self._deliveries:08d}",
            red=random() < 0.25,
            lines=lines,
            received=received,
            posted=clock.next_batch(received + 10 * MINUTE) + int(random() * 8 * MINUTE),
        )
