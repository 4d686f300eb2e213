"""The TMS's file drop: one CSV with a marker every two hours, one a month for what is older.

Events come late and out of order, some twice; a whole file is sent again under another name; at the end
stands a file that was never finished.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from simulators import clock
from simulators.clock import MINUTE
from simulators.tms import COLUMNS, DELIVERED, DEPARTED_PICKUP, PERIOD, Carrier, Event, drop_before

_HISTORY = (DEPARTED_PICKUP, DELIVERED)


@dataclass(slots=True)
class Drops:
    """Events by the file that holds them: history by month, recent ones by time of drop, the unsent."""

    history: dict[str, list[Event]] = field(default_factory=dict)
    recent: dict[int, list[Event]] = field(default_factory=dict)
    unsent: list[Event] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many events the finished files hold, repeats not counted."""
        return sum(map(len, self.history.values())) + sum(map(len, self.recent.values()))


def sorted_out(carrier: Carrier) -> Drops:
    """Return the events of `carrier` by file; every two hours there is a file, even an empty one."""
    first, last = carrier.first_drop, carrier.last_drop
    drops = Drops(recent={at: [] for at in range(first, last + 1, PERIOD)})
    for event in carrier.events():
        due = drop_before(event.recorded) + PERIOD
        if due > last:
            drops.unsent.append(event)
        elif due >= first:
            drops.recent[due].append(event)
        elif event.code in _HISTORY:
            drops.history.setdefault(clock.date(event.recorded)[:7].replace("-", ""), []).append(event)
    return drops


def drop(folder: Path, carrier: Carrier) -> int:
    """Write all files to `folder`, each with the time of its drop; return how many events they hold.

    What an earlier world left there is taken away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("TMS_EVENTS_*"):
        old.unlink()
    drops = sorted_out(carrier)
    for month, events in sorted(drops.history.items()):
        write_file(folder, f"TMS_EVENTS_{month}_HISTORY", events, carrier.first_drop)
    _write_recent(folder, drops.recent, Random(f"{carrier.seed}/files"))
    _write_half(folder, carrier.last_drop, drops.unsent)
    return drops.count


def _write_recent(folder: Path, files: Mapping[int, list[Event]], random: Random) -> None:
    """Write the two-hourly files: some shuffled, with repeats of the one before, a few sent twice."""
    before: list[Event] = []
    newest = max(files)
    for at, events in files.items():
        repeats = [event for event in before if random.random() < 0.01]
        before = events
        lines = [*sorted(events, key=lambda event: event.recorded), *repeats]
        if random.random() < 0.3:
            random.shuffle(lines)
        write_file(folder, f"{file_name(at)}_01", lines, at)
        if lines and at < newest and random.random() < 0.02:
            write_file(folder, f"{file_name(at)}_02", lines, at + 20 * MINUTE)


def file_name(moment: int) -> str:
    """Return the name of the file dropped at `moment`, less its number: TMS_EVENTS_yyyymmddHH, local hour."""
    return f"TMS_EVENTS_{clock.stamp(moment)[:13].translate({ord('-'): None, ord(' '): None})}"


def write_file(folder: Path, stem: str, events: Iterable[Event], at: int) -> None:
    """Write one finished file with its marker, both with the time `at`."""
    path = folder / f"{stem}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows(event.row() for event in events)
    marker = folder / f"{stem}.ok"
    marker.touch()
    for name in (path, marker):
        os.utime(name, (at, at))


def _write_half(folder: Path, after: int, events: list[Event]) -> None:
    """Write what there is of a file that is still being sent: cut within a line, without marker."""
    path = folder / f"{file_name(after + PERIOD)}_01.csv"
    lines = [",".join(cells) for cells in (COLUMNS, *(event.row() for event in events[:1]))]
    whole = "\r\n".join(lines)
    path.write_text(whole[: len(whole) - len(lines[-1]) // 2], "utf-8", newline="")
    os.utime(path, (after + MINUTE, after + MINUTE))
