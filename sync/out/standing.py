"""How the way out stands: what is open in each system, what needs a person, what was decided of a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.mapping import SystemMapping
from hub.store import lookup
from hub.store.tables import OPEN_CHANGES, adoptions, approvals, breakers, change_steps, orders, outbox
from sync.out import bearing
from sync.out import outbox as box
from sync.out.targets import READ_ONLY

Row = dict[str, Any]

_DECIDED = ('["outbox.denied"%', '["outbox.resolved"%')
"""How the reasons begin of changes that a person has settled."""


@dataclass(slots=True)
class OutStands:
    """The way out to one system: its mode and since when it is adopted, changes by state, what stops it.

    `counts` holds what is open and what was rejected and nobody has seen to; `oldest` is when the longest
    pending one was asked for. `paused` is the row of its pause, `left_alone` until when it is not asked.
    """

    system: str
    mode: str
    adopted_at: datetime | None = None
    adopted_as: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    paused: Row | None = None
    left_alone: datetime | None = None
    error: str | None = None

    @property
    def lacks_adoption(self) -> bool:
        """Whether nothing is worked out for it, because nobody adopted it in the mode of its mapping."""
        return self.mode != READ_ONLY and self.adopted_as != self.mode


def standing(conn: sa.Connection, mappings: Mapping[str, SystemMapping], now: datetime) -> list[OutStands]:
    """Return how the way out stands to each system that has one, or that has changes left over."""
    found = {
        name: OutStands(name, mapping.mode)
        for name, mapping in mappings.items()
        if mapping.mode != READ_ONLY and mapping.writes
    }
    o = outbox.c
    counted = sa.select(o.system, o.state, sa.func.count(), sa.func.min(o.created_at))
    for system, state, count, oldest in conn.execute(counted.where(_stands()).group_by(o.system, o.state)):
        one = found.setdefault(system, OutStands(system, READ_ONLY))
        one.counts[state] = count
        if state == box.PENDING:
            one.oldest = oldest
    for row in conn.execute(sa.select(adoptions).where(adoptions.c.system.in_(found))):
        found[row.system].adopted_at, found[row.system].adopted_as = row.at, row.mode
    for row in conn.execute(sa.select(breakers).where(breakers.c.system.in_(found))):
        if row.open_until is not None and row.open_until > now:
            found[row.system].left_alone, found[row.system].error = row.open_until, row.error
    for system, one in found.items():
        one.paused = bearing.paused(conn, system)
    return [found[system] for system in sorted(found)]


def listed(
    conn: sa.Connection,
    *,
    system: str | None = None,
    state: str | None = None,
    order_no: str | None = None,
    since: datetime | None = None,
) -> list[Row]:
    """Return changes, the oldest first: in one `state`, all of an order, else those that are not settled."""
    o = outbox.c
    asked = sa.select(outbox).order_by(o.id)
    for column, wanted in ((o.system, system), (o.state, state), (o.order_no, order_no)):
        asked = asked if wanted is None else asked.where(column == wanted)
    if state is None and order_no is None:
        asked = asked.where(_stands())
    if since is not None:
        asked = asked.where(o.changed_at >= since)
    return [dict(row._mapping) for row in conn.execute(asked)]


def _stands() -> sa.ColumnElement[bool]:
    """Return what is open, or was refused by its system, wanted last, and seen to by nobody."""
    o, later = outbox.c, outbox.alias("later")
    same = [later.c[name] == o[name] for name in ("company", "order_no", "system", "write")]
    followed = sa.exists().where(*same, later.c.id > o.id)
    seen_to = sa.or_(*(o.reason.like(begin) for begin in _DECIDED))
    unseen = sa.or_(o.reason.is_(None), sa.not_(seen_to))
    return sa.or_(o.state.in_(OPEN_CHANGES), sa.and_(o.state == box.REJECTED, unseen, sa.not_(followed)))


def decisions(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Row]]:
    """Return what people said of what changes want, by the digest that they saw, oldest first."""
    return _by(conn, approvals, "digest", {row["digest"] for row in rows}, "id")


def decided(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, list[Row]]:
    """Return what people said of these very changes, by change, oldest first."""
    return _by(conn, approvals, "change", {row["id"] for row in rows}, "id")


def steps(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, list[Row]]:
    """Return what of changes is done, by change."""
    return _by(conn, change_steps, "change", {row["id"] for row in rows}, "seq")


def _by(conn: sa.Connection, table: sa.Table, name: str, keys: Iterable[Any], order: str) -> dict[Any, Any]:
    found: dict[Any, list[Row]] = {}
    rows = lookup.fetch_rows(conn, table, (name,), [(key,) for key in sorted(keys)])
    for row in sorted(rows, key=lambda row: int(row[order])):
        found.setdefault(row[name], []).append(row)
    return found


def orders_of(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Row]:
    """Return the orders that changes are about, as the hub holds them."""
    keys = {(row["company"], row["order_no"]) for row in rows}
    found = lookup.fetch_rows(conn, orders, ("company", "order_no"), sorted(keys))
    return {(row["company"], row["order_no"]): row for row in found}
