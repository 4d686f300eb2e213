"""The practice systems in motion: one world, told hour by hour as it happened, over the vendors' protocols.

The clock is set from outside (`step`). The WMS's rows change in its database, the TMS drops its files when
they are due – some late, some again, some in disorder –, the ERP answers as of the clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import sqlalchemy as sa

from simulators.clock import HOUR, MINUTE
from simulators.drops import file_name, sorted_out, write_file
from simulators.erp.books import Books
from simulators.erp.server import SapServer
from simulators.tms import Carrier, Event
from simulators.truth import World
from simulators.wms import Warehouse, WmsRow
from simulators.wms_database import insert, metadata, remove

_NOWHERE = "/nowhere/at/all/wms.db"
_LATE = 0.06  # share of files that come late
_AGAIN = 0.05  # share of files that are sent again


@dataclass(frozen=True, slots=True)
class Outage:
    """From when until when (seconds since the epoch) the WMS's database cannot be reached."""

    since: int
    until: int


@dataclass(slots=True)
class _Drop:
    """One file of the TMS: when it comes, under which name, with what in it."""

    at: int
    name: str
    events: list[Event] = field(default_factory=list)


class Replay:
    """Three systems over one world whose clock is set by `step`; a context manager that serves while open.

    `now` of the world is where it ends; until the first step nothing has happened. Whoever wants faults edits
    `books`, `warehouse` and `carrier` before `open`.
    """

    def __init__(self, world: World, seed: int, out: Path, outage: Outage | None = None) -> None:
        """Take the world; files and database go to `out`."""
        self.world, self.seed, self.out, self.outage = world, seed, out, outage
        self.books, self.warehouse, self.carrier = Books(world), Warehouse(world), Carrier(world, seed)
        self.end = world.now
        self._rows: dict[str, tuple[int, WmsRow]] = {}
        self._drops: list[_Drop] = []
        self._numbers = 0
        self._stack = ExitStack()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the WMS."""
        return f"sqlite:///{self.out.resolve() / 'wms.db'}"

    @property
    def drop(self) -> Path:
        """The folder of the TMS's files."""
        return self.out.resolve() / "tms"

    def __enter__(self) -> Replay:
        self.drop.mkdir(parents=True, exist_ok=True)
        self._drops = _dropped(self.carrier, Random(f"{self.seed}/replay"))
        self._engine = sa.create_engine(self.database)
        self._stack.callback(self._engine.dispose)
        metadata.create_all(self._engine)
        self.erp = self._stack.enter_context(SapServer(self.books))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def step(self, now: int) -> None:
        """Let everything happen that happens until `now` (seconds since the epoch)."""
        self.world.now = self.books.now = now
        self._tell_wms()
        while self._drops and self._drops[0].at <= now:
            due = self._drops.pop(0)
            write_file(self.drop, due.name, due.events, due.at)

    def connections(self) -> dict[str, str]:
        """Return the environment by which the hub reaches the systems now."""
        erp = {
            "conn_type": "http",
            "host": "127.0.0.1",
            "port": self.erp.port,
            "login": self.erp.login,
            "password": self.erp.password,
        }
        away = self.outage is not None and self.outage.since <= self.world.now < self.outage.until
        wms = f"sqlite:///{_NOWHERE}" if away else self.database
        return {
            "AIRFLOW_CONN_ERP": json.dumps(erp),
            "AIRFLOW_CONN_WMS": json.dumps({"conn_type": "sql", "extra": {"sqlalchemy_url": wms}}),
            "AIRFLOW_CONN_TMS": json.dumps({"conn_type": "fs", "extra": {"path": str(self.drop)}}),
        }

    def _tell_wms(self) -> None:
        """Write the rows that differ from what the database holds, and take away those that are no more."""
        now = {
            row.delivery_no: replace(row, lines=[replace(line) for line in row.lines]) for row in self._all()
        }
        fresh = [(self._number(name), row) for name, row in now.items() if self._told(name) != row]
        gone = [self._rows[name][0] for name in self._rows.keys() - now.keys()]
        with self._engine.begin() as conn:
            remove(conn, [*gone, *(number for number, _ in fresh)])
            insert(conn, fresh)
        self._rows = {name: (self._number(name), row) for name, row in now.items()}

    def _all(self) -> Iterable[WmsRow]:
        return self.warehouse.rows()

    def _told(self, name: str) -> WmsRow | None:
        return self._rows[name][1] if name in self._rows else None

    def _number(self, name: str) -> int:
        if name not in self._rows:
            self._numbers += 1
            self._rows[name] = self._numbers, WmsRow(name, "", "", "", "", "", "", "", 0, 0, None)
        return self._rows[name][0]


def _dropped(carrier: Carrier, random: Random) -> list[_Drop]:
    """Return all files in the order in which they come: late ones, repeated ones, lines in disorder."""
    drops = []
    for at, events in sorted_out(carrier).recent.items():
        lines = sorted(events, key=lambda event: event.recorded)
        if random.random() < 0.3:
            random.shuffle(lines)
        late = random.randrange(30 * MINUTE, 4 * HOUR) if lines and random.random() < _LATE else 0
        drops.append(_Drop(at + late, f"{file_name(at)}_01", lines))
        if lines and random.random() < _AGAIN:
            drops.append(_Drop(at + late + 20 * MINUTE, f"{file_name(at)}_02", list(lines)))
    return sorted(drops, key=lambda drop: (drop.at, drop.name))
