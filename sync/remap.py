"""`remap`: what was kept of a system is read again by its mapping as it is now (design, section 5).

Foretold first, page by page and rolled back; then carried out page by page, each with the merge of its orders
in one transaction. What is read by the mapping of now is not read again: a run that was killed goes on where
it stopped, and a second one changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.fuse import Hold
from hub.problems import nearest
from hub.store import audit, bulk, jsons, lookup, runs
from hub.store.leases import Lease, lease
from hub.store.tables import dirty, ledger, order_history
from hub.store.turns import LEASE, holder, stay, wall
from sync import dirt
from sync.batch import Incoming
from sync.calm import calm
from sync.foresight import Foresight, OrderNo, failed, said, stood
from sync.merge import Ways, merge_batch
from sync.outdated import KeptRecord, Outdated
from sync.place import Intake
from sync.pull import Progress
from sync.raw import disclose
from sync.replay import replay_quarantined
from sync.rewritten import Rewritten
from sync.run import Hub, merge_orders, place_waiting

BATCH = 500
"""Records (and those that speak of the same orders) taken in again in one transaction."""

RULE = "remap"
"""The rule that history rows name."""

EXAMPLES = 3


class _Rollback(Exception):  # noqa: N818  # no error: it ends a transaction that only looked
    """What was foretold is not done."""


def remap(
    hub: Hub,
    system: str,
    stream: str | None,
    progress: Progress,
    *,
    who: str | None = None,
    force: bool = False,
    examples: int = EXAMPLES,
    writes: bool = False,
) -> tuple[Foresight, int | None]:
    """Foretell the remap of a system and, with `who` does it, carry it out; return how many orders changed.

    ConfigError if more would fail than hub.yaml allows and it is not to be forced; LeaseBusy while another
    worker reads the system. With `writes` every order is also asked what the writes of now would send.
    """
    plan = Remap.of(hub, system, stream, writes=writes)
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
    kept: Outdated
    writes: bool = False

    @classmethod
    def of(cls, hub: Hub, system: str, stream: str | None = None, *, writes: bool = False) -> Remap:
        """Return the remap of `system`; ConfigError if `stream` is none of its."""
        streams = hub.mappings[system].streams
        if stream is not None and stream not in streams:
            near = nearest(stream, streams) or next(iter(streams))
            raise ConfigError("connectors.unknown_stream", system=system, stream=stream, near=near)
        chosen = [stream] if stream else list(streams)
        inlets = {name: hub.inlet(system, name) for name in streams}
        return cls(hub, system, Outdated(hub, system, inlets, chosen), writes)

    def foretell(self, held: Lease, progress: Progress, examples: int = EXAMPLES) -> Foresight:
        """Return what the remap would change; nothing is written."""
        told = self.kept.survey()
        seen: set[tuple[str, str]] = set()
        looked_at: set[OrderNo] = set()
        for page in self.kept.pages(seen, BATCH):
            run = runs.start(RULE, self.system, self.hub.clock())
            with suppress(_Rollback), self.hub.store.write() as conn:
                held.check(conn)
                looked_at |= self._look(conn, page, run, told, examples)
                raise _Rollback
            with self.hub.store.write() as conn:
                stay(held, conn)
            progress(self.system, len(seen), told.records)
        if self.writes:
            told.writes += self._rewritten().foretell(looked_at)
        readable, told.still_bad = self.kept.readable()
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
            for page in self.kept.pages(seen, BATCH):
                with self.hub.store.write() as conn:
                    stay(held, conn)
                    stay(merging, conn)
                    counts += self._carry_out(conn, page, run)
                progress(self.system, len(seen), told.records)
            if self.writes:
                counts["asked"] += self._rewritten().apply(held, merging)
            runs.finish(self.hub.store, run, self.hub.clock(), counts=counts)
        replay_quarantined(self.hub.store, self.hub.inlet, self.kept.readable()[0], held, self.hub.clock)
        return counts["changed"] + counts["born"] + counts["emptied"]

    def _take(self, conn: sa.Connection, page: Sequence[KeptRecord], run: runs.Run) -> Counter[str]:
        """Take a page in by the mapping of now, in the order in which its records came."""
        counts: Counter[str] = Counter()
        for stream, group in groupby(page, key=lambda row: row.stream):
            inlet = self.kept.inlets[stream]
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

    def _look(
        self, conn: sa.Connection, page: Sequence[KeptRecord], run: runs.Run, told: Foresight, examples: int
    ) -> set[OrderNo]:
        """Tell what a page would change; return its orders."""
        attempt = conn.begin_nested()
        counts = self._take(conn, page, run)
        now = self.kept.spoken_of(conn, page)
        orders = self.kept.orders(page) | self.kept.orders(now)
        after = said(conn, self.system, orders)
        told.writes += self._writes(conn, sorted(orders), run)
        gave = {(row.stream, row.record): len(jsons.loads(row.gave) or ()) for row in now}
        told.stay += stood(conn, self.system, orders, gave)
        if run.number is not None:
            told.failing += failed(conn, run.number)
        attempt.rollback()
        told.tell(said(conn, self.system, orders), after, examples)
        told.documents += counts["documents"]
        return orders

    def _writes(self, conn: sa.Connection, keys: Sequence[OrderNo], run: runs.Run) -> int:
        """Return how many writes the orders would ask for, in a transaction that is rolled back."""
        if not self.hub.out.targets:
            return 0
        merge_batch(conn, keys, Ways(self.hub.rules), run, self.hub.clock())
        return self.hub.out.propose(conn, keys, run, self.hub.clock(), self._together())["asked"]

    def _carry_out(self, conn: sa.Connection, page: Sequence[KeptRecord], run: runs.Run) -> Counter[str]:
        """Take a page in and merge its orders; their history names the rule and the mappings."""
        counts = Counter(records=len(page), quarantined=self._take(conn, page, run)["quarantined"])
        keys = sorted(self.kept.orders(page) | self.kept.orders(self.kept.spoken_of(conn, page)))
        before = conn.execute(sa.select(sa.func.max(order_history.c.id))).scalar() or 0
        merged, agreed = merge_batch(conn, keys, Ways(self.hub.rules), run, self.hub.clock())
        counts += merged + self.hub.out.propose(conn, keys, run, self.hub.clock(), self._together())
        if run.number is not None:
            self._sign(conn, page, run.number, before)
        place = ("consumer", "company", "order_no")
        marks = lookup.fetch_many(conn, dirty, place, {(dirt.MERGE, *key) for key in keys})
        dirt.pass_on(conn, [(row.company, row.order_no, row.stamp) for row in marks], agreed)
        return counts

    def _rewritten(self) -> Rewritten:
        return Rewritten(self.hub, self.system, self._together())

    def _together(self) -> Hold:
        """Return what holds all that a remap would write anywhere: it needs one approval."""
        rule = f"remap-{self.system}-{self.hub.clock():%Y%m%d}"
        return Hold(rule, self.hub.rules.brakes.roles, "outbox.remapped", {"system": self.system})

    def _sign(self, conn: sa.Connection, page: Sequence[KeptRecord], run: int, before: int) -> None:
        """Let the history rows of this page name the remap, with one row an order for the mappings."""
        mine = (order_history.c.id > before, order_history.c.run == run)
        place = order_history.c.company, order_history.c.order_no
        changed = conn.execute(sa.select(*place).distinct().where(*mine).order_by(*place)).all()
        conn.execute(sa.update(order_history).where(*mine).values(rule=RULE))
        old: dict[OrderNo, set[str]] = {}
        new: dict[OrderNo, set[str]] = {}
        for row in page:
            for key in self.kept.orders([row]):
                old.setdefault(key, set()).add(row.mapping)
                new.setdefault(key, set()).add(self.kept.inlets[row.stream].reader.version)
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


def _opened(inlet: Intake, row: Any) -> bytes:
    """Return what the ledger keeps of a record, decrypted."""
    return inlet.seal.decrypt(bytes(row.raw), f"{inlet.system}/{inlet.stream}/{row.record}")


def _listed(versions: Mapping[OrderNo, Collection[str]], key: OrderNo) -> str | None:
    return ", ".join(sorted(versions.get(key, ()))) or None
