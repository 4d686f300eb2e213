"""Stale: an order that stands in a status longer than it may (`sla` in hub.yaml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from hub.model import Side, Status
from hub.rules import Route, Rules
from hub.store import bulk, tables
from reconciler.case import Horizon, Verdict
from reconciler.sources import Key, Scope

_LADDER = sorted(Status)
_o = tables.orders.c
_PLACE = ("company", "order_no")
_COLUMNS = (
    *_PLACE, "order_type", "status", "side", "occurred_at", "changed_at", "first_seen", "due_now",
)  # fmt: skip


def standing(
    conn: sa.Connection,
    rules: Rules,
    as_of: datetime,
    scope: Scope,
    horizons: Mapping[str, Horizon],
) -> Iterator[Verdict]:
    """Yield a verdict for each order of `scope` that has stood too long where it is.

    The clock begins with the status's own stamp and ends with what is known of the system that should move
    it on: that one is odd. Before anything has left, an order whose date has not come is not late.
    """
    for row in _suspects(conn, rules, as_of):
        if (row.company, row.order_no) not in scope:
            continue
        route = rules.route(row.company, row.order_type or "")
        system = mover(rules, route, Status(row.status))
        known = horizons.get(system or "")
        if system is None or known is None or known.until is None or row.status >= route.ends:
            continue
        word = _word(row)
        limit, since = rules.stands(word), row.occurred_at or row.changed_at
        if limit is None or since + limit > known.until or (known.start and since < known.start):
            continue
        details = {"status": Status(row.status).word, "since": since, "limit": int(limit.total_seconds())}
        details |= {"held": word} if word != details["status"] else {}
        yield Verdict("stale", row.company, row.order_no, system, details=details, since=since)


def expired(conn: sa.Connection, rules: Rules, as_of: datetime, since: datetime) -> set[Key]:
    """Return the orders whose time in a status ran out after `since`: no mark tells of them."""
    found = set()
    for row in _suspects(conn, rules, as_of):
        limit, begun = rules.stands(_word(row)), row.occurred_at or row.changed_at
        fresh = limit is not None and since < begun + limit <= as_of
        if fresh or (row.due_now is not None and since < row.due_now <= as_of):
            found.add((row.company, row.order_no))
    return found


def mover(rules: Rules, route: Route, status: Status) -> str | None:
    """Return the system that should say the next status: the owner of the first one that somebody owns."""
    for after in _LADDER:
        if status < after <= route.ends:
            owner = rules.status_owner(after)
            if owner is not None and route.systems.get(owner) is not None:
                return owner
    return None


def _suspects(conn: sa.Connection, rules: Rules, as_of: datetime) -> Iterator[Any]:
    """Yield the orders whose status is older than it may be, by the index on status and stamp."""
    for status in _LADDER[:-1]:
        limits = [rules.stands(word) for word in (status.word, "on_hold", "exception")]
        shortest = min((limit for limit in limits if limit is not None), default=None)
        if shortest is None:
            continue
        cut = as_of - shortest
        undated = sa.and_(_o.occurred_at.is_(None), _o.changed_at <= cut)
        keys: list[Key] = []
        for old in (
            _o.occurred_at <= cut,
            undated,
        ):  # the first by the index alone: many stand and are not due
            query = sa.select(_o.company, _o.order_no).where(
                _o.status == int(status),
                _o.status < int(_LADDER[-1]),
                old,
                _not_cancelled(),
                _is_due(status, as_of),
            )
            keys += [(company, order_no) for company, order_no in conn.execute(query)]
        yield from sorted(bulk.fetch_many(conn, tables.orders, _PLACE, keys, _COLUMNS), key=itemgetter(0, 1))


def _not_cancelled() -> sa.ColumnElement[bool]:
    return _o.side.bitwise_and(int(Side.CANCELLED)) == 0


def _is_due(status: Status, as_of: datetime) -> sa.ColumnElement[bool]:
    if status >= Status.PARTLY_SHIPPED:
        return sa.true()
    return sa.or_(_o.due_now.is_(None), _o.due_now <= as_of)


def _word(row: Any) -> str:
    """Return the word whose limit counts: what holds the order up, else its status."""
    for side in (Side.ON_HOLD, Side.EXCEPTION):
        if row.side & side:
            return str(side.name).lower()
    return Status(row.status).word
