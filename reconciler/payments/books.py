"""The open receivables: by customer, by number, by sum; what is posted closes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from reconciler.payments.model import Explanation, Receivable
from reconciler.payments.numbers import Register

EARLY = timedelta(days=3)
"""Who pays so long before the date of an invoice may have had it already."""


class Books:
    """All receivables and what is still open of them."""

    def __init__(self, receivables: Sequence[Receivable]) -> None:
        """Index the receivables; they are changed by `post`. What is paid off is not looked at again."""
        self.register = Register(receivables)
        self._by_customer: dict[str, list[Receivable]] = defaultdict(list)
        self._by_age: dict[tuple[str, str], list[Receivable]] = defaultdict(list)
        self._by_sum: dict[tuple[str, int], list[Receivable]] = defaultdict(list)
        for item in receivables:
            self._by_customer[item.customer].append(item)
            self._by_age[item.customer, item.currency].append(item)
            self._by_sum[item.currency, item.amount].append(item)
        for some in self._by_age.values():
            some.sort(key=_age)
        self.posted = 0
        self._changed: dict[Basis, int] = {}

    def open_of(
        self, customers: Iterable[str], currency: str, upto: date, early: timedelta = EARLY
    ) -> list[Receivable]:
        """Return what `customers` owed on a day, credit notes included, the oldest first."""
        latest = upto + early
        several = [some for customer in customers if (some := self._by_age.get((customer, currency)))]
        found = [
            item
            for some in several
            for item in some
            if item.open and (item.issued is None or item.issued <= latest)
        ]
        if len(several) > 1:
            found.sort(key=_age)
        return found

    def owed_abroad(self, customers: Iterable[str], currency: str, upto: date) -> list[Receivable]:
        """Return what they owed on a day in other currencies."""
        every = (item for customer in sorted(customers) for item in self._by_customer.get(customer, ()))
        known = (item for item in every if item.issued is None or item.issued <= upto + EARLY)
        return [item for item in known if item.open > 0 and item.currency != currency]

    def with_sum(self, currency: str, amount: int, upto: date) -> list[Receivable]:
        """Return the receivables of whomever that are open with exactly this sum, untouched."""
        rows = self._by_sum.get((currency, amount), ())
        return [i for i in rows if i.open == amount and (i.issued is None or i.issued <= upto + EARLY)]

    def post(self, explanation: Explanation, currency: str) -> None:
        """Take what an explanation pays off what is open; in another currency a receivable is paid whole."""
        self.posted += 1
        for one in explanation.postings:
            item = one.receivable
            self._changed[item.customer] = self._changed[item.currency, item.amount] = self.posted
            if item.currency != currency or explanation.rule in CLOSING:
                item.open = 0
            else:
                item.open -= one.amount
            if not item.open:
                self._by_customer[item.customer].remove(item)
                self._by_age[item.customer, item.currency].remove(item)

    def changed(self, basis: Iterable[Basis], since: int) -> bool:
        """Tell whether anything of `basis` was paid since so much was `posted`."""
        changed = self._changed
        return any(changed.get(one, 0) > since for one in basis)


Basis = str | tuple[str, int]
"""What an explanation may rest on: what a customer owes, or what anybody owes of a currency and sum."""


def _age(item: Receivable) -> tuple[date, str]:
    return item.issued or date.min, item.id


CLOSING = ("document_discount", "party_discount", "document_fee", "party_fee")
"""Rules by which a receivable is settled though less came in: the rest is a discount, or a bank's fee."""
