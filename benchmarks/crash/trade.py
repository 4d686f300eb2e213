"""A hub over the trading world, as it is run again and again: for a child, undisturbed, to rest."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ruamel.yaml import YAML

from benchmarks.crash.children import answered
from benchmarks.crash.databases import Databases
from benchmarks.crash.phases import Phases
from benchmarks.crash.world import World
from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store, open_store, read_key
from hub.store.tables import OPEN_CHANGES, forms, outbox
from simulators.trading.trading import HOME, SYSTEMS
from sync.out.adopt import adopt
from sync.run import Hub, sync_systems

_RUNS = 16
"""So many undisturbed runs may pass until nothing is open."""

_AGAIN = (2, 3600)
"""So often, and so many seconds apart, it is looked whether anything more is written at the end."""

_FREE = {
    "fuse": {"rules": []},
    "brakes": {"orders": 10**6, "least": 10**6, "cancellations": 10**6, "loop": {"writes": 1000}},
}
"""Nothing waits for a person."""


class Trade:
    """A hub over a trading world; its store is the working copy of `databases`."""

    def __init__(self, databases: Databases, folder: Path, world: World) -> None:
        """Write the hub's home and read it."""
        self.databases, self.world, self.home = databases, world, folder / "home"
        shutil.copytree(HOME / "mappings", self.home / "mappings")
        rules = self.home / "mappings" / "hub.yaml"
        said = YAML(typ="safe").load(rules.read_text("utf-8")) | _FREE
        rules.write_text(json.dumps(said, ensure_ascii=False), "utf-8")  # JSON is YAML
        self._rules, (self._mappings, wrong) = load_rules(self.home), survey(self.home)
        if wrong:
            raise RuntimeError(str(wrong))

    def begin(self) -> None:
        """Make the store, and let every system be written to while nothing is in it.

        What the first run imports is imported here then, so that a kill hits the work of those that follow.
        """
        modules = answered(self._adopted)
        if modules is None:
            raise RuntimeError("the trading world could not be adopted")
        for name in modules:
            if name not in sys.modules:
                importlib.import_module(name)

    def run(self, phases: Phases) -> None:
        """Go through one run, its phases marked; for a child that may be killed."""
        phases.enter("opening")
        with self._hub() as hub, phases.marking():
            phases.enter("between")
            sync_systems(hub, SYSTEMS)
            phases.enter("end")

    def rest(self) -> dict[str, Any]:
        """Let runs end undisturbed until nothing is open; return what the world's own records prove.

        The first goes on at once; then time passes, so that whatever is to be tried again is due.
        """
        self.world.ask("well")
        left: list[str] = []
        for number in range(_RUNS):
            told = answered(self._undisturbed)
            if told is None or "error" in told:
                return told or {"error": "a run died undisturbed"}
            left = told["left"]
            if number and not left:
                break
            self.world.later(min(20 * 2**number, 1200))
        return {**self.world.ask("proof"), "open": left}

    def end(self) -> dict[str, Any]:
        """Return what is written although all has come to rest: nothing should be."""
        before = self.world.ask("written")
        for _ in range(_AGAIN[0]):
            self.world.later(_AGAIN[1])
            answered(self._undisturbed)
        after = self.world.ask("written")
        more = [f"{name}: {after[name] - before[name]} writes at rest" for name in after]
        return {"lost": [], "doubled": [one for one in more if ": 0 " not in one], "open": []}

    @contextmanager
    def _hub(self) -> Iterator[Hub]:
        store = open_store(self.databases.url("work"), read_key(self.databases.key))
        try:
            yield Hub(store, self._rules, self._mappings, self.world.clock, self.world.connections)
        finally:
            store.close()

    def _adopted(self) -> list[str]:
        self.databases.create("work")
        with self._hub() as hub:
            sync_systems(hub, SYSTEMS)
            for system in SYSTEMS:
                adopt(hub.store, hub.out, system, "campaign", hub.clock())
        return [name for name, one in sys.modules.items() if getattr(one, "__spec__", None) is not None]

    def _undisturbed(self) -> dict[str, Any]:
        """Go through one run; return what is left to be done."""
        try:
            with self._hub() as hub:
                results = sync_systems(hub, SYSTEMS)
                wrong = [str(error) for one in results for error in one.errors]
                wrong += [f"{one.system}: {one.skipped}" for one in results if one.skipped]
                return {"left": wrong + _open(hub.store)}
        except Exception as error:  # noqa: BLE001  # told to the parent, who judges it
            return {"error": f"{type(error).__name__}: {error}"[:300]}


def _open(store: Store) -> list[str]:
    """Return what is not settled yet: changes, and writes that no read has shown."""
    with store.read() as conn:
        rows = conn.execute(sa.select(outbox).where(outbox.c.state.in_(OPEN_CHANGES)))
        found = [f"{row.system} {row.order_no} {row.kind} {row.state}" for row in rows]
        unread = sa.select(sa.func.count()).select_from(forms).where(forms.c.settles_at.is_not(None))
        count = conn.scalar(unread)
    return found + ([f"{count} writes that no read has shown"] if count else [])
