"""What a piece of work costs: CPU seconds of its own process and of the database server, and peak memory.

Each piece runs in a process of its own, so that neither the imports nor the garbage of another one count.
Only what lies between `Meter`'s begin and end is counted, never the start of the interpreter.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # comes with the wheel of PostgreSQL

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cost:
    """CPU seconds (user and system) of the client and of the server, wall seconds, peak memory in MB."""

    client: float = 0.0
    server: float = 0.0
    wall: float = 0.0
    peak: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """Client and server together."""
        return self.client + self.server


@contextmanager
def metered(server: int | None) -> Iterator[Cost]:
    """Measure what happens inside, in this process and in the PostgreSQL server with the pid `server`."""
    cost = Cost()
    before, server_before, began = time.process_time(), _server_cpu(server), time.perf_counter()
    yield cost
    cost.client = time.process_time() - before
    cost.server = _server_cpu(server) - server_before
    cost.wall = time.perf_counter() - began
    cost.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_child(module: str, function: str, arguments: dict[str, Any]) -> Cost:
    """Run `function` of `module` in a fresh process; it takes `arguments` and returns its Cost."""
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", module, function, json.dumps(arguments)],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return Cost(**json.loads(said.splitlines()[-1]))


def _server_cpu(server: int | None) -> float:
    """Return the CPU seconds that a server's processes have used, those that ended included."""
    if server is None:
        return 0.0
    pids = [server, *(child.pid for child in psutil.Process(server).children(recursive=True))]
    return sum(_used(pid, ended=pid == server) for pid in pids)


def _used(pid: int, *, ended: bool) -> float:
    """Return what /proc says of one process: utime and stime, with `ended` those of its late children too."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # it ended just now: its parent counts it
    return sum(int(ticks) for ticks in fields[11 : 15 if ended else 13]) / _TICK


if __name__ == "__main__":
    import importlib

    found = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
    print(json.dumps(asdict(found(**json.loads(sys.argv[3])))))
