"""Gone: an order that its source no longer knows although it has not ended; never a cancellation."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

import sqlalchemy as sa

from hub.model import Side, Status
from hub.rules import Rules
from hub.store import driver
from hub.store.types import from_micros
from reconciler.case import Verdict
from reconciler.sources import Scope

_GONE = (  # few of many: found by their own index, which an order by the key would forgo
    "SELECT v.company, v.order_no, v.system, v.gone_at, v.status, o.order_type, o.side, o.status"
    " FROM views AS v LEFT JOIN orders AS o ON o.company = v.company AND o.order_no = v.order_no"
    " WHERE v.gone_at IS NOT NULL"
)


def gone(conn: sa.Connection, rules: Rules, scope: Scope) -> Iterator[Verdict]:
    """Yield a verdict for each order and system that lost it; one that has ended was filed away."""
    for row in sorted(driver.fetch(conn, _GONE), key=itemgetter(0, 1, 2)):
        company, order_no, system, gone_at, status, order_type, side, reached = row
        if (company, order_no) not in scope:
            continue
        route = rules.route(company, order_type or "")
        if (reached or 0) >= route.ends or (side or 0) & Side.CANCELLED:
            continue
        since = from_micros(gone_at)
        details = {"since": since, "says": None if status is None else Status(status).word}
        yield Verdict("gone", company, order_no, system, details=details, since=since)
