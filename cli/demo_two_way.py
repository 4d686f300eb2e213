"""The demo's second act: a day in which orders are born in a CRM, and four systems come to hold the same.

Nothing is staged but what people do: answers are lost, a clerk changes what is not his, two people change one
line at once. What the hub did about it is read from the systems' own journals.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from simulators.trading.trading import HOME, SYSTEMS, Trading
from simulators.trading.watch import Watch
from sync.out import approvals, outbox
from sync.out.adopt import adopt
from sync.run import Hub, sync_systems

if TYPE_CHECKING:
    from cli.demo_run import Step

ORDERS = 12
LOST = 2
"""So many answers get lost in the ERP, and in the CRM."""

MORNING = datetime(2026, 6, 30, 0, 30, tzinfo=UTC)
DIRECTOR, SECOND = "director-chen", "board-wu"
STAGE = "two_way"


@dataclass(slots=True)
class TwoWay:
    """What the day came to; counts of orders and of writes, `conflict` what stays for a person to decide."""

    orders: int = 0
    agreeing: int = 0
    held: int = 0
    written: dict[str, int] = field(default_factory=dict)
    lost_answers: int = 0
    doubled: int = 0
    set_right: bool = False
    idle_writes: int = 0
    conflict: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether all went as it must."""
        quiet = not self.doubled and not self.idle_writes and self.lost_answers == 2 * LOST
        return quiet and self.agreeing == self.orders and self.set_right and bool(self.conflict)

    def summary(self) -> dict[str, Any]:
        """Return what `summary.json` holds of it."""
        return asdict(self)


def two_way(folder: Path, seed: int, step: Step) -> TwoWay:
    """Let the day pass, its systems and its store in `folder` (made anew)."""
    from cli.demo_run import demo_store

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    clock = Watch(MORNING)
    with Trading(folder / "systems", clock, seed=seed, sleep=lambda seconds: None) as trading:
        clock.heard.append(trading.tick)
        store = demo_store(folder)
        try:
            return _Day(trading, store, clock, step).told()
        finally:
            store.close()


class _Day:
    """One day of the trading world."""

    def __init__(self, trading: Trading, store: Store, clock: Watch, step: Step) -> None:
        self._trading, self._store, self._clock, self._step = trading, store, clock, step
        mappings, _ = survey(HOME)
        self._hub = Hub(store, load_rules(HOME), mappings, clock, trading.connections())
        self._came = TwoWay()
        self._done = 0

    def told(self) -> TwoWay:
        """Live through it, and say what it came to."""
        self._sync()
        for system in SYSTEMS:
            adopt(self._store, self._hub.out, system, "demo", self._clock())
        refs = self._morning()
        self._noon(refs)
        self._evening(refs)
        self._count(refs)
        return self._came

    def _morning(self) -> list[str]:
        """Let orders be born; two answers get lost; the director looks at what is dear."""
        trading = self._trading
        trading.faults("erp").order("lost", operation="create", times=LOST)
        refs = trading.customer_orders(ORDERS, approved=True)
        self._sync(2)
        with self._store.write() as conn:
            held = approvals.held(conn)
            approvals.decide(
                conn,
                held,
                granting=True,
                who=DIRECTOR,
                reason="demo",
                rules=self._hub.rules,
                now=self._clock(),
            )
            deputies = [row for row in held if len(approvals.roles(row)) > 1]
            approvals.decide(
                conn,
                deputies,
                granting=True,
                who=SECOND,
                reason="demo",
                rules=self._hub.rules,
                now=self._clock(),
            )
        self._came.held = len({row["order_no"] for row in held})
        self._sync(4)
        return refs

    def _noon(self, refs: list[str]) -> None:
        """Let the warehouse ship, and a clerk of finance change what is not his."""
        clerks, trading = refs[0], self._trading
        trading.erp.edit(clerks, {"lines": [{**self._line(clerks), "qty": "999"}]})
        self._sync(3)
        held = {system: trading.holds(system)[clerks].ordered for system in ("crm", "erp")}
        self._came.set_right = held["erp"] == held["crm"] != Decimal(999)
        trading.faults("crm").order("lost", operation="shipped", times=LOST)
        trading.fulfil(*refs[:8])
        self._sync(4)

    def _evening(self, refs: list[str]) -> None:
        """Let trucks arrive, and two people change one line at the same time."""
        trading = self._trading
        for ref in refs[:4]:
            trading.tms.deliver(ref)
        both = refs[-1]
        trading.change_quantity(both, 7)
        trading.wms.set_quantity(both, Decimal(9))
        self._sync(5)
        with self._store.read() as conn:
            for row in approvals.held(conn):
                if row["order_no"] == both and row["system"] == "wms":
                    self._came.conflict = {"order": both, "crm": "7", "wms": "9"}
        before = self._writes()
        self._sync(3)
        self._came.idle_writes = (self._writes() - before).total()

    def _line(self, ref: str) -> dict[str, Any]:
        return dict(self._trading.erp.find(ref)[0].body["lines"][0])

    def _sync(self, times: int = 1) -> None:
        for _ in range(times):
            self._done += 1
            self._step(STAGE, self._done, 22)
            self._clock.forward(600)
            self._trading.tms.work()
            sync_systems(self._hub, list(SYSTEMS))

    def _writes(self) -> Counter[str]:
        return Counter({system: len(self._trading.journal(system)) for system in SYSTEMS})

    def _count(self, refs: list[str]) -> None:
        trading, came = self._trading, self._came
        came.orders = len(refs)
        came.agreeing = sum(self._agree(ref) for ref in refs[:-1]) + bool(came.conflict)
        came.doubled = sum(len(trading.doubled(system)) for system in SYSTEMS)
        with self._store.read() as conn:
            changes = outbox.of_orders(conn, [(self._hub.rules.company, ref) for ref in refs])
        confirmed = [row for rows in changes.values() for row in rows if row["state"] == outbox.CONFIRMED]
        came.written = dict(sorted(Counter(row["system"] for row in confirmed).items()))
        came.lost_answers = 2 * LOST - sum(trading.faults(system).left() for system in ("crm", "erp"))

    def _agree(self, ref: str) -> bool:
        """Tell whether every system that holds an order holds it once, with the same goods."""
        held = [self._trading.all_holds(system).get(ref, []) for system in ("crm", "erp", "wms")]
        return all(len(one) == 1 for one in held) and len({one[0].ordered for one in held}) == 1
