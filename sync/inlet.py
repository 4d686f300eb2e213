"""The gates of one stream (design, section 5): records in; observations, views, ledger, links, marks out.

All happens inside the caller's transaction, one page at a time. The gates, cheapest first: raw digest and
mapping version equal → skip; what the parts say equal → touch nothing. Only what passes is written: orders
that the system never spoke of without a detour (`sync.births`), all others by what their history says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.contract import BadRecord
from hub.errors import RecordError
from hub.mapping import Reader
from hub.model import OrderKey
from hub.rules import Rules
from hub.store import Seal, bulk, lookup
from hub.store.runs import Run
from hub.store.tables import observations, views
from sync import births, gate, memory, quarantine
from sync.batch import Batch, Incoming
from sync.births import OrderNo, Told, order_of
from sync.dirt import mark
from sync.facts import fact_rows, said_of, view_row
from sync.gate import Arrival
from sync.links import Aliases, learn, unlearn
from sync.news import Histories, News, Place, event_id
from sync.place import Taken
from sync.remarks import remark, remarkable
from sync.rollup import roll_up
from sync.withdrawn import withdraw


class _Visit(NamedTuple):
    """One page's transaction: its connection, the time of reading, the run's number."""

    conn: sa.Connection
    read_at: datetime
    run: int


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
        page = Batch.of(incoming)
        passed = gate.passing(conn, self, page, again)
        taken.counts.update(records=len(page.records) + len(bad), unchanged=passed.unchanged)
        if passed.doubled:  # somebody should know
            taken.warnings["sync.same_key"] += passed.doubled
        arrivals, broken = self._read(passed.arrivals, read_at, taken)
        broken += [quarantine.Broken(one.key, one.raw, one.error, {}) for one in bad]
        taken.counts["quarantined"] += len(broken)
        quarantine.keep(conn, self, broken, read_at, run)
        if arrivals:
            self._place(conn, arrivals, taken)
            self._write(_Visit(conn, read_at, run.enter(conn)), arrivals, taken, first)
        quarantine.solve(conn, self, lambda: set(passed.keys()) - {one.key for one in broken}, read_at)
        return taken

    def _read(
        self, arrivals: Sequence[Arrival], read_at: datetime, taken: Taken
    ) -> tuple[list[Arrival], list[quarantine.Broken]]:
        """Return what could be read of what passed the gate, and what could not."""
        read: list[Arrival] = []
        broken: list[quarantine.Broken] = []
        for meta, together in _alike(arrivals):
            readings = self.reader.read_all([one.record for one in together], meta, read_at)
            for arrival, reading in zip(together, readings, strict=True):
                if isinstance(reading, RecordError):
                    order = arrival.before.order if arrival.before else (None, None)
                    broken.append(quarantine.Broken(arrival.key, arrival.raw, reading, meta, order))
                    continue
                arrival.facts, arrival.version = reading.facts, reading.version
                taken.counts["skipped"] += reading.skipped
                read.append(arrival)
        taken.warnings.update(
            warning
            for arrival in read
            for fact in arrival.facts
            if fact.warnings
            for warning in fact.warnings
        )
        return read, broken

    def _place(self, conn: sa.Connection, arrivals: Sequence[Arrival], taken: Taken) -> None:
        """Give every fact its order: through links learned elsewhere and numbers that people joined."""
        facts = [fact for arrival in arrivals for fact in arrival.facts]
        aliases = Aliases.load(conn, facts)
        if not aliases.orders and all(fact.order_no is not None for fact in facts):
            return
        for arrival in arrivals:
            placed = []
            for fact in arrival.facts:
                key = aliases.place(fact)
                if key is not None:
                    fact.order_no = key.order_no
                    placed.append(fact)
                elif fact.waits_for is not None:
                    arrival.waits.append(fact.waits_for)
                    arrival.unplaced += [fact.event_id] if fact.event_id else []
                    arrival.company = fact.company
            arrival.facts = placed
            taken.counts["waiting"] += bool(arrival.waits)

    def _write(self, visit: _Visit, arrivals: Sequence[Arrival], taken: Taken, first: bool) -> None:
        conn, read_at, run = visit
        told = self._told(arrivals)
        gone = _left(arrivals)
        born, rest = births.parted(told, self._held(conn, told, arrivals, gone))
        births.write(conn, born, self._stamp(visit))
        changed, dropped = self._write_news(visit, rest, gone, arrivals, taken)
        self._count_births(born, taken)
        taken.newest = _newest(told)
        facts = [fact for arrival in arrivals for fact in arrival.facts if fact.links]
        fresh = learn(conn, self.system, [(OrderKey(*order_of(fact)), fact) for fact in facts], read_at)
        ended = withdraw(conn, self, arrivals, fresh, read_at) if fresh else []
        memory.keep(conn, self, arrivals, read_at, run)
        quarantine.wait(
            conn, self, [(arrival.key, arrival.company, arrival.waits) for arrival in arrivals], read_at, run
        )
        if dropped or ended:
            own: set[tuple[str, ...]] = {(self.system, self.stream, arrival.key) for arrival in arrivals}
            ended += unlearn(conn, self.system, dropped, read_at)
            quarantine.place_again(conn, ended, read_at, run, own)
        everything = first and len(changed) + len(born) > _MANY
        mark(conn, [] if everything else [*changed, *(one.order for one in born)], everything=everything)

    def _told(self, arrivals: Sequence[Arrival]) -> list[Told]:
        if not self.event:
            return [
                Told((fact.company, fact.order_no or ""), fact, arrival.key, None)
                for arrival in arrivals
                for fact in arrival.facts
            ]
        return [
            Told(order_of(fact), fact, arrival.key, fact.event_id or event_id(self.stream, arrival.key, at))
            for arrival in arrivals
            for at, fact in enumerate(arrival.facts)
        ]

    def _held(
        self, conn: sa.Connection, told: Sequence[Told], arrivals: Sequence[Arrival], gone: set[Place]
    ) -> set[OrderNo]:
        """Return the orders on the page that the system has spoken of before.

        What a known record speaks of is known by itself or must be looked at closely anyway.
        """
        known = {order_of(fact) for arrival in arrivals if arrival.before for fact in arrival.facts}
        known |= {place[:2] for place in gone}
        return known | births.spoken_of(conn, self.system, {one.order for one in told} - known)

    def _count_births(self, born: Sequence[Told], taken: Taken) -> None:
        for word in ("observations", "orders", "changed"):
            taken.counts[word] += len(born)

    def _write_news(
        self,
        visit: _Visit,
        told: Sequence[Told],
        gone: set[Place],
        arrivals: Sequence[Arrival],
        taken: Taken,
    ) -> tuple[list[OrderNo], list[OrderNo]]:
        """Write what of `told` is news, by the histories of its orders; return orders changed and left."""
        if not told and not gone:
            return [], []
        conn, read_at, run = visit
        rows = self._rows(told, visit)
        touched = sorted({(row["company"], row["order_no"]) for row in rows} | {place[:2] for place in gone})
        histories = self._histories(conn, touched)
        stamp = {"run": run, "read_at": read_at}
        forms, unplaced = self._forms(arrivals), [name for one in arrivals for name in one.unplaced]
        news = News(self.stream, self.event, self.reader.keeps, histories, stamp, forms, unplaced)
        fresh = news.sift(rows, gone)
        bulk.insert(conn, observations, fresh)
        remark(conn, remarkable(fresh, histories, self.rules))
        taken.counts["observations"] += len(fresh)
        changed = sorted({(row["company"], row["order_no"]) for row in fresh})
        return changed, self._views(visit, changed, histories, taken)

    def _forms(self, arrivals: Sequence[Arrival]) -> dict[str, datetime]:
        """Return the records that come in the form they are known by, under another mapping."""
        return {
            one.key: one.before.read_at
            for one in arrivals
            if one.before and one.before.digest == one.digest and one.before.mapping != self.reader.version
        }

    def _rows(self, told: Sequence[Told], visit: _Visit) -> list[dict[str, Any]]:
        stamp = self._stamp(visit)
        rows = fact_rows([one.fact for one in told], [one.event_id for one in told])
        return [row | stamp | {"record": one.record} for row, one in zip(rows, told, strict=True)]

    def _stamp(self, visit: _Visit) -> dict[str, Any]:
        """Return the columns that all observations of a page share."""
        return {
            "system": self.system,
            "stream": self.stream,
            "mapping": self.reader.version,
            "run": visit.run,
            "read_at": visit.read_at,
        }

    def _histories(self, conn: sa.Connection, touched: Sequence[OrderNo]) -> Histories:
        """Return all observations of this system of the orders `touched`, in order of arrival."""
        histories: Histories = {key: [] for key in touched}
        keys = [(company, order_no, self.system) for company, order_no in touched]
        for row in lookup.fetch_rows(conn, observations, ("company", "order_no", "system"), keys):
            histories[row["company"], row["order_no"]].append(row)
        return histories

    def _views(
        self, visit: _Visit, changed: Sequence[OrderNo], histories: Histories, taken: Taken
    ) -> list[OrderNo]:
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
                keep.append(key | view_row(view) | {"first_seen": seen, "run": visit.run})
        taken.counts["orders"] += len(keep)
        taken.counts["changed"] += bulk.upsert(
            visit.conn, views, keep, incidental=("run",), at_birth=("first_seen",)
        )
        bulk.delete(visit.conn, views, ("company", "order_no", "system"), drop)
        return [place[:2] for place in drop]


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


def _alike(arrivals: Sequence[Arrival]) -> Iterable[tuple[Mapping[str, Any], list[Arrival]]]:
    """Yield the arrivals that came with one and the same meta together, in their order."""
    for _, together in groupby(arrivals, key=lambda arrival: id(arrival.meta)):
        some = list(together)
        yield some[0].meta, some


def _left(arrivals: Sequence[Arrival]) -> set[Place]:
    """Return what records spoke of before and no longer do."""
    left: set[Place] = set()
    for arrival in arrivals:
        if arrival.before is not None:
            now = {(*order_of(fact), fact.part) for fact in arrival.facts}
            left |= {(*place, arrival.key) for place in arrival.before.spoke_of() - now}
    return left


def _newest(told: Iterable[Told]) -> datetime | None:
    """Return the newest stamp by the source's own clock; those clamped to the read do not count."""
    facts = (one.fact for one in told)
    return max(
        (fact.occurred_at for fact in facts if fact.occurred_at is not None and not fact.future), default=None
    )
