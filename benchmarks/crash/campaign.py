"""Kills of forked runs: each at a moment drawn from its length, in a phase that the parent sees."""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.crash.children import answered, forked
from benchmarks.crash.databases import Databases
from benchmarks.crash.jobs import Job, jobs
from benchmarks.crash.meaning import compared, meaning
from benchmarks.crash.phases import Phases
from benchmarks.crash.tally import Tally
from connectors import registry
from hub.store import open_store, read_key
from sync import merge, pull, remap, replay, run, sweep

OFTEN = 50
"""After how many kills it is measured again how long a job takes."""

PHASES = ("opening", "between", "pull", "sweep", "place", "merge", "foretell", "remap", "end")


class Campaign:
    """The kills on one engine."""

    def __init__(self, databases: Databases, jobs: dict[str, Job], rng: random.Random) -> None:
        self.databases, self.jobs, self.rng = databases, jobs, rng
        self.tally = Tally()
        self.wanted: dict[str, Any] = {}
        self.length: dict[str, float] = {}
        self.phases = Phases(PHASES, _MARKED)

    def prepare(self) -> None:
        """Make the stage before each job, and what it comes to undisturbed."""
        before = None
        for name in self.jobs:
            if before is None:
                answered(lambda: self.databases.create("empty"))
                before = "empty"
            stage = f"before_{name}"
            begin = before
            answered(lambda begin=begin, stage=stage: self.databases.copy(begin, stage))  # type: ignore[misc]  # bound now
            self.wanted[name] = self._finished(name, stage, None)
            if self.wanted[name] is None or "error" in self.wanted[name]:
                raise RuntimeError(f"{name}: {self.wanted[name]}")
            done = f"after_{name}"
            answered(lambda done=done: self.databases.copy("work", done))  # type: ignore[misc]  # bound now
            before = done

    def measure(self) -> None:
        """Measure how long each job takes now: the machine may have other work than before."""
        self.length = {name: min(self._timed(name) for _ in range(2)) for name in self.jobs}
        unseen = [phase for phase in PHASES if not self.phases.entered(phase)]
        if unseen:
            raise RuntimeError(f"no job comes to: {', '.join(unseen)}")

    def kill(self, name: str, backend: bool = False) -> None:
        """Kill one run of a job, let the next go on, and judge."""
        self._reset(name)
        self.phases.restart()
        job = self.jobs[name]
        pid, pipe = forked(lambda: self._do(job))
        self.phases.wait()
        time.sleep(self.rng.uniform(0, self.length[name]))
        phase = self.phases.now
        if backend:
            answered(lambda: self.databases.terminate("work"))
        else:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(pipe)
        what = f"{self.databases.engine} {name} killed in {phase}"
        hit = self._count(name, phase, os.waitstatus_to_exitcode(status), backend, what)
        self.tally.judge(what, self._finished(name, None, self.wanted[name]))
        if not hit:
            self.length[name] = self._timed(name)  # the machine is calmer than it was

    def _count(self, name: str, phase: str, code: int, backend: bool, what: str) -> bool:
        """Count a kill; a run whose work was done was not hit, and one that failed by itself is a failure."""
        self.tally.kills += 1
        if code > 0 and not backend:
            self.tally.judge(what, {"error": "failed by itself, before the kill"})
        if phase == "end" or code == 0 or (code > 0 and not backend):
            return False
        self.tally.hits += 1
        self.tally.backends += backend
        self.tally.phases[phase] += 1
        self.tally.jobs[name] += 1
        return True

    def _reset(self, name: str) -> None:
        if self.databases.server is None:
            self.databases.copy(f"before_{name}", "work")
        else:
            answered(lambda: self.databases.copy(f"before_{name}", "work"))

    def _do(self, job: Job) -> None:
        """Do a job in this child, its phases marked where the parent sees them."""
        self.phases.enter("opening")
        store = open_store(self.databases.url("work"), read_key(self.databases.key))
        with self.phases.marking():
            self.phases.enter("between")
            job.do(store)
        self.phases.enter("end")
        store.close()

    def _timed(self, name: str) -> float:
        self._reset(name)
        self.phases.restart()
        pid, pipe = forked(lambda: self._do(self.jobs[name]))
        self.phases.wait()
        begin = time.perf_counter()
        self.phases.wait("end")
        length = time.perf_counter() - begin
        os.waitpid(pid, 0)
        os.close(pipe)
        return length

    def _finished(self, name: str, stage: str | None, wanted: Any) -> Any:
        """Run a job to its end in a child; return what the store means then, or how it differs."""

        def finish() -> Any:
            if stage is not None:
                self.databases.copy(stage, "work")
            store = open_store(self.databases.url("work"), read_key(self.databases.key))
            try:
                self.jobs[name].do(store)
                found = meaning(store)
            except Exception as error:  # noqa: BLE001  # told to the parent, who judges it
                return {"error": f"{type(error).__name__}: {error}"[:300]}
            finally:
                store.close()
            return found if wanted is None else compared(found, wanted)

        return answered(finish)


_MARKED: tuple[tuple[Any, str, str], ...] = (
    (run, "pull_stream", "pull"),
    (sweep.Sweep, "take", "sweep"),
    (run, "replay_waiting", "place"),
    (run, "merge", "merge"),
    (remap.Remap, "foretell", "foretell"),
    (remap.Remap, "apply", "remap"),
)


def small_steps() -> None:
    """Import what a run imports; let runs work in many small transactions, whose borders a kill must find."""
    for url in ("sqlite://", "postgresql+psycopg://nowhere/"):
        sa.create_engine(url).dispose()
    registry.kinds()
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # that connections break is the point
    found = registry._installed()
    registry._installed = lambda: found  # scanning what is installed takes longer than a small run
    pull.FULL = 8
    merge.BATCH = 10
    remap.BATCH = 8
    replay.BATCH = 4


def campaign(databases: Databases, folder: Path, kills: int, orders: int, seed: int) -> Tally:
    """Run `kills` kills on one engine."""
    one = Campaign(databases, jobs(folder, orders), random.Random(f"{seed} {databases.engine}"))
    one.prepare()
    names = [*one.jobs, "merge"]  # the shortest job twice
    for number in range(kills):
        if number % OFTEN == 0:
            one.measure()
        backend = databases.server is not None and number % 10 == 9
        one.kill(names[number % len(names)], backend)
    return one.tally
