"""What people decide of held changes: bound to the digest that they saw, never of their own doing, dated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.fuse import Fuse
from hub.rules import Rules
from hub.store import audit, jsons
from hub.store.tables import approvals, outbox
from sync.out import outbox as box

Row = Mapping[str, Any]


def granted(conn: sa.Connection, digest: str, rules: Rules, now: datetime) -> set[str]:
    """Return the roles that have granted exactly this, and whose word has not expired."""
    a = approvals.c
    since = now - rules.fuse.expires
    rows = conn.execute(sa.select(a.role).where(a.digest == digest, a.granted.is_(True), a.at > since))
    return {row.role for row in rows}


def held(conn: sa.Connection, *, batch: str | None = None) -> list[dict[str, Any]]:
    """Return what is held just now, oldest first."""
    o = outbox.c
    asked = sa.select(outbox).where(o.state == box.HELD).order_by(o.id)
    return [dict(row._mapping) for row in conn.execute(asked.where(o.batch == batch) if batch else asked)]


def roles(row: Row) -> list[str]:
    """Return every role that must grant a held change, in order."""
    holds = jsons.loads(row["holds"]) or []
    return list(dict.fromkeys(role for hold in holds for role in hold["roles"]))


def lacking(conn: sa.Connection, row: Row, rules: Rules, now: datetime) -> list[str]:
    """Return the roles that have not granted a held change yet, in order."""
    given = granted(conn, row["digest"], rules, now)
    return [role for role in roles(row) if role not in given]


def decide(
    conn: sa.Connection,
    rows: Sequence[Row],
    *,
    granting: bool,
    who: str,
    reason: str,
    rules: Rules,
    now: datetime,
    role: str | None = None,
) -> int:
    """Keep what `who` decides of changes that are held; return how many of them go (or are off) now.

    Raises ConfigError if he may not: it is his own change, he has decided of it before in another role, or he
    is none of the people of the role. What is no longer held, or has another digest by now, is left alone.
    """
    fuse, decided = Fuse(rules.fuse), 0
    for row in rows:
        current = box.fetch(conn, row["id"])
        if current is None or current["state"] != box.HELD or current["digest"] != row["digest"]:
            continue
        if not granting:
            _keep(conn, row, roles(row)[0], False, who, reason, now)
            why = ("outbox.denied", {"who": who, "reason": reason})
            decided += box.change(conn, [row["id"]], box.REJECTED, now, reason=why, only=(box.HELD,))
            continue
        taken = _role(conn, current, fuse, who, role, rules, now)
        _keep(conn, row, taken, True, who, reason, now)
        if not lacking(conn, current, rules, now):
            decided += box.change(conn, [row["id"]], box.PENDING, now, due_at=None, only=(box.HELD,))
    what = "change.granted" if granting else "change.denied"
    told = {"changes": [row["id"] for row in rows], "reason": reason}
    audit.append(conn, who, what, told, now)
    return decided


def _role(
    conn: sa.Connection,
    row: Row,
    fuse: Fuse,
    who: str,
    role: str | None,
    rules: Rules,
    now: datetime,
) -> str:
    """Return the role in which `who` grants a change: the asked one, else the first that he may."""
    if row["author"] and row["author"].strip().casefold() == who.strip().casefold():
        raise ConfigError("outbox.own_change", who=who, id=row["id"])
    a = approvals.c
    since = now - rules.fuse.expires
    before = sa.select(a.who).where(a.digest == row["digest"], a.granted.is_(True), a.at > since)
    if who.casefold() in {said.casefold() for said in conn.execute(before).scalars()}:
        raise ConfigError("outbox.decided_before", who=who, id=row["id"])
    open_roles = lacking(conn, row, rules, now)
    may = [one for one in open_roles if role in (None, one) and fuse.may_grant(one, who)]
    if not may:
        raise ConfigError("outbox.not_his", who=who, id=row["id"], roles=", ".join(open_roles))
    return may[0]


def _keep(
    conn: sa.Connection, row: Row, role: str, granting: bool, who: str, reason: str, now: datetime
) -> None:
    said = {"change": row["id"], "digest": row["digest"], "role": role, "granted": granting}
    conn.execute(approvals.insert().values(**said, who=who, reason=reason, at=now))
