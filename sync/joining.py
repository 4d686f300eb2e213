"""Numbers that people join to an order, or separate again; the records behind them are taken in anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.model import OrderKey
from hub.store import Store, audit, bulk, runs
from hub.store.leases import Lease
from hub.store.tables import documents, links, order_history, orders
from sync.dirt import mark
from sync.links import JOINED
from sync.place import IntakeOf
from sync.replay import take_again
from sync.speakers import speakers

HUB = "hub"
"""The system that a joined number is noted under: nobody's record taught it."""


def join(
    store: Store,
    number: OrderKey,
    order: OrderKey,
    who: str,
    lease: Lease,
    inlet_of: IntakeOf,
    clock: Callable[[], datetime],
) -> int:
    """Make `number` mean `order` from now on, in one transaction; return how many records moved.

    ConfigError if the companies differ, the two are the same, `order` is itself joined to another one, or
    others are joined to `number`.
    """
    if number.company != order.company or number == order:
        raise ConfigError("sync.link_impossible", number=str(number), order=str(order))
    now = clock()
    with store.write() as conn:
        lease.check(conn)
        if _joined_to(conn, order) is not None or _joined_by(conn, number):
            raise ConfigError("sync.link_chain", number=str(number), order=str(order))
        conn.execute(sa.update(links).where(*_is(number)).values(until=now))
        row: dict[str, object] = {"kind": JOINED, "value": number.order_no}
        row |= {"company": order.company, "order_no": order.order_no}
        row |= {"system": HUB, "relation": "same", "who": who, "since": now, "until": None}
        bulk.upsert(conn, links, [row])
        audit.append(conn, who, "link.join", {"number": str(number), "order": str(order)}, now)
        return _move(conn, number, inlet_of, clock)


def separate(
    store: Store,
    number: OrderKey,
    who: str,
    lease: Lease,
    inlet_of: IntakeOf,
    clock: Callable[[], datetime],
) -> int:
    """Undo `join`: `number` is an order of its own again; return how many records moved."""
    now = clock()
    with store.write() as conn:
        lease.check(conn)
        order = _joined_to(conn, number)
        if order is None:
            raise ConfigError("sync.link_unknown", number=str(number))
        conn.execute(sa.update(links).where(*_is(number)).values(until=now))
        run = runs.start("link", None, now)
        _forget_status(conn, order, who, run, now)
        audit.append(conn, who, "link.separate", {"number": str(number), "order": str(order)}, now)
        moved = _move(conn, order, inlet_of, clock)
        mark(conn, [(order.company, order.order_no), (number.company, number.order_no)])
        return moved


def _forget_status(conn: sa.Connection, order: OrderKey, who: str, run: runs.Run, now: datetime) -> None:
    """Let the status be merged afresh: what both numbers reached is no measure for the one that is left."""
    old = conn.execute(sa.select(orders.c.status).where(*_of(order))).scalar()
    if old is None:
        return
    conn.execute(sa.update(orders).where(*_of(order)).values(status=None))
    row: dict[str, object] = {"company": order.company, "order_no": order.order_no, "field": "status"}
    row |= {"old": str(old), "new": None, "system": None, "rule": "separated", "who": who}
    row |= {"occurred_at": None, "run": run.enter(conn), "at": now}
    bulk.insert(conn, order_history, [row])


def _move(
    conn: sa.Connection,
    key: OrderKey,
    inlet_of: IntakeOf,
    clock: Callable[[], datetime],
) -> int:
    """Take every record in again that speaks of the order `key`: each finds its order anew."""
    here = (documents.c.company == key.company, documents.c.order_no == key.order_no)
    kept = conn.execute(sa.select(documents.c.system, documents.c.stream, documents.c.record).where(*here))
    found = {(one.system, one.stream, one.record) for one in speakers(conn, [(key.company, key.order_no)])}
    rows = sorted({*found, *map(tuple, kept)})
    places: dict[tuple[str, str], list[str]] = {}
    for system, stream, record in rows:
        places.setdefault((system, stream), []).append(record)
    run = runs.start("link", None, clock())
    for (system, stream), records in places.items():
        take_again(conn, inlet_of(system, stream), records, run, clock())
    return len(rows)


def _joined_to(conn: sa.Connection, number: OrderKey) -> OrderKey | None:
    order_no = conn.execute(sa.select(links.c.order_no).where(*_is(number))).scalar()
    return None if order_no is None else OrderKey(number.company, order_no)


def _joined_by(conn: sa.Connection, order: OrderKey) -> bool:
    """Tell whether other numbers are joined to `order`: they would be left behind."""
    joins = (links.c.kind == JOINED, links.c.system == HUB, links.c.until.is_(None))
    here = (*joins, links.c.company == order.company, links.c.order_no == order.order_no)
    return bool(conn.execute(sa.select(sa.exists().where(*here))).scalar())


def _of(key: OrderKey) -> tuple[sa.ColumnElement[bool], ...]:
    return orders.c.company == key.company, orders.c.order_no == key.order_no


def _is(number: OrderKey) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that pick the living join of `number`."""
    return (
        links.c.kind == JOINED,
        links.c.value == number.order_no,
        links.c.company == number.company,
        links.c.system == HUB,
        links.c.until.is_(None),
    )
