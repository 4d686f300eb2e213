"""Kills: `python -m benchmarks.crash [--kills 1000] [--commands 10] [--seed 7] [--json FILE]`.

A run is killed by SIGKILL at a moment drawn from its measured length; another one goes on and runs to its
end; then the store must equal that of a run that nobody disturbed, in every table that has a meaning. Runs
are forked from a process that has imported everything and opened nothing, so that a kill hits the work and
not the start of an interpreter. On PostgreSQL a tenth of the kills hits the server's side instead (the
backend is terminated). At last the real command is killed in fresh interpreters.

A kill hit if the run died of it before its work was done; of the real command, if it held a lease. Exit code
1 if anything was lost or doubled, if a run failed by itself, or if fewer than seven in ten kills hit.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from mmap import mmap
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import sqlalchemy as sa

from benchmarks import house
from benchmarks.house import START
from connectors import registry
from hub.store import Store, jsons, make_key, open_store, read_key
from hub.store.tables import leases, metadata
from sync import merge, pull, remap, replay, run, sweep
from sync.documents import place_of
from sync.raw import disclose

ORDERS = 30
MORE = 10
"""How many times as many orders the real command reads: it works in larger transactions."""
OFTEN = 50
"""After how many kills it is measured again how long a job takes."""
PATIENCE = 60
"""Seconds within which a child begins to work."""
HIT_AT_LEAST = 0.7
ENGINES = ("sqlite", "postgresql")
SYSTEMS = ("bank", "tms", "wms")
"""Those that speak of another's numbers come first, so that their records have to wait and be placed."""
PHASES = ("opening", "between", "pull", "sweep", "place", "merge", "foretell", "remap", "end")

_NO_MEANING = {"alembic_version", "audit", "leases", "runs", "settings"}
"""Tables that tell who worked when, and how often it was tried."""
_INCIDENTAL = {"id", "run", "stamp"}
_TIMES = {"read_at", "first_seen", "changed_at", "at", "since", "until", "complete_at", "solved_at"}
"""Times of the hub's own clock, which stands still but for the real command."""
_FREE = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when a lease is held that was released."""


@dataclass(frozen=True)
class Job:
    """A piece of work: the house it sees, the hub's time in hours, and what it does."""

    name: str
    house: Callable[[Store, datetime], run.Hub]
    hours: int
    work: Callable[[run.Hub], object]

    def do(self, store: Store) -> None:
        """Do it on `store`."""
        self.work(self.house(store, START + timedelta(hours=self.hours)))


def sync_all(hub: run.Hub) -> None:
    """Sync every system, sweeps included, and merge."""
    results = run.sync_systems(hub, SYSTEMS)
    if any(one.skipped or one.errors for one in results):
        raise RuntimeError(str([(one.skipped, one.errors) for one in results]))


def pull_all(hub: run.Hub) -> None:
    """Sync every system without the merge."""
    for system in SYSTEMS:
        result = run.sync_system(hub, system)
        if result.skipped or result.errors:
            raise RuntimeError(str((result.skipped, result.errors)))


def remap_wms(hub: run.Hub) -> None:
    """Carry out a remap."""
    remap.remap(hub, "wms", None, lambda *_: None, who="campaign")


@dataclass
class Tally:
    """What the kills came to."""

    kills: int = 0
    hits: int = 0
    lost: int = 0
    doubled: int = 0
    unfinished: int = 0
    backends: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was lost or doubled, and enough kills hit."""
        return not (self.lost or self.doubled or self.unfinished) and self.hits >= HIT_AT_LEAST * self.kills

    def judge(self, what: str, told: dict[str, Any] | None) -> None:
        """Count what a finished run differs in from the undisturbed one."""
        if told is None or "error" in told:
            self.unfinished += 1
            self.differing.append(f"{what}: {(told or {}).get('error', 'the next run died')}")
            return
        self.lost += told["lost"]
        self.doubled += told["doubled"]
        if told["tables"]:
            self.differing.append(f"{what}: {told['tables']}")


# processes


def forked(work: Callable[[], Any]) -> tuple[int, int]:
    """Fork a child that does `work` and writes its pickled answer; return its pid and the pipe to read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
        code = 0
    except BaseException as error:  # noqa: BLE001  # the child must not run on in the parent's place
        if os.environ.get("CRASH_TRACE"):
            import traceback

            traceback.print_exception(error)
    finally:
        os._exit(code)


