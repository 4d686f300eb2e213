"""`python -m benchmarks.airflow.overhead`: what a DAG costs beside the command that it calls.

The same system, where nothing is new, is synced so often by `orderhub sync` and so often as a DAG run, one
after the other; CPU is that of all processes of either. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.airflow.client import Client
from cli.airflow_home import LOGIN
from cli.airflow_run import Running, running
from cli.airflow_worlds import Market

IDLE = 20.0
"""Seconds over which it is measured what Airflow costs while nothing runs."""


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow.overhead", description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--port", type=int, default=8096)
    given = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Market(seed=7), Path(folder, "airflow"), given.port, lambda *_: None) as here,
    ):
        print(json.dumps(measured(here, given.times), indent=2))
    return 0


def measured(here: Running, times: int) -> dict[str, Any]:
    """Return wall and CPU seconds a run, by the command and by Airflow; and what idling costs."""
    person = Client(here.home.url, LOGIN, here.home.password)
    for dag in [one["dag_id"] for one in person.get("/api/v2/dags")["dags"]]:
        person.patch(f"/api/v2/dags/{dag}", {"is_paused": dag != "sync_wms"})
    command = [str(Path(here.home.executable).with_name("orderhub")), "sync", "wms"]

    def run() -> object:
        return subprocess.run(command, env=here.home.env, capture_output=True, check=True)

    person.done("sync_wms")
    run()
    before = _parts(here)
    time.sleep(IDLE)
    idle = (_parts(here) - before) / IDLE
    before = _children()
    alone = [_wall(run) for _ in range(times)]
    command_cpu = (_children() - before) / times
    before, began = _parts(here), time.monotonic()
    through = [_wall(lambda: person.done("sync_wms")) for _ in range(times)]
    airflow_cpu = (_parts(here) - before - idle * (time.monotonic() - began)) / times
    return {
        "runs": times,
        "orderhub_sync": {"wall_s": statistics.median(alone), "cpu_s": command_cpu},
        "dag_run": {"wall_s": statistics.median(through), "cpu_s": airflow_cpu},
        "airflow_idle_cpu_share": idle,
    }


def _wall(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _children() -> float:
    """Return the CPU seconds of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _parts(here: Running) -> float:
    """Return the CPU seconds of all parts of Airflow so far, of what they have started and has ended too."""
    total = 0.0
    for process in here.parts.values():
        part = psutil.Process(process.pid)
        for one in (part, *part.children(recursive=True)):
            used = one.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


if __name__ == "__main__":
    sys.exit(main())
