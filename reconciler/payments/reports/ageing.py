"""What is still owed: by how long it is overdue, by currency and by customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.payments.model import Receivable
from reconciler.payments.reports.given import Given, Payment

CLASSES = ("not_due", "overdue_30", "overdue_60", "overdue_90", "overdue_more", "undated", "credit")
"""How long overdue; credit notes stand apart, so that they hide nothing that is owed."""

OVERDUE = CLASSES[1:5]

_LAST = (30, 60, 90)


@dataclass(slots=True)
class Owed:
    """What is open, in minor units of one currency: `classes` add up to `open`.

    `late` is what is overdue times its days. `due` is all that was to be paid by the report's day,
    `collected` what of it is settled; `days` are those from each invoice to each of its payments.
    """

    currency: str
    customer: str = ""
    name: str = ""
    open: int = 0
    count: int = 0
    classes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    overdue_count: int = 0
    longest: int = 0
    late: int = 0
    due: int = 0
    collected: int = 0
    days: list[int] = field(default_factory=list)

    @property
    def overdue(self) -> int:
        """What is overdue in all."""
        return sum(self.classes[name] for name in OVERDUE)

    @property
    def collection(self) -> Decimal | None:
        """The share of what was to be paid by now that is settled; None if nothing was."""
        return Decimal(self.collected) / self.due if self.due else None

    @property
    def weighted_days(self) -> Decimal:
        """How many days overdue, each document by its money; 0 if nothing is."""
        return Decimal(self.late) / self.overdue if self.overdue else Decimal(0)

    @property
    def average_days(self) -> Decimal | None:
        """How many days people take to pay; None if nothing was paid."""
        return Decimal(sum(self.days)) / len(self.days) if self.days else None

    def take(self, item: Receivable, overdue: int | None) -> None:
        """Count a receivable in."""
        if item.amount > 0 and overdue is not None and overdue >= 0:
            self.due += item.amount
            self.collected += item.amount - item.open
        if not item.open:
            return
        name = class_of(item, overdue)
        self.open += item.open
        self.count += 1
        self.classes[name] += item.open
        if name in OVERDUE:
            self.overdue_count += 1
            self.longest = max(self.longest, overdue or 0)
            self.late += item.open * (overdue or 0)


def class_of(item: Receivable, overdue: int | None) -> str:
    """Return which of `CLASSES` an open receivable is of."""
    if item.open < 0:
        return "credit"
    if overdue is None:
        return "undated"
    if overdue <= 0:
        return "not_due"
    at = next((at for at, last in enumerate(_LAST) if overdue <= last), len(_LAST))
    return OVERDUE[at]


def by_currency(given: Given, paid: Iterable[Payment]) -> list[Owed]:
    """Return what is owed in each currency."""
    found = {name: Owed(name) for name in sorted({item.currency for item in given.receivables})}
    for item in given.receivables:
        found[item.currency].take(item, given.overdue(item))
    for one in (*paid, *given.earlier):
        if (days := _days(one)) is not None and one.receivable.currency in found:
            found[one.receivable.currency].days.append(days)
    return list(found.values())


def by_customer(given: Given, paid: Iterable[Payment]) -> list[Owed]:
    """Return what each customer owes in each currency: who has paid all, too; most overdue first."""
    found: dict[tuple[str, str], Owed] = {}
    days: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in (*paid, *given.earlier):
        if (took := _days(one)) is not None:
            days[one.receivable.customer, one.receivable.currency].append(took)
    for item in given.receivables:
        key = item.customer, item.currency
        if key not in found:
            found[key] = Owed(item.currency, item.customer, given.name(item), days=days[key])
        found[key].take(item, given.overdue(item))
    return sorted(found.values(), key=lambda one: (one.currency, -one.overdue, -one.open, one.name))


def still_open(given: Given) -> Sequence[Receivable]:
    """Return what is open, the longest overdue first, then what has no date."""
    items = [item for item in given.receivables if item.open]
    return sorted(items, key=lambda item: (item.open < 0, item.due is None, item.due or given.day, item.id))


def _days(one: Payment) -> int | None:
    issued = one.receivable.issued
    if issued is None or one.receivable.amount <= 0:
        return None
    return (one.entry.value_date - issued).days
