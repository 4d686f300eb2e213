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
        self._by_sum: dict[tuple[str, int], list[Receivable]] = defaultdict(list)
        for item in receivables:
            self._by_customer[item.customer].append(item)
            self._by_sum[item.currency, item.amount].append(item)

    def open_of(
        self, customers: Iterable[str], currency: str, upto: date, early: timedelta = EARLY
    ) -> list[Receivable]:
        """Return what `customers` owed on a day, credit notes included, the oldest first."""
        found = [
            item
            for customer in customers
            for item in self._by_customer.get(customer, ())
            if item.open
            and item.currency == currency
            and (item.issued is None or item.issued <= upto + early)
        ]
        found.sort(key=lambda item: (item.issued or date.min, item.id))
        return found

    def owed_abroad(self, customers: Iterable[str], currency: str, upto: date) -> list[Receivable]:
        """Return what they owed on a day in other currencies."""
        every = (item for customer in customers for item in self._by_customer.get(customer, ()))
        known = (item for item in every if item.issued is None or item.issued <= upto + EARLY)
        return [item for item in known if item.open > 0 and item.currency != currency]

    def with_sum(self, currency: str, amount: int, upto: date) -> list[Receivable]:
        """Return the receivables of whomever that are open with exactly this sum, untouched."""
        rows = self._by_sum.get((currency, amount), ())
        return [i for i in rows if i.open == amount and (i.issued is None or i.issued <= upto + EARLY)]

    def post(self, explanation: Explanation, currency: str) -> None:
        """Take what an explanation pays off what is open; in another currency a receivable is paid whole."""
        for one in explanation.postings:
            item = one.receivable
            if item.currency != currency or explanation.rule in CLOSING:
                item.open = 0
            else:
                item.open -= one.amount
            if not item.open:
                self._by_customer[item.customer].remove(item)


CLOSING = ("document_discount", "party_discount", "document_fee", "party_fee")
"""Rules by which a receivable is settled though less came in: the rest is a discount, or a bank's fee."""
