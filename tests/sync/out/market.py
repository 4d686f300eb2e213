"""The trading world with a hub over it: CRM over REST, ERP over SOAP, WMS in SQL, TMS in files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from hub.store.tables import forms, outbox
from simulators.trading.trading import HOME, Trading
from sync.out.adopt import adopt
from sync.run import Hub, SyncResult, sync_systems

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SYSTEMS = ("crm", "erp", "tms", "wms")
FREE = "\nfuse: {rules: []}\nbrakes: {orders: 100000, share: 100%, cancellations: 10000}\n"
"""Nothing is held: what the fuse does is tested elsewhere."""


@dataclass
class Market:
    """Everybody's time is `now`; `systems` are those that the hub knows of."""

    folder: Path
    store: Store
    systems: tuple[str, ...] = SYSTEMS
    now: datetime = START
    rules: str = FREE
    change: Callable[[str, str], str] = field(default=lambda name, text: text)

    def __post_init__(self) -> None:
        home = self.folder / "home" / "mappings"
        shutil.copytree(HOME / "mappings", home)
        known, _, _ = (home / "hub.yaml").read_text("utf-8").partition("\n# Which writes wait")
        (home / "hub.yaml").write_text(known + self.rules, "utf-8")
        for path in (home / "systems").glob("*.yaml"):
            if path.stem in self.systems:
                path.write_text(self.change(path.stem, path.read_text("utf-8")), "utf-8")
            else:
                path.unlink()
        self.trading = Trading(self.folder / "systems", lambda: self.now, sleep=lambda seconds: None)
        self.trading.__enter__()

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def hub(self) -> Hub:
        mappings, wrong = survey(self.home)
        assert not wrong, [str(error) for error in wrong]
        return Hub(self.store, load_rules(self.home), mappings, lambda: self.now, self.trading.connections())

    def adopt(self) -> None:
        hub = self.hub()
        for system in self.systems:
            adopt(self.store, hub.out, system, "tester", self.now)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)
        self.trading.tick()

    def sync(self, times: int = 1) -> list[SyncResult]:
        """Run the hub as its schedule does, half a minute apart."""
        results: list[SyncResult] = []
        for _ in range(times):
            self.later(seconds=30)
            self.trading.tms.work()
            results = sync_systems(self.hub(), list(self.systems))
        return results

    def changes(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return rows of the outbox with these values, oldest first."""
        with self.store.read() as conn:
            rows = [dict(row._mapping) for row in conn.execute(sa.select(outbox).order_by(outbox.c.id))]
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def unsettled(self) -> int:
        """Return how many writes no read has shown yet."""
        with self.store.read() as conn:
            asked = sa.select(sa.func.count()).where(forms.c.settles_at.is_not(None))
            return conn.scalar(asked.select_from(forms)) or 0

    def close(self) -> None:
        self.trading.__exit__(None, None, None)