def answered(work: Callable[[], Any]) -> Any:
    """Return what a child answers; None if it died."""
    pid, pipe = forked(work)
    with os.fdopen(pipe, "rb") as told:
        packed = told.read()
    os.waitpid(pid, 0)
    return pickle.loads(packed) if packed else None  # noqa: S301  # our own child


# what a store means


def meaning(store: Store, without: set[str] = frozenset()) -> dict[str, Counter[str]]:  # type: ignore[assignment]  # a frozen set serves
    """Return every row that has a meaning, without what tells one run from another."""
    found: dict[str, Counter[str]] = {}
    with store.read() as conn:
        for table in metadata.sorted_tables:
            if table.name not in _NO_MEANING:
                rows = conn.exec_driver_sql(f'SELECT * FROM "{table.name}"').mappings()
                found[table.name] = Counter(_plain(store, table.name, dict(row), without) for row in rows)
    return found


def _plain(store: Store, table: str, row: dict[str, Any], without: set[str]) -> str:
    if table == "documents" and row["fields"] is not None:
        row["fields"] = store.seal.decrypt(bytes(row["fields"]), place_of(row))
    if table in ("ledger", "quarantine"):
        place = f"{row['system']}/{row['stream']}/{row['record']}"
        row["raw"], meta = disclose(store.seal.decrypt(bytes(row["raw"]), place))
        row["meta"] = _placeless(jsons.loads(row.get("meta")) or meta)
    return jsons.dumps({str(name): value for name, value in row.items() if name not in _INCIDENTAL | without})


def _placeless(meta: dict[str, Any]) -> dict[str, Any]:
    """Return meta without the number of a page: it counts from where a run began."""
    return {name: value for name, value in meta.items() if name != "page"}


def compared(found: dict[str, Counter[str]], wanted: dict[str, Counter[str]]) -> dict[str, Any]:
    """Return how many rows are lost, how many too many, and in which tables."""
    lost = {name: sum((wanted[name] - found[name]).values()) for name in wanted}
    doubled = {name: sum((found[name] - wanted[name]).values()) for name in wanted}
    tables = {name: (lost[name], doubled[name]) for name in wanted if lost[name] or doubled[name]}
    if tables and os.environ.get("CRASH_TRACE"):
        for name in tables:
            print(
                name,
                "LOST",
                *list(wanted[name] - found[name])[:3],
                "DOUBLED",
                *list(found[name] - wanted[name])[:3],
                sep="\n   ",
            )
    return {"lost": sum(lost.values()), "doubled": sum(doubled.values()), "tables": tables}


# databases


