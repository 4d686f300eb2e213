"""Held changes that nobody decides: given up, so that what is wanted still is asked for anew.

A time-out is no answer. What is asked for anew is held by all that held it before (`sync.out.propose`), with
fresh eyes on who must grant it; what nobody wants any more is asked of nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import Store, audit
from hub.store.tables import outbox
from sync import dirt
from sync.out import approvals
from sync.out import outbox as box
from sync.out.propose import UNANSWERED

WHO = "hub"
"""Who gives up what nobody answers, in the audit trail."""


def unanswered(conn: sa.Connection, rules: Rules, now: datetime) -> list[dict[str, Any]]:
    """Return what is held for longer than `fuse: unanswered`, and what no word that still counts is about.

    Only of live systems: what people do beside a shadow is told by the dual run.
    """
    o = outbox.c
    old = sa.select(outbox).where(
        o.state == box.HELD, o.mode == "live", o.created_at <= now - rules.fuse.unanswered
    )
    rows = [dict(row._mapping) for row in conn.execute(old.order_by(o.id))]
    lacking = approvals.lacking(conn, rows, rules, now)
    return [row for row in rows if lacking[row["id"]] == approvals.roles(row)]


def expire(store: Store, rules: Rules, now: datetime, *, dry: bool = False) -> int:
    """Give up what nobody answered and mark its orders for the merge; return how many. `dry` only counts."""
    if dry:
        with store.read() as conn:
            return len(unanswered(conn, rules, now))
    with store.write() as conn:
        return _give_up(conn, unanswered(conn, rules, now), rules, now)


def _give_up(conn: sa.Connection, rows: Sequence[dict[str, Any]], rules: Rules, now: datetime) -> int:
    if not rows:
        return 0
    reason = (UNANSWERED, {"days": rules.fuse.unanswered.days})
    ids = [row["id"] for row in rows]
    given_up = box.change(conn, ids, box.SUPERSEDED, now, reason=reason, only=(box.HELD,))
    dirt.mark(conn, sorted({(row["company"], row["order_no"]) for row in rows}))
    audit.append(conn, WHO, "change.unanswered", {"changes": ids}, now)
    return given_up
