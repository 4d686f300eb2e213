"""The gate that most records never pass: what the ledger has seen in the same form is not looked at again.

A page is asked about as a whole: packed, digested and looked up column by column, so that a record that
did not change costs some three microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.model import Fact, Link, Record
from hub.store import bulk, jsons
from hub.store.seal import DIGEST_BYTES
from hub.store.tables import ledger
from hub.store.types import from_micros
from sync.place import Place
from sync.raw import pack_all

Spoken = tuple[str, str, str]
"""Company, order_no and part that a record speaks of."""


class Before(NamedTuple):
    """What the ledger knows of a record that comes again in another form, or is taken in again."""

    digest: bytes
    mapping: str
    gave: str | None
    read_at: datetime

    def spoke_of(self) -> set[Spoken]:
        """Return what the record spoke of."""
        return {(company, order_no, part) for company, order_no, part in jsons.loads(self.gave) or ()}

    @property
    def order(self) -> tuple[str | None, str | None]:
        """The company and number of the order that it spoke of, if it was one."""
        orders = {place[:2] for place in self.spoke_of()}
        return next(iter(orders)) if len(orders) == 1 else (None, None)


@dataclass(slots=True)
class Arrival:
    """A record past the gate: its key, raw form and digest, and what it is read as.

    `waits` are the links that it waits for, `company` whose, `unplaced` the ids of events that wait with it;
    `version` is the source's own of the record.
    """

    key: str
    record: Record
    meta: Mapping[str, Any]
    raw: bytes
    digest: bytes
    before: Before | None
    facts: list[Fact] = field(default_factory=list)
    waits: list[Link] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    company: str = ""
    version: str | None = None

    @property
    def spoken(self) -> list[tuple[str, str | None, str]]:
        """What the record speaks of."""
        return [(fact.company, fact.order_no, fact.part) for fact in self.facts]

    @property
    def gave(self) -> str:
        """The same as the ledger keeps it."""
        return jsons.dumps(self.spoken)


class Passed(NamedTuple):
    """What came of a page at the gate: the keys of all its records, those that pass, and two counts."""

    keys: list[str]
    arrivals: list[Arrival]
    unchanged: int
    doubled: int


def passing(
    conn: sa.Connection,
    place: Place,
    records: Sequence[Record],
    metas: Sequence[Mapping[str, Any]],
    again: bool,
) -> Passed:
    """Return the records of a page that the ledger does not hold in this form; with `again`, all of them.

    A digest stands for the whole record, its key included, so that the digests alone tell what is known.
    """
    raws, keys = pack_all(records), place.reader.keys_of(records)
    digests = place.seal.digest_all(raws)
    chosen, doubled = _chosen(keys, raws, place.event)
    here = {"system": place.system, "stream": place.stream}
    fresh: Sequence[int] = chosen
    before: dict[str, Before] = {}
    if not again:
        held = {**here, "mapping": place.reader.version}
        known = bulk.fetch_set(conn, ledger, "record", keys, "digest", DIGEST_BYTES, **held)
        fresh = [at for at in chosen if digests[at] not in known]
    if fresh and bulk.between(conn, ledger, "record", min(keys), max(keys), **here):
        before = _before(conn, place, [keys[at] for at in fresh])
    arrivals = [
        Arrival(keys[at], records[at], metas[at], raws[at], digests[at], before.get(keys[at])) for at in fresh
    ]
    return Passed(keys, arrivals, len(chosen) - len(fresh), doubled)


def _chosen(keys: Sequence[str], raws: Sequence[bytes], event: bool) -> tuple[Sequence[int], int]:
    """Return which records of a page count, and how many share a key with one that says otherwise.

    Of a state the last record of a key counts, in the place of the first; events all happened, each form
    once.
    """
    if len(set(keys)) == len(keys):
        return range(len(keys)), 0
    slots: dict[tuple[str, bytes], int] = {}
    seen: set[str] = set()
    doubled = 0
    for at, (key, raw) in enumerate(zip(keys, raws, strict=True)):
        slot = key, raw if event else b""
        doubled += key in seen and (slot not in slots or raws[slots[slot]] != raw)
        seen.add(key)
        slots[slot] = at
    return list(slots.values()), doubled


def _before(conn: sa.Connection, place: Place, keys: Sequence[str]) -> dict[str, Before]:
    rows = bulk.fetch_bound(
        conn,
        ledger,
        ("record",),
        [(key,) for key in keys],
        ("record", "digest", "mapping", "gave", "read_at"),
        system=place.system,
        stream=place.stream,
    )
    return {
        key: Before(bytes(digest), mapping, gave, from_micros(read_at))
        for key, digest, mapping, gave, read_at in rows
    }
