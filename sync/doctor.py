"""Whether a hub is well set up and in good health: one remark for each thing that was looked at.

Nothing is changed, and nothing but the systems' own `check` leaves the house. What is wrong comes with the
next step; the worst stands for the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from connectors.contract import Health
from connectors.registry import open_connector
from hub.errors import HubError
from hub.mapping import SystemMapping
from hub.redact import redact
from hub.rules import Rules
from hub.store import Store
from hub.store.tables import adoptions, breakers, outbox, pauses, quarantine, reads
from hub.store.turns import wall
from sync.out.outbox import HELD, REJECTED, UNKNOWN

Look = Literal["ok", "warning", "problem"]

PATIENCE = 30.0
"""Seconds that the systems have to say whether they are well, all together."""

SKEW = timedelta(seconds=30)
"""How far the clock of the database may be from this machine's."""

OLD: Mapping[str, timedelta] = {
    UNKNOWN: timedelta(hours=1),
    HELD: timedelta(days=1),
    REJECTED: timedelta(days=1),
}
"""How long a change may stand so before somebody should look."""

FULL = 100
"""From so many records in the quarantine of a system on it is no dirt but a change at the source."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What came of one check: about what (`topic`, and the system if it is about one), how it is, in words.

    `key` and `values` are a message; where something is to be done, the message `key`_next says it.
    """

    topic: str
    look: Look
    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    system: str = ""
    error: HubError | None = None


def ok(topic: str, key: str, system: str = "", **values: object) -> Remark:
    """Return that all is well."""
    return Remark(topic, "ok", key, values, system)


def warning(topic: str, key: str, system: str = "", **values: object) -> Remark:
    """Return that somebody should look."""
    return Remark(topic, "warning", key, values, system)


def problem(topic: str, key: str, system: str = "", error: HubError | None = None, **values: object) -> Remark:
    """Return that something does not work."""
    return Remark(topic, "problem", key, values, system, error)


def of_connections(
    mappings: Mapping[str, SystemMapping], env: Mapping[str, str], clock: Callable[[], datetime]
) -> list[Remark]:
    """Ask all systems at once whether they are well; one that does not answer in time is a problem."""
    if not mappings:
        return []
    pool = ThreadPoolExecutor(max_workers=min(len(mappings), 16), thread_name_prefix="doctor")
    asked = {name: pool.submit(_health, mapping, env, clock) for name, mapping in sorted(mappings.items())}
    wait(asked.values(), PATIENCE)
    pool.shutdown(wait=False, cancel_futures=True)
    return [_answered(name, future) for name, future in asked.items()]


def _health(mapping: SystemMapping, env: Mapping[str, str], clock: Callable[[], datetime]) -> Health:
    connector = open_connector(mapping, env, clock)
    try:
        return connector.check()
    finally:
        connector.close()


def _answered(system: str, future: Future[Health]) -> Remark:
    if not future.done():
        return problem("connection", "doctor.no_answer", system, seconds=int(PATIENCE))
    error = future.exception()
    if isinstance(error, HubError):
        return problem("connection", "doctor.connection_wrong", system, error=error)
    if error is not None:
        reason = redact(f"{type(error).__name__}: {error}")
        return problem("connection", "doctor.check_failed", system, reason=reason)
    health = future.result()
    if not health.ok:
        return problem("connection", "doctor.unwell", system, error=HubError(health.key, **health.values))
    return ok("connection", "doctor.well", system, seconds=f"{health.seconds:.2f}")


def of_rules(mappings: Mapping[str, SystemMapping], rules: Rules) -> Iterator[Remark]:
    """Look at what is written where: writes that cannot be looked up, and roles that anybody fills."""
    live = {name: one for name, one in mappings.items() if one.mode == "live"}
    for name, mapping in sorted(live.items()):
        for write, spec in mapping.writes.items():
            if spec.find is None and spec.message is None:
                yield warning("writes", "doctor.no_find", name, write=write)
        if not mapping.writes:
            yield warning("writes", "doctor.no_writes", name)
    if live:
        roles = dict.fromkeys(role for rule in rules.fuse.rules for role in rule.roles)
        open_roles = [one for one in roles if not _people(rules, one)]
        if open_roles:
            yield warning("fuse", "doctor.roles_open", roles=", ".join(open_roles))
        else:
            yield ok("fuse", "doctor.roles_filled", roles=len(roles))


def _people(rules: Rules, role: str) -> tuple[str, ...]:
    known = rules.fuse.roles.get(role)
    return known.everybody if known else ()


def of_clock(store: Store) -> Remark:
    """Compare this machine's time with the database's, where that has one of its own."""
    if store.dialect != "postgresql":
        return ok("clock", "doctor.clock_own")
    with store.read() as conn:
        theirs = conn.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    apart = abs(wall() - theirs)
    key, seconds = ("doctor.clock_apart", int(apart.total_seconds()))
    return problem("clock", key, seconds=seconds) if apart > SKEW else ok("clock", "doctor.clock_right")


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
        system = "" if row.system == "*" else row.system
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


def _read(
    conn: sa.Connection, system: str, mapping: SystemMapping, rules: Rules, now: datetime
) -> Remark:
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


def worst(remarks: Sequence[Remark]) -> Look:
    """Return the worst of what was found."""
    looks: tuple[Look, ...] = ("problem", "warning", "ok")
    return next((look for look in looks if any(one.look == look for one in remarks)), "ok")


def of_calls(
    mappings: Mapping[str, SystemMapping], conn_of: Callable[[SystemMapping], Mapping[str, Any]], watched: Sequence[str]
) -> Iterator[Remark]:
    """Look at webhooks: is the secret set by which calls are verified, and does anybody listen?"""
    from sync.watch.secrets import lacking

    for name, mapping in sorted(mappings.items()):
        if mapping.webhook is None:
            continue
        try:
            missing = lacking(mapping.webhook, conn_of(mapping))
        except HubError:
            continue  # said with the connection
        if missing:
            yield problem("webhook", "doctor.no_secret", name, names=", ".join(missing))
        elif name in watched:
            yield ok("webhook", "doctor.listened", name)
        else:
            yield warning("webhook", "doctor.not_listened", name)
