"""The numbers of the first page: what came of receipts, by count and by money of each currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.payments.model import Outcome
from reconciler.payments.policies import is_policy
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.paid import DISCOUNT, FEE, Paid, paid

ASIDE = ("returned", "duplicate")
"""What came in and pays nothing, and so is no receipt."""

AGES = (7, 30, 60, 90)
"""The last day of each age of what nobody has assigned; then comes what is older."""


@dataclass(slots=True)
class Sum:
    """So many entries, and their money in minor units by currency."""

    count: int = 0
    money: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, currency: str, amount: int) -> None:
        """Count one more."""
        self.count += 1
        self.money[currency] += amount


@dataclass(frozen=True, slots=True)
class Figures:
    """All counts and sums. `standings` are named as the rows of the page; `ages` are of the unidentified.

    What was posted by agreement (`agreed`) is apart from what evidence matched.
    """

    standings: dict[str, Sum]
    rules: dict[str, Sum]
    ages: list[Sum]
    paid: Sequence[Paid]

    @property
    def share(self) -> Decimal | None:
        """The share of receipts that were matched without a person, by count; None without receipts."""
        whole = self.standings["receipts"].count
        return Decimal(self.standings["matched"].count) / whole if whole else None

    def money_share(self, currency: str) -> Decimal | None:
        """Return the share of the money of receipts that pays receivables without a person."""
        whole = self.standings["receipts"].money[currency]
        return Decimal(self.standings["matched"].money[currency]) / whole if whole else None


def figures(given: Given) -> Figures:
    """Return what the outcomes come to."""
    every = paid(given)
    names = ("matched", "agreed", "on_account", "proposed", "unidentified", "receipts", *ASIDE, "outgoing")
    standings = {name: Sum() for name in (*names, FEE, DISCOUNT)}
    rules: dict[str, Sum] = defaultdict(Sum)
    for one in given.outcomes:
        _count(one, standings)
        if one.posted:
            rules[one.posted.rule].add(one.entry.currency, _cash(one))
    for posting in every:
        if posting.why:
            standings[posting.why].add(posting.receivable.currency, posting.kept)
    ages = [Sum() for _ in range(len(AGES) + 1)]
    for one in unidentified(given.outcomes):
        ages[age_class(given.age(one.entry))].add(one.entry.currency, one.entry.amount)
    return Figures(standings, dict(sorted(rules.items(), key=lambda rule: -rule[1].count)), ages, every)


def _count(one: Outcome, standings: dict[str, Sum]) -> None:
    entry = one.entry
    if is_receipt(one):
        standings["receipts"].add(entry.currency, entry.amount)
    if one.posted:
        standings["agreed" if is_policy(one.posted.rule) else "matched"].add(entry.currency, _cash(one))
        if one.posted.rest:
            standings["on_account"].add(entry.currency, one.posted.rest)
    elif one.standing != "returned" or entry.amount > 0:  # of a pair that undoes itself, what came in
        standings[one.standing].add(entry.currency, entry.amount)


def _cash(one: Outcome) -> int:
    return sum(posting.amount for posting in one.posted.postings) if one.posted else 0


def is_receipt(one: Outcome) -> bool:
    """Tell whether an entry is money that came in to stay."""
    return one.entry.amount > 0 and one.standing not in ASIDE


def of_standing(outcomes: Iterable[Outcome], standing: str) -> list[Outcome]:
    """Return the outcomes of one standing, the oldest first."""
    found = [one for one in outcomes if one.standing == standing]
    return sorted(found, key=lambda one: (one.entry.value_date, one.entry.id))


def unidentified(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return what nobody can be named for, the oldest first."""
    return of_standing(outcomes, "unidentified")


def age_class(days: int) -> int:
    """Return the place of an age among `AGES`."""
    return next((at for at, last in enumerate(AGES) if days <= last), len(AGES))
