"""What a report on payments is made of: what came of the entries, what is owed, what statements cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Protocol

from reconciler.payments.model import BankEntry, Outcome, Receivable


@dataclass(frozen=True, slots=True)
class Break:
    """A statement that does not begin where the one before ended; amounts in minor units."""

    day: date
    expected: int
    said: int


@dataclass(frozen=True, slots=True)
class AccountDays:
    """What the statements of one bank account cover; amounts in minor units of `currency`.

    `sum` is that of all entries, money out below zero. `missing` are the days without a statement, `breaks`
    the places where balances do not follow each other.
    """

    account: str
    currency: str
    first_day: date | None
    last_day: date | None
    opening: int | None
    closing: int | None
    sum: int
    entries: int
    missing: Sequence[date] = ()
    breaks: Sequence[Break] = ()

    @property
    def adds_up(self) -> bool | None:
        """Tell whether opening balance and entries make the closing balance; None if one is not known."""
        if self.opening is None or self.closing is None:
            return None
        return self.opening + self.sum == self.closing


@dataclass(frozen=True, slots=True)
class Unbilled:
    """An order that was shipped (first on `shipped`) and is in no receivable and on no invoice.

    `amount` is what it is worth in minor units of `currency`; None if nobody says.
    """

    order_no: str
    customer: str
    name: str
    shipped: date | None
    currency: str
    amount: int | None


class Payment(Protocol):
    """What pays what: a posting of this run, or one that stands since an earlier one."""

    @property
    def entry(self) -> BankEntry:
        """The receipt."""
        ...

    @property
    def receivable(self) -> Receivable:
        """What it pays."""
        ...


@dataclass(frozen=True)
class Given:
    """All that a report tells of, as it stands after matching; `day` is the one on which ages are counted.

    `names` are those of customers by their id, where the receivables do not say them. `accounts` is None if
    no statements were looked at. `shipments` are known by order number. `before` is what of a receivable was
    open before matching: its whole amount, if it is not there. `unbilled` is None if nobody looked at orders.
    `earlier` are payments that were posted before, and count for how long people take to pay.
    """

    outcomes: Sequence[Outcome]
    receivables: Sequence[Receivable]
    day: date
    locale: str = "en"
    names: Mapping[str, str] = field(default_factory=dict)
    accounts: Sequence[AccountDays] | None = None
    shipments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)
    unbilled: Sequence[Unbilled] | None = None
    earlier: Sequence[Payment] = ()

    @cached_property
    def entries(self) -> dict[str, BankEntry]:
        """The bank entries by id."""
        return {one.entry.id: one.entry for one in self.outcomes}

    @cached_property
    def currencies(self) -> list[str]:
        """All currencies that entries or receivables are in."""
        codes = {one.currency for one in self.entries.values()}
        return sorted(codes | {item.currency for item in self.receivables})

    def name(self, item: Receivable) -> str:
        """Return the name of who owes a receivable, else the number that he has."""
        return self.names.get(item.customer) or item.customer_name or item.customer

    def age(self, entry: BankEntry) -> int:
        """Return how many days ago an entry was booked; none for what comes after the report's day."""
        return max(0, (self.day - entry.value_date).days)

    def overdue(self, item: Receivable) -> int | None:
        """Return how many days a receivable is overdue, below zero before it is due; None without a date."""
        return None if item.due is None else (self.day - item.due).days
