"""What monitoring asks of a hub: how fresh, how much, what waits, what is wrong – as numbers with labels.

The names are those of Prometheus: base units, `_total` for what only grows. Whoever shows them turns a
`Family` into what its library takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from hub.mapping import SystemMapping
from hub.store import Store, jsons, migrate
from hub.store.tables import (
    OPEN_CHANGES,
    breakers,
    dirty,
    findings,
    matches,
    outbox,
    pauses,
    quarantine,
    reads,
    runs,
    unlinked,
)
from sync.out.bearing import ALL
from sync.out.standing import standing

RUNS = 5000
"""So many runs are looked at in one question."""

_LONGEST = timedelta(days=1)
"""A run that has not ended after this time never will: its process was killed."""


Values = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, what it says, how it behaves, the names of its labels, and its values by them."""

    name: str
    says: str
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    values: Values = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What all runs together have done, by kind, system and what was counted; goes on where it stopped."""

    upto: int = 0
    records: Counter[tuple[str, ...]] = field(default_factory=Counter)
    runs: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def go_on(self, conn: sa.Connection, now: datetime) -> None:
        """Count the runs that have ended since; one that is still going is waited for, for a day."""
        r = runs.c
        while True:
            asked = sa.select(r.id, r.kind, r.system, r.outcome, r.counts, r.started_at)
            found = conn.execute(asked.where(r.id > self.upto).order_by(r.id).limit(RUNS)).all()
            for row in found:
                if row.outcome is None and row.started_at > now - _LONGEST:
                    return
                self.upto = row.id
                self.runs[row.kind, row.system or "", row.outcome or "ended"] += 1
                for name, count in (jsons.loads(row.counts) or {}).items():
                    self.records[row.kind, row.system or "", name] += count
            if len(found) < RUNS:
                return


def families(
    store: Store, mappings: Mapping[str, SystemMapping], now: datetime, tally: Tally
) -> Iterator[Family]:
    """Yield every metric as of `now`; `tally` is kept from one question to the next."""
    with store.read() as conn:
        tally.go_on(conn, now)
        yield Family(
            "orderhub_store",
            "The revision of the store.",
            "gauge",
            ("revision",),
            {(str(migrate.revision(conn)),): 1},
        )
        yield from _reading(conn, mappings, now)
        yield from _aside(conn)
        yield from _found(conn)
        yield from _out(conn, mappings, now)
        yield from _money(conn)
    yield _counter("orderhub_runs", "Runs that ended.", ("kind", "system", "outcome"), tally.runs)
    yield _counter("orderhub_run_counts", "What runs counted.", ("kind", "system", "counted"), tally.records)


def _counter(name: str, says: str, labels: tuple[str, ...], counted: Counter[tuple[str, ...]]) -> Family:
    return Family(name, says, "counter", labels, {key: float(count) for key, count in counted.items()})


def _reading(conn: sa.Connection, mappings: Mapping[str, SystemMapping], now: datetime) -> Iterator[Family]:
    """Yield how long ago each stream was read completely, and how old its newest stamp is."""
    r = reads.c
    rows = conn.execute(sa.select(reads).where(r.kind == "since", r.system.in_(mappings))).all()
    ages: Values = {(row.system, row.stream): _ago(now, row.complete_at) for row in rows if row.complete_at}
    newest: Values = {(row.system, row.stream): _ago(now, row.newest_at) for row in rows if row.newest_at}
    failed: Values = {
        (row.system, row.stream): float(
            row.failed_at is not None and (row.complete_at is None or row.failed_at > row.complete_at)
        )
        for row in rows
    }
    names = ("system", "stream")
    yield Family("orderhub_read_age_seconds", "Since the last complete read began.", "gauge", names, ages)
    yield Family("orderhub_newest_age_seconds", "Age of the newest stamp read.", "gauge", names, newest)
    yield Family("orderhub_read_failing", "1 while the last read failed.", "gauge", names, failed)


def _aside(conn: sa.Connection) -> Iterator[Family]:
    lie = _counted(conn, quarantine.c.system, quarantine.c.solved_at.is_(None))
    wait = _counted(conn, unlinked.c.system)
    marks = _counted(conn, dirty.c.consumer)
    yield Family("orderhub_quarantined", "Records in quarantine.", "gauge", ("system",), lie)
    yield Family("orderhub_unlinked", "Records that wait for a link.", "gauge", ("system",), wait)
    yield Family("orderhub_marked", "Orders to be looked at again.", "gauge", ("consumer",), marks)


def _found(conn: sa.Connection) -> Iterator[Family]:
    f = findings.c
    rows = conn.execute(
        sa.select(f.kind, f.state, sa.func.count()).where(f.state != "closed").group_by(f.kind, f.state)
    )
    live: Values = {(kind, state): float(count) for kind, state, count in rows}
    yield Family("orderhub_findings", "Findings that are not closed.", "gauge", ("kind", "state"), live)


def _out(conn: sa.Connection, mappings: Mapping[str, SystemMapping], now: datetime) -> Iterator[Family]:
    """Yield the way out: changes by state, the oldest open one, breakers, pauses."""
    counts: Values = {
        (one.system, state): float(count)
        for one in standing(conn, mappings, now)
        for state, count in one.counts.items()
    }
    o = outbox.c
    oldest = conn.execute(
        sa.select(o.system, o.state, sa.func.min(o.created_at))
        .where(o.state.in_(OPEN_CHANGES), o.mode == "live")
        .group_by(o.system, o.state)
    )
    ages: Values = {(system, state): _ago(now, since) for system, state, since in oldest}
    names = ("system", "state")
    yield Family("orderhub_changes", "Changes that are not settled.", "gauge", names, counts)
    yield Family("orderhub_change_age_seconds", "Age of the oldest change.", "gauge", names, ages)
    broken = conn.execute(sa.select(breakers.c.system, breakers.c.open_until))
    open_: Values = {(system,): float(until is not None and until > now) for system, until in broken}
    yield Family("orderhub_breaker_open", "1 while a system is left alone.", "gauge", ("system",), open_)
    stopped: Values = {
        (("all" if name == ALL else name),): 1.0 for name in conn.scalars(sa.select(pauses.c.system))
    }
    yield Family("orderhub_paused", "1 while nobody writes to it.", "gauge", ("system",), stopped)


def _money(conn: sa.Connection) -> Iterator[Family]:
    m = matches.c
    rows = conn.execute(sa.select(m.company, m.kind, sa.func.count()).group_by(m.company, m.kind))
    lines: Values = {(company, kind): float(count) for company, kind, count in rows}
    yield Family("orderhub_matches", "Lines of the ledger of matches.", "counter", ("company", "kind"), lines)


def _counted(
    conn: sa.Connection, by: sa.Column[Any], *where: sa.ColumnElement[bool]
) -> dict[tuple[str, ...], float]:
    rows = conn.execute(sa.select(by, sa.func.count()).where(*where).group_by(by))
    return {(name,): float(count) for name, count in rows}


def _ago(now: datetime, moment: datetime) -> float:
    return max(timedelta(), now - moment).total_seconds()
