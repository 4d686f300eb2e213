"""`remap`: what was kept of a system is read again by its mapping as it is now (design, section 5).

Foretold first, page by page and rolled back; then carried out page by page, each with the merge of its orders
in one transaction. What is read by the mapping of now is not read again: a run that was killed goes on where
it stopped, and a second one changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.errors import ConfigError, RecordError
from hub.fuse import Hold
from hub.problems import nearest
from hub.store import audit, bulk, jsons, lookup, runs
from hub.store.leases import Lease, lease
from hub.store.tables import dirty, ledger, observations, order_history, quarantine
from hub.store.turns import LEASE, holder, stay, wall
from sync import dirt
from sync.batch import Incoming
from sync.calm import calm
from sync.foresight import Foresight, OrderNo, failed, said, stood
from sync.merge import Ways, merge_batch
from sync.place import Intake
from sync.pull import Progress
from sync.raw import disclose, unpack
from sync.replay import replay_quarantined
from sync.run import Hub, merge_orders, place_waiting

BATCH = 500
"""Records (and those that speak of the same orders) taken in again in one transaction."""

RULE = "remap"
"""The rule that history rows name."""

EXAMPLES = 3


class _Rollback(Exception):  # noqa: N818  # no error: it ends a transaction that only looked
    """What was foretold is not done."""


class _Kept(NamedTuple):
    """A kept record: its stream and key, when its form was read, by which mapping, and what it spoke of."""

    stream: str
    record: str
    read_at: Any
    mapping: str
    gave: str | None


def remap(
    hub: Hub,
    system: str,
    stream: str | None,
    progress: Progress,
    *,
    who: str | None = None,
    force: bool = False,
    examples: int = EXAMPLES,
) -> tuple[Foresight, int | None]:
    """Foretell the remap of a system and, with `who` does it, carry it out; return how many orders changed.

    ConfigError if more would fail than hub.yaml allows and it is not to be forced; LeaseBusy while another
    worker reads the system.
    """
    plan = Remap.of(hub, system, stream)
    with calm(), lease(hub.store, f"sync:{system}", holder(), wall(), LEASE) as held:
        told = plan.foretell(held, progress, examples)
        if who is None or told.nothing:
            return told, None if who is None else 0
        changed = plan.apply(who, told, held, progress, force=force)
    place_waiting(hub)
    merge_orders(hub)
    return told, changed


@dataclass(frozen=True, slots=True)
class Remap:
    """The remap of one system: some of its streams, or all that it maps."""

    hub: Hub
    system: str
    inlets: Mapping[str, Intake]
    chosen: Sequence[str]

    @classmethod
    def of(cls, hub: Hub, system: str, stream: str | None = None) -> Remap:
        """Return the remap of `system`; ConfigError if `stream` is none of its."""
        streams = hub.mappings[system].streams
        if stream is not None and stream not in streams:
            near = nearest(stream, streams) or next(iter(streams))
            raise ConfigError("connectors.unknown_stream", system=system, stream=stream, near=near)
        chosen = [stream] if stream else list(streams)
        return cls(hub, system, {name: hub.inlet(system, name) for name in streams}, chosen)

    def foretell(self, held: Lease, progress: Progress, examples: int = EXAMPLES) -> Foresight:
        """Return what the remap would change; nothing is written."""
        told = self._survey()
        seen: set[tuple[str, str]] = set()
        for page in self._pages(seen):
            run = runs.start(RULE, self.system, self.hub.clock())
            with suppress(_Rollback), self.hub.store.write() as conn:
                held.check(conn)
                self._look(conn, page, run, told, examples)
                raise _Rollback
            with self.hub.store.write() as conn:
                stay(held, conn)
            progress(self.system, len(seen), told.records)
        readable, told.still_bad = self._readable()
        told.passing = len(readable)
        return told

    def apply(self, who: str, told: Foresight, held: Lease, progress: Progress, *, force: bool) -> int:
        """Carry out what was foretold; return how many orders changed. ConfigError if too much would fail.

        `who` is noted with it. LeaseBusy while orders are merged elsewhere.
        """
        failing = sum(told.failing.values())
        if failing > self.hub.rules.limits.bad_share * told.kept and not force:
            raise ConfigError("remap.refused", system=self.system, failing=failing, kept=told.kept)
        with lease(self.hub.store, "merge", holder(), wall(), LEASE) as merging:
            with self.hub.store.write() as conn:
                held.check(conn)
                self._audit(conn, who, told, force)
            run = runs.start(RULE, self.system, self.hub.clock())
            counts: Counter[str] = Counter()
            seen: set[tuple[str, str]] = set()
            for page in self._pages(seen):
                with self.hub.store.write() as conn:
                    stay(held, conn)
                    stay(merging, conn)
                    counts += self._carry_out(conn, page, run)
                progress(self.system, len(seen), told.records)
            runs.finish(self.hub.store, run, self.hub.clock(), counts=counts)
        replay_quarantined(self.hub.store, self.hub.inlet, self._readable()[0], held, self.hub.clock)
        return counts["changed"] + counts["born"] + counts["emptied"]

    # what there is

    def _survey(self) -> Foresight:
        """Return what is kept, and by which mappings it was read."""
        told = Foresight(self.system)
        of = ledger.c.stream, ledger.c.mapping
        query = sa.select(*of, sa.func.count()).where(ledger.c.system == self.system).group_by(*of)
        with self.hub.store.read() as conn:
            rows = conn.execute(query.order_by(*of)).all()
            for stream in self.chosen:
                inlet = self.inlets[stream]
                mappings = {mapping: count for name, mapping, count in rows if name == stream}
                told.kept += sum(mappings.values())
                old = tuple(mapping for mapping in mappings if mapping != inlet.reader.version)
                told.versions[stream] = old, inlet.reader.version
                outdated = sa.select(sa.func.count()).select_from(ledger).where(*_outdated(inlet))
                told.records += int(conn.execute(outdated).scalar_one())
        mapped = self.hub.mappings[self.system].streams
        told.unmapped = Counter()
        for stream, _, count in rows:
            if stream not in mapped:
                told.unmapped[stream] += count
        return told

    def _pages(self, seen: set[tuple[str, str]]) -> Iterator[list[_Kept]]:
        """Yield records that were last read by another mapping, with all that speak of the same orders.

        Orders come whole, so that their parts are rolled up once. `seen` collects what was given out.
        """
        for stream in self.chosen:
            last = ""
            while True:
                with self.hub.store.read() as conn:
                    rows = self._after(conn, stream, last)
                    fresh = [row for row in rows if (row.stream, row.record) not in seen]
                    page = self._whole_orders(conn, fresh)
                if not rows:
                    break
                last = rows[-1].record
                new = [row for row in page if (row.stream, row.record) not in seen]
                seen.update((row.stream, row.record) for row in new)
                if new:
                    yield sorted(new, key=lambda row: (row.read_at, row.stream, row.record))

    def _after(self, conn: sa.Connection, stream: str, last: str) -> list[_Kept]:
        query = sa.select(*_COLUMNS).where(*_outdated(self.inlets[stream]), ledger.c.record > last)
        return [_Kept._make(row) for row in conn.execute(query.order_by(ledger.c.record).limit(BATCH))]

    def _whole_orders(self, conn: sa.Connection, rows: Sequence[_Kept]) -> list[_Kept]:
        """Return `rows` and the other outdated records that speak of their orders.

        Where several records told of one part all of them come along, so that the last one has the last word.
        """
        keys = {(*key, self.system) for key in self._orders(rows)}
        names = ("company", "order_no", "system")
        of_part: dict[tuple[str, ...], set[tuple[str, str]]] = {}
        columns = ("company", "order_no", "part", "stream", "record")
        for row in lookup.fetch_many(conn, observations, names, keys, columns):
            part = row.company, row.order_no, row.part
            of_part.setdefault(part, set()).add((row.stream, row.record))
        shared = {place for told in of_part.values() if len(told) > 1 for place in told}
        here = {(row.stream, row.record) for row in rows}
        places = {place for told in of_part.values() for place in told if place[0] in self.inlets} - here
        wanted = {(self.system, *place) for place in places}
        others = [
            _Kept._make(row)
            for row in lookup.fetch_many(conn, ledger, ("system", "stream", "record"), wanted, _NAMES)
            if (row.stream, row.record) in shared
            or (row.stream in self.chosen and row.mapping != self.inlets[row.stream].reader.version)
        ]
        return [*rows, *others]

    def _orders(self, rows: Sequence[_Kept]) -> set[OrderNo]:
        streams = self.hub.mappings[self.system].streams
        return {
            (company, order_no)
            for row in rows
            if row.gave and streams[row.stream].is_order
            for company, order_no, *_ in jsons.loads(row.gave)
        }

    # one page

    def _take(self, conn: sa.Connection, page: Sequence[_Kept], run: runs.Run) -> Counter[str]:
        """Take a page in by the mapping of now, in the order in which its records came."""
        counts: Counter[str] = Counter()
        for stream, group in groupby(page, key=lambda row: row.stream):
            inlet = self.inlets[stream]
            records = [row.record for row in group]
            places = {(self.system, stream, record) for record in records}
            names = ("system", "stream", "record")
            columns = ("record", "raw", "digest")
            kept = {row.record: row for row in lookup.fetch_many(conn, ledger, names, places, columns)}
            incoming = [
                Incoming(*disclose(_opened(inlet, kept[record])), bytes(kept[record].digest))
                for record in records
                if record in kept
            ]
            counts += inlet.take(conn, incoming, read_at=self.hub.clock(), run=run, again=True).counts
        return counts

    def _spoken_of(self, conn: sa.Connection, page: Sequence[_Kept]) -> list[_Kept]:
        """Return the records of a page as the ledger knows them by now."""
        places = {(self.system, row.stream, row.record) for row in page}
        rows = lookup.fetch_many(conn, ledger, ("system", "stream", "record"), places, _NAMES)
        return [_Kept._make(row) for row in rows]

    def _look(
        self, conn: sa.Connection, page: Sequence[_Kept], run: runs.Run, told: Foresight, examples: int
    ) -> None:
        attempt = conn.begin_nested()
        counts = self._take(conn, page, run)
        now = self._spoken_of(conn, page)
        orders = self._orders(page) | self._orders(now)
        after = said(conn, self.system, orders)
        told.writes += self._writes(conn, sorted(orders), run)
        gave = {(row.stream, row.record): len(jsons.loads(row.gave) or ()) for row in now}
        told.stay += stood(conn, self.system, orders, gave)
        if run.number is not None:
            told.failing += failed(conn, run.number)
        attempt.rollback()
        told.tell(said(conn, self.system, orders), after, examples)
        told.documents += counts["documents"]

    def _writes(self, conn: sa.Connection, keys: Sequence[OrderNo], run: runs.Run) -> int:
        """Return how many writes the orders would ask for, in a transaction that is rolled back."""
        if not self.hub.out.targets:
            return 0
        merge_batch(conn, keys, Ways(self.hub.rules), run, self.hub.clock())
        return self.hub.out.propose(conn, keys, run, self.hub.clock(), self._together())["asked"]

    def _carry_out(self, conn: sa.Connection, page: Sequence[_Kept], run: runs.Run) -> Counter[str]:
        """Take a page in and merge its orders; their history names the rule and the mappings."""
        counts = Counter(records=len(page), quarantined=self._take(conn, page, run)["quarantined"])
        keys = sorted(self._orders(page) | self._orders(self._spoken_of(conn, page)))
        before = conn.execute(sa.select(sa.func.max(order_history.c.id))).scalar() or 0
        merged, agreed = merge_batch(conn, keys, Ways(self.hub.rules), run, self.hub.clock())
        counts += merged + self.hub.out.propose(conn, keys, run, self.hub.clock(), self._together())
        if run.number is not None:
            self._sign(conn, page, run.number, before)
        place = ("consumer", "company", "order_no")
        marks = lookup.fetch_many(conn, dirty, place, {(dirt.MERGE, *key) for key in keys})
        dirt.pass_on(conn, [(row.company, row.order_no, row.stamp) for row in marks], agreed)
        return counts

    def _together(self) -> Hold:
        """Return what holds all that a remap would write anywhere: it needs one approval."""
        rule = f"remap-{self.system}-{self.hub.clock():%Y%m%d}"
        return Hold(rule, self.hub.rules.brakes.roles, "outbox.remapped", {"system": self.system})

    def _sign(self, conn: sa.Connection, page: Sequence[_Kept], run: int, before: int) -> None:
        """Let the history rows of this page name the remap, with one row an order for the mappings."""
        mine = (order_history.c.id > before, order_history.c.run == run)
        place = order_history.c.company, order_history.c.order_no
        changed = conn.execute(sa.select(*place).distinct().where(*mine).order_by(*place)).all()
        conn.execute(sa.update(order_history).where(*mine).values(rule=RULE))
        old: dict[OrderNo, set[str]] = {}
        new: dict[OrderNo, set[str]] = {}
        for row in page:
            for key in self._orders([row]):
                old.setdefault(key, set()).add(row.mapping)
                new.setdefault(key, set()).add(self.inlets[row.stream].reader.version)
        empty: dict[str, Any] = {"system": self.system, "rule": RULE, "who": None, "occurred_at": None}
        rows = [
            empty
            | {"company": company, "order_no": order_no, "field": "mapping", "run": run}
            | {"old": _listed(old, (company, order_no)), "new": _listed(new, (company, order_no))}
            | {"at": self.hub.clock()}
            for company, order_no in changed
        ]
        bulk.insert(conn, order_history, rows)

    def _audit(self, conn: sa.Connection, who: str, told: Foresight, force: bool) -> None:
        details = {
            "system": self.system,
            "mappings": {name: {"old": old, "new": new} for name, (old, new) in told.versions.items()},
            "records": told.records,
            "failing": sum(told.failing.values()),
            "forced": force,
        }
        audit.append(conn, who, "system.remap", details, self.hub.clock())

    # quarantine

    def _lying(self) -> list[int]:
        """Return the numbers of the newest forms of records that lie in quarantine, oldest first."""
        here = (quarantine.c.system == self.system, quarantine.c.stream.in_(self.chosen))
        unsolved = (*here, quarantine.c.solved_at.is_(None))
        newest = sa.select(sa.func.max(quarantine.c.id)).where(*unsolved)
        of = quarantine.c.stream, quarantine.c.record
        with self.hub.store.read() as conn:
            return sorted(conn.scalars(newest.group_by(*of)))

    def _readable(self) -> tuple[list[int], int]:
        """Return what lies in quarantine and can be read by the mapping of now, and how many cannot."""
        readable: list[int] = []
        lying = self._lying()
        for number in lying:
            with self.hub.store.read() as conn:
                row = conn.execute(sa.select(quarantine).where(quarantine.c.id == number)).one()
            place = f"{row.system}/{row.stream}/{row.record}"
            record = unpack(self.hub.store.seal.decrypt(bytes(row.raw), place))
            with suppress(RecordError):
                reader = self.inlets[row.stream].reader
                reader.read(record, jsons.loads(row.meta) or {}, self.hub.clock())
                readable.append(number)
        return readable, len(lying) - len(readable)


_NAMES = ("stream", "record", "read_at", "mapping", "gave")
_COLUMNS = tuple(ledger.c[name] for name in _NAMES)


def _opened(inlet: Intake, row: Any) -> bytes:
    """Return what the ledger keeps of a record, decrypted."""
    return inlet.seal.decrypt(bytes(row.raw), f"{inlet.system}/{inlet.stream}/{row.record}")


def _outdated(inlet: Intake) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions for kept records that the mapping of now has not read, nor failed to read."""
    same = (ledger.c[name] == quarantine.c[name] for name in ("system", "stream", "record", "digest"))
    lying = sa.exists().where(*same, quarantine.c.solved_at.is_(None))
    here = (ledger.c.system == inlet.system, ledger.c.stream == inlet.stream)
    return *here, ledger.c.mapping != inlet.reader.version, ~lying


def _listed(versions: Mapping[OrderNo, Collection[str]], key: OrderNo) -> str | None:
    return ", ".join(sorted(versions.get(key, ()))) or None
