"""Faults of each class, put into the raw records of one system; the truth of them stays in this process.

Chosen by seed among orders whose fault can be proved by what the other systems say, and old enough that
nobody may call it "on its way". No order bears two faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from random import Random

from simulators import clock, damage
from simulators.catalogue import COMPANIES, SKUS, wms_code
from simulators.clock import DAY, HOUR, MINUTE
from simulators.erp.books import Books
from simulators.tms import Carrier, shipment_events
from simulators.truth import Order
from simulators.wms import RECEIVED, Warehouse, WmsRow, order_ref, rows_of

EVERY = "*"
UNKNOWN_STATE = "45"
"""A state that came with a WMS release and that no mapping has seen."""

SILENCE = 36 * HOUR
_SETTLED = 5 * DAY
_CALM = 2 * DAY
_QUIET = 28 * HOUR
_ZONE_END = 3 * DAY
_ZONE_DAYS = 28
_ZONE_SHIPMENTS = 30
_STRAY_NUMBER = 3_900_007


@dataclass(frozen=True, slots=True)
class Truth:
    """One seeded fault: what the hub should find, of which order (or all), in which system."""

    class_: str
    company: str
    order_no: str
    system: str

    def entry(self) -> dict[str, str]:
        """Return it as the truth list has it."""
        entry = asdict(self)
        entry["class"] = entry.pop("class_")
        return entry


def seed_faults(books: Books, warehouse: Warehouse, carrier: Carrier, seed: int) -> list[dict[str, str]]:
    """Put faults of every class into the three systems and return the truth."""
    return [truth.entry() for truth in _Saboteur(books, warehouse, carrier, seed).all()]


class _Saboteur:
    """Chooses orders, edits the records of one system, writes down what it did."""

    def __init__(self, books: Books, warehouse: Warehouse, carrier: Carrier, seed: int) -> None:
        self.books, self.warehouse, self.carrier = books, warehouse, carrier
        self.world = warehouse.world
        self.now = self.world.now
        self.random = Random(f"{seed}/faults")
        self.pool = list(self.world.orders)
        self.random.shuffle(self.pool)
        self.taken: set[tuple[int, int]] = set()
        self.numbers = {order.key for order in self.world.orders}

    def all(self) -> Iterator[Truth]:
        """Seed everything."""
        share = len(self.world.orders) / 5000
        some, few = max(2, round(share)), max(2, round(share * 0.75))
        yield from self._each(few, "missing", "wms", self._told_by_name, self._wms_gone)
        yield from self._each(few, "missing", "wms", self._told_by_name, self._mistyped)
        yield from self._each(few, "missing", "tms", self._told, self._tms_gone)
        yield from self._each(few, "missing", "erp", self._never_returned, self._erp_gone)
        yield from self._strays(some)
        yield from self._each(some, "extra", "tms", self._sample, self._sample_on_truck)
        yield from self._each(some, "status", "wms", self._told, self._wms_stuck)
        yield from self._each(some, "status", "erp", self._told, self._erp_stuck)
        yield from self._each(few, "status", "tms", self._billed, self._tms_stuck)
        yield from self._each(some, "quantity", "wms", self._confirmed, self._wms_planned)
        yield from self._each(few, "quantity", "erp", self._much, self._erp_delivered)
        yield from self._each(few, "quantity", "tms", self._much, self._tms_loaded)
        yield from self._each(max(2, some // 4), "line", "wms", self._waiting, self._swapped)
        yield from self._each(some, "wrong_shipment", "wms", self._left, self._swapped)
        yield from self._each(some, "skew", "wms", self._first_company, self._skewed)
        yield from self._unknown_code(max(3, few))
        yield from self._wrong_zone()
        yield self._silence()

    # who is chosen

    def _each(
        self,
        count: int,
        class_: str,
        system: str,
        fits: Callable[[Order], bool],
        fault: Callable[[Order], None],
    ) -> Iterator[Truth]:
        for order in self._choose(count, fits):
            fault(order)
            yield Truth(class_, COMPANIES[order.company].code, str(order.number), system)

    def _choose(self, count: int, fits: Callable[[Order], bool]) -> Iterator[Order]:
        """Yield up to `count` orders that nobody else has taken, in the seed's order."""
        for order in self.pool:
            if not count:
                return
            if order.key not in self.taken and fits(order):
                self.taken.add(order.key)
                count -= 1
                yield order

    def _told(self, order: Order) -> bool:
        """Three systems speak of it, and have for days: delivered, posted, told in files."""
        old = self.now - _SETTLED
        return order.travels and order.cancelled > self.now and order.delivered < old and order.posted < old

    def _told_by_name(self, order: Order) -> bool:
        """The TMS gives its order number itself, so that it does not hang on the WMS's delivery number."""
        return self._told(order) and order.returned is None and not any(d.nameless for d in order.deliveries)

    def _never_returned(self, order: Order) -> bool:
        return self._told(order) and order.returned is None

    def _billed(self, order: Order) -> bool:
        return self._told(order) and order.billed < self.now - _SETTLED and len(order.deliveries) == 1

    def _sample(self, order: Order) -> bool:
        return not order.travels and order.cancelled > self.now and order.posted < self.now - _SETTLED

    def _confirmed(self, order: Order) -> bool:
        """Two systems speak of it at least, and nothing has happened to it for days."""
        calm = all(moment < self.now - _CALM for moment in order.moments() if moment <= self.now)
        entered = order.entered < self.now - _SETTLED
        return entered and calm and order.cancelled > self.now and order.change is None

    def _much(self, order: Order) -> bool:
        return (
            self._told(order)
            and len(order.deliveries) == 1
            and order.lines[0].quantity >= 4 * self._lot(order)
        )

    def _left(self, order: Order) -> bool:
        return self._told(order) and self._confirmed(order) and not SKUS[order.lines[0].sku].boxed

    def _waiting(self, order: Order) -> bool:
        """Nothing of it has left, and nothing has happened to it for longer than anybody may lag."""
        quiet = self.now - _QUIET
        calm = all(moment < quiet for moment in order.moments() if moment <= self.now)
        waits = calm and order.entered < quiet and order.cancelled > self.now and order.change is None
        return waits and order.deliveries[0].shipped > self.now and not SKUS[order.lines[0].sku].boxed

    def _first_company(self, order: Order) -> bool:
        return self._told(order) and order.company == 0 and len(order.deliveries) == 1

    @staticmethod
    def _lot(order: Order) -> int:
        return SKUS[order.lines[0].sku].lot

    # what is done to it

    def _wms_gone(self, order: Order) -> None:
        self.warehouse.edits[order.key] = damage.lost_rows

    def _tms_gone(self, order: Order) -> None:
        self.carrier.edits[order.key] = damage.lost_events

    def _erp_gone(self, order: Order) -> None:
        self.books.edits[order.key] = damage.lost_document

    def _mistyped(self, order: Order) -> None:
        """Write one digit of the number wrong, so that it is a number which no order of any company has."""
        wrong = self._slip(str(order.number))
        self.warehouse.edits[order.key] = damage.referring_to(order_ref(order.company, int(wrong)))

    def _slip(self, number: str) -> str:
        while True:
            place = self.random.randrange(1, len(number))
            digit = str(self.random.randrange(10))
            wrong = number[:place] + digit + number[place + 1 :]
            if wrong != number and not any((company, int(wrong)) in self.numbers for company in (0, 1)):
                self.numbers |= {(0, int(wrong)), (1, int(wrong))}
                return wrong

    def _strays(self, count: int) -> Iterator[Truth]:
        """Let the WMS hold orders of which nobody else has heard: never shipped, typed in by hand."""
        for place, order in enumerate(self._choose(count, self._told)):
            number = _STRAY_NUMBER + 1013 * place
            created = self.now - 20 * DAY + place * HOUR
            row = rows_of(order, self.now)[0]
            stray = replace(
                row,
                delivery_no=f"{row.delivery_no[:4]}{9_000_000 + place:08d}",
                order_ref=order_ref(order.company, number),
                state=RECEIVED,
                created=created,
                changed=created + 7 * MINUTE,
                shipped_at=None,
                remark="手工录入",
                lines=[replace(line, qty_sent=0) for line in row.lines],
            )
            self.warehouse.strays.append(stray)
            yield Truth("extra", COMPANIES[order.company].code, str(number), "wms")

    def _sample_on_truck(self, order: Order) -> None:
        """Put a sample on a truck, although samples go by courier."""
        for place, delivery in enumerate(order.deliveries):
            booked = replace(
                delivery,
                shipment=f"S9{order.company}{order.number % 1_000_000:06d}{place}",
                waybill=f"YD9{order.number:09d}{place}",
            )
            events = shipment_events(order, booked, self.carrier.seed)
            self.carrier.strays += [event for event in events if event.recorded <= self.now]

    def _wms_stuck(self, order: Order) -> None:
        self.warehouse.edits[order.key] = damage.left_allocated(order)

    def _erp_stuck(self, order: Order) -> None:
        self.books.edits[order.key] = damage.unposted

    def _tms_stuck(self, order: Order) -> None:
        self.carrier.edits[order.key] = damage.last_mile_lost

    def _wms_planned(self, order: Order) -> None:
        self.warehouse.edits[order.key] = damage.planned_more(self.random.randrange(1, 4))

    def _erp_delivered(self, order: Order) -> None:
        lots = self.random.randrange(1, 4)
        self.books.edits[order.key] = damage.posted_less(lots * self._lot(order))

    def _tms_loaded(self, order: Order) -> None:
        self.carrier.edits[order.key] = damage.counted_less(self.random.randrange(1, 4))

    def _swapped(self, order: Order) -> None:
        day = clock.date(order.entered)
        codes = {wms_code(line.sku, day) for line in order.lines}
        others = (index for index in iter(lambda: self.random.randrange(len(SKUS)), -1))
        other = next(
            code for index in others if not SKUS[index].boxed and (code := wms_code(index, day)) not in codes
        )
        self.warehouse.edits[order.key] = damage.first_line_as(other)

    def _skewed(self, order: Order) -> None:
        """Put its shipping stamp off by 10 minutes to 5 hours, but never by a whole zone."""
        off = 0
        while not 7 * MINUTE <= off % (30 * MINUTE) <= 23 * MINUTE:
            off = self.random.randrange(10 * MINUTE, 5 * HOUR)
        self.warehouse.edits[order.key] = damage.shipped_off_by(off * self.random.choice((-1, 1)))

    def _unknown_code(self, count: int) -> Iterator[Truth]:
        for order in self._choose(count, self._told):
            self.warehouse.edits[order.key] = damage.in_state(UNKNOWN_STATE)
        yield Truth("unknown_code", EVERY, EVERY, "wms")

    def _wrong_zone(self) -> Iterator[Truth]:
        """Let the WMS write the second company's stamps in UTC, until somebody set it right."""
        until = clock.midnight(clock.day_of(self.now - _ZONE_END))
        shipments = sorted(
            delivery.shipped
            for order in self.world.of(1)
            if order.travels and order.key not in self.taken
            for delivery in order.deliveries
            if delivery.shipped < until
        )
        if not shipments:
            return
        enough = shipments[-min(_ZONE_SHIPMENTS * 2, len(shipments))]
        since = clock.midnight(min(clock.day_of(until) - _ZONE_DAYS, clock.day_of(enough)))
        company = COMPANIES[1]

        def in_utc(row: WmsRow) -> None:
            row.utc = (since, until) if row.company == company.wms else None

        self.warehouse.every = in_utc
        yield Truth("skew", company.code, EVERY, "wms")

    def _silence(self) -> Truth:
        self.carrier.silent_since = self.now - SILENCE
        return Truth("not_compared", EVERY, EVERY, "tms")
