"""A long day of writing: `python -m benchmarks.soak [--changes 10000] [--orders 150] [--json FILE]`.

People in four systems change what is theirs, thousands of times; the hub carries it everywhere. They work
at the youngest `--orders` of all, for new ones are born as others are completed. Then they stop. An echo is
a write of the hub into a field that the system itself owns: what came from there, sent back. Counted from
the systems' own journals; exit code 1 for an echo, an order made twice, systems that do not agree in the
end, or a write after everything has come to rest.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hub.mapping.survey import survey
from hub.rules import Rules, load_rules
from hub.store import make_key, open_store, read_key
from simulators.trading.journal import HUB
from simulators.trading.trading import HOME, SYSTEMS, Trading
from simulators.trading.watch import Watch
from sync.out.adopt import adopt
from sync.run import Hub, sync_systems

OWN = {
    "crm": frozenset({"lines", "customer", "amount"}),
    "erp": frozenset({"money"}),
    "wms": frozenset({"state 10", "state 20", "state 90", "qty_sent"}),
    "tms": frozenset({"code"}),
}
"""What nobody but a system itself writes there, as its journal names it."""

A_ROUND = 50
"""So many changes are made between two runs of the hub."""

BORN = 6
"""So many orders are born in a round: what is completed, nobody changes any more."""

_REST = 40


@dataclass
class Soaked:
    """What the day came to: changes by people, writes of the hub by system, and what should not be.

    `too_late` counts orders that sales changed when the goods had left: a finding, and no write.
    """

    changes: int = 0
    rounds: int = 0
    writes: dict[str, int] = field(default_factory=dict)
    echoes: int = 0
    doubled: int = 0
    differing: list[str] = field(default_factory=list)
    too_late: int = 0
    idle_writes: int = 0
    open_changes: int = 0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether nothing came back, nothing was doubled, all agree and all is quiet."""
        wrong = self.echoes or self.doubled or self.differing or self.idle_writes or self.open_changes
        return not wrong


def soak(folder: Path, changes: int, orders: int, seed: int) -> Soaked:
    """Let people make `changes` changes to `orders` orders, and judge what the hub did."""
    begin, clock, came = time.perf_counter(), Watch(), Soaked()
    with Trading(folder / "systems", clock, seed=seed, sleep=lambda seconds: None) as trading:
        clock.heard.append(trading.tick)
        store = open_store(f"sqlite:///{folder / 'orderhub.db'}", read_key(make_key()))
        store.upgrade()
        mappings, _ = survey(HOME)
        hub = Hub(store, _free(load_rules(HOME)), mappings, clock, trading.connections())

        def run() -> int:
            clock.forward(120)
            trading.tms.work()
            results = sync_systems(hub, list(SYSTEMS))
            errors = [str(error) for one in results for error in one.errors]
            if errors:
                raise RuntimeError(str(errors[:3]))
            return sum(len(trading.journal(system)) for system in SYSTEMS)

        run()
        for system in SYSTEMS:
            adopt(store, hub.out, system, "soak", clock())
        refs: list[str] = []
        while came.changes < changes:
            refs += trading.customer_orders(BORN, lines=1)
            for _ in range(A_ROUND):
                came.changes += trading.people_do_something(refs[-orders:]) != "nothing"
            run()
            came.rounds += 1
        _settle(run)
        before = run()
        came.idle_writes = max(run() - before, run() - before)
        _judge(trading, refs, came)
        with store.read() as conn:
            from hub.store.tables import OPEN_CHANGES, outbox

            found = conn.execute(outbox.select().where(outbox.c.state.in_(OPEN_CHANGES)))
            came.open_changes = len(found.all())
        store.close()
    came.seconds = round(time.perf_counter() - begin, 1)
    return came


def _free(rules: Rules) -> Rules:
    """Return rules by which nothing waits for a person: the fuse is not what is measured here."""
    fuse = rules.fuse.model_copy(update={"rules": ()})
    brakes = rules.brakes.model_copy(update={"orders": 10**9, "least": 10**9, "cancellations": 10**9})
    return rules.model_copy(update={"fuse": fuse, "brakes": brakes})


def _settle(run: Any) -> None:
    """Run until nothing is written any more."""
    before = -1
    for _ in range(_REST):
        now = run()
        if now == before:
            return
        before = now


def _judge(trading: Trading, refs: list[str], came: Soaked) -> None:
    for system in SYSTEMS:
        mine = [entry for entry in trading.journal(system) if entry.who == HUB]
        came.writes[system] = len(mine)
        came.echoes += sum(bool(OWN[system] & set(entry.operation.split("+"))) for entry in mine)
        came.doubled += len(trading.doubled(system))
    held = {system: trading.holds(system) for system in SYSTEMS}
    for ref in refs:
        owner = held["crm"][ref]
        if owner.status == "draft" or owner.cancelled or (owner.hold and ref not in held["wms"]):
            continue
        for system in ("erp", "wms"):
            other = held[system].get(ref)
            if other is not None and other.shipped == other.ordered != owner.ordered:
                came.too_late += system == "wms"
            elif other is None or (other.ordered, other.hold) != (owner.ordered, owner.hold):
                came.differing.append(f"{ref} {system}: {other} against {owner}")


def main() -> None:
    """Soak, and say what it came to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--orders", type=int, default=150)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="orderhub-soak-"))
    try:
        came = soak(folder, asked.changes, asked.orders, asked.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    writes = ", ".join(f"{system} {count:,}" for system, count in came.writes.items())
    print(
        f"{came.changes:,} changes by people in {came.rounds} rounds ({came.seconds:.0f} s);"
        f" writes of the hub: {writes}; {came.echoes} echoes, {came.doubled} orders made twice,"
        f" {len(came.differing)} differ ({came.too_late} were changed after the goods had left),"
        f" {came.open_changes} left open, {came.idle_writes} writes after all was at rest"
    )
    for line in came.differing[:20]:
        print(f"  {line}")
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(asdict(came), indent=1), "utf-8")
    sys.exit(0 if came.good else 1)


__all__ = ["Soaked", "main", "soak"]

if __name__ == "__main__":
    main()
