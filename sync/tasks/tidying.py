"""What is over is removed, and what nobody answers is given up; `dry` only counts."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hub.store import Store
from hub.store.tables import quarantine
from hub.store.turns import wall
from sync.out.expiry import expire
from sync.run import merge_orders
from sync.tasks.opening import Clock, Env, opened

_AT_ONCE = 5_000
"""So many rows are removed in one transaction: nobody waits long for it."""


def tidy(env: Env | None = None, *, dry: bool = False, clock: Clock = wall) -> dict[str, int]:
    """Give up what nobody answered (what is wanted still is asked for anew), remove what is over.

    Return how many changes were `unanswered` and how many `quarantined` records were removed: such as have
    been understood for longer than `retention: quarantine`.
    """
    with opened(env, clock) as hub:
        now = hub.clock()
        unanswered = expire(hub.store, hub.rules, now, dry=dry)
        if unanswered and not dry:
            merge_orders(hub)
        solved = forget_solved(hub.store, now - hub.rules.retention.quarantine, dry=dry)
    return {"unanswered": unanswered, "quarantined": solved}


def forget_solved(store: Store, before: datetime, *, dry: bool = False) -> int:
    """Remove records from quarantine that were understood `before` then; return how many. `dry`: look."""
    q = quarantine.c
    over = q.solved_at < before
    if dry:
        with store.read() as conn:
            return conn.scalar(sa.select(sa.func.count()).select_from(quarantine).where(over)) or 0
    removed = 0
    while True:
        some = sa.select(q.id).where(over).order_by(q.id).limit(_AT_ONCE).scalar_subquery()
        with store.write() as conn:
            gone = conn.execute(sa.delete(quarantine).where(q.id.in_(some))).rowcount
        removed += gone
        if gone < _AT_ONCE:
            return removed
