"""What became of the writes of a shadow: each wish once, from when it was asked to what people did by hand.

The outbox holds a row for every digest; a wish goes on over several of them where only something beside it
changed. Of an update each field is a wish, of a create the order as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as fresh
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import jsons
from hub.store.tables import adoptions, orders, outbox, views
from sync.out import outbox as box
from sync.out.by_hand import BECAME, DONE, OTHERWISE, WAS
from sync.out.targets import SHADOW, Target
from sync.out.values import Told
from sync.out.wants import CREATE, UPDATE

ALIKE, DIFFERENT, NEVER, ONLY, DROPPED = "alike", "different", "never", "only_by_hand", "dropped"
"""What became of a wish: done by hand alike, or otherwise; not done yet; made necessary only by what people
did by hand; nobody's wish any more (it counts nowhere)."""

PATIENCE = timedelta(days=1)
"""What people have not done by hand for longer than this counts against the agreement."""

Row = Mapping[str, Any]
OrderNo = tuple[str, str]


@dataclass(slots=True)
class Wish:
    """One would-be write as people met it; `field` is "" for a whole order.

    `wanted` and `seen` are told by field: what the hub would have written, and what stands there (`was`:
    before people overwrote it). `settled_at` is when it was known what became of it, `mended_at` when it came
    to what was wanted after all. `change` is the last row of the outbox.
    """

    company: str
    order_no: str
    system: str
    field: str
    kind: str
    asked_at: datetime
    wanted: dict[str, Told] = fresh(default_factory=dict)
    seen: dict[str, Told] = fresh(default_factory=dict)
    was: dict[str, Told] = fresh(default_factory=dict)
    fate: str = NEVER
    settled_at: datetime | None = None
    mended_at: datetime | None = None
    change: int = 0
    why: str = ""

    @property
    def lag(self) -> timedelta:
        """How much earlier the hub would have been than the hand."""
        return (self.settled_at or self.asked_at) - self.asked_at

    def overdue(self, now: datetime) -> bool:
        """Tell whether people have not done it for too long."""
        return self.fate == NEVER and now - self.asked_at > PATIENCE

    def day_of(self, now: datetime) -> datetime | None:
        """Return on which day it counts: when it was settled, or overdue; None if it does not count yet."""
        if self.fate == NEVER:
            return self.asked_at + PATIENCE if self.overdue(now) else None
        return self.settled_at


def wishes(conn: sa.Connection, system: str, since: datetime, until: datetime) -> list[Wish]:
    """Return what became of the would-be writes to `system` asked within a time, in the order of asking."""
    o = outbox.c
    asked = sa.select(outbox).where(
        o.system == system, o.mode == SHADOW, o.created_at >= since, o.created_at < until
    )
    told: dict[tuple[str, str, str], _Told] = {}
    for row in conn.execute(asked.order_by(o.id)):
        place = row.company, row.order_no, row.write
        told.setdefault(place, _Told(system)).take(dict(row._mapping))
    found = [wish for one in told.values() for wish in one.ended() if wish.fate != DROPPED]
    return sorted(found, key=lambda one: (one.asked_at, one.change, one.field))


