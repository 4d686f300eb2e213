"""Gone: an order that its source no longer knows although it has not ended; never a cancellation."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

import sqlalchemy as sa

from hub.model import Side, Status
from hub.rules import Rules
from hub.store import tables
from reconciler.case import Verdict
from reconciler.sources import Scope

_v, _o = tables.views.c, tables.orders.c


def gone(conn: sa.Connection, rules: Rules, scope: Scope) -> Iterator[Verdict]:
    """Yield a verdict for each order and system that lost it; one that has ended was filed away."""
    same = sa.and_(_v.company == _o.company, _v.order_no == _o.order_no)
    query = (
        sa.select(
            _v.company, _v.order_no, _v.system, _v.gone_at, _v.status, _o.order_type, _o.side,
            _o.status.label("reached"),
        )
        .select_from(tables.views.outerjoin(tables.orders, same))
        .where(_v.gone_at.is_not(None))
    )  # fmt: skip
    # few of many: found by their own index, which an order by the key would forgo
    for row in sorted(conn.execute(query), key=itemgetter(0, 1, 2)):
        if (row.company, row.order_no) not in scope:
            continue
        route = rules.route(row.company, row.order_type or "")
        if (row.reached or 0) >= route.ends or (row.side or 0) & Side.CANCELLED:
            continue
        said = None if row.status is None else Status(row.status).word
        details = {"since": row.gone_at, "says": said}
        yield Verdict("gone", row.company, row.order_no, row.system, details=details, since=row.gone_at)
