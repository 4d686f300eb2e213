"""What is asked of people: held changes, those that a brake holds together as one.

What is asked has a reference that stands for exactly what was shown: the number of a change, whose digest
never changes, or the name of a batch with a check value over all that lies in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.rules import Rules
from hub.store import jsons
from sync.out import approvals
from sync.out import outbox as box
from sync.out.standing import decisions

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """One approval that is asked for: its reference, the changes, what holds them, who has granted it so far.

    `given` are the decisions that still count, `lacking` the roles that have not granted it, in order, and
    `expires` is when the first of those that count no longer does.
    """

    ref: str
    rows: Sequence[Row]
    holds: Sequence[Mapping[str, Any]]
    given: Sequence[Row]
    lacking: Sequence[str]
    expires: datetime | None

    @property
    def since(self) -> datetime:
        """Since when somebody has been asked."""
        since: datetime = min(row["created_at"] for row in self.rows)
        return since


@dataclass(frozen=True, slots=True)
class Gone:
    """A reference to what is not asked any more: it has another state, or a batch holds something else.

    `instead` is the reference of what is asked now, if anything is.
    """

    ref: str
    state: str | None
    instead: str | None


def asks(conn: sa.Connection, rules: Rules, now: datetime) -> list[Ask]:
    """Return all that is asked, the oldest first."""
    groups: dict[str, list[Row]] = {}
    for row in approvals.held(conn):
        groups.setdefault(row["batch"] or str(row["id"]), []).append(row)
    said = decisions(conn, [row for rows in groups.values() for row in rows])
    return [_ask(rows, said, rules, now) for rows in groups.values()]


def find(conn: sa.Connection, ref: str, rules: Rules, now: datetime) -> Ask | Gone:
    """Return what a reference stands for; ConfigError if there never was such a thing.

    The name of a batch alone stands for what lies in it now.
    """
    if not ref.isdecimal():
        return _batch(conn, ref, rules, now)
    row = box.fetch(conn, int(ref))
    if row is None:
        raise ConfigError("outbox.no_change", id=ref)
    if row["state"] != box.HELD:
        return Gone(ref, row["state"], _instead(conn, row))
    return _ask([row], decisions(conn, [row]), rules, now, alone=True)


def _batch(conn: sa.Connection, ref: str, rules: Rules, now: datetime) -> Ask | Gone:
    name, _, shown = ref.partition(":")
    rows = approvals.held(conn, batch=name)
    if not rows:
        raise ConfigError("outbox.not_held", id=ref)
    ask = _ask(rows, decisions(conn, rows), rules, now)
    return ask if not shown or ask.ref == ref else Gone(ref, None, ask.ref)


def _ask(
    rows: Sequence[Row], said: Mapping[str, Sequence[Row]], rules: Rules, now: datetime, alone: bool = False
) -> Ask:
    counts = [
        one
        for row in rows
        for one in said.get(row["digest"], ())
        if one["granted"] and one["at"] > now - rules.fuse.expires
    ]
    given = {(one["role"], one["who"]): one for one in counts}
    had = {(one["digest"], one["role"]) for one in counts}
    lacking = dict.fromkeys(
        role for row in rows for role in approvals.roles(row) if (row["digest"], role) not in had
    )
    expires = min((one["at"] + rules.fuse.expires for one in given.values()), default=None)
    ref = str(rows[0]["id"]) if alone or not rows[0]["batch"] else _ref(rows)
    return Ask(ref, rows, _holds(rows), list(given.values()), list(lacking), expires)


def _holds(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    """Return what holds changes; of a batch the last word of each rule, for that counts all of them."""
    holds = [hold for row in rows for hold in jsons.loads(row["holds"]) or ()]
    return holds if len(rows) == 1 else list({hold["rule"]: hold for hold in holds}.values())


def _ref(rows: Sequence[Row]) -> str:
    check = blake2b("".join(sorted(row["digest"] for row in rows)).encode(), digest_size=4)
    return f"{rows[0]['batch']}:{check.hexdigest()}"


def _instead(conn: sa.Connection, row: Row) -> str | None:
    """Return the number of the newest change of the same write to the same order, if it is open."""
    key = row["company"], row["order_no"]
    write = row["system"], row["write"]
    newer = [
        one
        for one in box.of_orders(conn, [key]).get(key, ())
        if (one["system"], one["write"]) == write and one["id"] > row["id"] and box.is_open(one)
    ]
    return str(newer[-1]["id"]) if newer else None
