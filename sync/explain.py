"""The life of one order over all systems: every fact, its source, clock, run and rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hub.mapping import SystemMapping
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping
from hub.mapping.texts import stripper
from hub.model import OrderKey
from hub.postings import is_posting
from hub.store import Store, jsons
from hub.store.tables import (
    documents,
    findings,
    links,
    observations,
    order_history,
    orders,
    outbox,
    quarantine,
    unlinked,
    views,
)
from sync.documents import place_of
from sync.links import orders_called
from sync.out import postings, standing

Row = Mapping[str, Any]


@dataclass(slots=True)
class Life:
    """All that the store knows of one order; rows as in their tables, oldest first.

    `order` is None where systems speak of a number that was never merged. `changes` are those that were asked
    of systems, each with its `approvals` and `steps`.
    """

    key: OrderKey
    order: Row | None = None
    views: list[Row] = field(default_factory=list)
    observations: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Explained:
    """What a number means: lives of the orders it may stand for, records that wait or are broken.

    `read_as` is the number as the mappings write it, where it was only found so (padding, a prefix).
    `documents` belong to no order; `postings` are those of the ledger of matches that the number, or a
    receivable of its orders, is part of (`sync.out.postings.about`); `named_in` are open findings of other
    orders that name the number.
    """

    number: str
    lives: list[Life] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    quarantined: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    postings: list[Row] = field(default_factory=list)
    named_in: list[Row] = field(default_factory=list)
    read_as: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether nobody has told of the number."""
        told = (self.lives, self.waiting, self.quarantined, self.documents, self.postings, self.named_in)
        return not any(told)


def explain(
    store: Store,
    number: str,
    company: str | None = None,
    mappings: Mapping[str, SystemMapping] | None = None,
) -> Explained:
    """Return everything known of `number`: an order, delivery, waybill, customer PO, document or own number.

    If it is not known as it stands, it is tried as the `mappings` would write it.
    """
    found = _explained(store, number, company)
    if found.nothing:
        for other in written(number, mappings or {}):
            read = _explained(store, other, company)
            if not read.nothing:
                read.number, read.read_as = number, other
                return read
    return found


def written(number: str, mappings: Mapping[str, SystemMapping]) -> list[str]:
    """Return the forms in which mappings would keep a number: padding, prefixes and suffixes taken off."""
    streams = [stream for mapping in mappings.values() for stream in mapping.streams.values()]
    specs = [one for stream in streams for one in _numbers(stream)]
    strips = {spec.strip for spec in specs if spec.strip}
    forms = {strip(number) for rules in sorted(strips) if (strip := stripper(rules)) is not None}
    return sorted(forms - {number, ""})


def _numbers(stream: StreamMapping) -> Iterator[FieldSpec]:
    """Yield the fields of a stream that hold numbers of orders, their alternatives one by one."""
    named = [stream.fields[name] for name in ("order_no", "part", "number") if name in stream.fields]
    for spec in (*named, *stream.links.values()):
        yield from spec.any or (spec,)


def _explained(store: Store, number: str, company: str | None) -> Explained:
    with store.read() as conn:
        papers = _documents(store, conn, documents.c.number == number, company)
        keys = orders_called(conn, number, company) or _seen_only(conn, number, company)
        keys += [key for row in papers if (key := _order_of(row)) is not None and key not in keys]
        explained = Explained(number, [_life(store, conn, key) for key in keys])
        explained.documents = [row for row in papers if _order_of(row) is None]
        owed = [row for life in explained.lives for row in life.documents if row["kind"] == "receivable"]
        about = {number, *(row["number"] for row in owed)}
        explained.postings = [row for row in postings.about(conn, about) if company in (None, row["company"])]
        explained.waiting = _rows(conn, sa.select(unlinked).where(unlinked.c.value == number))
        wide = [column for column in quarantine.c if column.name != "raw"]
        explained.quarantined = _rows(
            conn, sa.select(*wide).where(quarantine.c.record == number, quarantine.c.solved_at.is_(None))
        )
        explained.named_in = _named_in(conn, number, company)
    return explained


def _documents(
    store: Store, conn: sa.Connection, which: sa.ColumnElement[bool], company: str | None
) -> list[Row]:
    """Return documents with their fields opened."""
    order = (documents.c.kind, documents.c.occurred_at, documents.c.number)
    rows = _rows(conn, sa.select(documents).where(which).order_by(*order))
    return [
        {**row, "fields": jsons.loads(store.seal.decrypt(bytes(row["fields"]), place_of(row)))}
        if row["fields"] is not None
        else row
        for row in rows
        if company in (None, row["company"])
    ]


def _order_of(document: Row) -> OrderKey | None:
    order_no = document["order_no"]
    return None if order_no is None or is_posting(order_no) else OrderKey(document["company"], order_no)


def _named_in(conn: sa.Connection, number: str, company: str | None) -> list[Row]:
    """Return the open findings of other orders whose details name `number`: it may be a slip of theirs."""
    f = findings.c
    name = jsons.dumps(number)
    query = sa.select(findings).where(f.state != "closed", f.order_no != number)
    rows = _rows(conn, query.where(f.details.contains(name, autoescape=True)).order_by(f.first_seen))
    return [row for row in rows if company in (None, row["company"])]


def _seen_only(conn: sa.Connection, number: str, company: str | None) -> list[OrderKey]:
    """Return orders that have a view but were not merged yet."""
    found = conn.execute(
        sa.select(views.c.company, views.c.order_no).where(views.c.order_no == number).distinct()
    ).all()
    return sorted(
        {OrderKey(row.company, row.order_no) for row in found if company in (None, row.company)}, key=str
    )


def _life(store: Store, conn: sa.Connection, key: OrderKey) -> Life:
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
        documents=_documents(store, conn, documents.c.order_no == key.order_no, key.company),
        changes=_changes(conn, of(outbox, outbox.c.id)),
    )


def _changes(conn: sa.Connection, rows: list[Row]) -> list[Row]:
    """Return changes with what people decided of them, and what is done of them."""
    said, done = standing.decided(conn, rows), standing.steps(conn, rows)
    return [{**row, "approvals": said.get(row["id"], []), "steps": done.get(row["id"], [])} for row in rows]


def _rows(conn: sa.Connection, statement: sa.Select[Any]) -> list[Row]:
    return [dict(row._mapping) for row in conn.execute(statement)]
