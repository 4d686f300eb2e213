"""What people settle by hand: changes of which nobody knows, that were refused, or that somebody made."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from connectors.contract import Receipt
from hub.errors import ConfigError
from hub.store import audit, jsons, runs
from hub.store.leases import lease
from hub.store.tables import change_steps, outbox
from hub.store.turns import LEASE, holder, stay, wall
from sync import dirt
from sync.out import approvals, receipts
from sync.out import outbox as box
from sync.out.outbox import CONFIRMED, HELD, PENDING, REJECTED, UNKNOWN
from sync.out.push import Desk
from sync.out.wants import Want

How = Literal["done", "retry", "drop"]

_MAY = {"done": (UNKNOWN, REJECTED, HELD), "retry": (UNKNOWN, REJECTED), "drop": (UNKNOWN, REJECTED, HELD)}
"""Of which states a person may say what."""


def settle(desk: Desk, number: int, how: How, who: str, reason: str) -> int:
    """Settle one change; return the number of the one that stands for it now.

    `done`: it was carried out, by whomever. `retry`: it is sent again; what was refused becomes a new change,
    another attempt for the system too, and is held again where an approval no longer counts. `drop`: it is
    off, until something else is wanted. Raises ConfigError for a change that needs nothing of the kind, and
    LeaseBusy while its system is being written to.
    """
    with desk.store.read() as conn:
        system = _fetch(conn, number)["system"]
    with lease(desk.store, f"push:{system}", holder(), wall(), LEASE) as held, desk.store.write() as conn:
        stay(held, conn)
        row, now = _fetch(conn, number), desk.clock()
        _require(conn, row, how)
        told = {"change": number, "how": how, "reason": reason, "was": [row["state"], row["reason"]]}
        audit.append(conn, who, "change.settled", told, now)
        why: box.Reason = ("outbox.resolved", {"who": who, "reason": reason})
        match how:
            case "done":
                _done(conn, desk, row, why, now)
            case "retry":
                return _retry(conn, desk, row, now)
            case "drop":
                box.change(conn, [number], REJECTED, now, reason=why, due_at=None)
                dirt.mark(conn, [(row["company"], row["order_no"])])
    return number


def _fetch(conn: sa.Connection, number: int) -> box.Row:
    row = box.fetch(conn, number)
    if row is None:
        raise ConfigError("outbox.no_change", id=number)
    return row


def _require(conn: sa.Connection, row: box.Row, how: How) -> None:
    """Raise ConfigError unless a change is in a state of which that may be said, and no other follows it."""
    if row["state"] not in _MAY[how]:
        key = "outbox.ask_approval" if row["state"] == HELD else "outbox.not_open"
        raise ConfigError(key, id=row["id"], state=row["state"])
    newer = [one["id"] for one in _same_write(conn, row) if one["id"] > row["id"]]
    if newer:
        raise ConfigError("outbox.followed", id=row["id"], newer=newer[-1])


def _same_write(conn: sa.Connection, row: box.Row) -> list[box.Row]:
    key = row["company"], row["order_no"]
    write = row["system"], row["write"]
    rows = box.of_orders(conn, [key]).get(key, ())
    return [one for one in rows if (one["system"], one["write"]) == write]


def _done(conn: sa.Connection, desk: Desk, row: box.Row, why: box.Reason, now: datetime) -> None:
    """Take a change as confirmed: what it wanted counts as sent, until a read shows it."""
    target = desk.out.target(row["system"], row["write"])
    if target is not None:
        run = runs.start("push", row["system"], now)
        receipts.keep(conn, desk.inlet, target, row, Receipt(), run, now)
    box.change(conn, [row["id"]], CONFIRMED, now, reason=why, due_at=None)


def _retry(conn: sa.Connection, desk: Desk, row: box.Row, now: datetime) -> int:
    """Let a change go again; return the number under which it does."""
    if row["state"] == UNKNOWN:
        box.change(conn, [row["id"]], PENDING, now, due_at=None)
        return int(row["id"])
    target = desk.out.target(row["system"], row["write"])
    if target is None:
        raise ConfigError("outbox.no_write", write=row["write"])
    refusals = sum(one["state"] == REJECTED for one in _same_write(conn, row))
    key = row["company"], row["order_no"]
    lacking = approvals.lacking(conn, [row], desk.out.rules, now)[row["id"]]
    fresh = {name: value for name, value in row.items() if name not in ("id", "reason", "sent_at", "batch")}
    fresh |= {"state": HELD if lacking else PENDING, "attempts": 0, "due_at": None, "created_at": now}
    fresh |= {"changed_at": now}
    fresh["key"] = box.idempotency_key(target, key, Want(row["kind"]), row["digest"], refusals)
    number = int(conn.execute(outbox.insert().values(**fresh).returning(outbox.c.id)).scalar_one())
    for seq, step in enumerate(box.steps(conn, row["id"]), start=1):
        kept = {"change": number, "seq": seq, "step": step.name, "took": jsons.dumps(step.took), "at": now}
        conn.execute(change_steps.insert().values(**kept))
    return number
