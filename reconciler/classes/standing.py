"""Stale: an order that stands in a status longer than it may (`sla` in hub.yaml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

import sqlalchemy as sa

from hub.model import Side, Status
from hub.rules import Route, Rules
from hub.store import bulk, driver, tables
from hub.store.types import from_micros, to_micros
from reconciler.case import Horizon, Verdict
from reconciler.sources import ALL, Key, Scope

_LADDER = sorted(Status)
_PLACE = ("company", "order_no")
_COLUMNS = (*_PLACE, "order_type", "status", "side", "occurred_at", "changed_at", "due_now")
_BY_STATUS = itemgetter(3, 0, 1)


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
    for row in _suspects(conn, rules, as_of, scope):
        route = rules.route(row.company, row.order_type or "")
        system = mover(rules, route, Status(row.status))
        known = horizons.get(system or "")
        if system is None or known is None or known.until is None or row.status >= route.ends:
            continue
        word = _word(row)
        limit, since = rules.stands(word), row.since
        if limit is None or since + limit > known.until or (known.start and since < known.start):
            continue
        details = {"status": Status(row.status).word, "since": since, "limit": int(limit.total_seconds())}
        details |= {"held": word} if word != details["status"] else {}
        yield Verdict("stale", row.company, row.order_no, system, details=details, since=since)


def expired(conn: sa.Connection, rules: Rules, as_of: datetime, since: datetime) -> set[Key]:
    """Return the orders whose time in a status ran out after `since`: no mark tells of them."""
    found = set()
    for row in _suspects(conn, rules, as_of, after=since):
        limit = rules.stands(_word(row))
        fresh = limit is not None and since < row.since + limit <= as_of
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


class _Suspect(NamedTuple):
    """An order that may have stood too long, since when, and when it is due."""

    company: str
    order_no: str
    order_type: str | None
    status: int
    side: int
    since: datetime
    due_now: datetime | None


def _suspects(
    conn: sa.Connection, rules: Rules, as_of: datetime, scope: Scope = ALL, after: datetime | None = None
) -> Iterator[_Suspect]:
    """Yield the orders of `scope` whose status is older than it may be, by the index on status and stamp.

    With `after` only those whose time, or whose date, may have come since then.
    """
    old = [
        _old(status, limits, as_of, after) for status in _LADDER[:-1] if (limits := _limits(rules, status))
    ]
    found = driver.fetch(conn, " UNION ALL ".join(old)) if old else []
    keys = [(company, order_no) for company, order_no in found if (company, order_no) in scope]
    for row in sorted(bulk.fetch_bound(conn, tables.orders, _PLACE, keys, _COLUMNS), key=_BY_STATUS):
        *place, occurred, changed, due = row
        since = from_micros(occurred or changed)
        yield _Suspect._make((*place, since, None if due is None else from_micros(due)))


def _limits(rules: Rules, status: Status) -> list[timedelta]:
    """Return how long an order may stand in `status`, plainly or held up."""
    limits = [rules.stands(word) for word in (status.word, "on_hold", "exception")]
    return [limit for limit in limits if limit is not None]


def _old(status: Status, limits: Sequence[timedelta], as_of: datetime, after: datetime | None) -> str:
    """Return the question for orders that have been in `status` for the shortest limit, and are due.

    In two halves: the one for those with a stamp goes by the index alone, for many stand and are not due.
    """
    now, cut = to_micros(as_of), to_micros(as_of - min(limits))
    due = f" AND (due_now IS NULL OR due_now <= {now})" if status < Status.PARTLY_SHIPPED else ""
    which = f"status = {int(status)} AND status < {int(_LADDER[-1])} AND {tables.ALIVE}{due}"
    halves = []
    for stamp, stamped in (("occurred_at", ""), ("changed_at", " AND occurred_at IS NULL")):
        fresh = ""
        if after is not None:
            fresh = f" AND ({stamp} > {to_micros(after - max(limits))} OR due_now > {to_micros(after)})"
        halves.append(
            f"SELECT company, order_no FROM orders WHERE {which} AND {stamp} <= {cut}{stamped}{fresh}"
        )
    return " UNION ALL ".join(halves)


def _word(row: _Suspect) -> str:
    """Return the word whose limit counts: what holds the order up, else its status."""
    for side in (Side.ON_HOLD, Side.EXCEPTION):
        if row.side & side:
            return str(side.name).lower()
    return Status(row.status).word
