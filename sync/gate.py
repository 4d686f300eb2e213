"""The gate that most records never pass: what the ledger has seen in the same form is not looked at again.

A page is asked about as a whole: packed, digested and looked up column by column, so that a record that
did not change costs some three microseconds; half of that where a source's own bytes are at hand, of which
nothing is parsed then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.contract import Unread
from hub.model import Fact, Link, Record
from hub.store import jsons, lookup
from hub.store.seal import DIGEST_BYTES
from hub.store.tables import ledger
from hub.store.types import from_micros
from sync.batch import Batch
from sync.place import Place
from sync.raw import pack, pack_all

_MOSTLY = 4
"""Where more than one record in so many is news, all of a page are parsed."""

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
    """What came of a page at the gate: what gives the keys of its records, those that pass, two counts."""

    keys: Callable[[], list[str]]
    arrivals: list[Arrival]
    unchanged: int
    doubled: int


def passing(conn: sa.Connection, place: Place, page: Batch, again: bool) -> Passed:
    """Return the records of a page that the ledger does not hold in this form; with `again`, all of them.

    A digest stands for the whole record, its key included, so that the digests alone tell what is known.
    """
    digests: Sequence[bytes] = ()
    if isinstance(page.records, Unread):
        digests = place.seal.digest_all(page.records.raws)
        if not again and (passed := _by_bytes(conn, place, page, page.records, digests)):
            return passed
    return _by_words(conn, place, page, digests, again)


def _by_bytes(
    conn: sa.Connection, place: Place, page: Batch, records: Unread, digests: Sequence[bytes]
) -> Passed | None:
    """Do as `passing`, parsing nothing but news; None where the records have to be looked at together.

    That is so where most are news, and where two of them may be of one key.
    """
    told = set(digests)
    if not told or len(told) < len(digests):
        return None
    first, last = sorted(place.reader.keys_of([records[0], records[-1]]))
    held = {"system": place.system, "stream": place.stream, "mapping": place.reader.version}
    size = len(digests)
    known = lookup.walk_set(conn, ledger, "record", (first, last), size, "digest", DIGEST_BYTES, **held)
    fresh = [] if known is None else [at for at, digest in enumerate(digests) if digest not in known]
    if known is None or len(fresh) > size // _MOSTLY:
        return None
    read = [records[at] for at in fresh]
    keys = place.reader.keys_of(read)
    before = _before(conn, place, keys) if keys else {}
    if len(set(keys)) < len(keys) or any(one.digest in told for one in before.values()):
        return None
    arrivals = [
        Arrival(key, record, page.metas[at], pack(record), digests[at], before.get(key))
        for at, key, record in zip(fresh, keys, read, strict=True)
    ]
    return Passed(lambda: place.reader.keys_of(records), arrivals, size - len(fresh), 0)


def _by_words(
    conn: sa.Connection, place: Place, page: Batch, digests: Sequence[bytes], again: bool
) -> Passed:
    """Do as `passing`, by what the records say; `digests` are those of their bytes, if these came."""
    records, metas = list(page.records), page.metas
    raws, keys = pack_all(records), place.reader.keys_of(records)
    digests = digests or _digests(place, page, raws)
    chosen, doubled = _chosen(keys, raws, place.event)
    here = {"system": place.system, "stream": place.stream}
    fresh: Sequence[int] = chosen
    before: dict[str, Before] = {}
    if not again:
        held = {**here, "mapping": place.reader.version}
        known = lookup.fetch_set(conn, ledger, "record", keys, "digest", DIGEST_BYTES, **held)
        fresh = [at for at in chosen if digests[at] not in known]
    if fresh and lookup.between(conn, ledger, "record", min(keys), max(keys), **here):
        before = _before(conn, place, [keys[at] for at in fresh])
    arrivals = [
        Arrival(keys[at], records[at], metas[at], raws[at], digests[at], before.get(keys[at])) for at in fresh
    ]
    return Passed(lambda: keys, arrivals, len(chosen) - len(fresh), doubled)


def _digests(place: Place, page: Batch, raws: Sequence[bytes]) -> Sequence[bytes]:
    """Return the digests of packed records, or those by which the ledger knows them already."""
    known = page.digests or [None] * len(raws)
    made = iter(place.seal.digest_all(raw for raw, one in zip(raws, known, strict=True) if one is None))
    return [next(made) if one is None else one for one in known]


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
    rows = lookup.fetch_bound(
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
