"""Stale: an order that stands in a status longer than it may (`sla` in hub.yaml)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

import sqlalchemy as sa

from hub.model import Side, Status
from hub.rules import Route, Rules
from hub.store import driver, lookup, tables
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


Limits = Mapping[Status, Sequence[timedelta]]
"""How long an order may stand in each status, plainly or held up."""


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
    limits = {status: some for status in _LADDER[:-1] if (some := _limits(rules, status))}
    questions = [*_waiting(limits, as_of, after), *_under_way(limits, as_of, after)]
    found = driver.fetch(conn, " UNION ALL ".join(questions)) if questions else []
    keys = [(company, order_no) for company, order_no in found if (company, order_no) in scope]
    for row in sorted(lookup.fetch_bound(conn, tables.orders, _PLACE, keys, _COLUMNS), key=_BY_STATUS):
        *place, occurred, changed, due = row
        since = from_micros(occurred or changed)
        yield _Suspect._make((*place, since, None if due is None else from_micros(due)))


def _limits(rules: Rules, status: Status) -> list[timedelta]:
    """Return how long an order may stand in `status`, plainly or held up."""
    limits = [rules.stands(word) for word in (status.word, "on_hold", "exception")]
    return [limit for limit in limits if limit is not None]


def _waiting(limits: Limits, as_of: datetime, after: datetime | None) -> Iterator[str]:
    """Yield the questions for orders of which nothing has left: most of these are not due yet."""
    limits = {status: some for status, some in limits.items() if status < Status.PARTLY_SHIPPED}
    if not limits:
        return
    last = to_micros(as_of - min(map(min, limits.values())))
    for due, stamp, stamped in (
        (f"due_now <= {to_micros(as_of)}", "coalesce(occurred_at, changed_at)", ""),
        ("due_now IS NULL", "occurred_at", f" AND occurred_at <= {last}"),
        ("due_now IS NULL", "changed_at", " AND occurred_at IS NULL"),
    ):
        old = f"{stamp} <= {_by_status(limits, lambda some: as_of - min(some))}{_fresh(limits, stamp, after)}"
        yield _question(f"{tables.WAITING} AND {tables.ALIVE} AND {due}{stamped} AND {old}")


def _under_way(limits: Limits, as_of: datetime, after: datetime | None) -> Iterator[str]:
    """Yield the questions for orders of which something has left, by status and stamp."""
    for status, some in limits.items():
        if status >= Status.PARTLY_SHIPPED:
            which = f"status = {int(status)} AND {tables.UNDER_WAY} AND {tables.ALIVE}"
            for stamp, stamped in (("occurred_at", ""), ("changed_at", " AND occurred_at IS NULL")):
                old = f"{stamp} <= {to_micros(as_of - min(some))}{_fresh({status: some}, stamp, after)}"
                yield _question(f"{which}{stamped} AND {old}")


def _question(where: str) -> str:
    return f"SELECT company, order_no FROM orders WHERE {where}"


def _fresh(limits: Limits, stamp: str, after: datetime | None) -> str:
    """Return the condition that the time in a status, or the date, may have come since `after`."""
    if after is None:
        return ""
    begun = _by_status(limits, lambda some: after - max(some))
    return f" AND ({stamp} > {begun} OR due_now > {to_micros(after)})"


def _by_status(limits: Limits, moment: Callable[[Sequence[timedelta]], datetime]) -> str:
    """Return a moment that follows from the limits of the order's status; none where there are none."""
    whens = " ".join(f"WHEN {int(status)} THEN {to_micros(moment(some))}" for status, some in limits.items())
    return f"CASE status {whens} END"


def _word(row: _Suspect) -> str:
    """Return the word whose limit counts: what holds the order up, else its status."""
    for side in (Side.ON_HOLD, Side.EXCEPTION):
        if row.side & side:
            return str(side.name).lower()
    return Status(row.status).word
