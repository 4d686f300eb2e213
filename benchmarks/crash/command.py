"""Kills of the real command, in fresh interpreters."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import house
from benchmarks.crash.campaign import PATIENCE
from benchmarks.crash.children import answered
from benchmarks.crash.databases import Databases
from benchmarks.crash.meaning import TIMES, compared, meaning
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
    return meaning(store, TIMES)


def _await_lease(store: Store) -> None:
    patience = time.monotonic() + PATIENCE
    while not _held(store) and time.monotonic() < patience:
        time.sleep(0.005)


def _held(store: Store) -> bool:
    """Tell whether somebody died holding a lease: it was neither released nor taken by another."""
    with store.read() as conn:
        return conn.execute(sa.select(leases.c.name).where(leases.c.until > _FREE)).first() is not None
