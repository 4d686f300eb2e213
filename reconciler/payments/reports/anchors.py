"""Where a payment, an invoice and an order stand on the page, so that one leads to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from reconciler.payments.model import Receivable
from reconciler.payments.reports.paid import Paid


class Anchors:
    """Anchors of what the page shows: payments are given, documents gather as they are named."""

    def __init__(self, payments: Iterable[str], paid: Iterable[Paid]) -> None:
        """Take the ids of the payments that are shown, and all postings."""
        self._payments = {one: f"p{at}" for at, one in enumerate(payments)}
        self._documents: dict[str, Receivable] = {}
        self._places: dict[str, str] = {}
        self._orders: dict[str, str] = {}
        self.paid_by: dict[str, list[Paid]] = defaultdict(list)
        for one in paid:
            self.paid_by[one.receivable.id].append(one)

    def payment(self, bank_id: str) -> str:
        """Return the anchor of a payment, "" if the page does not show it."""
        return self._payments.get(bank_id, "")

    def document(self, item: Receivable) -> str:
        """Return the anchor of a receivable; from now on the page shows it."""
        self._documents.setdefault(item.id, item)
        return self._places.setdefault(item.id, f"d{len(self._places)}")

    def order(self, order_no: str) -> str:
        """Return the anchor of an order whose document is named, "" for none."""
        return self._orders.setdefault(order_no, f"o{len(self._orders)}") if order_no else ""

    def orders(self) -> list[tuple[str, list[Receivable]]]:
        """Return the documents that were named, by the order that they are for; those without one last."""
        found: dict[str, list[Receivable]] = defaultdict(list)
        for item in self._documents.values():
            found[item.order_no].append(item)
        return sorted(found.items(), key=lambda order: (not order[0], order[0]))
