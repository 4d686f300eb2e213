"""`python -m benchmarks.airflow.kills`: scheduler, workers and database killed (-9) in the middle of work.

Orders are born in a market that the hub writes to; while their runs are under way something is killed, and
started again as a service manager would. At the end every order must stand once in ERP and warehouse, by the
journals of the systems themselves. Prints one JSON object; exit code 1 if anything was lost or doubled.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import psutil

from benchmarks.airflow.client import ENDED, Client, until
from cli.airflow_run import Running, running
from cli.airflow_worlds import Market

WHAT = ("scheduler", "worker", "database")


def main(arguments: list[str] | None = None) -> int:
    """Kill, look, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=9)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=8098)
    given = parser.parse_args(arguments)
    market = Market(given.seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(market, Path(folder, "airflow"), given.port, lambda *_: None) as here,
    ):
        told = killed(here, market, given.kills, Random(given.seed))
    print(json.dumps(told, indent=2))
    return 1 if told["lost"] or told["doubled"] else 0


def killed(here: Running, market: Market, kills: int, random: Random) -> dict[str, Any]:
    """Kill so often, in turn; return what was killed, how runs ended and what the systems hold."""
    person = Client(here.home.url, "admin", here.home.password)
    ended: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for number in range(kills):
        what = WHAT[number % len(WHAT)]
        market.ask("approve", refs=market.ask("customer_orders", count=8))
        run = until(lambda: person.start("sync_crm"), "a run")
        time.sleep(random.uniform(0.5, 6))
        under_way = _under_way(person, run)
        _kill(here, what, random)
        hit[f"{what} {'in a run' if under_way else 'between runs'}"] += 1
        ended[_ended(here, person, run)] += 1
    for _ in range(3):
        for system in ("crm", "erp", "wms"):
            ended[person.done(f"sync_{system}")] += 1
    held = {system: market.ask("holds", system=system) for system in ("crm", "erp", "wms")}
    waits = _held(here)
    lacks = {(ref, system) for ref in held["crm"] for system in ("erp", "wms") if ref not in held[system]}
    return {
        "killed": dict(hit),
        "runs": dict(ended),
        "orders": len(held["crm"]),
        "written": {system: len(held[system]) for system in ("erp", "wms")},
        "waiting_for_a_person": len(waits),
        "lost": sorted(lacks - waits),
        "doubled": [ref for system in ("crm", "erp", "wms") for ref in market.ask("doubled", system=system)],
    }


def _ended(here: Running, person: Client, run: str) -> str:
    """Wait for a run, and start again what ends by itself: parts that lose their database do."""

    def look() -> str:
        for name, process in list(here.parts.items()):
            if process.poll() is not None:
                here.start(name)
        state = str(person.get(f"/api/v2/dags/sync_crm/dagRuns/{run}")["state"])
        return state if state in ENDED else ""

    return until(look, run)


def _held(here: Running) -> set[tuple[str, str]]:
    """Return order and system of what waits for an approval."""
    command = [str(Path(here.home.executable).with_name("orderhub")), "outbox", "list", "--json"]
    done = subprocess.run(command, env=here.home.env, capture_output=True, text=True, check=True)
    return {(one["order_no"], one["system"]) for one in json.loads(done.stdout) if one["state"] == "held"}


def _under_way(person: Client, run: str) -> bool:
    with suppress(RuntimeError, OSError):
        return bool(person.get(f"/api/v2/dags/sync_crm/dagRuns/{run}")["state"] == "running")
    return False


def _kill(here: Running, what: str, random: Random) -> None:
    """Kill one thing, and start it again where nobody else does."""
    if what == "database":
        killed = list(_family(_postmaster(here)))
        for process in killed:
            _end(process)
        psutil.wait_procs(killed, timeout=10)
        here.server.start()
    elif what == "scheduler":
        # with its workers, as a service manager does: they hold its connections open, and so its locks
        os.killpg(here.parts["scheduler"].pid, signal.SIGKILL)
        here.parts["scheduler"].wait()
        here.start("scheduler")
    else:
        workers = psutil.Process(here.parts["scheduler"].pid).children(recursive=True)
        if workers:
            _end(random.choice(workers))


def _postmaster(here: Running) -> psutil.Process:
    pid = Path(here.home.folder, "postgres", "postmaster.pid").read_text("ascii").split()[0]
    return psutil.Process(int(pid))


def _family(process: psutil.Process) -> Iterator[psutil.Process]:
    children = process.children(recursive=True)
    yield process
    yield from children


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
