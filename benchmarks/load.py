"""Loading, beside the floors: `python -m benchmarks.load [--orders 200000] [--engine sqlite] [--json FILE]`.

The cases run one after the other on one store, as days would: first load, the same again with equal and
with shifted pages, one percent changed with everything delivered, then polls that find nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import sqlalchemy as sa

from benchmarks.measure import Cost, in_child, metered
from benchmarks.source import HUB_YAML, MAPPING, Latest, Pages, order, write_pages

KEY = bytes(range(32))
POLLS = 200
FIRST, TURNS = "equal", 3
"""What is loaded first, and how often: by turns with the floors, for a machine's speed drifts."""

CASES: dict[str, tuple[str, ...]] = {
    "again": ("equal", "equal", "equal"),
    "shifted": ("shifted 1", "shifted 2", "shifted 3"),
    "changed": ("changed 1", "changed 2", "changed 3"),
}
"""What is loaded after that in which case, one after the other; the median counts."""


def load(url: str, home: str, folder: str, server: int | None, traced: bool = False) -> Cost:
    """Sync the pages of `folder` and merge: what one case of OrderHub costs."""
    from sync.run import sync_systems

    hub = _hub(url, home)
    with mock.patch("sync.run.open_connector", lambda *_: Pages(Path(folder))), metered(server) as cost:
        (result,) = sync_systems(hub, ["shop"])
        hub.store.close()
    if result.errors:
        raise result.errors[0]
    cost.told = dict(result.counts)
    return cost


def polls(url: str, home: str, server: int | None, changes: bool = False) -> Cost:
    """Poll an incremental source `POLLS` times from one worker; with `changes`, one order each time."""
    from sync.run import sync_systems

    hub = _hub(url, home)
    source = Latest([(number, order(number)) for number in range(1000)])
    with mock.patch("sync.run.open_connector", lambda *_: source):
        for _ in range(2):
            sync_systems(hub, ["shop"])
        with metered(server) as cost:
            for number in range(POLLS):
                if changes:
                    source.orders = [(1000 + number, order(number, changed=True))]
                (result,) = sync_systems(hub, ["shop"])
        cost.told = {"polls": POLLS, "errors": len(result.errors)}
        hub.store.close()
    return cost


def _hub(url: str, home: str) -> Any:
    from hub.mapping.survey import survey
    from hub.rules import load_rules
    from hub.store import open_store
    from sync.run import Hub

    mappings, wrong = survey(Path(home))
    if wrong:
        raise wrong[0]
    return Hub(open_store(url, KEY), load_rules(Path(home)), mappings)


