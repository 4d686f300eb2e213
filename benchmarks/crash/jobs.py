"""What is killed: pieces of a sync, each of which begins where the one before it ended, and a remap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import house
from benchmarks.house import START
from hub.store import Store
from sync import remap, run

SYSTEMS = ("bank", "tms", "wms")
"""Those that speak of another's numbers come first, so that their records have to wait and be placed."""


@dataclass(frozen=True)
class Job:
    """A piece of work: the house it sees, the hub's time in hours, and what it does."""

    name: str
    house: Callable[[Store, datetime], run.Hub]
    hours: int
    work: Callable[[run.Hub], object]

    def do(self, store: Store) -> None:
        """Do it on `store`."""
        self.work(self.house(store, START + timedelta(hours=self.hours)))


def sync_all(hub: run.Hub) -> None:
    """Sync every system, sweeps included, and merge."""
    results = run.sync_systems(hub, SYSTEMS)
    if any(one.skipped or one.errors for one in results):
        raise RuntimeError(str([(one.skipped, one.errors) for one in results]))


def pull_all(hub: run.Hub) -> None:
    """Sync every system without the merge."""
    for system in SYSTEMS:
        result = run.sync_system(hub, system)
        if result.skipped or result.errors:
            raise RuntimeError(str((result.skipped, result.errors)))


def remap_wms(hub: run.Hub) -> None:
    """Carry out a remap."""
    remap.remap(hub, "wms", None, lambda *_: None, who="campaign")


def jobs(folder: Path, orders: int) -> dict[str, Job]:
    """Return the jobs, each of which begins where the one before it ended."""
    home, remapped = house.write_home(folder / "home"), house.write_home(folder / "remapped", house.REMAPPED)
    days = [house.write_day(folder / f"day{day}", day, orders) for day in (1, 2, 3)]
    first, second, third = (house.set_up(home, day) for day in days)
    made = [
        Job("first load", first, 0, sync_all),
        Job("pull", second, 2, pull_all),
        Job("place", second, 2, run.place_waiting),
        Job("merge", second, 2, run.merge_orders),
        Job("sweep", third, 4, sync_all),
        Job("remap", house.set_up(remapped, days[2]), 5, remap_wms),
    ]
    return {job.name: job for job in made}