class _Told:
    """The wishes of one write to one order, row by row.

    `_open` are those that the next row may carry on, `_differed` what a create was entered with otherwise.
    """

    def __init__(self, system: str) -> None:
        self._system = system
        self._all: list[Wish] = []
        self._open: dict[str, Wish] = {}
        self._differed: dict[str, Told] = {}
        self._ended_at: datetime | None = None

    def take(self, row: Row) -> None:
        """Take the next row."""
        wanted, seen = jsons.loads(row["wanted"]), jsons.loads(row["seen"])
        key, values = jsons.loads(row["reason"]) if row["reason"] else ("", {})
        became, was = values.get(BECAME) or {}, values.get(WAS) or {}
        update = row["kind"] == UPDATE
        parts = {name: {name: value} for name, value in wanted.items()} if update else {"": wanted}
        carried = self._ended_at == row["created_at"]  # what is replaced ends in the very transaction
        for name in [name for name in self._open if name not in parts or not carried]:
            self._drop(name)
        for name, part in parts.items():
            if update and name in self._differed and self._differed[name] == part[name]:
                self._mend(name, became, row)  # it was told with the create
                continue
            wish = self._wish(name, part, row)
            wish.seen = {one: seen[one] for one in part if one in seen} or wish.seen
            if name in was and wish.fate == NEVER:
                wish.fate, wish.settled_at, wish.was = ONLY, wish.asked_at, {name: was[name]}
            wish.why = key if box.is_open(row) else ""
            if not box.is_open(row):
                self._end(wish, row, became)
        self._ended_at = None if box.is_open(row) else row["changed_at"]

    def ended(self) -> list[Wish]:
        """Return the wishes; those that no row carries on were dropped."""
        if self._ended_at is not None:
            for name in list(self._open):
                self._drop(name)
        return self._all

    def _wish(self, name: str, part: dict[str, Told], row: Row) -> Wish:
        """Return the wish that a row carries on, or a new one."""
        wish = self._open.get(name)
        if wish is not None and name and wish.wanted != part:
            if wish.fate == NEVER:
                wish.fate = DROPPED
            wish = None
        if wish is None:
            place = row["company"], row["order_no"], self._system, name, row["kind"], row["created_at"]
            wish = Wish(*place)
            self._all.append(wish)
            self._open[name] = wish
        wish.wanted, wish.change = part, row["id"]
        return wish

    def _drop(self, name: str) -> None:
        """Close a wish that nobody has any more: it counts nowhere unless people entered something else."""
        wish = self._open.pop(name)
        if wish.fate in (NEVER, ONLY):
            wish.fate = DROPPED

    def _end(self, wish: Wish, row: Row, became: Mapping[str, Any]) -> None:
        """Note what became of a wish when its row was replaced; left as it is, it may be carried on."""
        fates = {name: one for name, one in became.items() if name == wish.field or not wish.field}
        if not any(fate in (DONE, OTHERWISE) for fate, _ in fates.values()):
            return
        other = {name: said for name, (fate, said) in fates.items() if fate == OTHERWISE}
        wish.seen |= other or {name: said for name, (_, said) in fates.items() if name}
        if wish.fate == NEVER:
            wish.fate, wish.settled_at = DIFFERENT if other else ALIKE, row["changed_at"]
            self._differed |= {} if wish.field else {name: wish.wanted[name] for name in other}
        elif not other:
            wish.mended_at = row["changed_at"]
        if not other or not wish.field:
            self._open.pop(wish.field)

    def _mend(self, name: str, became: Mapping[str, Any], row: Row) -> None:
        """Note that what a create was entered with otherwise was set right later."""
        if became.get(name, ("",))[0] == DONE:
            self._differed.pop(name)
            for wish in self._all:
                if not wish.field and not self._differed:
                    wish.mended_at = row["changed_at"]


def orders_by_hand(
    conn: sa.Connection, rules: Rules, targets: Iterable[Target], since: datetime, until: datetime
) -> Iterator[Wish]:
    """Yield the orders that people entered in a system although no route asks for it (or not yet)."""
    systems = {one.system for one in targets if one.orders and one.creates}
    v, o, other = views.c, orders.c, views.alias("other").c
    same = sa.and_(v.company == o.company, v.order_no == o.order_no)
    here = (other.company == v.company, other.order_no == v.order_no, other.system != v.system)
    chosen = (
        sa.select(v.company, v.order_no, v.system, v.first_seen, o.status, o.order_type)
        .add_columns(sa.exists().where(*here).label("elsewhere"))
        .join_from(views, orders, same)
        .where(v.system.in_(systems), v.first_seen > since, v.first_seen < until, v.gone_at.is_(None))
        .order_by(v.first_seen, v.company, v.order_no)
    )
    for row in conn.execute(chosen):
        if why := _unasked(rules, row):
            place = row.company, row.order_no, row.system, "", CREATE, row.first_seen
            yield Wish(*place, fate=ONLY, settled_at=row.first_seen, why=why)


def _unasked(rules: Rules, row: sa.Row[Any]) -> str:
    """Return why the hub would not have created an order in a system; empty if it would."""
    route = rules.route(row.company, row.order_type or "")
    if route.origin == row.system:
        return ""
    need = route.systems.get(row.system)
    if need is None:
        return "dual_run.no_route"
    if not row.elsewhere:
        return "dual_run.known_nowhere_else"
    early = row.status is not None and row.status < need.from_status
    return "dual_run.too_early" if early else ""


def adopted(conn: sa.Connection, system: str) -> tuple[str, datetime] | None:
    """Return in which mode a system was adopted last, and when; None if nobody adopted it."""
    row = conn.execute(sa.select(adoptions).where(adoptions.c.system == system)).first()
    return (row.mode, row.at) if row else None