class Databases:
    """Stages of stores on one engine, and the working copy that is killed on."""

    def __init__(self, engine: str, folder: Path, key: str, server: str | None) -> None:
        self.engine, self.folder, self.key, self.server = engine, folder, key, server
        self._prefix = f"crash{os.getpid()}"

    def url(self, stage: str) -> str:
        """Return the URL of a stage."""
        if self.server is None:
            return f"sqlite:///{self.folder / stage}.db"
        return (
            sa.make_url(self.server)
            .set(database=f"{self._prefix}_{stage}")
            .render_as_string(hide_password=False)
        )

    def copy(self, stage: str, to: str) -> None:
        """Make `to` a copy of a stage."""
        if self.server is None:
            for ending in ("-wal", "-shm", "-queue"):
                (self.folder / f"{to}.db{ending}").unlink(missing_ok=True)
            shutil.copyfile(self.folder / f"{stage}.db", self.folder / f"{to}.db")
        else:
            self.drop(to)
            self._administer(f'CREATE DATABASE "{self._prefix}_{to}" TEMPLATE "{self._prefix}_{stage}"')

    def create(self, stage: str) -> None:
        """Make an empty stage with tables."""
        if self.server is not None:
            self.drop(stage)
            self._administer(f'CREATE DATABASE "{self._prefix}_{stage}"')
        store = open_store(self.url(stage), read_key(self.key))
        store.upgrade()
        store.close()

    def drop(self, stage: str) -> None:
        """Take a stage away."""
        if self.server is not None:
            self._administer(f'DROP DATABASE IF EXISTS "{self._prefix}_{stage}" WITH (FORCE)')

    def terminate(self, stage: str) -> None:
        """Terminate the backends that work on a stage."""
        self._administer(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._prefix}_{stage}'"
        )

    def _administer(self, statement: str) -> None:
        assert self.server is not None
        with psycopg.connect(self.server.replace("+psycopg", ""), autocommit=True) as conn:
            conn.execute(statement)


class Campaign:
    """The kills on one engine."""

    def __init__(self, databases: Databases, jobs: dict[str, Job], rng: random.Random) -> None:
        self.databases, self.jobs, self.rng = databases, jobs, rng
        self.tally = Tally()
        self.wanted: dict[str, Any] = {}
        self.length: dict[str, float] = {}
        self._phase = mmap(-1, 1 + len(PHASES))  # where the child is, and where any child has been

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
        unseen = [phase for number, phase in enumerate(PHASES, 1) if not self._phase[number]]
        if unseen:
            raise RuntimeError(f"no job comes to: {', '.join(unseen)}")

    def kill(self, name: str, backend: bool = False) -> None:
        """Kill one run of a job, let the next go on, and judge."""
        self._reset(name)
        self._phase[0] = 0
        job = self.jobs[name]
        pid, pipe = forked(lambda: self._do(job))
        self._await_work()
        time.sleep(self.rng.uniform(0, self.length[name]))
        phase = PHASES[self._phase[0]]
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

    def _await_work(self, phase: str = "between") -> None:
        """Wait until the child has opened its store, from where on a kill counts, or is farther."""
        patience = time.monotonic() + PATIENCE
        while self._phase[0] < PHASES.index(phase) and time.monotonic() < patience:
            time.sleep(0.0005)

    def _reset(self, name: str) -> None:
        if self.databases.server is None:
            self.databases.copy(f"before_{name}", "work")
        else:
            answered(lambda: self.databases.copy(f"before_{name}", "work"))

    def _do(self, job: Job) -> None:
        """Do a job in this child, its phases marked where the parent sees them."""
        self._enter("opening")
        store = open_store(self.databases.url("work"), read_key(self.databases.key))
        with ExitStack() as stack:
            for owner, attribute, phase in _MARKED:
                stack.enter_context(self._marked(owner, attribute, phase))
            self._enter("between")
            job.do(store)
        self._enter("end")
        store.close()

    def _enter(self, phase: str) -> None:
        self._phase[0] = PHASES.index(phase)
        self._phase[1 + self._phase[0]] = 1

    def _marked(self, owner: Any, attribute: str, phase: str) -> Any:
        plain = getattr(owner, attribute)

        def marking(*args: Any, **more: Any) -> Any:
            before = self._phase[0]
            self._enter(phase)
            try:
                return plain(*args, **more)
            finally:
                self._phase[0] = before

        return mock.patch.object(owner, attribute, marking)

    def _timed(self, name: str) -> float:
        self._reset(name)
        self._phase[0] = 0
        pid, pipe = forked(lambda: self._do(self.jobs[name]))
        self._await_work()
        begin = time.perf_counter()
        self._await_work("end")
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


