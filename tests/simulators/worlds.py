"""Worlds for the tests of this folder, each built once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import cache

from simulators.drops import sorted_out
from simulators.erp.books import Books
from simulators.erp.documents import Document
from simulators.factory import build_world
from simulators.faults import seed_faults
from simulators.tms import Carrier, Event
from simulators.truth import Order, World
from simulators.wms import Warehouse, WmsRow

NOW = datetime.fromisoformat("2026-06-30T18:05:00+08:00")
MONDAY = datetime.fromisoformat("2026-06-29T12:29:00+08:00")
"""A moment before the batch that posts what left on Saturday evening and on Sunday."""

Key = tuple[int, int]


@cache
def world(orders: int = 3000, seed: int = 7, now: datetime = NOW, days: int = 120) -> World:
    """Return a world; the same object for the same arguments."""
    return build_world(seed, orders, now, days)


class Systems:
    """The raw records of the three systems over one world, by order where they name one."""

    def __init__(self, shared: World, faults: bool = False, seed: int = 7) -> None:
        self.world = shared
        self.books, self.warehouse, self.carrier = Books(shared), Warehouse(shared), Carrier(shared, seed)
        self.truth = seed_faults(self.books, self.warehouse, self.carrier, seed) if faults else []

    def documents(self, order: Order) -> list[Document]:
        """Return the order's document and that of its return."""
        client = "100" if order.company == 0 else "200"
        numbers = [order.number, *([order.returned.number] if order.returned else [])]
        found = (self.books.document(client, f"{number:010d}") for number in numbers)
        return [document for document in found if document is not None]

    def rows(self) -> dict[Key, list[WmsRow]]:
        """Return the WMS's rows by the order that they refer to."""
        found: dict[Key, list[WmsRow]] = defaultdict(list)
        for row in self.warehouse.rows():
            company = ("HSDQ", "HSJG").index(row.company)
            found[company, int(row.order_ref.partition("-")[2])].append(row)
        return found

    def events(self) -> dict[Key, list[Event]]:
        """Return the TMS's events that stand in finished files, by the order that their delivery is of."""
        owner = {d.number: order.key for order in self.world.orders for d in order.deliveries}
        drops = sorted_out(self.carrier)
        found: dict[Key, list[Event]] = defaultdict(list)
        for events in [*drops.history.values(), *drops.recent.values()]:
            for event in events:
                found[owner[event.delivery_note]].append(event)
        return found


@cache
def healthy(now: datetime = NOW) -> Systems:
    """Return the systems of a world without faults."""
    return Systems(world(now=now))


@cache
def faulty() -> Systems:
    """Return the systems of the same world with faults in them."""
    return Systems(world(), faults=True)
