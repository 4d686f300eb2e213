"""The life of one order over all systems: every fact, its source, clock, run and rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hub.model import OrderKey
from hub.store import Store
from hub.store.tables import findings, links, observations, order_history, orders, quarantine, unlinked, views
from sync.links import orders_called

Row = Mapping[str, Any]


@dataclass(slots=True)
class Life:
    """All that the store knows of one order; rows as in their tables, oldest first.

    `order` is None where systems speak of a number that was never merged.
    """

    key: OrderKey
    order: Row | None = None
    views: list[Row] = field(default_factory=list)
    observations: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Explained:
    """What a number means: lives of the orders it may stand for, records that wait or are broken."""

    number: str
    lives: list[Life] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    quarantined: list[Row] = field(default_factory=list)


def explain(store: Store, number: str, company: str | None = None) -> Explained:
    """Return everything known of `number`: an order, delivery, waybill, customer PO or own number."""
    with store.read() as conn:
        keys = orders_called(conn, number, company) or _seen_only(conn, number, company)
        explained = Explained(number, [_life(conn, key) for key in keys])
        explained.waiting = _rows(conn, sa.select(unlinked).where(unlinked.c.value == number))
        wide = [column for column in quarantine.c if column.name != "raw"]
        explained.quarantined = _rows(
            conn, sa.select(*wide).where(quarantine.c.record == number, quarantine.c.solved_at.is_(None))
        )
    return explained


def _seen_only(conn: sa.Connection, number: str, company: str | None) -> list[OrderKey]:
    """Return orders that have a view but were not merged yet."""
    found = conn.execute(
        sa.select(views.c.company, views.c.order_no).where(views.c.order_no == number).distinct()
    ).all()
    return sorted(
        {OrderKey(row.company, row.order_no) for row in found if company in (None, row.company)}, key=str
    )


def _life(conn: sa.Connection, key: OrderKey) -> Life:
    def of(table: sa.Table, *order: sa.ColumnElement[Any]) -> list[Row]:
        here = (table.c.company == key.company, table.c.order_no == key.order_no)
        return _rows(conn, sa.select(table).where(*here).order_by(*order))

    order = of(orders)
    return Life(
        key,
        order=order[0] if order else None,
        views=of(views, views.c.system),
        observations=of(observations, observations.c.read_at, observations.c.system, observations.c.seq),
        links=of(links, links.c.kind, links.c.value),
        history=of(order_history, order_history.c.id),
        findings=of(findings, findings.c.first_seen),
    )


def _rows(conn: sa.Connection, statement: sa.Select[Any]) -> list[Row]:
    return [dict(row._mapping) for row in conn.execute(statement)]
