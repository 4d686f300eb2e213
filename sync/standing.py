"""How everything stands: how fresh each system is, what waits, what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store.tables import causes, findings, orders, quarantine, reads, unlinked, views


@dataclass(slots=True)
class StreamStands:
    """One stream: its last complete read, its newest stamp, and its last complete sweep.

    `missed` is what that sweep brought and the cursor had not (at most: some of it may have happened in
    between); `sweep_error` why the last sweep came to nothing.
    """

    stream: str
    complete_at: datetime | None = None
    newest_at: datetime | None = None
    swept_at: datetime | None = None
    missed: int | None = None
    sweep_error: str | None = None


@dataclass(slots=True)
class SystemStands:
    """One system: its last complete read (of its least known stream), newest stamp, what lies aside.

    `error` is the last failure that no complete read has followed; `gone` counts orders that the system no
    longer knows. A silent stream shows in `streams`: a lively one beside it hides nothing there.
    """

    system: str
    complete_at: datetime | None = None
    newest_at: datetime | None = None
    orders: int = 0
    quarantined: int = 0
    waiting: int = 0
    gone: int = 0
    failed_at: datetime | None = None
    error: str | None = None
    streams: list[StreamStands] = field(default_factory=list)


@dataclass(slots=True)
class Standing:
    """The whole: systems by name, canonical orders, findings by state, causes that are not closed."""

    systems: list[SystemStands] = field(default_factory=list)
    orders: int = 0
    findings: dict[str, int] = field(default_factory=dict)
    causes: int = 0


def standing(conn: sa.Connection, systems: Iterable[str] = ()) -> Standing:
    """Return how everything stands; `systems` are named even where nothing was read of them yet."""
    found = {system: SystemStands(system) for system in systems}
    for system, rows in _reads(conn).items():
        found[system] = _read_so_far(system, rows)
    for name, counted in (
        ("orders", sa.select(views.c.system, sa.func.count())),
        (
            "quarantined",
            sa.select(quarantine.c.system, sa.func.count()).where(quarantine.c.solved_at.is_(None)),
        ),
        ("waiting", sa.select(unlinked.c.system, sa.func.count())),
        ("gone", sa.select(views.c.system, sa.func.count()).where(views.c.gone_at.is_not(None))),
    ):
        for system, count in conn.execute(counted.group_by(counted.selected_columns[0])):
            setattr(found.setdefault(system, SystemStands(system)), name, count)
    states = sa.select(findings.c.state, sa.func.count()).group_by(findings.c.state)
    return Standing(
        systems=[found[system] for system in sorted(found)],
        orders=_count(conn, sa.select(sa.func.count()).select_from(orders)),
        findings={state: count for state, count in conn.execute(states.order_by(findings.c.state))},
        causes=_count(conn, sa.select(sa.func.count()).where(causes.c.state != "closed")),
    )


def _count(conn: sa.Connection, query: sa.Select[Any]) -> int:
    return int(conn.execute(query).scalar_one())


def _reads(conn: sa.Connection) -> dict[str, list[sa.Row[Any]]]:
    """Return what is noted of streams, by system."""
    rows: dict[str, list[sa.Row[Any]]] = {}
    for row in conn.execute(sa.select(reads).order_by(reads.c.system, reads.c.stream, reads.c.kind)):
        rows.setdefault(row.system, []).append(row)
    return rows


def _read_so_far(system: str, noted: list[sa.Row[Any]]) -> SystemStands:
    rows = [row for row in noted if row.kind == "since"]
    complete = [row.complete_at for row in rows]
    failed = max((row for row in rows if row.failed_at), key=lambda row: row.failed_at, default=None)
    return SystemStands(
        system,
        complete_at=None if None in complete or not complete else min(complete),
        newest_at=max((row.newest_at for row in rows if row.newest_at), default=None),
        failed_at=failed.failed_at if failed else None,
        error=failed.error if failed else None,
        streams=_streams(noted),
    )


def _streams(noted: Iterable[sa.Row[Any]]) -> list[StreamStands]:
    found: dict[str, StreamStands] = {}
    for row in noted:
        stream = found.setdefault(row.stream, StreamStands(row.stream))
        if row.kind == "sweep":
            stream.swept_at, stream.missed, stream.sweep_error = row.complete_at, row.missed, row.error
        else:
            stream.complete_at, stream.newest_at = row.complete_at, row.newest_at
    return list(found.values())
