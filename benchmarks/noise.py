"""Quiet in noise: `python -m benchmarks.noise [--orders 3500] [--days 7] [--every 4] [--only planted]`.

A clean but noisy time is replayed as a hub would live through it: every few hours the clock goes on, all
systems are synchronised over their real protocols, and everything is reconciled. Counted is every finding
that was ever open, not what stands in the end. Then the same time is lived through with twenty faults in it.

Exit 1 if the clean time raised more than five findings or a false one, or if a fault was not found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.mapping.survey import contacts, survey
from hub.rules import Rules, load_rules
from hub.store import Store, open_store
from hub.store.tables import finding_events, findings
from reconciler.run import reconcile
from simulators.faults import Truth
from simulators.noise import noisy
from simulators.replay import Replay
from sync.run import Hub, sync_systems

HOME = Path(__file__).resolve().parent.parent
END = datetime(2026, 3, 23, 1, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Shanghai."""

LEAD = timedelta(days=2)
"""The hub begins to look two days after the factory began: a first load is part of the story."""

Identity = tuple[str, str, str, str]

OUTAGE: Identity = ("not_compared", "*", "*", "wms")
"""That the WMS was away for hours is noise, and true."""

AT_MOST = 5


@dataclass(slots=True)
class Quiet:
    """What a replay came to: findings ever open, faults not found, what else was raised, its cost.

    `others` is what was raised beside the faults: the outage, and faults as they looked before one could know
    (an article is swapped, then shipped). What is neither is `false`. `noted` are changes in good time.
    """

    orders: int = 0
    steps: int = 0
    opened: list[Identity] = field(default_factory=list)
    noted: int = 0
    lost: list[Identity] = field(default_factory=list)
    others: list[Identity] = field(default_factory=list)
    false: list[Identity] = field(default_factory=list)
    planted: int = 0
    seconds: float = 0.0
    reconciling: float = 0.0

    def told(self) -> dict[str, Any]:
        """Return it for a table or a program."""
        return {
            "orders": self.orders,
            "steps": self.steps,
            "opened": len(self.opened),
            "kinds": dict(Counter(one[0] for one in self.opened)),
            "noted": self.noted,
            "planted": self.planted,
            "lost": self.lost,
            "others": self.others,
            "false": self.false,
            "cpu_seconds": round(self.seconds, 1),
            "cpu_reconciling": round(self.reconciling, 1),
        }


def rules_of(home: Path = HOME) -> Rules:
    """Return the rules of the repository, with a shorter patience for what rolls: a week is all there is."""
    rules = load_rules(home)
    return rules.model_copy(update={"sla": {**rules.sla, "in_transit": timedelta(days=3)}})


def live_through(
    store: Store, replay: Replay, truth: Iterable[Truth], every: timedelta, end: datetime, days: int
) -> Quiet:
    """Let the hub live through a replay, a sync and a reconciliation at each step; return what it raised."""
    mappings, _ = survey(HOME)
    rules = rules_of().with_contacts(contacts(mappings))
    quiet, began = Quiet(), time.process_time()
    now = end - timedelta(days=days) + LEAD
    with replay:
        while now <= end:
            replay.step(int(now.timestamp()))
            hub = Hub(store, rules, mappings, lambda at=now: at, replay.connections())  # type: ignore[misc]  # bound now
            sync_systems(hub, sorted(mappings))
            begun = time.process_time()
            result = reconcile(store, rules, now)
            quiet.reconciling += time.process_time() - begun
            quiet.steps += 1
            now += every
    quiet.orders = result.orders
    _count(store, quiet, list(truth))
    quiet.seconds = time.process_time() - began
    return quiet


def _count(store: Store, quiet: Quiet, truth: list[Truth]) -> None:
    """Count every finding that was ever open, and hold them against the truth."""
    f, e = findings.c, finding_events.c
    reopened = sa.select(e.finding).where(e.what.in_(["opened", "reopened"]))
    noted = sa.and_(f.kind == "changed_after_confirmation", f.state != "open", f.id.not_in(reopened))
    query = sa.select(f.kind, f.company, f.order_no, f.system, noted.label("noted"), f.details)
    with store.read() as conn:
        rows = conn.execute(query.order_by(f.kind, f.company, f.order_no)).all()
    for row in rows:
        late = row.kind != "changed_after_confirmation" or json.loads(row.details)["late"]
        if row.noted and not late:
            quiet.noted += 1
        else:
            quiet.opened.append((row.kind, row.company, row.order_no, row.system))
    seeded = [(one.class_, one.company, one.order_no, one.system) for one in truth]
    quiet.planted = len(seeded)
    quiet.lost = sorted(set(seeded) - set(quiet.opened))
    quiet.others = sorted(set(quiet.opened) - set(seeded))
    faulty = {(company, order_no) for _, company, order_no, _ in seeded}
    quiet.false = [one for one in quiet.others if one != OUTAGE and one[1:3] not in faulty]


def run(orders: int, days: int, every: float, planted: bool, seed: int = 3, folder: str = "") -> Quiet:
    """Replay `days` with `orders` orders in them, in a store of its own."""
    with tempfile.TemporaryDirectory(dir=folder or None) as scratch:
        store = open_store(f"sqlite:///{scratch}/hub.db", bytes(range(32)))
        store.upgrade()
        try:
            replay, truth = noisy(seed, orders, END, days, Path(scratch) / "systems", planted)
            return live_through(store, replay, truth, timedelta(hours=every), END, days)
        finally:
            store.close()


def main(arguments: list[str] | None = None) -> int:
    """Run it and print what was raised; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=3500)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--every", type=float, default=4, help="hours between two looks")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--only", choices=("clean", "planted"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    good, told = True, {}
    for name in (asked.only,) if asked.only else ("clean", "planted"):
        quiet = run(asked.orders, asked.days, asked.every, name == "planted", asked.seed)
        told[name] = quiet.told()
        print(name, json.dumps(told[name], indent=2), flush=True)
        good &= not quiet.lost and not quiet.false and len(quiet.others) <= AT_MOST
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1), "utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
