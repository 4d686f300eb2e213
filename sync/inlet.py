"""The gates of one stream (design, section 5): records in; observations, views, ledger, links, marks out.

All happens inside the caller's transaction, one page at a time. The gates, cheapest first: raw digest and
mapping version equal → skip; what the parts say equal → touch nothing. Only what passes is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.contract import BadRecord
from hub.errors import RecordError
from hub.mapping import Reader
from hub.model import Fact, Link, OrderKey, Record
from hub.rules import Rules
from hub.store import Seal, bulk, jsons
from hub.store.runs import Run
from hub.store.tables import ledger, observations, views
from sync import quarantine
from sync.dirt import mark
from sync.facts import newest_of, row_of, said_of, view_row
from sync.links import Aliases, learn, unlearn
from sync.news import Histories, News, Place, event_id
from sync.raw import enclose, pack
from sync.rollup import roll_up


class Incoming(NamedTuple):
    """A record on its way in, with what mapping paths see as `meta`."""

    record: Record
    meta: Mapping[str, Any]


@dataclass(slots=True)
class Taken:
    """What one page came to. `newest` is its newest stamp by the source's clock (aware UTC)."""

    counts: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    newest: datetime | None = None


@dataclass(slots=True)
class _Arrival:
    """A record past the first gate: its key, raw form and digest, and what it was read as."""

    key: str
    raw: bytes
    digest: bytes
    meta: Mapping[str, Any]
    before: Any = None
    facts: list[tuple[OrderKey, Fact]] = field(default_factory=list)
    waits: list[Link] = field(default_factory=list)
    company: str = ""


