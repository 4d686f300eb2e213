"""What would be sent just now, and what guards each write against being done twice or to something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.contract import Move
from hub.mapping.callspec import VERBS
from hub.mapping.lint.calls import mentions
from hub.store import Seal
from sync.out import bearing
from sync.out import outbox as box
from sync.out.outbox import Reason
from sync.out.propose import Outgoing
from sync.out.situations import know
from sync.out.speaking import outgoing, there
from sync.out.standing import listed
from sync.out.targets import Target
from sync.out.wants import CREATE, UPDATE

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Planned:
    """One change as it would be carried out: `goes` just now or not, `why` not, and its guards."""

    row: Row
    goes: bool
    why: Reason | None = None
    guards: Sequence[Reason] = ()


def preview(
    conn: sa.Connection, out: Outgoing, systems: Sequence[str], seal: Seal, now: datetime
) -> list[Planned]:
    """Return what is open for `systems`, the oldest first, as the next sending would find it."""
    stopped = {system: _stopped(conn, system, now) for system in systems}
    open_rows = [row for row in listed(conn) if row["system"] in stopped and box.is_open(row)]
    return [_planned(conn, out, row, stopped[row["system"]], seal, now) for row in open_rows]


def _stopped(conn: sa.Connection, system: str, now: datetime) -> Reason | None:
    """Return why nothing goes to a system just now."""
    paused = bearing.paused(conn, system)
    if paused is not None:
        return "outbox.paused", {"system": system, "who": paused["who"], "reason": paused["reason"]}
    until = bearing.open_until(conn, system, now)
    return ("outbox.left_alone", {"system": system, "until": until}) if until is not None else None


def _planned(
    conn: sa.Connection, out: Outgoing, row: Row, stopped: Reason | None, seal: Seal, now: datetime
) -> Planned:
    target = out.target(row["system"], row["write"])
    if target is None:
        return Planned(row, False, ("outbox.no_write", {"write": row["write"]}))
    due = row["due_at"] is None or row["due_at"] <= now
    if row["state"] not in (box.PENDING, box.WAITING) or not due or stopped is not None:
        return Planned(row, False, stopped)
    key = row["company"], row["order_no"]
    here = know(conn, [key], [target]).situation(key, target, now)
    if here is None:
        return Planned(row, False, ("outbox.not_adopted", {"system": row["system"], "mode": target.mode}))
    known = there(conn, key, target, seal)
    change = outgoing(target, here, known, row, box.steps(conn, row["id"]))
    versions = [part.version for part in known.parts if part.version is not None]
    stream = out.mappings[row["system"]].streams.get(target.stream or "")
    versioned = stream is not None and stream.version is not None
    return Planned(row, True, None, guards(target, row, change.moves, versions, versioned))


def guards(
    target: Target, row: Mapping[str, Any], moves: Sequence[Move], versions: Sequence[str], versioned: bool
) -> list[Reason]:
    """Return by what a write is kept from being done twice, or to something that has changed since. Pure.

    The version that the record was read at (where records are `versioned`, HTTP sends it by itself); what it
    said then; an idempotency key; a look-up beforehand.
    """
    calls = [call for move in moves for call in move.calls]
    named = frozenset[str]().union(*(mentions(call) for call in calls))
    found: list[Reason] = []
    by_itself = versioned and row["kind"] == UPDATE and all(call.verb in VERBS["rest"] for call in calls)
    if "version" in named or by_itself:
        found.append(("outbox.guard_version", {"version": ", ".join(versions) or "?"}))
    if "was" in named:
        found.append(("outbox.guard_was", {}))
    idempotent = row["kind"] == CREATE and all(call.idempotent for call in calls)
    if row["kind"] == CREATE and target.spec.find is not None and not idempotent:
        found.append(("outbox.guard_find", {}))
    if idempotent or "key" in named:
        found.append(("outbox.guard_key", {"key": row["key"]}))
    return found or [("outbox.guard_none", {})]
