"""What is judged: one order as every system tells it, and how far each system is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as fresh
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.findings import CauseFound
from hub.model import MILESTONES, STAMPS, TOP, Precision, Side, Status

EVERY = "*"
"""Company and order number of a finding that speaks of a whole system."""

_STAMP = dict(zip(MILESTONES, STAMPS, strict=True))
_STAMPS = tuple((int(milestone), column) for milestone, column in _STAMP.items())
_LAST = timedelta(days=1) - timedelta(microseconds=1)


@dataclass(slots=True)
class View:
    """What one system says of one order now (a row of `views`).

    Nobody changes one, nor an `Order` or a `Case`; to freeze them makes them nine times as dear.
    """

    system: str
    first_seen: datetime
    status: Status | None = None
    lo: int = 0
    hi: int = TOP
    side: Side = Side.NONE
    side_known: Side = Side.NONE
    ordered: Decimal | None = None
    produced: Decimal | None = None
    shipped: Decimal | None = None
    returned: Decimal | None = None
    occurred_at: datetime | None = None
    precision: Precision = Precision.NONE
    line_digest: str | None = None
    unknown_code: str | None = None
    confirmed_at: datetime | None = None
    stocked_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    future: bool = False
    returned_at: datetime | None = None

    def moment(self) -> datetime:
        """Return when, at the latest, what this view says came true.

        A stamp of day precision stands for the end of that day; where the source gave none it is the
        time that the hub first saw it.
        """
        if self.occurred_at is None:
            return self.first_seen
        if self.precision >= Precision.MINUTE:
            return self.occurred_at
        if self.precision == Precision.DAY:
            return self.occurred_at + _LAST
        return max(self.occurred_at, self.first_seen)

    def reached(self, rank: int) -> datetime:
        """Return when, at the latest, this view came to `rank` or past it (it must say so: lo >= rank)."""
        earliest = self.moment()
        for milestone, column in _STAMPS:
            stamp = getattr(self, column)
            if milestone >= rank and stamp is not None and stamp < earliest:
                earliest = stamp
        return earliest

    def stamp(self, milestone: Status) -> datetime | None:
        """Return the event stamp of `milestone`, None where it is not said exactly enough."""
        stamp: datetime | None = getattr(self, _STAMP[milestone])
        return stamp


@dataclass(slots=True)
class Order:
    """What the findings of an order need to know of it (from `orders`; empty where it is not merged yet)."""

    company: str
    order_no: str
    order_type: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    due_now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far a system is known: facts elsewhere past `until` are not held against it.

    `why` is empty for a system that was read well; else `silent`, `failed` or `never` (then `until` is
    None for "nothing can be held against it").
    """

    system: str
    until: datetime | None
    why: str = ""
    complete_at: datetime | None = None
    newest_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = None
    start: datetime | None = None

    def knows(self, moment: datetime) -> bool:
        """Return whether the system was read completely after `moment`, and holds orders that old."""
        return self.until is not None and moment <= self.until


@dataclass(slots=True)
class Case:
    """One order with all its views: the unit that is judged."""

    order: Order
    views: Mapping[str, View]


@dataclass(slots=True)
class Verdict:
    """One difference as judged: which system is the odd one out, and what the others say.

    `since` is the moment from which the difference could be seen; `behind` tells a system that has not
    yet said what the others say; `evidence` whether the odd system follows from facts (not from trust);
    `noted` a difference that is legal: it is kept for whoever asks, and asks for nothing itself.
    """

    kind: str
    company: str
    order_no: str
    system: str
    field: str = ""
    details: dict[str, Any] = fresh(default_factory=dict)
    correct_in: str = ""
    at_risk: Decimal | None = None
    currency: str | None = None
    in_flight: bool = False
    since: datetime | None = None
    behind: bool = False
    evidence: bool = False
    noted: bool = False
    cause: Cause | None = None

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """Return what makes it the same finding over runs."""
        return self.kind, self.company, self.order_no, self.system, self.field


@dataclass(slots=True, eq=False)
class Cause:
    """What many verdicts share; with company, system and `slice` its identity over runs."""

    kind: str
    company: str
    system: str
    slice: str = ""
    details: dict[str, Any] = fresh(default_factory=dict)
    orders: int = 0
    at_risk: dict[str, Decimal] = fresh(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the identity over runs."""
        return CauseFound(self.kind, self.company, self.system, self.slice).id

    def add(self, verdict: Verdict) -> None:
        """Put one verdict behind this cause."""
        verdict.cause = self
        self.count(1, verdict.at_risk, verdict.currency)

    def count(self, orders: int, at_risk: Decimal | None, currency: str | None) -> None:
        """Count orders and the money that hangs on them."""
        self.orders += orders
        if at_risk is not None:
            name = currency or ""
            self.at_risk[name] = self.at_risk.get(name, Decimal(0)) + at_risk
