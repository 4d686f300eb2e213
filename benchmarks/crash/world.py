"""The trading world in a process of its own, since it has threads and hubs are forked from ours.

`World` is our end of it: one JSON line asks, one answers. The process lets people work, orders faults, moves
its clock ahead of real time and judges itself; it moves the clock only while it carries nothing out, so that
no call that a killed hub left behind takes longer than it takes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.crash.proof import proof
from benchmarks.crash.town import Town
from simulators.trading.trading import SYSTEMS, Trading

ROOT = Path(__file__).resolve().parents[2]

_PATIENCE = 30
"""Seconds within which the world has carried out what it was asked to."""


class Ahead:
    """Real time, and as much more as was let pass."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.now(UTC) + self.by


class World:
    """Our end of a world: its connections, and how far its clock is ahead."""

    def __init__(self, folder: Path, seed: str, wms_url: str = "") -> None:
        """Start the process and wait until its systems can be reached."""
        command = [sys.executable, "-m", "benchmarks.crash.world", str(folder), seed, wms_url]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.connections: dict[str, str] = self._answer()
        self.clock = Ahead()

    def ask(self, do: str, *said: Any) -> Any:
        """Have one command carried out and return its answer; RuntimeError where there is none."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([do, *said]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def later(self, seconds: float) -> None:
        """Let time pass for the world and for every hub that is started from now on."""
        self.clock.by = timedelta(seconds=self.ask("later", seconds))

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the trading world died")
        return json.loads(line)


def serve(folder: Path, seed: str, wms_url: str) -> None:
    """Serve a world and obey until standard input closes."""
    clock = Ahead()
    with Trading(folder, clock, wms_url=wms_url, seed=int(seed.split()[0])) as trading:
        town = Town(trading, Random(f"{seed} town"))
        commands: dict[str, Callable[..., Any]] = {
            "happen": town.happen,
            "orders": town.orders,
            "fault": lambda system, way, operation, value: trading.faults(system).order(
                way, value, operation=operation
            ),
            "well": lambda: _well(trading),
            "written": lambda: {system: len(trading.journal(system)) for system in SYSTEMS},
            "proof": lambda: proof(trading),
            "later": lambda seconds: _later(trading, clock, seconds),
        }
        _say(trading.connections())
        for line in sys.stdin:
            do, *said = json.loads(line)
            trading.tick()
            trading.tms.work()
            _say(commands[do](*said))


def _well(trading: Trading) -> None:
    for system in SYSTEMS:
        trading.faults(system).clear()


def _later(trading: Trading, clock: Ahead, seconds: float) -> float:
    """Let time pass once nothing is being carried out any more; return how far ahead the clock is."""
    until = time.monotonic() + _PATIENCE
    while _at_work(trading):
        if time.monotonic() > until:
            raise RuntimeError("the world does not come to an end with what it was asked to do")
        time.sleep(0.05)
    clock.by += timedelta(seconds=seconds)
    trading.tick()
    return clock.by.total_seconds()


def _at_work(trading: Trading) -> bool:
    """Tell whether an attempt was noted of which it is not noted yet what became of it."""
    entries = [*trading.journal("crm"), *trading.journal("erp")]
    return any(not entry.done and not entry.note for entry in entries)


def _say(said: Any) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
