"""What people decide of held changes: bound to the digest that they saw, never of their own doing, dated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.fuse import Fuse
from hub.rules import Rules
from hub.store import audit, bulk, jsons, lookup
from hub.store.tables import approvals, outbox
from sync.out import outbox as box

Row = Mapping[str, Any]


def granted(conn: sa.Connection, digest: str, rules: Rules, now: datetime) -> set[str]:
    """Return the roles that have granted exactly this, and whose word has not expired."""
    return set(_grants(conn, [digest], rules, now).get(digest, ()))


def _grants(
    conn: sa.Connection, digests: Iterable[str], rules: Rules, now: datetime
) -> dict[str, dict[str, str]]:
    """Return who granted what has these digests, by digest and role; a word that has expired is none."""
    since = now - rules.fuse.expires
    found: dict[str, dict[str, str]] = {}
    keys = {(digest,) for digest in digests}
    for row in lookup.fetch_rows(conn, approvals, ("digest",), sorted(keys)):
        if row["granted"] and row["at"] > since:
            found.setdefault(row["digest"], {})[row["role"]] = row["who"]
    return found


def held(conn: sa.Connection, *, batch: str | None = None) -> list[dict[str, Any]]:
    """Return what is held just now, oldest first."""
    o = outbox.c
    asked = sa.select(outbox).where(o.state == box.HELD).order_by(o.id)
    return [dict(row._mapping) for row in conn.execute(asked.where(o.batch == batch) if batch else asked)]


def roles(row: Row) -> list[str]:
    """Return every role that must grant a held change, in order."""
    holds = jsons.loads(row["holds"]) or []
    return list(dict.fromkeys(role for hold in holds for role in hold["roles"]))


def lacking(conn: sa.Connection, rows: Sequence[Row], rules: Rules, now: datetime) -> dict[int, list[str]]:
    """Return the roles that have not granted held changes yet, in order, by change."""
    given = _grants(conn, (row["digest"] for row in rows), rules, now)
    return {
        row["id"]: [role for role in roles(row) if role not in given.get(row["digest"], ())] for row in rows
    }


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
    shown = {row["id"]: row["digest"] for row in rows}
    current = lookup.fetch_rows(conn, outbox, ("id",), sorted((one,) for one in shown))
    asked = [row for row in current if row["state"] == box.HELD and row["digest"] == shown[row["id"]]]
    asked.sort(key=itemgetter("id"))
    if granting:
        decided = _grant(conn, asked, who, role, reason, rules, now)
    else:
        decided = _deny(conn, asked, who, reason, now)
    told = {"changes": list(shown), "reason": reason}
    audit.append(conn, who, "change.granted" if granting else "change.denied", told, now)
    return decided


def _deny(conn: sa.Connection, asked: Sequence[Row], who: str, reason: str, now: datetime) -> int:
    _keep(conn, [(row, roles(row)[0]) for row in asked], False, who, reason, now)
    why = ("outbox.denied", {"who": who, "reason": reason})
    return box.change(conn, [row["id"] for row in asked], box.REJECTED, now, reason=why, only=(box.HELD,))


def _grant(
    conn: sa.Connection,
    asked: Sequence[Row],
    who: str,
    role: str | None,
    reason: str,
    rules: Rules,
    now: datetime,
) -> int:
    """Grant each change in the role in which `who` may; return how many lack nobody's word any more."""
    fuse, given = Fuse(rules.fuse), _grants(conn, (row["digest"] for row in asked), rules, now)
    said: list[tuple[Row, str]] = []
    ready: list[int] = []
    for row in asked:
        before = given.get(row["digest"], {})
        open_roles = [one for one in roles(row) if one not in before]
        taken = _role(row, fuse, who, role, open_roles, before.values())
        said.append((row, taken))
        if open_roles == [taken]:
            ready.append(row["id"])
    _keep(conn, said, True, who, reason, now)
    return box.change(conn, ready, box.PENDING, now, due_at=None, only=(box.HELD,))


def _role(
    row: Row, fuse: Fuse, who: str, role: str | None, open_roles: Sequence[str], before: Iterable[str]
) -> str:
    """Return the role in which `who` grants a change: the asked one, else the first that he may.

    `before` are the people who have granted it already.
    """
    me = who.casefold()
    if row["author"] and row["author"].strip().casefold() == me.strip():
        raise ConfigError("outbox.own_change", who=who, id=row["id"])
    if me in {said.casefold() for said in before}:
        raise ConfigError("outbox.decided_before", who=who, id=row["id"])
    may = [one for one in open_roles if role in (None, one) and fuse.may_grant(one, who)]
    if not may:
        raise ConfigError("outbox.not_his", who=who, id=row["id"], roles=", ".join(open_roles))
    return may[0]


def _keep(
    conn: sa.Connection,
    said: Sequence[tuple[Row, str]],
    granting: bool,
    who: str,
    reason: str,
    now: datetime,
) -> None:
    """Keep a decision of each change in its role."""
    of = {"granted": granting, "who": who, "reason": reason, "at": now}
    bulk.insert(
        conn,
        approvals,
        [{"change": row["id"], "digest": row["digest"], "role": role} | of for row, role in said],
    )
