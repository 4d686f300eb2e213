"""A system begins to be written to: what it holds then is what was last agreed, whatever it differs in.

Differences that stand at that time are parked: nobody's wish until either side changes. Orders are created in
the system only if they are born afterwards (or from the mapping's `start` on).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store import Store, audit, bulk
from hub.store.tables import adoptions, forms, orders, outbox
from sync import dirt
from sync.out.outbox import REPLACEABLE
from sync.out.propose import Outgoing
from sync.out.situations import Known, OrderNo, know
from sync.out.targets import Target

_SOME = 500
"""So many orders are looked at in one transaction."""


@dataclass(slots=True)
class Adopted:
    """What an adoption came to: orders that the system knows, differences parked, from when it creates."""

    system: str
    mode: str
    orders: int = 0
    parked: int = 0
    born_from: datetime | None = None


def adopt(
    store: Store, out: Outgoing, system: str, who: str, now: datetime, born_from: datetime | None = None
) -> Adopted:
    """Take what `system` holds now as agreed; it is written to from here on, in the mode of its mapping.

    Orders are created there that are born from `born_from` on: else the mapping's `start`, else now. Raises
    ConfigError for a system that is read only or has no `writes`.
    """
    targets = [target for target in out.targets if target.system == system]
    if not targets:
        raise ConfigError("outbox.nothing_to_adopt", system=system)
    start = targets[0].start
    zone = ZoneInfo(out.rules.zone)
    begins = born_from or (datetime.combine(start, time(), zone).astimezone(UTC) if start else now)
    done = Adopted(system, targets[0].mode, born_from=begins)
    row = {"system": system, "mode": done.mode, "at": now, "born_from": begins, "parked": 0, "who": who}
    with store.write() as conn:
        o = outbox.c
        left = (o.system == system, o.state.in_(REPLACEABLE))
        conn.execute(sa.update(outbox).where(*left).values(state="superseded", changed_at=now))
        bulk.upsert(conn, adoptions, [row])
    after: OrderNo | None = ("", "")
    while after is not None:
        with store.write() as conn:
            after = _stretch(conn, out, targets, after, now, done)
    with store.write() as conn:
        bulk.upsert(conn, adoptions, [{**row, "parked": done.parked}])
        told = {"system": system, "mode": done.mode, "orders": done.orders, "parked": done.parked}
        audit.append(conn, who, "system.adopted", told, now)
        dirt.mark(conn, (), everything=True)  # orders that were born since are to be created there
    return done


def _stretch(
    conn: sa.Connection,
    out: Outgoing,
    targets: list[Target],
    after: OrderNo,
    now: datetime,
    done: Adopted,
) -> OrderNo | None:
    """Adopt the orders that come next; return the last one, None if none follows."""
    o = orders.c
    next_ones = sa.select(o.company, o.order_no).where(
        sa.or_(o.company > after[0], sa.and_(o.company == after[0], o.order_no > after[1]))
    )
    found = conn.execute(next_ones.order_by(o.company, o.order_no).limit(_SOME)).all()
    keys: list[OrderNo] = [(row.company, row.order_no) for row in found]
    if not keys:
        return None
    known = know(conn, keys, targets)
    rows = []
    for target in targets:
        for key in keys:
            rows += _parked(out, known, key, target, now, done)
    bulk.upsert(conn, forms, rows, incidental=("changed_at",))
    return keys[-1]


def _parked(
    out: Outgoing, known: Known, key: OrderNo, target: Target, now: datetime, done: Adopted
) -> list[dict[str, object]]:
    """Return the form of one order as it stands now, its differences parked; none if it is not there."""
    here = known.situation(key, target, now)
    if here is None or (target.orders and target.system not in here.views):
        return []
    here.form.parked, here.form.agreed, here.form.sent = {}, {}, {}
    want = out.wants.look(target, here)
    if target.orders:
        done.orders += 1
        for name, wanted in (want.wanted if want is not None else {}).items():
            here.form.park(name, wanted, want.seen.get(name) if want else None)
            done.parked += 1
    elif want is None and not here.document:
        return []
    here.form.made = True
    place = {"company": key[0], "order_no": key[1], "system": target.system, "write": target.name}
    return [{**place, "held": here.form.held(), "settles_at": None, "changed_at": now}]
