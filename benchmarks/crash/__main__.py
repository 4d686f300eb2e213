"""Run the campaign and say what it came to."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.crash.campaign import PHASES, campaign, small_steps
from benchmarks.crash.command import commands
from benchmarks.crash.databases import Databases
from benchmarks.crash.tally import Tally
from hub.store import make_key

ENGINES = ("sqlite", "postgresql")
ORDERS = 30


def _servers(engines: list[str], given: str | None, stack: ExitStack) -> Iterator[tuple[str, str | None]]:
    for engine in engines:
        server = given
        if engine == "postgresql" and server is None:
            from tests.postgres import running_server

            server = stack.enter_context(running_server()).render_as_string(hide_password=False)
        yield engine, server if engine == "postgresql" else None


def main() -> None:
    """Run the campaign and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash")
    parser.add_argument("--kills", type=int, default=1000, help="over all engines")
    parser.add_argument(
        "--commands", type=int, default=10, help="kills of the real command, over all engines"
    )
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--server", help="URL of a running PostgreSQL; one is started otherwise")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    small_steps()
    engines = asked.engine or list(ENGINES)
    told: dict[str, Any] = {}
    good = True
    folder = Path(tempfile.mkdtemp(prefix="orderhub-crash-"))
    try:
        with ExitStack() as stack:
            for engine, server in _servers(engines, asked.server, stack):
                databases = Databases(engine, folder, make_key(), server)
                begin = time.perf_counter()
                tally = campaign(
                    databases, folder / engine, asked.kills // len(engines), asked.orders, asked.seed
                )
                good &= _report(engine, tally, told, time.perf_counter() - begin)
                begin = time.perf_counter()
                few = asked.commands // len(engines)
                if few:
                    tally = commands(databases, folder / f"{engine}-command", few, asked.orders, asked.seed)
                    good &= _report(f"{engine} command", tally, told, time.perf_counter() - begin)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(told, indent=1), "utf-8")
    sys.exit(0 if good else 1)


def _report(name: str, tally: Tally, told: dict[str, Any], seconds: float) -> bool:
    phases = ", ".join(f"{phase} {tally.phases[phase]}" for phase in PHASES if tally.phases[phase])
    print(
        f"{name}: {tally.kills} kills in {seconds:.0f} s, {tally.hits} hit a run at work"
        f" ({phases or 'it held a lease'}), {tally.backends} of them the server's side;"
        f" {tally.lost} rows lost, {tally.doubled} doubled, {tally.unfinished} runs that could not go on",
        flush=True,
    )
    for line in tally.differing[:20]:
        print(f"  {line}")
    told[name] = {
        "kills": tally.kills, "hits": tally.hits, "backends": tally.backends, "lost": tally.lost,
        "doubled": tally.doubled, "unfinished": tally.unfinished, "phases": dict(tally.phases),
        "jobs": dict(tally.jobs), "seconds": round(seconds, 1), "differing": tally.differing,
    }  # fmt: skip
    return tally.good if "command" not in name else not (tally.lost or tally.doubled or tally.unfinished)


if __name__ == "__main__":
    main()