def jobs(folder: Path, orders: int) -> dict[str, Job]:
    """Return the jobs, each of which begins where the one before it ended."""
    home, remapped = house.write_home(folder / "home"), house.write_home(folder / "remapped", house.REMAPPED)
    days = [house.write_day(folder / f"day{day}", day, orders) for day in (1, 2, 3)]
    first, second, third = (house.set_up(home, day) for day in days)
    made = [
        Job("first load", first, 0, sync_all),
        Job("pull", second, 2, pull_all),
        Job("place", second, 2, run.place_waiting),
        Job("merge", second, 2, run.merge_orders),
        Job("sweep", third, 4, sync_all),
        Job("remap", house.set_up(remapped, days[2]), 5, remap_wms),
    ]
    return {job.name: job for job in made}


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


# the real command


def commands(databases: Databases, folder: Path, hits: int, orders: int, seed: int) -> Tally:
    """Kill `orderhub sync` in fresh interpreters until `hits` kills hit, at most four times as often."""
    rng, tally = random.Random(seed), Tally()
    home, systems = house.write_home(folder / "home"), house.write_day(folder / "day", 2, orders * MORE)
    env = {**os.environ, **house.env(systems), "ORDERHUB_HOME": str(home), "ORDERHUB_KEY": databases.key}
    env["ORDERHUB_STORE"] = databases.url("work")
    answered(lambda: databases.create("empty"))

    def fresh() -> subprocess.Popen[bytes]:
        """Start one and wait for its first lease: starting an interpreter takes longer than the work."""
        answered(lambda: databases.copy("empty", "work"))
        process = _command(env)
        answered(lambda: _asked(databases, _await_lease))
        return process

    process, begin = fresh(), time.perf_counter()
    if process.wait():
        raise RuntimeError("orderhub sync failed undisturbed")
    length, wanted = time.perf_counter() - begin, answered(lambda: _asked(databases, _lasting))
    while tally.hits < hits and tally.kills < 4 * hits:
        process = fresh()
        time.sleep(rng.uniform(0, length))
        process.kill()
        hit = process.wait() == -signal.SIGKILL and answered(lambda: _asked(databases, _held))
        tally.kills += 1
        tally.hits += hit
        tally.jobs["orderhub sync"] += hit
        if _command(env).wait():
            tally.judge("orderhub sync", None)
        else:
            tally.judge("orderhub sync", compared(answered(lambda: _asked(databases, _lasting)), wanted))
    return tally


def _command(env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(Path(sys.executable).with_name("orderhub")), "sync"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("CRASH_TRACE") else subprocess.DEVNULL,
    )


def _asked(databases: Databases, question: Callable[[Store], Any]) -> Any:
    """Open the store, ask it, close it; for a child."""
    store = open_store(databases.url("work"), read_key(databases.key))
    try:
        return question(store)
    finally:
        store.close()


def _lasting(store: Store) -> dict[str, Counter[str]]:
    """Return what has a meaning, without the times of the machine's clock."""
    return meaning(store, _TIMES)


def _await_lease(store: Store) -> None:
    patience = time.monotonic() + PATIENCE
    while not _held(store) and time.monotonic() < patience:
        time.sleep(0.005)


def _held(store: Store) -> bool:
    """Tell whether somebody died holding a lease: it was neither released nor taken by another."""
    with store.read() as conn:
        return conn.execute(sa.select(leases.c.name).where(leases.c.until > _FREE)).first() is not None


# all of it


def _servers(engines: list[str], given: str | None, stack: ExitStack) -> Iterator[tuple[str, str | None]]:
    for engine in engines:
        server = given
        if engine == "postgresql" and server is None:
            from tests.postgres import running_server

            server = stack.enter_context(running_server()).render_as_string(hide_password=False)
        yield engine, server if engine == "postgresql" else None


def main() -> None:
    """Run the campaign and print what it came to."""
    parser = argparse.ArgumentParser()
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
