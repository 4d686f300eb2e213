"""What `orderhub demo` does: start the practice systems, run the main job, keep score."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store, make_key, open_store, read_key
from simulators.process import PracticeProcess
from simulators.score import Entry, Score, score
from sync.run import Hub, SyncResult, sync_systems

if TYPE_CHECKING:
    from cli.demo_two_way import TwoWay
    from reconciler.result import Result

HOME = Path(__file__).resolve().parent.parent
"""The folder whose `mappings/` fit the practice systems: it lies beside the program."""

Step = Callable[[str, int, int | None], None]
"""Told how far a stage is: its name, how many are done, how many there are (None: not known)."""


@dataclass(frozen=True, slots=True)
class World:
    """Which factory is simulated; the same world gives the same systems, byte for byte."""

    orders: int
    seed: int
    now: datetime

    def words(self) -> dict[str, object]:
        """Return the world as it is noted beside the demo's store."""
        return {"orders": self.orders, "seed": self.seed, "now": self.now.isoformat()}


@dataclass(slots=True)
class DemoRun:
    """What a demo came to. `again`: the store was there already; `written`: rows that came or changed."""

    world: World
    result: Result
    synced: list[SyncResult]
    verdict: Score
    reports: Mapping[str, Path]
    seconds: float
    again: bool
    written: int
    orders: dict[str, int] = field(default_factory=dict)
    two_way: TwoWay | None = None

    def summary(self) -> dict[str, Any]:
        """Return what `summary.json` holds."""
        return {
            "orders": self.orders,
            "findings": self.result.counts,
            "causes": len(self.result.causes),
            "seeded": self.verdict.seeded,
            "found": self.verdict.found,
            "false": len(self.verdict.false),
            "report": str(self.reports["html"]),
            "seconds": round(self.seconds, 1),
            "rows_written": self.written,
            "memory_mb": peak_memory(),
            "two_way": self.two_way.summary() if self.two_way else None,
        }


def run_demo(world: World, out: Path, locale: str, step: Step) -> DemoRun:
    """Run the main job on `world`, summary in `out`; the hub sees nothing but the three systems."""
    begun = time.monotonic()
    again = _same_world(out, world)
    with PracticeProcess(
        orders=world.orders, seed=world.seed, now=world.now, out=out / "systems", progress=step
    ) as systems:
        store = demo_store(out)
        try:
            synced, result = main_job(store, systems.connections, world.now, step)
            reports = _report(result, out, locale)
        finally:
            store.close()
        verdict = keep_score(systems.truth(), result)
    run = DemoRun(
        world, result, synced, verdict, reports, time.monotonic() - begun, again, _written(synced, result)
    )
    run.orders = {state.system: state.held for state in result.systems}
    leave_summary(run, out)
    return run


def leave_summary(run: DemoRun, out: Path) -> None:
    """Write what a demo came to beside its report."""
    summary = json.dumps(run.summary(), indent=2, ensure_ascii=False)
    (out / "summary.json").write_text(summary + "\n", "utf-8")


def peak_memory() -> int:
    """Return the most memory that this process (the hub; the systems have their own) has held, in MB."""
    import resource  # late: POSIX only, as is make

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1024 * 1024 if sys.platform == "darwin" else 1024))


def main_job(
    store: Store, connections: Mapping[str, str], now: datetime, step: Step
) -> tuple[list[SyncResult], Result]:
    """Pull every system, merge, reconcile as of `now`, the moment at which the factory stands still."""
    from reconciler.run import reconcile

    mappings, _ = survey(HOME)
    hub = Hub(store, load_rules(HOME), mappings, lambda: now, dict(connections))
    synced = sync_systems(hub, sorted(hub.mappings), step)
    store.vacuum("views")
    step("reconcile", 0, None)
    return synced, reconcile(store, hub.rules, now)


def keep_score(truth: list[dict[str, str]], result: Result) -> Score:
    """Hold the findings against what was seeded."""
    findings = [
        Entry(one.kind, one.company, one.order_no, one.system, one.cause is not None)
        for one in result.findings
    ]
    return score(truth, findings)


def demo_store(out: Path) -> Store:
    """Open the demo's store in `out`, made and migrated if need be, with a key of its own."""
    out.mkdir(parents=True, exist_ok=True)
    key = out / "key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(make_key(), "ascii")
    store = open_store(f"sqlite:///{out.resolve() / 'orderhub.db'}", read_key(key.read_text("ascii")))
    store.upgrade()
    return store


def _same_world(out: Path, world: World) -> bool:
    """Return whether `out` holds this very world already; what is left there of another one is removed."""
    note = out / "world.json"
    words = json.dumps(world.words(), indent=2)
    if note.exists() and note.read_text("utf-8") == words:
        return (out / "orderhub.db").exists()
    for name in ("orderhub.db", "orderhub.db-wal", "orderhub.db-shm", "world.json", "summary.json"):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "systems", ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    note.write_text(words, "utf-8")
    return False


def _report(result: Result, out: Path, locale: str) -> Mapping[str, Path]:
    from reconciler.reports import write_reports

    return write_reports(result, out / "report", locale)


def _written(synced: list[SyncResult], result: Result) -> int:
    """Return how many rows of facts and findings the run wrote."""
    facts = sum(one.counts["observations"] + one.counts["changed"] for one in synced)
    return facts + sum(result.changes.values())
