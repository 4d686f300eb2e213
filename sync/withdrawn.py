"""Links that a corrected record teaches no more: a mistyped delivery must not mean two orders for ever.

Only a record that is known and teaches something new can have taught something else before. Its old form is
read again; what that taught and nobody else of the system still does, holds no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import RecordError
from hub.mapping import Reader
from hub.store import bulk, lookup
from hub.store.tables import ledger, links
from sync.gate import Arrival
from sync.place import Place
from sync.raw import disclose
from sync.speakers import speakers

Taught = tuple[str, str, str, str]
"""Kind and value of a link, company and number of its order."""

_RECORD = ("system", "stream", "record")


def withdraw(
    conn: sa.Connection, place: Place, arrivals: Iterable[Arrival], fresh: Collection[Taught], at: datetime
) -> list[dict[str, Any]]:
    """End the links that only the old forms of `arrivals` taught, and return them.

    `fresh` is what the page taught that was not known. Call it before the ledger forgets the old forms.
    """
    changed = {
        one.key: one
        for one in arrivals
        if one.before is not None and any(link in fresh for link in _teaches(one))
    }
    if not changed:
        return []
    taught = {
        (kind, value, *order)
        for key, found in _links_of(conn, place, changed, at).items()
        for kind, value in found
        for order in {spoken[:2] for spoken in _before(changed[key])}
    }
    now = {link for one in changed.values() for link in _teaches(one)}
    orphans = taught - now - _taught_elsewhere(conn, place, taught - now, changed, at)
    rows = lookup.fetch_many(conn, links, ("kind", "value"), {(kind, value) for kind, value, *_ in orphans})
    ended = [
        {**row._mapping, "until": at}
        for row in rows
        if row.system == place.system
        and row.until is None
        and (row.kind, row.value, row.company, row.order_no) in orphans
    ]
    bulk.upsert(conn, links, ended)
    return ended


def _teaches(arrival: Arrival) -> set[Taught]:
    return {
        (link.kind, link.value, fact.company, fact.order_no or "")
        for fact in arrival.facts
        for link in fact.links
    }


def _before(arrival: Arrival) -> set[tuple[str, str, str]]:
    return arrival.before.spoke_of() if arrival.before is not None else set()


def _links_of(
    conn: sa.Connection, place: Place, records: Collection[str], at: datetime
) -> dict[str, set[tuple[str, str]]]:
    """Return the links (kind, value) that the kept forms of `records` teach; nothing of unreadable ones."""
    places = {(place.system, place.stream, record) for record in records}
    found: dict[str, set[tuple[str, str]]] = {}
    reader = place.reader
    assert isinstance(reader, Reader)
    for row in lookup.fetch_many(conn, ledger, _RECORD, places, ("record", "raw")):
        where = f"{place.system}/{place.stream}/{row.record}"
        record, meta = disclose(place.seal.decrypt(bytes(row.raw), where))
        try:
            facts: Sequence[Any] = reader.read(record, meta, at).facts
        except RecordError:
            facts = ()
        found[row.record] = {(link.kind, link.value) for fact in facts for link in fact.links}
    return found


def _taught_elsewhere(
    conn: sa.Connection, place: Place, taught: Collection[Taught], but: Collection[str], at: datetime
) -> set[Taught]:
    """Return which of `taught` other records of the system teach too; those of other streams are believed."""
    others = speakers(conn, {(company, order_no) for _, _, company, order_no in taught}, place.system)
    strangers = {(row.company, row.order_no) for row in others if row.stream != place.stream}
    same = [row for row in others if row.stream == place.stream and row.record not in but]
    found = _links_of(conn, place, {row.record for row in same}, at)
    told = {(*link, row.company, row.order_no) for row in same for link in found.get(row.record, ())}
    return {link for link in taught if link in told or link[2:] in strangers}
