"""Kills of the real command, in fresh interpreters."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import house
from benchmarks.crash.children import answered
from benchmarks.crash.databases import Databases
from benchmarks.crash.meaning import TIMES, compared, meaning
from benchmarks.crash.phases import PATIENCE
from benchmarks.crash.tally import Tally
from hub.store import Store, open_store, read_key
from hub.store.tables import leases

MORE = 10
"""How many times as many orders it reads as a forked run: it works in larger transactions."""

_FREE = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when a lease is held that was released."""


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
        process = command(env)
        await_lease(databases, process)
        return process

    process, begin = fresh(), time.perf_counter()
    if process.wait():
        raise RuntimeError("orderhub sync failed undisturbed")
    length, wanted = time.perf_counter() - begin, answered(lambda: _asked(databases, _lasting))
    while tally.hits < hits and tally.kills < 4 * hits:
        process = fresh()
        time.sleep(rng.uniform(0, length))
        process.kill()
        hit = died_at_work(databases, process)
        tally.kills += 1
        tally.hits += hit
        tally.jobs["orderhub sync"] += hit
        if command(env).wait():
            tally.judge("orderhub sync", None)
        else:
            tally.judge("orderhub sync", compared(answered(lambda: _asked(databases, _lasting)), wanted))
    return tally


def command(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start `orderhub sync` in a fresh interpreter."""
    return subprocess.Popen(
        [sys.executable, str(Path(sys.executable).with_name("orderhub")), "sync"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("CRASH_TRACE") else subprocess.DEVNULL,
    )


def await_lease(databases: Databases, process: subprocess.Popen[bytes]) -> None:
    """Wait until a command holds a lease: from then on it is at work."""
    answered(partial(_asked, databases, partial(_await_lease, process.pid)))


def died_at_work(databases: Databases, process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a command that was killed died of it, and held a lease."""
    if process.wait() != -signal.SIGKILL:
        return False
    return bool(answered(partial(_asked, databases, partial(_held, process.pid))))


def _asked(databases: Databases, question: Callable[[Store], Any]) -> Any:
    """Open the store, ask it, close it; for a child."""
    store = open_store(databases.url("work"), read_key(databases.key))
    try:
        return question(store)
    finally:
        store.close()


def _await_lease(pid: int, store: Store) -> None:
    patience = time.monotonic() + PATIENCE
    while not _held(pid, store) and time.monotonic() < patience:
        time.sleep(0.005)


def _held(pid: int, store: Store) -> bool:
    """Tell whether a process holds a lease: it neither released it, nor did another take it."""
    c = leases.c
    mine = sa.select(c.name).where(c.until > _FREE, c.holder.contains(f":{pid}#", autoescape=True))
    with store.read() as conn:
        return conn.execute(mine).first() is not None


def _lasting(store: Store) -> dict[str, Counter[str]]:
    """Return what has a meaning, without the times of the machine's clock."""
    return meaning(store, TIMES)
