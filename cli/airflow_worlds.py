"""The worlds that a practice Airflow looks at: a factory that is only read, a market that is written to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from cli.demo_run import HOME
from simulators.process import PracticeProcess
from simulators.trading.trading import HOME as TRADING
from simulators.trading.trading import SYSTEMS

Orderhub = Callable[..., None]
"""Runs `orderhub` with some words to its end."""

Step = Callable[[str, int, int | None], None]


class World(Protocol):
    """Systems in processes of their own, the hub's home for them, and who answers what the fuse asks."""

    @property
    def home(self) -> Path:
        """The home of the hub."""
        ...

    @property
    def people(self) -> Sequence[str]:
        """Who may answer, beside the administrator."""
        ...

    def start(self, folder: Path, step: Step) -> Mapping[str, str]:
        """Start the systems with their records in `folder`; return the connections to them."""
        ...

    def prepare(self, orderhub: Orderhub) -> None:
        """Do what a hub needs before its DAGs run."""
        ...

    def stop(self) -> None:
        """End the systems."""
        ...


class Factory:
    """ERP, warehouse and carrier of the demo: they are read, and differ as seeded."""

    home = HOME
    people: Sequence[str] = ()

    def __init__(self, orders: int, seed: int) -> None:
        """Take how many orders there are."""
        self._orders, self._seed = orders, seed
        self._process: PracticeProcess | None = None

    def start(self, folder: Path, step: Step) -> Mapping[str, str]:
        """Build the factory of a year."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self._process = PracticeProcess(
            orders=self._orders, seed=self._seed, now=now, out=folder, progress=step
        )
        self._process.start()
        return self._process.connections

    def prepare(self, orderhub: Orderhub) -> None:
        """Nothing: the DAGs read it from the beginning."""

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stop()


class Market:
    """CRM, ERP, warehouse and carrier that the hub writes to: large orders wait for a person."""

    home = TRADING
    people: Sequence[str] = ("director-chen", "board-wu", "manager-li")

    def __init__(self, seed: int) -> None:
        """Take the seed of what customers order."""
        self._seed = seed
        self._process: subprocess.Popen[str] | None = None

    def start(self, folder: Path, step: Step) -> Mapping[str, str]:
        """Open the market, with its first orders."""
        step("two_way", 0, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "simulators.trading", str(folder), "--seed", str(self._seed)],
            cwd=HOME,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        connections: Mapping[str, str] = self._answer()["connections"]
        return connections

    def prepare(self, orderhub: Orderhub) -> None:
        """Read the systems once, and begin to write to them."""
        orderhub("sync")
        for system in SYSTEMS:
            orderhub("adopt", system)
        refs = self.ask("customer_orders", count=12)
        self.ask("approve", refs=refs)

    def ask(self, do: str, **said: Any) -> Any:
        """Have something done in the market (see `simulators.trading.__main__`); return its answer."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **said}) + "\n")
        self._process.stdin.flush()
        return self._answer()["done"]

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line else {"error": "the market has ended"}
        if "error" in said:
            raise RuntimeError(said["error"])
        return said

    def stop(self) -> None:
        """Close the market."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


def world(name: str, orders: int, seed: int) -> World:
    """Return a world by its name: `factory` or `market`."""
    return Market(seed) if name == "market" else Factory(orders, seed)