class Bench:
    """One engine: its databases, and the cases on them."""

    def __init__(self, engine: str, folder: Path, orders: int, server: tuple[sa.URL, int] | None) -> None:
        self.engine, self.folder, self.orders = engine, folder, orders
        self.url, self.pid = server or (None, None)
        self.costs: dict[str, Cost] = {}

    def run(self) -> None:
        """Run every case."""
        home = str(self.folder / "home")
        ours, flat = self.first(home)
        for name, pages in CASES.items():
            self.case(f"{name}: ours", "load", "load", pages, url=ours, home=home)
            self.case(f"{name}: flat floor", "floors", "flat", pages, url=self.plain(flat))
        polled = self.database("polled", migrated=True)
        self.case("idle poll", "load", "polls", url=polled, home=home)
        self.case("poll with a change", "load", "polls", url=polled, home=home, changes=True)

    def first(self, home: str) -> tuple[str, str]:
        """Load everything into empty databases, by turns with the floors; return ours and the flat one."""
        pages = {"folder": str(self.folder / FIRST)}
        costs: dict[str, list[Cost]] = {}
        for turn in range(TURNS):
            ours, own = (self.database(f"{name}{turn}", migrated=True) for name in ("ours", "own"))
            flat = self.database(f"flat{turn}")
            floor = {"url": self.plain(own), "recorded": self.plain(ours)}
            for name, module, function, given in (
                ("first: ours", "load", "load", {"url": ours, "home": home}),
                ("first: flat floor", "floors", "flat", {"url": self.plain(flat)}),
                ("first: own-tables floor", "floors", "own", floor),
            ):
                costs.setdefault(name, []).append(self.once(module, function, {**pages, **given}))
        for name, found in costs.items():
            self.told(name, found)
        return ours, flat

    def case(
        self, name: str, module: str, function: str, pages: Sequence[str] = (), **arguments: Any
    ) -> None:
        """Run one case in a process of its own, with each of several sets of `pages`; the median counts."""
        given = [{**arguments, "folder": str(self.folder / one)} for one in pages] or [arguments]
        self.told(name, [self.once(module, function, one) for one in given])

    def told(self, name: str, found: Sequence[Cost]) -> None:
        """Keep the median of what was found, and say it."""
        cost = self.costs[name] = sorted(found, key=lambda one: one.cpu)[len(found) // 2]
        print(
            f"{self.engine:10} {name:24} {cost.cpu:8.3f} CPU s ({cost.client:.2f} + {cost.server:.2f})"
            f" wall {cost.wall:.2f} peak {cost.peak:.0f} MB {cost.told or ''}",
            flush=True,
        )

    def once(self, module: str, function: str, arguments: dict[str, Any]) -> Cost:
        """Run one case once; let the server settle first."""
        if self.url is not None:
            with psycopg.connect(arguments["url"].replace("+psycopg", ""), autocommit=True) as conn:
                conn.execute("VACUUM (ANALYZE)")
                conn.execute("CHECKPOINT")
        return in_child(f"benchmarks.{module}", function, {**arguments, "server": self.pid})

    def plain(self, url: str) -> str:
        """Return a URL without the driver's name."""
        return url.replace("postgresql+psycopg", "postgresql")

    def database(self, name: str, *, migrated: bool = False) -> str:
        """Make an empty database and return its URL."""
        from hub.store import open_store

        if self.url is None:
            url = f"sqlite:///{self.folder / name}.db"
        else:
            with psycopg.connect(
                self.plain(self.url.render_as_string(hide_password=False)), autocommit=True
            ) as conn:
                conn.execute(f"CREATE DATABASE {name}")
            url = self.url.set(database=name).render_as_string(hide_password=False)
        if migrated:
            store = open_store(url, KEY)
            store.upgrade()
            store.close()
        return url


@contextmanager
def _server(engine: str) -> Iterator[tuple[sa.URL, int] | None]:
    """Give a PostgreSQL with its default durability and the pid of its parent process; None for SQLite."""
    if engine == "sqlite":
        yield None
        return
    from tests.postgres import running_server

    settings = ("autovacuum = off", "shared_buffers = '1GB'", "max_wal_size = '4GB'")
    with running_server(settings) as url:
        home = Path(str(url.query["host"]))
        with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as conn:
            (data,) = conn.execute("SHOW data_directory").fetchone() or (home,)
        yield url, int((Path(data) / "postmaster.pid").read_text().split()[0])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--engine", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="oh-load-"))
    results: dict[str, Any] = {"orders": options.orders}
    try:
        write_pages(folder / "equal", options.orders)
        for time, shift in enumerate((337, 521, 713), start=1):
            write_pages(folder / f"shifted {time}", options.orders, shift=shift)
            write_pages(folder / f"changed {time}", options.orders, changed=time)
        systems = folder / "home" / "mappings" / "systems"
        systems.mkdir(parents=True)
        (systems.parent / "hub.yaml").write_text(HUB_YAML)
        (systems / "shop.yaml").write_text(MAPPING)
        for engine in options.engine or ("sqlite", "postgresql"):
            with _server(engine) as server:
                (folder / engine).mkdir()
                bench = Bench(engine, folder, options.orders, server)
                bench.run()
                results[engine] = {name: asdict(cost) for name, cost in bench.costs.items()}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
