"""What people do in the trading world, each within his own right: what they do must come to agree everywhere.

Nobody touches what another system owns, sells what is on its way, or posts what the books do not show yet.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

from simulators.tms import ARRIVED_DELIVERY, DELIVERED, DEPARTED_PICKUP
from simulators.trading import erp, wms
from simulators.trading.crm import APPROVED, DRAFT
from simulators.trading.trading import Trading

MOST = 12
"""So many orders are under way at a time."""

_ROAD = ("", DEPARTED_PICKUP, ARRIVED_DELIVERY, DELIVERED)


class Town:
    """The people, and the orders that they are at."""

    def __init__(self, trading: Trading, rng: Random) -> None:
        """Take the world; `rng` decides who does what."""
        self._trading, self._rng = trading, rng
        self._open: list[str] = []

    def orders(self, count: int) -> list[str]:
        """Let customers order, and sales approve at once."""
        return self._trading.customer_orders(count, approved=True)

    def happen(self, times: int) -> list[str]:
        """Let so much happen; return what did. New orders come first, while there are not too many."""
        done: list[str] = []
        if len(self._open) < MOST:
            born = self._trading.customer_orders(1, approved=self._rng.random() < 0.8)
            self._open += born
            done.append(f"{born[0]} born")
        acts: list[Callable[[str], str]] = [self._sell, self._store, self._store, self._drive, self._post]
        for _ in range(10 * times):
            if len(done) < times and self._open:
                what = self._rng.choice(acts)(self._rng.choice(self._open))
                done += [what] if what else []
        return done

    def _sell(self, ref: str) -> str:
        (order,) = self._trading.crm.find(ref)
        rows = self._trading.wms.find(ref)
        if order["status"] == DRAFT:
            self._trading.approve(ref)
            return f"{ref} approved"
        if order["hold"]:
            self._trading.hold(ref, False)
            return f"{ref} freed"
        if order["status"] != APPROVED or (rows and rows[0]["state"] != wms.RECEIVED):
            return ""
        throw = self._rng.random()
        if throw < 0.08:
            self._trading.cancel(ref)
            self._open.remove(ref)
            return f"{ref} cancelled"
        if throw < 0.3:
            self._trading.hold(ref)
            return f"{ref} held"
        self._trading.change_quantity(ref, self._rng.randint(1, 40))
        return f"{ref} changed"

    def _store(self, ref: str) -> str:
        """Let the warehouse go on with what it has been told of in full."""
        here, (order,) = self._trading.wms, self._trading.crm.find(ref)
        for row in here.find(ref):
            told = [(line["pos"], Decimal(line["qty"])) for line in order["lines"]]
            if order["hold"] or row["held"] == "Y" or [(o["pos"], o["qty"]) for o in row["lines"]] != told:
                return ""
            match row["state"]:
                case wms.RECEIVED:
                    here.allocate(ref)
                case wms.ALLOCATED:
                    here.pick(ref)
                case wms.PICKED if self._rng.random() < 0.25:
                    here.ship(ref, Decimal("0.5"))
                case wms.PICKED | wms.PARTLY_SENT:
                    here.ship(ref)
                case _:
                    return ""
            return f"{ref} on from {row['state']}"
        return ""

    def _drive(self, ref: str) -> str:
        shipments = self._trading.tms.shipments(ref)
        if not shipments or shipments[0]["code"] == DELIVERED:
            return ""
        code = _ROAD[_ROAD.index(shipments[0]["code"]) + 1]
        self._trading.tms.report(ref, code)
        return f"{ref} {code}"

    def _post(self, ref: str) -> str:
        """Let the books bill what they show as shipped in full and was signed for."""
        shipments, documents = self._trading.tms.shipments(ref), self._trading.erp.find(ref)
        if not shipments or shipments[0]["code"] != DELIVERED or not documents:
            return ""
        body = documents[0].body
        if body["status"] != erp.DELIVERED or Decimal(body["shipped"]) != Decimal(shipments[0]["quantity"]):
            return ""
        self._trading.erp.pay(ref)
        self._open.remove(ref)
        return f"{ref} paid"
