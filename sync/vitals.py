"""What the store tells of a hub's health: adoptions, pauses, breakers, old changes, quarantine, silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.mapping import SystemMapping
from hub.redact import redact
from hub.rules import Rules
from hub.store.tables import adoptions, breakers, outbox, pauses, quarantine, reads
from sync.doctor import Remark, ok, problem, warning
from sync.out.bearing import ALL
from sync.out.outbox import HELD, REJECTED, UNKNOWN

OLD: Mapping[str, timedelta] = {
    UNKNOWN: timedelta(hours=1),
    HELD: timedelta(days=1),
    REJECTED: timedelta(days=1),
}
"""How long a change may stand so before somebody should look."""

FULL = 100
"""From so many records in the quarantine of a system on it is no dirt but a change at the source."""


def of_store(
    conn: sa.Connection, mappings: Mapping[str, SystemMapping], rules: Rules, now: datetime
) -> Iterator[Remark]:
    """Look at what the store knows: adoptions, pauses, breakers, changes, quarantine, silence."""
    for name, mapping in sorted(mappings.items()):
        if mapping.mode != "read_only":
            yield _adopted(conn, name, mapping.mode)
    yield from _paused(conn)
    yield from _open_breakers(conn, now)
    yield from _old_changes(conn, now)
    yield from _quarantined(conn)
    for name, mapping in sorted(mappings.items()):
        yield _read(conn, name, mapping, rules, now)


def _adopted(conn: sa.Connection, system: str, mode: str) -> Remark:
    found = conn.execute(sa.select(adoptions.c.mode).where(adoptions.c.system == system)).scalar()
    if found == mode:
        return ok("adoption", "doctor.adopted", system, mode=mode)
    key = "doctor.not_adopted" if found is None else "doctor.adopted_otherwise"
    return problem("adoption", key, system, mode=mode, found=found or "")


def _paused(conn: sa.Connection) -> Iterator[Remark]:
    found = conn.execute(sa.select(pauses).order_by(pauses.c.system)).all()
    for row in found:
        system = "" if row.system == ALL else row.system
        name = system or "all"
        yield warning("pauses", "doctor.paused", system, name=name, who=row.who, since=row.since)
    if not found:
        yield ok("pauses", "doctor.no_pause")


def _open_breakers(conn: sa.Connection, now: datetime) -> Iterator[Remark]:
    found = conn.execute(sa.select(breakers).where(breakers.c.open_until > now).order_by(breakers.c.system))
    for row in found:
        told = {"until": row.open_until, "reason": redact(row.error or "")}
        yield problem("breakers", "doctor.left_alone", row.system, **told)


def _old_changes(conn: sa.Connection, now: datetime) -> Iterator[Remark]:
    """Count what has stood for too long; a refusal counts while nothing newer was asked for its order."""
    o, later = outbox.c, outbox.alias()
    same = (getattr(later.c, name) == getattr(o, name) for name in ("system", "write", "company", "order_no"))
    newest = ~sa.exists().where(*same, later.c.id > o.id)
    any_old = False
    for state, age in OLD.items():
        asked = sa.select(o.system, sa.func.count(), sa.func.min(o.changed_at)).where(
            o.state == state, o.mode == "live", o.changed_at < now - age, newest
        )
        for system, count, oldest in conn.execute(asked.group_by(o.system).order_by(o.system)):
            any_old = True
            yield warning("changes", f"doctor.old_{state}", system, count=count, oldest=oldest)
    if not any_old:
        yield ok("changes", "doctor.no_old_change")


def _quarantined(conn: sa.Connection) -> Iterator[Remark]:
    q = quarantine.c
    counted = sa.select(q.system, sa.func.count()).where(q.solved_at.is_(None)).group_by(q.system)
    found = conn.execute(counted.order_by(q.system)).all()
    for system, count in found:
        full = problem if count >= FULL else warning
        yield full("quarantine", "doctor.quarantined", system, count=count)
    if not found:
        yield ok("quarantine", "doctor.no_quarantine")


def _read(conn: sa.Connection, system: str, mapping: SystemMapping, rules: Rules, now: datetime) -> Remark:
    """Tell whether every stream was read within the time that hub.yaml gives the system."""
    r = reads.c
    asked = sa.select(r.stream, r.complete_at).where(r.system == system, r.kind == "since")
    complete = {stream: at for stream, at in conn.execute(asked)}
    never = [stream for stream in mapping.streams if complete.get(stream) is None]
    if never:
        return warning("reads", "doctor.never_read", system, streams=", ".join(never))
    oldest, stream = min((complete[stream], stream) for stream in mapping.streams)
    if now - oldest > rules.quiet(system):
        return problem("reads", "doctor.silent", system, stream=stream, since=oldest)
    return ok("reads", "doctor.read", system, since=oldest)
