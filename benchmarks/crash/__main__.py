"""Run the campaign and say what it came to: the two parts on each engine."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.crash import campaign, trading
from benchmarks.crash.command import commands
from benchmarks.crash.databases import Databases
from benchmarks.crash.out import Asked, kill_out
from benchmarks.crash.tally import Tally
from hub.store import make_key

ENGINES = ("sqlite", "postgresql")
PARTS = ("sync", "trading")
ORDERS = 30

_PHASES = tuple(dict.fromkeys((*campaign.PHASES[:-1], *trading.PHASES)))


def _servers(engines: list[str], given: str | None, stack: ExitStack) -> Iterator[tuple[str, str | None]]:
    for engine in engines:
        server = given
        if engine == "postgresql" and server is None:
            from tests.postgres import running_server

            server = stack.enter_context(running_server()).render_as_string(hide_password=False)
        yield engine, server if engine == "postgresql" else None


class Report:
    """Prints what kills came to, and keeps it."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        self.good = True

    def take(self, name: str, tally: Tally, seconds: float) -> None:
        """Take what came of the kills of one name: engine, part, and what was killed where no forked run."""
        hits = [f"{phase} {tally.phases[phase]}" for phase in _PHASES if tally.phases[phase]]
        print(
            f"{name}: {tally.kills} kills in {seconds:.0f} s, {tally.hits} hit a run at work"
            f" ({', '.join(hits) or 'it held a lease'}), {tally.backends} of them the server's side"
            f"{_besides(tally)}; {tally.lost} {_what(name)} lost, {tally.doubled} doubled,"
            f" {tally.unfinished} runs that could not go on",
            flush=True,
        )
        for line in tally.differing[:20] if not name.endswith("control") else ():
            print(f"  {line}")
        self.told[name] = {
            "kills": tally.kills, "hits": tally.hits, "backends": tally.backends, "lost": tally.lost,
            "doubled": tally.doubled, "unfinished": tally.unfinished, "phases": dict(tally.phases),
            "jobs": dict(tally.jobs), "faults": dict(+tally.faults), "seconds": round(seconds, 1),
            "differing": tally.differing,
        }  # fmt: skip
        broken = tally.lost or tally.doubled or tally.unfinished
        self.good &= not broken if name.endswith("command") else tally.good

    def take_out(self, engine: str, what: str, tally: Tally, seconds: float) -> None:
        """Take what came of kills over the way out; the control beside them must have doubled."""
        name = f"{engine} trading"
        if what != "control":
            self.take(f"{name} {what}".strip(), tally, seconds)
            return
        good = self.good
        self.take(f"{name} control", tally, seconds)
        control = self.told.pop(f"{name} control")
        here = self.told.setdefault(name, {"kills": 0, "hits": 0, "lost": 0, "doubled": 0, "unfinished": 0})
        here["control"] = control
        print(f"{name}: doubled by the hub {here['doubled']}, by the naive loop {tally.doubled}", flush=True)
        self.good = good and tally.doubled > 0


def _what(name: str) -> str:
    return "orders or words" if "trading" in name else "rows"


def _besides(tally: Tally) -> str:
    """Say how many of the hits met a call besides that went wrong."""
    met = ", ".join(f"{way} {count}" for way, count in sorted((+tally.faults).items()))
    return f", {(+tally.faults).total()} besides an answer lost or late ({met})" if met else ""


def main() -> None:
    """Run the campaign and print what it came to."""
    asked = _asked()
    campaign.small_steps()
    engines, parts = asked.engine or list(ENGINES), asked.part or list(PARTS)
    each, few = asked.kills // (len(engines) * len(parts)), asked.commands // len(engines)
    report = Report()
    folder = Path(tempfile.mkdtemp(prefix="orderhub-crash-"))
    try:
        with ExitStack() as stack:
            for engine, server in _servers(engines, asked.server, stack):
                databases = Databases(engine, folder, make_key(), server)
                if "sync" in parts:
                    _kill_sync(databases, folder / engine, each, few, asked, report)
                if "trading" in parts:
                    tell = partial(report.take_out, engine)
                    wanted = Asked(each, few, asked.control // len(engines), asked.seed)
                    kill_out(databases, folder / f"{engine}-out", wanted, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(report.told, indent=1), "utf-8")
    sys.exit(0 if report.good else 1)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--kills", type=int, default=1000, help="over all engines and parts")
    parser.add_argument(
        "--commands", type=int, default=10, help="kills of the real command in each part, over all engines"
    )
    parser.add_argument("--control", type=int, default=100, help="kills of the naive loop, over all engines")
    parser.add_argument("--orders", type=int, default=ORDERS, help="for the part `sync`")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--server", help="URL of a running PostgreSQL; one is started otherwise")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _kill_sync(
    databases: Databases, folder: Path, kills: int, few: int, asked: argparse.Namespace, report: Report
) -> None:
    """Kill the way in: forked runs, then commands."""
    engine, begin = databases.engine, time.perf_counter()
    tally = campaign.campaign(databases, folder, kills, asked.orders, asked.seed)
    report.take(engine, tally, time.perf_counter() - begin)
    if few:
        begin = time.perf_counter()
        tally = commands(databases, folder.with_name(f"{engine}-command"), few, asked.orders, asked.seed)
        report.take(f"{engine} command", tally, time.perf_counter() - begin)


if __name__ == "__main__":
    main()
