"""The trading world as a whole: four systems that are served, and the people who work in them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from simulators.catalogue import CUSTOMERS, SKUS
from simulators.trading import crm, crm_server, erp_server, holdings
from simulators.trading.crm import Crm
from simulators.trading.crm_server import CrmServer
from simulators.trading.database import Clock, wall
from simulators.trading.desk import Sleep
from simulators.trading.erp import Erp
from simulators.trading.erp_server import ErpServer
from simulators.trading.faults import Faults
from simulators.trading.finance import Finance
from simulators.trading.holdings import Held
from simulators.trading.journal import HUB, Entry, doubled
from simulators.trading.quantities import plain
from simulators.trading.tms import Tms
from simulators.trading.watch import Watch
from simulators.trading.wms import Wms

HOME = Path(__file__).parent
"""The home of the hub for this world: its `mappings/` lie here."""

SYSTEMS = ("crm", "erp", "wms", "tms")
WEBHOOK_SECRET = "Weckruf-2206"

ARTICLES = tuple(sku for sku in SKUS if not sku.boxed and not sku.cartons and sku.wms == sku.code)
"""Articles that every system counts in pieces and calls by the same code."""


class Trading:
    """Four systems to be read and written over their real interfaces; serves while open (context manager).

    Records lie in `folder` and outlive it: opened again there, the world goes on where it stood. Without a
    clock it is real time; with a `Watch` time passes when that is moved. `wms_url` puts the warehouse into
    another database than a SQLite file.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock | None = None,
        *,
        seed: int = 7,
        wms_url: str = "",
        unique_wms: bool = False,
        sleep: Sleep = time.sleep,
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        """Open the systems; `ports` are those of CRM and ERP, any free ones by default."""
        folder.mkdir(parents=True, exist_ok=True)
        now = clock or wall
        self.folder, self.random = folder, Random(f"{seed}/trading")
        self.crm = Crm(folder / "crm.db", now, sleep)
        self.erp = Erp(folder / "erp.db", now, sleep)
        self.finance = Finance(folder / "finance.db", now, sleep)
        self.wms = Wms(wms_url or folder / "wms.db", now, unique=unique_wms, real_time=clock is None)
        self.wms_url = self.wms.url  # how the hub reaches it; a proxy may stand in between
        self.tms = Tms(folder / "tms", folder / "tms.db", now)
        self.crm_server = CrmServer(self.crm, now, port=ports[0])
        self.erp_server = ErpServer(self.erp, now, port=ports[1], finance=self.finance)
        self.webhooks = self.crm_server.webhooks
        self._stack = ExitStack()
        if isinstance(clock, Watch):
            clock.heard.append(self.tick)

    def __enter__(self) -> Trading:
        for system in (self.crm.desk, self.erp.desk, self.finance.desk, self.wms, self.tms):
            self._stack.callback(system.close)
        self._stack.enter_context(self.crm_server)
        self._stack.enter_context(self.erp_server)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def connections(self) -> dict[str, str]:
        """Return the environment by which the hub reaches the systems."""
        served = {
            "CRM": (self.crm_server.port, crm_server.LOGIN, crm_server.PASSWORD),
            "ERP": (self.erp_server.port, erp_server.LOGIN, erp_server.PASSWORD),
        }
        said: dict[str, dict[str, Any]] = {
            name: {
                "conn_type": "http",
                "host": "127.0.0.1",
                "port": port,
                "login": login,
                "password": password,
            }
            for name, (port, login, password) in served.items()
        }
        said["CRM"]["extra"] = {"webhook_secret": WEBHOOK_SECRET}
        said["WMS"] = {"conn_type": "sql", "extra": {"sqlalchemy_url": self.wms_url}}
        said["TMS"] = {"conn_type": "fs", "extra": {"path": str(self.tms.folder.resolve())}}
        return {f"AIRFLOW_CONN_{name}": json.dumps(one) for name, one in said.items()}

    def tick(self) -> None:
        """Tell the warehouse's database that time has moved (only where a clock was given)."""
        self.wms.tick()

    def customer_orders(
        self, count: int = 1, *, lines: int = 0, approved: bool = False, quantity: Decimal | None = None
    ) -> list[str]:
        """Let customers order: each order is born in the CRM; return their numbers."""
        return [self._order(lines, approved, quantity) for _ in range(count)]

    def approve(self, *refs: str) -> None:
        """Let sales approve orders."""
        for ref in refs:
            self.crm.edit(ref, {"status": crm.APPROVED})

    def change_quantity(self, ref: str, quantity: Decimal | int, line: int = 1) -> None:
        """Let sales change the quantity of one line."""
        (order,) = self.crm.find(ref)
        lines = [one | ({"qty": str(quantity)} if one["pos"] == line else {}) for one in order["lines"]]
        self.crm.edit(ref, {"lines": lines})

    def cancel(self, *refs: str) -> None:
        """Let sales cancel orders."""
        for ref in refs:
            self.crm.edit(ref, {"cancelled": True})

    def hold(self, ref: str, held: bool = True) -> None:
        """Let sales stop an order, or let it go on."""
        self.crm.edit(ref, {"hold": held})

    def fulfil(self, *refs: str) -> None:
        """Let the warehouse allocate, pick and ship orders, and tell nobody."""
        for ref in refs:
            self.wms.allocate(ref)
            self.wms.pick(ref)
            self.wms.ship(ref)

    def faults(self, system: str) -> Faults:
        """Return the faults of a system, to be ordered."""
        found: Faults = getattr(self, system).faults
        return found

    def journal(self, system: str) -> list[Entry]:
        """Return every attempt to write that a system received."""
        entries: list[Entry] = getattr(self, system).journal()
        return entries

    def doubled(self, system: str) -> list[str]:
        """Return the orders that the hub made twice in a system, by its journal."""
        return doubled(entry for entry in self.journal(system) if entry.who == HUB)

    def all_holds(self, system: str) -> dict[str, list[Held]]:
        """Return what a system holds of each order: several where it holds it several times."""
        match system:
            case "crm":
                return holdings.of_crm(self.crm)
            case "erp":
                return holdings.of_erp(self.erp)
            case "wms":
                return holdings.of_wms(self.wms)
            case "tms":
                return holdings.of_tms(self.tms)
        raise LookupError(system)

    def holds(self, system: str) -> dict[str, Held]:
        """Return what a system holds of each order, where several the first."""
        return {ref: found[0] for ref, found in self.all_holds(system).items()}

    def people_do_something(self, refs: Sequence[str]) -> str:
        """Let somebody do something plausible to one of these orders; return what. Deterministic by seed."""
        from simulators.trading.people import something

        return something(self, refs)

    def _order(self, lines: int, approved: bool, quantity: Decimal | None) -> str:
        customer = self.random.choice(CUSTOMERS[0])
        articles = self.random.sample(ARTICLES, lines or self.random.randint(1, 3))
        wanted = [quantity or Decimal(self.random.randint(1, 40)) for _ in articles]
        amount = sum((one.price * each for one, each in zip(articles, wanted, strict=True)), Decimal(0)) / 100
        born = self.crm.create(
            {
                "customer": customer.number,
                "customer_name": customer.name,
                "lines": [
                    {"pos": pos, "sku": one.code, "qty": plain(each)}
                    for pos, (one, each) in enumerate(zip(articles, wanted, strict=True), 1)
                ],
                "amount": f"{amount:.2f}",
                "status": crm.APPROVED if approved else crm.DRAFT,
            },
            "customer",
        )
        return str(born["ref"])


__all__ = ["ARTICLES", "HOME", "SYSTEMS", "WEBHOOK_SECRET", "Held", "Trading"]
