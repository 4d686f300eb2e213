"""Kills over the way out: the whole of pull, merge and push, over systems that are really written to.

Round after round people work in the trading world, a forked hub goes through a whole sync and is killed, and
the next one goes on at once. Half of the kills fall at any moment of a run, half just behind a border drawn;
some meet a call besides whose answer is lost or late. Now and then runs end undisturbed until nothing is
open, and the world's own records are judged.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from benchmarks.crash.children import forked
from benchmarks.crash.phases import Marks, Phases
from benchmarks.crash.tally import Tally
from benchmarks.crash.world import World
from connectors.writing import Writing
from sync import run, sweep
from sync.out import push, resolve
from sync.out.propose import Outgoing

PHASES = (
    "opening", "between", "pull", "sweep", "place", "merge", "propose", "begin", "push", "step", "receipt",
    "failure", "resolve", "end",
)  # fmt: skip

MARKS: Marks = (
    (run, "pull_stream", "pull"),
    (sweep.Sweep, "take", "sweep"),
    (run, "replay_waiting", "place"),
    (run, "merge", "merge"),
    (Outgoing, "propose", "propose"),
    (push._Pushing, "_begin", "begin"),
    (Writing, "push", "push"),
    (push._Pushing, "_committed", "step"),
    (push._Pushing, "_arrived", "receipt"),
    (push._Pushing, "_failed", "failure"),
    (resolve, "resolve", "resolve"),
)

BORDERS = {
    "merge": 0.01, "propose": 0.01, "begin": 0.006, "push": 0.03, "step": 0.004, "receipt": 0.012,
    "failure": 0.006, "resolve": 0.02,
}  # fmt: skip
"""Where a kill may be aimed at, and how many seconds behind it falls at most."""

_SELDOM = ("merge", "propose", "resolve", "failure")
"""Borders that a run comes to once, if at all."""

_SENT = ("push", "step", "receipt", "failure")
"""Whoever dies here has left something that the next run must look up."""

_LONGER = 3
"""So many times its measured length a run is given to come to a border."""

ROUND = 10
"""After so many kills the world comes to rest and is judged."""

OFTEN = 25
"""After how many kills it is measured again how long a run takes."""

FAULTS = (
    ("erp", "create", "lost"), ("erp", "create", "500_after"), ("erp", "create", "slow"),
    ("erp", "create", "slow"), ("erp", "block+status", "lost"), ("erp", "lines", "500_after"),
    ("crm", "hold+status", "lost"), ("crm", "shipped", "500_after"), ("crm", "hold+status", "slow"),
)  # fmt: skip
"""Calls that are carried out and whose answer is lost, or comes so late that the caller is dead by then."""

FAULTY = 0.3
"""The share of kills that meet such a call."""


@dataclass(frozen=True)
class Work:
    """What is killed: one `run` (in a child), what happens before it, and how it comes to `rest`.

    `rest` gives what is lost and doubled by then, and what is open. `terminate` ends the server's side
    instead, in a tenth of the kills.
    """

    run: Callable[[Phases], object]
    happen: Callable[[], object]
    rest: Callable[[], dict[str, Any]]
    terminate: Callable[[], object] | None = None


class Rounds:
    """Kills of runs over one world."""

    def __init__(self, world: World, work: Work, phases: Phases, rng: random.Random) -> None:
        self.world, self.work, self.phases, self.rng = world, work, phases, rng
        self.tally = Tally()
        self._length, self._last, self._known = 0.0, "", Counter[str]()
        self._borders = cycle([name for name in BORDERS if name in phases.names])

    def kills(self, count: int) -> Tally:
        """Kill so many runs, and judge."""
        for number in range(count):
            if number % OFTEN == 0:
                self.measure()
            backend = self.work.terminate is not None and number % 10 == 9
            self.kill(number % 2 == 1, backend)
            if number % ROUND == ROUND - 1 or number == count - 1:
                self.judge(f"after {number + 1} kills", self.work.rest())
        return self.tally

    def judge(self, what: str, told: dict[str, Any]) -> None:
        """Count what is lost and doubled, each but once."""
        if "error" in told:
            self.tally.judge(what, told)
            return
        fresh = {name: list((Counter(told[name]) - self._known).elements()) for name in ("lost", "doubled")}
        self._known |= Counter(told["lost"]) | Counter(told["doubled"])
        counts = {name: len(lines) for name, lines in fresh.items()}
        self.tally.judge(what, {**counts, "tables": {n: lines for n, lines in fresh.items() if lines}})
        if told["open"]:
            self.tally.judge(what, {"error": f"does not come to rest: {told['open']}"})

    def measure(self) -> None:
        """Measure how long a run takes now that has something to do."""
        lengths = []
        for _ in range(3):
            self.work.happen()
            pid, pipe = self._start()
            begin = time.perf_counter()
            self.phases.wait("end")
            lengths.append(time.perf_counter() - begin)
            os.waitpid(pid, 0)
            os.close(pipe)
        self._length = sorted(lengths)[1]

    def kill(self, aimed: bool, backend: bool) -> None:
        """Let something happen, and kill the run that sees to it."""
        self.work.happen()
        fault = self._fault()
        pid, pipe = self._start()
        if aimed:
            self._await_border(fault)
        else:
            time.sleep(self.rng.uniform(0, self._length))
        phase = self._last = self.phases.now
        if backend and self.work.terminate is not None:
            self.work.terminate()
        else:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(pipe)
        manner = "at a border" if aimed else "at any moment"
        self._count(phase, os.waitstatus_to_exitcode(status), backend, manner, fault)

    def _start(self) -> tuple[int, int]:
        self.phases.restart(forget=True)
        child = forked(lambda: self.work.run(self.phases))
        self.phases.wait()
        return child

    def _await_border(self, fault: str) -> None:
        """Wait until the run is just behind the border whose turn it is, of those it is likely to come to."""
        likely = {"resolve": self._last in _SENT, "failure": bool(fault)}
        while not likely.get(border := next(self._borders), True):
            pass
        times = 1 if border in _SELDOM else self.rng.randint(1, 3)
        self.phases.wait(border, times, patience=_LONGER * self._length)
        time.sleep(self.rng.random() ** 2 * BORDERS[border])

    def _fault(self) -> str:
        """Order now and then that a call goes wrong besides; return how."""
        if self.rng.random() >= FAULTY:
            return ""
        system, operation, way = self.rng.choice(FAULTS)
        self.world.ask("fault", system, way, operation, f"{self.rng.uniform(0.8, 2):.2f}")
        return way

    def _count(self, phase: str, code: int, backend: bool, manner: str, fault: str) -> None:
        """Count a kill; a run whose work was done was not hit, and one that failed by itself is a failure."""
        self.tally.kills += 1
        if code > 0 and not backend:
            self.tally.judge(f"a run in {phase}", {"error": "failed by itself, before the kill"})
        if phase == "end" or code == 0 or (code > 0 and not backend):
            return
        self.tally.hits += 1
        self.tally.backends += backend
        self.tally.phases[phase] += 1
        self.tally.jobs[manner] += 1
        self.tally.faults[fault] += bool(fault)
