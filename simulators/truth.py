"""What really happened: orders with their whole life, before any system tells it.

Moments are seconds since the epoch; quantities whole base units; amounts fen. A moment later than the
world's `now` lies in the future and no system knows it yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from simulators.catalogue import CUSTOMERS, Customer

NEVER = 1 << 62
"""A moment that does not come."""


@dataclass(slots=True)
class Line:
    """One line: position of the SKU in the catalogue, quantity in base units, price of one in fen."""

    sku: int
    quantity: int
    price: int


@dataclass(slots=True)
class Delivery:
    """One delivery: which quantity of which line (by position) it carries, and when it came how far.

    `nameless` says that the carrier's events give the delivery note only, not the order number.
    """

    number: str
    lines: list[tuple[int, int]]
    allocated: int
    picked: int
    packed: int
    shipped: int
    posted: int
    departed: int
    arrived: int
    delivered: int
    shipment: str = ""
    waybill: str = ""
    nameless: bool = False

    @property
    def pieces(self) -> int:
        """The quantity it carries over all lines."""
        return sum(quantity for _, quantity in self.lines)


@dataclass(slots=True)
class Change:
    """A change after confirmation (反审核): the ERP re-approves it at `at`, the WMS follows at `followed`.

    Either the quantity of line `line` was `before`, or (line -1) the promised day was `before`.
    """

    at: int
    followed: int
    line: int
    before: int


@dataclass(slots=True)
class Hold:
    """A delivery block: set and released in the ERP, then in the WMS."""

    since: int
    until: int
    since_wms: int
    until_wms: int


@dataclass(slots=True)
class Return:
    """Goods that came back (`received` in the WMS) and the ERP document about them (`posted`)."""

    number: int
    delivery: str
    red: bool
    lines: list[tuple[int, int]]
    received: int
    posted: int


@dataclass(slots=True)
class Order:
    """One order and its life. `company`, `customer` and `salesperson` are positions in the catalogue."""

    company: int
    number: int
    kind: str
    customer: int
    salesperson: int
    entered: int
    known: int
    promised: int
    lines: list[Line]
    deliveries: list[Delivery]
    cancelled: int = NEVER
    voided: int = NEVER
    billed: int = NEVER
    hold: Hold | None = None
    change: Change | None = None
    returned: Return | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Company and number: what makes it this order."""
        return self.company, self.number

    @property
    def buyer(self) -> Customer:
        """The customer."""
        return CUSTOMERS[self.company][self.customer]

    @property
    def travels(self) -> bool:
        """Whether the carrier moves it: samples go by courier."""
        return self.kind != "sample"

    @property
    def shipped(self) -> int:
        """When its last delivery left."""
        return max(delivery.shipped for delivery in self.deliveries)

    @property
    def posted(self) -> int:
        """When the ERP had posted its last delivery."""
        return max(delivery.posted for delivery in self.deliveries)

    @property
    def delivered(self) -> int:
        """When its last delivery arrived."""
        return max(delivery.delivered for delivery in self.deliveries)

    def moments(self) -> Iterator[int]:
        """Yield when anything happened to it in warehouse or books."""
        yield from (self.entered, self.known, self.billed)
        for delivery in self.deliveries:
            yield from (delivery.allocated, delivery.picked, delivery.packed)
            yield from (delivery.shipped, delivery.posted)
        if self.hold:
            yield from (self.hold.until, self.hold.until_wms)
        if self.returned:
            yield from (self.returned.received, self.returned.posted)

    def quantities(self, moment: int, followed: bool = False) -> list[int]:
        """Return the ordered quantity of each line as the ERP had it (`followed`: as the WMS had it)."""
        quantities = [line.quantity for line in self.lines]
        change = self.change
        if change and change.line >= 0 and moment < (change.followed if followed else change.at):
            quantities[change.line] = change.before
        return quantities


@dataclass(slots=True)
class World:
    """All orders that the factory has taken until `now`, in the order of their entry."""

    now: int
    start: int
    orders: list[Order]
    returns: list[Order] = field(default_factory=list)

    def of(self, company: int) -> Iterator[Order]:
        """Yield the orders of one company."""
        return (order for order in self.orders if order.company == company)
