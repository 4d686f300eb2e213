"""Postings as the way out sees them: what the ledger of matches holds, that a finance system shall hold too.

A posting that stands is wanted in the system of its receivable; one that was undone is wanted there no more.
In the outbox its number stands where an order's number stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.mapping.kinds import CLEARING
from hub.model import Side
from hub.postings import PREFIX, is_posting
from hub.store import Seal, jsons, lookup
from hub.store.tables import OPEN_CHANGES, adoptions, dirty, documents, matches, outbox
from sync import dirt
from sync.documents import place_of

OrderNo = tuple[str, str]
Row = dict[str, Any]

TOLD = ("receivable", "entry", "amount", "cash", "cash_currency")
"""What a posting says that is no secret: what a change wants, and what an approval binds to."""

OWING = ("receivable", "invoice")
"""The kinds of documents that a posting may pay."""

_OF_RECEIVABLE = ("customer_no", "customer_name", "invoice_no")
_OF_ENTRY = ("payer", "payer_account", "reference", "purpose", "account", "value_at")


def mark(conn: sa.Connection, company: str, places: Iterable[tuple[str, str | None]]) -> None:
    """Mark postings (system of the receivable, number) for the merge, where somebody may be told of them."""
    adopted = set(conn.scalars(sa.select(adoptions.c.system)))
    dirt.mark(conn, [(company, number) for system, number in places if number and system in adopted])


def on_their_way(conn: sa.Connection, company: str) -> set[str]:
    """Return the postings that a finance system may not know of yet: marked, or in the outbox and open."""
    d, o = dirty.c, outbox.c
    marked = sa.select(d.order_no).where(d.consumer == dirt.MERGE, d.company == company)
    open_ = sa.select(o.order_no).where(o.company == company, o.state.in_(OPEN_CHANGES), o.kind == "create")
    begins = f"{PREFIX}%"
    asked = sa.union(marked.where(d.order_no.like(begins)), open_.where(o.order_no.like(begins)))
    return set(conn.scalars(asked))


def taken_back(conn: sa.Connection, company: str) -> set[str]:
    """Return the postings that their finance system shows as taken back."""
    d = documents.c
    here = (d.company == company, d.kind == CLEARING, d.deleted, d.order_no.is_not(None))
    return set(conn.scalars(sa.select(d.order_no).where(*here)))


def about(conn: sa.Connection, numbers: Collection[str]) -> list[Row]:
    """Return the postings that numbers (of postings, bank entries, receivables) are part of, oldest first.

    Rows as in the ledger of matches, with `undone` (the row that undid it) and `changes` (of the outbox).
    """
    m = matches.c
    named = [column.in_(sorted(numbers)) for column in (m.posting, m.entry, m.receivable)]
    posted = [
        dict(row._mapping)
        for row in conn.execute(sa.select(matches).where(m.kind == "post", sa.or_(*named)).order_by(m.id))
    ]
    undoing = lookup.fetch_rows(conn, matches, ("undoes",), [(row["id"],) for row in posted])
    undone = {row["undoes"]: row for row in undoing}
    keys = {(row["company"], row["posting"]) for row in posted if row["posting"]}
    asked: dict[OrderNo, list[Row]] = {}
    for change in sorted(
        lookup.fetch_rows(conn, outbox, ("company", "order_no"), keys), key=lambda one: int(one["id"])
    ):
        asked.setdefault((change["company"], change["order_no"]), []).append(change)
    return [
        {**row, "undone": undone.get(row["id"]), "changes": asked.get((row["company"], row["posting"]), [])}
        for row in posted
    ]


def changes_of(conn: sa.Connection, company: str, numbers: Collection[str]) -> dict[str, Row]:
    """Return the last change that was asked for each of some postings, by its number."""
    keys = [(company, number) for number in numbers]
    rows = lookup.fetch_rows(conn, outbox, ("company", "order_no"), keys)
    return {row["order_no"]: row for row in sorted(rows, key=lambda row: int(row["id"]))}


def read(conn: sa.Connection, keys: Collection[OrderNo]) -> dict[OrderNo, Row]:
    """Return the postings among `keys` in the words of an order: what they say, and whether they stand."""
    asked = [key for key in keys if is_posting(key[1])]
    if not asked:
        return {}
    found = lookup.fetch_rows(conn, matches, ("company", "posting"), asked)
    posted = [row for row in found if row["kind"] == "post"]
    numbers = [(row["id"],) for row in posted]
    undone = {row["undoes"] for row in lookup.fetch_rows(conn, matches, ("undoes",), numbers)}
    owed = _owed(conn, posted)
    return {
        (row["company"], row["posting"]): _words(row, row["id"] in undone, owed)
        for row in sorted(posted, key=lambda row: int(row["id"]))
    }


def _owed(conn: sa.Connection, posted: Iterable[Row]) -> dict[tuple[str, ...], tuple[str | None, str | None]]:
    """Return order and currency of receivables, by company, system and number."""
    places = [
        (row["company"], row["system"], kind, row["receivable"]) for row in posted for kind in reversed(OWING)
    ]
    names = ("company", "system", "kind", "number")
    found = lookup.fetch_many(conn, documents, names, places, (*names, "order_no", "currency"))
    found.sort(key=lambda row: OWING.index(row.kind), reverse=True)  # a receivable's own word counts last
    return {(row.company, row.system, row.number): (row.order_no, row.currency) for row in found}


def _words(row: Row, undone: bool, owed: Mapping[tuple[str, ...], tuple[str | None, str | None]]) -> Row:
    order_no, currency = owed.get((row["company"], row["system"], row["receivable"]), (None, None))
    return {
        "company": row["company"],
        "posting": row["posting"],
        "order_no": order_no,
        "currency": currency or row["currency"],
        "system": row["system"],
        "receivable": row["receivable"],
        "entry": row["entry"],
        "entry_system": row["entry_system"],
        "amount": row["closes"],
        "cash": row["amount"],
        "cash_currency": row["currency"],
        "rule": row["rule"],
        "who": row["who"],
        "reason": row["reason"],
        "posted_at": row["at"],
        "undone": undone,
        "status": None,
        "side": Side.NONE,
        "money": None,
        "lines": None,
    }


def beside(conn: sa.Connection, seal: Seal, posting: Mapping[str, Any]) -> Row:
    """Return what its documents know beside: payer and customer, and the number of the clearing there is."""
    company, system = posting["company"], posting["system"]
    owed: Row = {}
    for kind in OWING:
        owed = owed or _document(conn, seal, (company, system, kind, posting["receivable"]))
    paid = _document(conn, seal, (company, posting["entry_system"], "bank_entry", posting["entry"]))
    known = {name: owed.get(name) for name in _OF_RECEIVABLE} | {name: paid.get(name) for name in _OF_ENTRY}
    known["value_at"] = _moment(known["value_at"]) or paid.get("occurred_at")
    d = documents.c
    here = (d.company == company, d.order_no == posting["posting"], d.system == system, d.kind == CLEARING)
    known["clearing"] = conn.scalar(sa.select(d.number).where(*here, d.deleted.is_(False)))
    return {name: value for name, value in known.items() if value is not None}


def _document(conn: sa.Connection, seal: Seal, key: tuple[str, str, str, str]) -> Row:
    names = ("company", "system", "kind", "number")
    for row in lookup.fetch_rows(conn, documents, names, [key]):
        sealed = row["fields"]
        fields = {} if sealed is None else jsons.loads(seal.decrypt(bytes(sealed), place_of(row))) or {}
        return {**fields, "occurred_at": row["occurred_at"]}
    return {}


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)
