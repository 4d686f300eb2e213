"""A report on what the store holds: what came of the matching, and what only the store knows beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.mapping import SystemMapping
from hub.rules import Rules
from hub.store import Seal
from reconciler.payments import goods
from reconciler.payments.booking import Booked
from reconciler.payments.continuity import of_accounts
from reconciler.payments.reports.given import Given


def given_of(
    conn: sa.Connection,
    seal: Seal,
    booked: Booked,
    rules: Rules,
    mappings: Mapping[str, SystemMapping],
    today: date,
    locale: str,
) -> Given:
    """Return all that a report on one company tells: accounts by their statements, what was shipped too.

    It is as of the last day on which the bank booked, `today` where it booked nothing.
    """
    zone, company = ZoneInfo(rules.zone), booked.company
    zones = {name: ZoneInfo(one.time.zone) for name, one in mappings.items() if one.time.zone}
    order_nos = {item.order_no for item in booked.receivables}
    return Given(
        booked.outcomes,
        booked.receivables,
        max((one.entry.value_date for one in booked.outcomes), default=today),
        locale,
        accounts=of_accounts(conn, seal, company, zones, zone) or None,
        shipments=goods.shipments(conn, company, order_nos),
        unbilled=goods.unbilled(conn, company, rules.fuse.free, zone),
        earlier=booked.earlier,
    )
