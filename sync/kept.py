"""What lies in quarantine, for people: listed without its content, shown whole on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.model import Record
from hub.store import Store, jsons
from hub.store.tables import quarantine
from sync.raw import unpack


@dataclass(frozen=True, slots=True)
class Kept:
    """One quarantined record: where it came in, why it could not be read, since when, how often tried.

    `reason` is a message key and `values` fill it; `solved_at` is None while it is still unread. `record`
    and `meta` are there only where one record was asked for (`load`).
    """

    id: int
    system: str
    stream: str
    key: str
    reason: str
    values: Mapping[str, Any]
    field: str
    at: datetime
    attempts: int
    solved_at: datetime | None
    record: Record | None = None
    meta: Mapping[str, Any] | None = None


_q = quarantine.c


def count(
    conn: sa.Connection, *, system: str | None = None, reason: str | None = None, solved: bool = False
) -> int:
    """Return how many records fit."""
    return int(conn.execute(sa.select(sa.func.count()).where(*_fits(system, reason, solved))).scalar_one())


def listed(
    conn: sa.Connection,
    *,
    system: str | None = None,
    reason: str | None = None,
    solved: bool = False,
    limit: int | None = None,
) -> list[Kept]:
    """Return the records that still lie there (or, `solved`, those understood since), the newest first."""
    wide = [column for column in quarantine.c if column.name not in ("raw", "meta")]
    chosen = sa.select(*wide).where(*_fits(system, reason, solved)).order_by(_q.id.desc()).limit(limit)
    return [_kept(row) for row in conn.execute(chosen)]


def ids(conn: sa.Connection, *, system: str | None = None, reason: str | None = None) -> list[int]:
    """Return the numbers of all records that still lie there and fit, oldest first."""
    return list(conn.scalars(sa.select(_q.id).where(*_fits(system, reason, solved=False)).order_by(_q.id)))


def load(store: Store, conn: sa.Connection, number: int) -> Kept:
    """Return one record with its content; ConfigError if there is no such number."""
    row = conn.execute(sa.select(quarantine).where(_q.id == number)).one_or_none()
    if row is None:
        raise ConfigError("sync.no_quarantined", number=number)
    raw = store.seal.decrypt(bytes(row.raw), f"{row.system}/{row.stream}/{row.record}")
    return _kept(row, record=unpack(raw), meta=jsons.loads(row.meta) or {})


def _fits(system: str | None, reason: str | None, solved: bool) -> list[sa.ColumnElement[bool]]:
    fits: list[sa.ColumnElement[bool]] = [_q.solved_at.is_not(None) if solved else _q.solved_at.is_(None)]
    if system is not None:
        fits.append(_q.system == system)
    if reason is not None:
        fits.append(_q.reason == reason)
    return fits


def _kept(row: sa.Row[Any], **more: Any) -> Kept:
    return Kept(
        id=row.id,
        system=row.system,
        stream=row.stream,
        key=row.record,
        reason=row.reason,
        values=jsons.loads(row._mapping["values"]) or {},
        field=row.field or "",
        at=row.at,
        attempts=row.attempts,
        solved_at=row.solved_at,
        **more,
    )
