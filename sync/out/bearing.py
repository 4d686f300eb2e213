"""How a system bears being written to: pauses, breaker and rate, kept in the store for all processes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.store import audit, bulk
from hub.store.tables import breakers, pauses

ALL = "*"
"""Stands for every system in a pause."""

PATIENCE = 5
"""So many failures in a row, and the system is left alone for a while."""

_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)


def pause(conn: sa.Connection, system: str, who: str, reason: str, now: datetime) -> None:
    """Let nothing be written to a system (or ALL) until it is resumed."""
    row = {"system": system, "who": who, "reason": reason, "since": now}
    bulk.upsert(conn, pauses, [row])
    audit.append(conn, who, "pause.set", {"system": system, "reason": reason}, now)


def resume(conn: sa.Connection, system: str, who: str, now: datetime) -> bool:
    """Let a system (or ALL) be written to again; tell whether it was paused."""
    gone = conn.execute(sa.delete(pauses).where(pauses.c.system == system)).rowcount
    if gone:
        audit.append(conn, who, "pause.lifted", {"system": system}, now)
    return bool(gone)


def paused(conn: sa.Connection, system: str) -> dict[str, Any] | None:
    """Return the pause that keeps a system from being written to, if there is one."""
    row = conn.execute(sa.select(pauses).where(pauses.c.system.in_((system, ALL)))).first()
    return dict(row._mapping) if row else None


def all_pauses(conn: sa.Connection) -> list[dict[str, Any]]:
    """Return every pause."""
    return [dict(row._mapping) for row in conn.execute(sa.select(pauses).order_by(pauses.c.system))]


def open_until(conn: sa.Connection, system: str, now: datetime) -> datetime | None:
    """Return until when a system is left alone, None if it may be asked."""
    until = conn.scalar(sa.select(breakers.c.open_until).where(breakers.c.system == system))
    return until if isinstance(until, datetime) and until > now else None


def failed(conn: sa.Connection, system: str, error: str, now: datetime) -> bool:
    """Count a failure; tell whether the system is to be left alone from now on."""
    row = _row(conn, system)
    failures = row["failures"] + 1
    until = row["open_until"]
    if failures >= PATIENCE:
        until = now + min(_FIRST * 2 ** min(failures - PATIENCE, 10), _LONGEST)
    _put(conn, {**row, "failures": failures, "open_until": until, "error": error[:500]})
    return bool(failures >= PATIENCE)


def leave_alone(conn: sa.Connection, system: str, until: datetime, error: str) -> None:
    """Leave a system alone until then, because it asked for it."""
    _put(conn, {**_row(conn, system), "open_until": until, "error": error[:500]})


def well(conn: sa.Connection, system: str) -> None:
    """Note that a system answered."""
    row = _row(conn, system)
    if row["failures"] or row["open_until"] is not None:
        _put(conn, {**row, "failures": 0, "open_until": None, "error": None})


def turn(conn: sa.Connection, system: str, per_second: Decimal | None, now: datetime) -> timedelta:
    """Take the next turn in a system that limits calls a second; return how long to wait for it."""
    if per_second is None:
        return timedelta()
    row = _row(conn, system)
    begin = max(now, row["next_at"] or now)
    every = timedelta(microseconds=int(1_000_000 / per_second))
    _put(conn, {**row, "next_at": begin + every})
    return begin - now


def _row(conn: sa.Connection, system: str) -> dict[str, Any]:
    found = conn.execute(sa.select(breakers).where(breakers.c.system == system)).first()
    empty = {"system": system, "failures": 0, "open_until": None, "next_at": None, "error": None}
    return dict(found._mapping) if found else empty


def _put(conn: sa.Connection, row: dict[str, Any]) -> None:
    bulk.upsert(conn, breakers, [row])
