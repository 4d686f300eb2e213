"""The words of OrderHub as types (design, sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, IntFlag, StrEnum
from typing import Any, NamedTuple

TOP = 130
"""The highest rank of the status ladder."""


class Status(IntEnum):
    """The one status vocabulary; the value is the rank on the ladder."""

    DRAFT = 10
    PENDING_APPROVAL = 20
    CONFIRMED = 30
    ALLOCATED = 40
    SCHEDULED = 50
    IN_PRODUCTION = 60
    PRODUCED = 70
    STOCKED = 80
    READY = 85
    PARTLY_SHIPPED = 90
    SHIPPED = 100
    IN_TRANSIT = 110
    OUT_FOR_DELIVERY = 115
    DELIVERED = 120
    COMPLETED = 130

    @property
    def word(self) -> str:
        """The word as written in mapping files and reports."""
        return _WORDS[self._value_]

    @classmethod
    def of(cls, word: str) -> Status:
        """Return the status called `word`; KeyError if there is none."""
        return cls[word.upper()]


_WORDS = {int(status): status.name.lower() for status in Status}


class Side(IntFlag):
    """What stands beside the chain, so that a block never hides how far the order is."""

    NONE = 0
    CANCELLED = 1
    RETURNED = 2
    ON_HOLD = 4
    EXCEPTION = 8


class Added(IntFlag):
    """The quantities of an event that come on top of what earlier events of its part said."""

    NONE = 0
    ORDERED = 1
    PRODUCED = 2
    SHIPPED = 4
    RETURNED = 8


class Money(IntEnum):
    """How far the money is."""

    TO_INVOICE = 10
    INVOICED = 20
    PARTLY_PAID = 30
    PAID = 40


class Says(StrEnum):
    """What a stamp says."""

    EVENT = "event"
    MODIFIED = "modified"
    CREATED = "created"
    SEEN = "seen"


class Precision(IntEnum):
    """How exact a stamp is."""

    NONE = 0
    DAY = 1
    MINUTE = 2
    SECOND = 3


KINDS = (
    "missing", "extra", "status", "quantity", "line", "skew", "duplicate", "possible_duplicate",
    "changed_after_confirmation", "illegal_transition", "stale", "wrong_shipment", "unknown_code", "gone",
    "conflict", "write_failed", "not_compared",
)  # fmt: skip
"""The classes of differences between orders (design, section 8)."""

ORDER_TYPES = ("regular", "rush", "sample", "repair", "consignment")
QUANTITIES = ("ordered", "produced", "shipped", "returned")
MILESTONES = (Status.CONFIRMED, Status.STOCKED, Status.SHIPPED, Status.DELIVERED)
"""The statuses whose event stamps are compared between systems."""
STAMPS = tuple(f"{milestone.word}_at" for milestone in MILESTONES)
"""The columns of `views` that hold these stamps: `confirmed_at` …"""

Record = dict[str, Any]
"""One record in the system's own words."""


class Line(NamedTuple):
    """One order line: hub SKU, quantity in the SKU's base unit."""

    line_no: str
    sku: str
    quantity: Decimal


class Link(NamedTuple):
    """A number by which an order is also known; `kind` is delivery, waybill, own, customer_po and so on."""

    kind: str
    value: str


@dataclass(slots=True)
class Fact:
    """One observation as mapped from a record: what a system says of one part of one order.

    `order_no` is None while `waits_for` (a link learned elsewhere) is not known. `lo`..`hi` is the range
    of ranks that the code means; an unknown code is [0, 130] with `status` None and `code` kept raw.
    Quantities are Decimals in the base unit; None means "not said"; those named in `adds` come on top of what
    earlier events of the part said. Times are aware UTC.
    """

    company: str
    order_no: str | None
    part: str = ""
    waits_for: Link | None = None
    status: Status | None = None
    lo: int = 0
    hi: int = TOP
    code: str | None = None
    unknown_code: bool = False
    side: Side = Side.NONE
    side_known: Side = Side.NONE
    money: Money | None = None
    ordered: Decimal | None = None
    produced: Decimal | None = None
    shipped: Decimal | None = None
    returned: Decimal | None = None
    occurred_at: datetime | None = None
    raw_time: str | None = None
    future: bool = False
    says: Says = Says.SEEN
    precision: Precision = Precision.NONE
    is_return: bool = False
    deleted: bool = False
    event_id: str | None = None
    replaces: str | None = None
    lines: tuple[Line, ...] | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    warnings: tuple[str, ...] = ()
    adds: Added = Added.NONE


@dataclass(slots=True)
class Document:
    """One thing that is no order, as mapped from a record: what a system says of it.

    `kind` is receivable, invoice, bank_entry, work_order or stock; `number` its identity within (company,
    system, kind): a document number, or article and warehouse of a stock. `order_no` is the order that it
    belongs to, None if it names none or `waits_for` (a link learned elsewhere) is not known yet. `status`
    is in the hub's words where the mapping translates it, else the source's own. `amount` is signed and in
    major units of `currency` (ISO 4217), quantities by name (on_hand, ordered, produced …) in the base
    unit; times are aware UTC. `fields` holds what else is known: text, Decimal, datetime, lists and maps.
    """

    kind: str
    company: str
    number: str
    order_no: str | None = None
    waits_for: Link | None = None
    status: str | None = None
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    amount: Decimal | None = None
    currency: str | None = None
    occurred_at: datetime | None = None
    due_at: datetime | None = None
    deleted: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Identity of an order."""

    company: str
    order_no: str

    def __str__(self) -> str:
        return f"{self.company}/{self.order_no}"
