"""The campaign over the way out: commands are killed, then forked runs, then the control beside them."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.crash import naive
from benchmarks.crash.children import answered
from benchmarks.crash.command import await_lease, command, died_at_work
from benchmarks.crash.databases import Databases
from benchmarks.crash.phases import Phases
from benchmarks.crash.tally import Tally
from benchmarks.crash.trade import Trade
from benchmarks.crash.trading import MARKS, PHASES, Rounds, Work
from benchmarks.crash.world import World

Tell = Callable[[str, Tally, float], object]
"""Hears what kills of one kind came to, and how many seconds they took."""

_HAPPENS = 4
"""How much happens between two runs."""

_EARLY = 0.8
"""A command has done its work at that share of its time: then it tells of it, and ends."""

_BOUGHT = 2
"""How many orders the control finds."""


@dataclass(frozen=True)
class Asked:
    """How many kills of each kind are asked for: of forked runs, of commands, of naive loops."""

    kills: int
    commands: int
    control: int
    seed: int = 7


def kill_out(databases: Databases, folder: Path, wanted: Asked, tell: Tell) -> None:
    """Kill commands and forked runs over one trading world, and naive loops over another."""
    rng, seed = random.Random(f"{wanted.seed} out {databases.engine}"), wanted.seed
    with _world(databases, folder / "world", seed) as world:
        trade = Trade(databases, folder, world)
        trade.begin()
        work = Work(trade.run, lambda: world.ask("happen", _HAPPENS), trade.rest, _terminate(databases))
        if wanted.commands:
            rounds, begin = Rounds(world, work, Phases(PHASES, MARKS), rng), time.perf_counter()
            commands(rounds, trade, wanted.commands)
            tell("command", rounds.tally, time.perf_counter() - begin)
        if wanted.kills:
            rounds, begin = Rounds(world, work, Phases(PHASES, MARKS), rng), time.perf_counter()
            rounds.kills(wanted.kills)
            rounds.judge("at the end", trade.end())
            tell("", rounds.tally, time.perf_counter() - begin)
    if not wanted.control:
        return
    with _world(databases, folder / "control", seed) as world:
        loop, begin = naive.Naive(folder, world), time.perf_counter()
        work = Work(loop.run, lambda: world.ask("orders", _BOUGHT), loop.rest)
        tally = Rounds(world, work, Phases(naive.PHASES, ()), rng).kills(wanted.control)
        tell("control", tally, time.perf_counter() - begin)


def commands(rounds: Rounds, trade: Trade, hits: int) -> None:
    """Kill `orderhub sync` in fresh interpreters until `hits` kills hit, at most four times as often.

    Each goes on where the one before it died; its moment is drawn from the length of one that ended.
    """
    databases, tally = trade.databases, rounds.tally
    env = {**os.environ, **trade.world.connections, "ORDERHUB_HOME": str(trade.home)}
    env |= {"ORDERHUB_KEY": databases.key, "ORDERHUB_STORE": databases.url("work")}
    length = 0.0
    while tally.hits < hits and tally.kills < 4 * hits:
        rounds.work.happen()
        process = command(env)
        await_lease(databases, process)
        begin = time.perf_counter()
        if not length:
            if process.wait():
                raise RuntimeError("orderhub sync failed undisturbed")
            length = time.perf_counter() - begin
            continue
        time.sleep(rounds.rng.uniform(0, _EARLY * length))
        process.kill()
        hit = died_at_work(databases, process)
        tally.kills += 1
        tally.hits += hit
        tally.jobs["orderhub sync"] += hit
    rounds.judge("orderhub sync", trade.rest())


@contextmanager
def _world(databases: Databases, folder: Path, seed: int) -> Iterator[World]:
    """Give a world; its warehouse is a database on the engine of the hub's store."""
    url = ""
    if databases.server is not None:
        answered(partial(databases.create_bare, folder.name))
        url = databases.url(folder.name)
    world = World(folder, f"{seed} {databases.engine}", url)
    try:
        yield world
    finally:
        world.stop()


def _terminate(databases: Databases) -> Callable[[], object] | None:
    if databases.server is None:
        return None
    return lambda: answered(lambda: databases.terminate("work"))