@dataclass(frozen=True, slots=True)
class Inlet:
    """Takes the pages of one stream of one system."""

    system: str
    stream: str
    reader: Reader
    rules: Rules
    seal: Seal

    @property
    def event(self) -> bool:
        """Tell whether the stream says what happened, rather than what is."""
        return self.reader.kind == "event"

    def take(
        self,
        conn: sa.Connection,
        incoming: Iterable[Incoming],
        *,
        read_at: datetime,
        run: Run,
        bad: Sequence[BadRecord] = (),
        again: bool = False,
        first: bool = False,
    ) -> Taken:
        """Take one page. `again` passes the digest gate (replay); `first`: the stream is being loaded."""
        alone(conn, self.system)
        taken = Taken()
        arrivals, broken, known = self._read(conn, incoming, read_at, taken, again)
        broken += [quarantine.Broken(one.key, one.raw, one.error, {}) for one in bad]
        taken.counts["records"] += len(bad)
        taken.counts["quarantined"] += len(broken)
        quarantine.keep(conn, self, broken, read_at, run)
        if arrivals:
            self._place(conn, arrivals, taken)
            self._write(conn, arrivals, read_at, run.enter(conn), taken, first)
        understood = {*known, *(arrival.key for arrival in arrivals)} - {one.key for one in broken}
        quarantine.solve(conn, self, understood, read_at)
        return taken

    def _read(
        self, conn: sa.Connection, incoming: Iterable[Incoming], read_at: datetime, taken: Taken, again: bool
    ) -> tuple[list[_Arrival], list[quarantine.Broken], list[str]]:
        """Return what passed the digest gate and could be read, what could not, and the keys of the rest."""
        page: dict[tuple[str, bytes], tuple[Incoming, _Arrival]] = {}
        keys: set[str] = set()
        for one in incoming:
            taken.counts["records"] += 1
            raw = pack(one.record)
            key = self.reader.key(one.record)
            slot = key, raw if self.event else b""  # of a state the last one counts, events all happened
            if key in keys and (slot not in page or page[slot][1].raw != raw):  # somebody should know
                taken.warnings["sync.same_key"] += 1
            keys.add(key)
            page[slot] = one, _Arrival(key, raw, self.seal.digest(raw), one.meta)
        known = self._known(conn, list(keys))
        arrivals, broken, unchanged = [], [], []
        for (key, _), (one, arrival) in page.items():
            arrival.before = known.get(key)
            if not again and arrival.before and self._same(arrival):
                taken.counts["unchanged"] += 1
                unchanged.append(key)
                continue
            try:
                reading = self.reader.read(one.record, one.meta, read_at)
            except RecordError as error:
                broken.append(quarantine.Broken(key, arrival.raw, error, one.meta))
                continue
            taken.counts["skipped"] += reading.skipped
            arrival.facts = [(OrderKey(fact.company, fact.order_no or ""), fact) for fact in reading.facts]
            arrivals.append(arrival)
            taken.warnings.update(warning for fact in reading.facts for warning in fact.warnings)
        return arrivals, broken, unchanged

    def _known(self, conn: sa.Connection, keys: list[str]) -> dict[str, Any]:
        rows = bulk.fetch_many(
            conn,
            ledger,
            ("system", "stream", "record"),
            [(self.system, self.stream, key) for key in keys],
            ("record", "digest", "mapping", "gave"),
        )
        return {row.record: row for row in rows}

    def _same(self, arrival: _Arrival) -> bool:
        return bool(arrival.before.digest == arrival.digest and arrival.before.mapping == self.reader.version)

    def _place(self, conn: sa.Connection, arrivals: list[_Arrival], taken: Taken) -> None:
        """Give every fact its order: through links learned elsewhere and numbers that people joined."""
        aliases = Aliases.load(conn, [fact for arrival in arrivals for _, fact in arrival.facts])
        for arrival in arrivals:
            placed = []
            for _, fact in arrival.facts:
                arrival.company = fact.company
                key = aliases.place(fact)
                if key is None and fact.waits_for is not None:
                    arrival.waits.append(fact.waits_for)
                elif key is not None:
                    placed.append((key, fact))
            arrival.facts = placed
            taken.counts["waiting"] += bool(arrival.waits)

    def _write(
        self,
        conn: sa.Connection,
        arrivals: list[_Arrival],
        read_at: datetime,
        run: int,
        taken: Taken,
        first: bool,
    ) -> None:
        rows = self._rows(arrivals, run, read_at)
        gone = _left(arrivals)
        touched = sorted({(row["company"], row["order_no"]) for row in rows} | {place[:2] for place in gone})
        histories = self._histories(conn, touched)
        news = News(self.stream, self.event, self.reader.keeps, histories, {"run": run, "read_at": read_at})
        fresh = news.sift(rows, gone)
        bulk.insert(conn, observations, fresh)
        taken.counts["observations"] += len(fresh)
        taken.newest = newest_of(rows)
        changed = sorted({(row["company"], row["order_no"]) for row in fresh})
        dropped = self._views(conn, changed, histories, run, read_at, taken)
        learn(conn, self.system, [pair for arrival in arrivals for pair in arrival.facts], read_at)
        self._remember(conn, arrivals, read_at, run)
        quarantine.wait(
            conn, self, [(arrival.key, arrival.company, arrival.waits) for arrival in arrivals], read_at, run
        )
        own: set[tuple[str, ...]] = {(self.system, self.stream, arrival.key) for arrival in arrivals}
        quarantine.place_again(conn, unlearn(conn, self.system, dropped, read_at), read_at, run, own)
        mark(conn, changed, everything=first and len(changed) > _MANY)

    def _rows(self, arrivals: list[_Arrival], run: int, read_at: datetime) -> list[dict[str, Any]]:
        rows = []
        for arrival in arrivals:
            for at, (key, fact) in enumerate(arrival.facts):
                named = (fact.event_id or event_id(self.stream, arrival.key, at)) if self.event else None
                row = row_of(fact, key, named)
                row |= {"system": self.system, "stream": self.stream, "record": arrival.key}
                row |= {"mapping": self.reader.version, "run": run, "read_at": read_at}
                rows.append(row)
        return rows

    def _histories(self, conn: sa.Connection, touched: list[tuple[str, str]]) -> Histories:
        """Return all observations of this system of the orders `touched`, in order of arrival."""
        histories: Histories = {key: [] for key in touched}
        keys = [(company, order_no, self.system) for company, order_no in touched]
        rows = bulk.fetch_many(conn, observations, ("company", "order_no", "system"), keys)
        for row in rows:
            histories[row.company, row.order_no].append(dict(row._mapping))
        return histories

    def _views(
        self,
        conn: sa.Connection,
        changed: list[tuple[str, str]],
        histories: Histories,
        run: int,
        read_at: datetime,
        taken: Taken,
    ) -> list[tuple[str, str]]:
        """Roll the changed orders up again; a view of which nothing is left goes. Return the orders left."""
        keep: list[dict[str, Any]] = []
        drop: list[tuple[str, str, str]] = []
        for company, order_no in changed:
            history = histories[company, order_no]
            view = roll_up(said_of(row, event=row["event_id"] is not None) for row in history)
            if view is None:
                drop.append((company, order_no, self.system))
            else:
                seen = min(row["read_at"] for row in history)
                key = {"company": company, "order_no": order_no, "system": self.system}
                keep.append(key | view_row(view) | {"first_seen": seen, "run": run})
        taken.counts["orders"] += len(keep)
        taken.counts["changed"] += bulk.upsert(
            conn, views, keep, incidental=("run",), at_birth=("first_seen",)
        )
        bulk.delete(conn, views, ("company", "order_no", "system"), drop)
        return [place[:2] for place in drop]

    def _remember(self, conn: sa.Connection, arrivals: list[_Arrival], read_at: datetime, run: int) -> None:
        rows = [
            {
                "system": self.system,
                "stream": self.stream,
                "record": arrival.key,
                "digest": arrival.digest,
                "mapping": self.reader.version,
                "raw": self.seal.encrypt(
                    enclose(arrival.raw, arrival.meta), f"{self.system}/{self.stream}/{arrival.key}"
                ),
                "version": None,
                "gave": jsons.dumps([[key.company, key.order_no, fact.part] for key, fact in arrival.facts]),
                "run": run,
                "read_at": read_at,
            }
            for arrival in arrivals
            if arrival.before is None or not self._same(arrival) or self._moved(arrival)
        ]
        bulk.upsert(conn, ledger, list({row["record"]: row for row in rows}.values()))

    def _moved(self, arrival: _Arrival) -> bool:
        """Tell whether a replayed record now speaks of other orders than before."""
        gave = jsons.dumps([[key.company, key.order_no, fact.part] for key, fact in arrival.facts])
        return bool(arrival.before.gave != gave)


def alone(conn: sa.Connection, system: str) -> None:
    """Let no other transaction take in records of `system` until this one ends.

    Pulls and replays hold different leases: what either reads of the ledger must stay true until it writes.
    On SQLite there is only one writer anyway.
    """
    if conn.dialect.name == "postgresql":
        lock = int.from_bytes(blake2b(f"inlet:{system}".encode(), digest_size=8).digest(), "big", signed=True)
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))


_MANY = 500
"""From so many changed orders in a page of a first load on, one mark stands for all."""


def _left(arrivals: list[_Arrival]) -> set[Place]:
    """Return what records spoke of before and no longer do."""
    left: set[Place] = set()
    for arrival in arrivals:
        if arrival.before is not None and arrival.before.gave:
            now = {(key.company, key.order_no, fact.part) for key, fact in arrival.facts}
            before = {
                (company, order_no, part) for company, order_no, part in jsons.loads(arrival.before.gave)
            }
            left |= {(*place, arrival.key) for place in before - now}
    return left
