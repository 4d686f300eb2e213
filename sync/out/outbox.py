"""Rows of the outbox and the states that they go through; every change of state is made here.

pending → sent → confirmed | rejected | unknown; beside it held (a person decides), waiting (something is
missing yet) and superseded (nobody wants it any more).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from connectors.contract import Step
from hub.errors import HubError
from hub.redact import redact
from hub.store import bulk, jsons, lookup
from hub.store.columns import in_blocks
from hub.store.tables import OPEN_CHANGES, change_steps, outbox
from sync.out.targets import Target
from sync.out.wants import CREATE, Want

PENDING, SENT, CONFIRMED, REJECTED, UNKNOWN, HELD, WAITING, SUPERSEDED = (
    "pending", "sent", "confirmed", "rejected", "unknown", "held", "waiting", "superseded",
)  # fmt: skip

REPLACEABLE = (PENDING, HELD, WAITING)
"""What has not left yet is replaced by what is wanted now; sent and unknown block their key."""

Row = Mapping[str, Any]
Reason = tuple[str, Mapping[str, Any]]
"""A message key and its values."""

OrderNo = tuple[str, str]


def reason_of(error: HubError) -> Reason:
    """Return what an error says as the reason of a change's state, without secrets."""
    values = {name: redact(str(value)) for name, value in error.values.items() if value is not None}
    return error.key, values


def idempotency_key(target: Target, order: OrderNo, want: Want, digest: str, refusals: int) -> str:
    """Return the key by which a target may know a repetition: made from order and purpose, not from the try.

    An order is created once, whatever it says by then. Only after a clear refusal is it another attempt.
    """
    purpose = CREATE if want.kind == CREATE else digest
    said = [target.system, target.name, *order, want.kind, purpose, refusals]
    return blake2b(jsons.dump_bytes(said), digest_size=12).hexdigest()


def of_orders(conn: sa.Connection, keys: Collection[OrderNo]) -> dict[OrderNo, list[dict[str, Any]]]:
    """Return the changes of orders, oldest first."""
    found: dict[OrderNo, list[dict[str, Any]]] = {}
    rows = lookup.fetch_rows(conn, outbox, ("company", "order_no"), keys)
    for row in sorted(rows, key=lambda row: int(row["id"])):
        found.setdefault((row["company"], row["order_no"]), []).append(row)
    return found


def put(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert new changes."""
    bulk.insert(conn, outbox, rows)


def change(
    conn: sa.Connection,
    changes: Iterable[int],
    state: str,
    now: datetime,
    *,
    reason: Reason | None = None,
    only: Collection[str] = (),
    **more: Any,
) -> int:
    """Bring changes to a state, with the reason for it; return how many there were.

    With `only` those that are in one of these states still: another process may have been quicker.
    """
    told = jsons.dumps(list(reason)) if reason else None
    values = {"state": state, "changed_at": now, "reason": told, **more}
    still = (outbox.c.state.in_(only),) if only else ()
    update = sa.update(outbox).where(*still).values(**values)
    return sum(
        conn.execute(update.where(outbox.c.id.in_(some))).rowcount for some in in_blocks(sorted(changes))
    )


def fetch(conn: sa.Connection, number: int) -> dict[str, Any] | None:
    """Return one change."""
    row = conn.execute(sa.select(outbox).where(outbox.c.id == number)).first()
    return dict(row._mapping) if row else None


def ready(conn: sa.Connection, system: str, now: datetime, after: int, limit: int) -> list[dict[str, Any]]:
    """Return changes of a live system whose time has come, in the order in which they were asked for."""
    o = outbox.c
    found = conn.execute(
        sa.select(outbox)
        .where(o.system == system, o.state.in_((PENDING, WAITING, UNKNOWN, SENT)), o.mode == "live")
        .where(o.id > after, sa.or_(o.due_at.is_(None), o.due_at <= now))
        .order_by(o.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in found]


def is_open(row: Row) -> bool:
    """Tell whether a change is not settled yet."""
    return row["state"] in OPEN_CHANGES


def keep_step(conn: sa.Connection, change: int, step: Step, now: datetime) -> None:
    """Keep a step that is done."""
    s = change_steps.c
    last = conn.scalar(sa.select(sa.func.max(s.seq)).where(s.change == change))
    row = {
        "change": change,
        "seq": (last or 0) + 1,
        "step": step.name,
        "took": jsons.dumps(step.took),
        "at": now,
    }
    conn.execute(change_steps.insert().values(**row))


def steps(conn: sa.Connection, change: int) -> list[Step]:
    """Return what of a change is done."""
    s = change_steps.c
    rows = conn.execute(sa.select(change_steps).where(s.change == change).order_by(s.seq))
    return [Step(row.step, jsons.loads(row.took)) for row in rows]
