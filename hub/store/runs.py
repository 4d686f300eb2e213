"""Runs: a row for each run that wrote something or failed, none for one that found nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.store import driver, jsons
from hub.store.engine import Store
from hub.store.statements import spelled
from hub.store.types import to_micros

_ENTER = "INSERT INTO runs (kind, system, started_at) VALUES (?, ?, ?) RETURNING id"
_FINISH = "UPDATE runs SET ended_at = ?, outcome = ?, counts = ?, error = ? WHERE id = ?"


@dataclass(slots=True)
class Run:
    """A run that may yet turn out to write nothing; `number` is None until it does."""

    kind: str
    system: str | None
    started_at: datetime
    number: int | None = None

    def enter(self, conn: sa.Connection) -> int:
        """Return the run's number, writing its row with the first transaction that asks.

        If that transaction is rolled back the row is gone and the next one to ask writes it again.
        """
        if self.number is None:
            given = (self.kind, self.system, to_micros(self.started_at))
            [(number,)] = driver.fetch(conn, spelled(conn.dialect, _ENTER), given)
            self.number = int(number)
            sa.event.listen(conn, "rollback", self._forget)
        return self.number

    def _forget(self, _conn: sa.Connection) -> None:
        self.number = None


def start(kind: str, system: str | None, now: datetime) -> Run:
    """Begin a run of `kind` (pull, sweep, merge, reconcile, …); nothing is written yet."""
    return Run(kind, system, now)


def finish(
    store: Store,
    run: Run,
    now: datetime,
    outcome: str = "done",
    counts: Mapping[str, int] | None = None,
    error: str | None = None,
) -> None:
    """End a run; without a row so far, one is written only for a failure (`error`)."""
    if run.number is None and error is None:
        return
    with store.write() as conn:
        given = (to_micros(now), outcome, jsons.dumps(counts or {}), error, run.enter(conn))
        driver.run(conn, spelled(conn.dialect, _FINISH), given)
