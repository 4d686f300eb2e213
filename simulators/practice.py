"""The practice systems over one world: built, filled, served."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from simulators.drops import drop
from simulators.erp.books import Books
from simulators.erp.server import SapServer
from simulators.factory import build_world
from simulators.faults import seed_faults
from simulators.tms import Carrier
from simulators.wms import Warehouse
from simulators.wms_database import fill

Progress = Callable[[str, int, int], None]

FEWEST_DAYS, MOST_DAYS, ORDERS_A_DAY = 45, 365, 20


@dataclass(frozen=True, slots=True)
class Setting:
    """What is to be practised: how many orders, which world, which moment, where, with faults or without."""

    orders: int
    seed: int
    now: datetime
    out: Path
    wms_url: str = ""
    faults: bool = True
    port: int = 0
    days: int = 0

    @property
    def period(self) -> int:
        """How many days of orders there are: a year, less for small worlds so that they are alive too."""
        return self.days or max(FEWEST_DAYS, min(MOST_DAYS, self.orders // ORDERS_A_DAY))

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the WMS."""
        return self.wms_url or f"sqlite:///{self.out.resolve() / 'wms.db'}"

    @property
    def drop(self) -> Path:
        """The folder of the TMS's files."""
        return self.out.resolve() / "tms"


class Practice:
    """Three systems to be asked over their real protocols; a context manager that serves while open."""

    def __init__(self, setting: Setting, progress: Progress) -> None:
        """Build the world and fill the systems; `progress` hears stage, done and total."""
        self.setting = setting
        self.truth: list[dict[str, str]] = []
        world = build_world(setting.seed, setting.orders, setting.now, setting.period, progress)
        self.books = Books(world)
        self.warehouse = Warehouse(world)
        self.carrier = Carrier(world, setting.seed)
        if setting.faults:
            self.truth = seed_faults(self.books, self.warehouse, self.carrier, setting.seed)
        setting.out.mkdir(parents=True, exist_ok=True)
        progress("wms", 0, setting.orders)
        self.deliveries = fill(setting.database, self.warehouse.rows())
        progress("tms", 0, setting.orders)
        self.events = drop(setting.drop, self.carrier)
        self._stack = ExitStack()

    def __enter__(self) -> Practice:
        self.erp = self._stack.enter_context(SapServer(self.books, port=self.setting.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def connections(self) -> dict[str, str]:
        """Return the environment by which the hub reaches the systems."""
        erp = {
            "conn_type": "http",
            "host": "127.0.0.1",
            "port": self.erp.port,
            "login": self.erp.login,
            "password": self.erp.password,
        }
        return {
            "AIRFLOW_CONN_ERP": json.dumps(erp),
            "AIRFLOW_CONN_WMS": json.dumps(
                {"conn_type": "sql", "extra": {"sqlalchemy_url": self.setting.database}}
            ),
            "AIRFLOW_CONN_TMS": json.dumps({"conn_type": "fs", "extra": {"path": str(self.setting.drop)}}),
        }

    def counts(self) -> dict[str, int]:
        """Return how many orders, deliveries and events the systems hold."""
        return {"erp": self.books.count(), "wms": self.deliveries, "tms": self.events}
