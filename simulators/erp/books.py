"""The ERP's documents by number and customer, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulators.catalogue import COMPANIES
from simulators.erp.documents import Document, order_document, padded, return_document
from simulators.truth import Order, World

Edit = Callable[[Document], Document | None]
"""What somebody did to one document: the changed one, or None where it is gone."""


class Books:
    """All documents of both clients at one moment, made when they are asked for.

    `edits` change single documents by company and order number (a fault, a hand on the table).
    """

    def __init__(self, world: World) -> None:
        """Index the documents of `world` by client, number and customer."""
        self.now = world.now
        self.edits: dict[tuple[int, int], Edit] = {}
        self._orders: dict[tuple[str, str], Order] = {}
        self._returns: dict[tuple[str, str], Order] = {}
        self._by_customer: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for order in world.orders:
            self.add(order)

    def add(self, order: Order) -> None:
        """Take in an order and its return document, whether or not their time has come."""
        client = COMPANIES[order.company].client
        keys = self._by_customer.setdefault((client, padded(order.buyer.number)), [])
        key = client, padded(order.number)
        self._orders[key] = order
        keys.append(key)
        if order.returned:
            key = client, padded(order.returned.number)
            self._returns[key] = order
            keys.append(key)

    def document(self, client: str, number: str) -> Document | None:
        """Return a document, None if there is none by that number now."""
        key = client, number
        if key in self._returns:
            order = self._returns[key]
            back = order.returned
            return return_document(order, back) if back and back.posted <= self.now else None
        found = self._orders.get(key)
        if found is None or found.entered > self.now:
            return None
        made = order_document(found, self.now)
        edit = self.edits.get(found.key)
        return edit(made) if edit else made

    def of_customer(self, client: str, customer: str) -> Iterator[Document]:
        """Yield the documents of one customer, in the order of their numbers within each kind."""
        for _, number in self._by_customer.get((client, customer), ()):
            document = self.document(client, number)
            if document is not None:
                yield document

    def count(self) -> int:
        """Return how many sales orders there are now (returns not counted)."""
        return sum(self.document(client, number) is not None for client, number in self._orders)
