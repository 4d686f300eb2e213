"""What the store knows of some orders, as wishes look at it: read in bulk, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.model import Line, Side
from hub.postings import is_posting
from hub.store import lookup
from hub.store.tables import adoptions, documents, forms, observations, orders, reads, views
from hub.store.types import from_micros
from sync.facts import parse_lines
from sync.out import postings
from sync.out.forms import Form
from sync.out.situation import Situation
from sync.out.targets import Target
from sync.out.values import extras_of, order_of
from sync.saying import said_by

OrderNo = tuple[str, str]
_KEY = ("company", "order_no")
_PARTS = (*_KEY, "system", "part", "seq", "deleted", "is_return", "extras", "lines", "occurred_at")

Row = dict[str, Any]


@dataclass(slots=True)
class Known:
    """All that is known of some orders, by order; `read_upto` by (system, stream), `born_from` by system."""

    orders: dict[OrderNo, dict[str, Any]] = field(default_factory=dict)
    born: dict[OrderNo, datetime] = field(default_factory=dict)
    views: dict[OrderNo, dict[str, Row]] = field(default_factory=dict)
    extras: dict[OrderNo, dict[str, dict[str, Any]]] = field(default_factory=dict)
    lines: dict[OrderNo, dict[str, list[Line]]] = field(default_factory=dict)
    forms: dict[OrderNo, dict[tuple[str, str], Form]] = field(default_factory=dict)
    papers: set[tuple[str, str, str, str]] = field(default_factory=set)
    withdrawn: set[tuple[str, str, str, str]] = field(default_factory=set)
    read_upto: dict[tuple[str, str], datetime] = field(default_factory=dict)
    adopted: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def situation(self, key: OrderNo, target: Target, now: datetime) -> Situation | None:
        """Return how one order stands to one write; None if there is no such order, or nobody adopted it.

        So does a posting to a write of postings in its own system.
        """
        adopted = self.adopted.get(target.system)
        if key not in self.orders or adopted is None or adopted[0] != target.mode:
            return None
        if target.postings != is_posting(key[1]):
            return None
        if target.postings and self.orders[key]["system"] != target.system:
            return None
        forms_of = self.forms.get(key, {})
        form = forms_of.get((target.system, target.name)) or Form()
        upto = self.read_upto.get((target.system, target.stream or ""))
        views = self.views.get(key, {})
        echoes = frozenset(system for (system, _), one in forms_of.items() if one.put_on_hold)
        return Situation(
            order=_without_echoes(self.orders[key], views, echoes),
            views=views,
            extras=self.extras.get(key, {}),
            lines=self.lines.get(key, {}),
            form=form,
            settled=form.settles_at is None or (upto is not None and upto > form.settles_at),
            document=(*key, target.system, target.stream or "") in self.papers,
            withdrawn=(*key, target.system, target.stream or "") in self.withdrawn,
            born=self.born[key],
            born_from=adopted[1],
            now=now,
            echoes=echoes,
        )


def _without_echoes(order: Row, views: dict[str, Row], echoes: Collection[str]) -> Row:
    """Return an order on hold only if somebody holds it who was not told so by the hub."""
    held = any(view["side"] & Side.ON_HOLD for system, view in views.items() if system not in echoes)
    return order if held else {**order, "side": order["side"] & ~Side.ON_HOLD}


def know(conn: sa.Connection, keys: Collection[OrderNo], targets: Iterable[Target]) -> Known:
    """Read what is known of the orders (and postings) `keys` where `targets` are concerned."""
    known = Known(adopted=adopted(conn), read_upto=_read_upto(conn))
    for row in lookup.fetch_rows(conn, orders, _KEY, keys):
        key = row["company"], row["order_no"]
        known.orders[key], known.born[key] = order_of(row), row["first_seen"]
    for row in lookup.fetch_rows(conn, views, _KEY, keys):
        known.views.setdefault((row["company"], row["order_no"]), {})[row["system"]] = row
    for key, posting in postings.read(conn, keys).items():
        known.orders[key], known.born[key] = posting, posting["posted_at"]
    _read_parts(conn, keys, known)
    for row in lookup.fetch_rows(conn, forms, _KEY, keys):
        place = row["system"], row["write"]
        known.forms.setdefault((row["company"], row["order_no"]), {})[place] = Form.of(
            row["held"], row["settles_at"]
        )
    if any(not target.orders for target in targets):
        names = (*_KEY, "system", "stream", "deleted")
        for paper in lookup.fetch_many(conn, documents, _KEY, keys, names):
            kept = known.withdrawn if paper.deleted else known.papers
            kept.add((paper.company, paper.order_no, paper.system, paper.stream))
    return known


def adopted(conn: sa.Connection) -> dict[str, tuple[str, datetime]]:
    """Return by system the mode in which it was adopted, and from which birth on orders are created there."""
    return {row.system: (row.mode, row.born_from) for row in conn.execute(sa.select(adoptions))}


def _read_upto(conn: sa.Connection) -> dict[tuple[str, str], datetime]:
    """Return by stream when its last complete read of what is new had begun."""
    done = sa.select(reads.c.system, reads.c.stream, reads.c.complete_at).where(
        reads.c.kind == "since", reads.c.complete_at.is_not(None)
    )
    return {(row.system, row.stream): row.complete_at for row in conn.execute(done)}


def _read_parts(conn: sa.Connection, keys: Collection[OrderNo], known: Known) -> None:
    """Read extras and lines by system, and when each order was born: by its own stamps, or as it was seen."""
    rows: dict[OrderNo, list[Sequence[Any]]] = {}
    for company, order_no, *rest in sorted(
        lookup.fetch_bound(conn, observations, _KEY, keys, _PARTS), key=lambda row: row[:5]
    ):
        rows.setdefault((company, order_no), []).append(rest)
    for key, parts in rows.items():
        said = said_by([tuple(part[:7]) for part in parts])
        known.extras[key] = {system: extras_of(one) for system, one in said.extras.items()}
        known.lines[key] = {system: parse_lines(text) for system, text in said.lines.items()}
        stamps = [from_micros(part[7]) for part in parts if part[7] is not None]
        if key in known.born and stamps:
            known.born[key] = min(known.born[key], *stamps)
