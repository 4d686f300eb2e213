"""The gates of documents (mapping language, 38): receivables, invoices, bank entries, work orders, stock.

The same gates as for orders: raw digest and mapping version equal → skip; content equal → touch nothing. A
document is kept as its system says it now; what it said earlier lies in the system itself. Its order is found
like that of any record, through links too; one that waits for a link is kept, and placed when it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.contract import BadRecord
from hub.errors import RecordError
from hub.mapping.documents import DocumentReader
from hub.model import Document, Fact, OrderKey
from hub.rules import Rules
from hub.store import Seal, bulk, jsons, lookup
from hub.store.runs import Run
from hub.store.tables import documents
from sync import gate, memory, quarantine
from sync.batch import Batch, Incoming
from sync.gate import Arrival
from sync.inlet import alone
from sync.links import Aliases, learn
from sync.place import Taken

KEY = ("company", "system", "kind", "number")
_SAID = (
    "stream", "record", "order_no", "status", "amount", "currency", "quantities", "occurred_at", "due_at",
    "deleted",
)  # fmt: skip
"""What makes a document different from what was kept of it, beside its sealed fields."""


@dataclass(slots=True)
class _Read:
    """A record and the documents that it holds, each with the fact that places it."""

    arrival: Arrival
    documents: list[Document]

    @property
    def placed(self) -> Iterable[tuple[Document, Fact]]:
        return zip(self.documents, self.arrival.facts, strict=True)


@dataclass(frozen=True, slots=True)
class DocumentInlet:
    """Takes the pages of one stream of documents of one system."""

    system: str
    stream: str
    reader: DocumentReader
    rules: Rules
    seal: Seal

    @property
    def event(self) -> bool:
        """Tell that a stream of documents says what is."""
        return False

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
        """Take one page, as `sync.inlet.Inlet.take` does."""
        alone(conn, self.system)
        taken = Taken()
        page = Batch.of(incoming)
        passed = gate.passing(conn, self, page, again)
        taken.counts.update(records=len(page.records) + len(bad), unchanged=passed.unchanged)
        if passed.doubled:
            taken.warnings["sync.same_key"] += passed.doubled
        read, broken = self._read(passed.arrivals, read_at, taken)
        broken += [quarantine.Broken(one.key, one.raw, one.error, {}) for one in bad]
        taken.counts["quarantined"] += len(broken)
        quarantine.keep(conn, self, broken, read_at, run)
        if read:
            self._write(conn, read, read_at, run.enter(conn), taken)
        quarantine.solve(conn, self, lambda: set(passed.keys()) - {one.key for one in broken}, read_at)
        return taken

    def _read(
        self, arrivals: Sequence[Arrival], read_at: datetime, taken: Taken
    ) -> tuple[list[_Read], list[quarantine.Broken]]:
        read: list[_Read] = []
        broken: list[quarantine.Broken] = []
        for arrival in arrivals:
            try:
                reading = self.reader.read(arrival.record, arrival.meta, read_at)
            except RecordError as error:
                broken.append(quarantine.Broken(arrival.key, arrival.raw, error, arrival.meta))
                continue
            taken.counts["skipped"] += reading.skipped
            arrival.version = reading.version
            arrival.facts = [_fact(one) for one in reading.documents]
            read.append(_Read(arrival, reading.documents))
            taken.warnings.update(warning for one in reading.documents for warning in one.warnings)
        return read, broken

    def _write(
        self, conn: sa.Connection, read: Sequence[_Read], read_at: datetime, run: int, taken: Taken
    ) -> None:
        arrivals = [one.arrival for one in read]
        self._place(conn, arrivals, taken)
        rows = {
            (row["company"], row["kind"], row["number"]): row
            for one in read
            for document, fact in one.placed
            for row in (self._row(document, fact, one.arrival.key),)
        }
        self._drop(conn, arrivals, rows.keys())
        self._keep(conn, list(rows.values()), read_at, run, taken)
        known = [fact for arrival in arrivals for fact in arrival.facts if fact.order_no and fact.links]
        learn(conn, self.system, [(OrderKey(one.company, one.order_no or ""), one) for one in known], read_at)
        memory.keep(conn, self, arrivals, read_at, run)
        waiting = [(arrival.key, arrival.company, arrival.waits) for arrival in arrivals]
        quarantine.wait(conn, self, waiting, read_at, run)
        stamps = (row["occurred_at"] for row in rows.values())
        taken.newest = max((at for at in stamps if at is not None and at <= read_at), default=None)

    def _place(self, conn: sa.Connection, arrivals: Sequence[Arrival], taken: Taken) -> None:
        """Give every document its order, as far as it names one and its links are known."""
        aliases = Aliases.load(conn, [fact for arrival in arrivals for fact in arrival.facts])
        for arrival in arrivals:
            for fact in arrival.facts:
                key = aliases.place(fact)
                if key is not None:
                    fact.order_no = key.order_no
                elif fact.waits_for is not None:
                    arrival.waits.append(fact.waits_for)
                    arrival.company = fact.company
            taken.counts["waiting"] += bool(arrival.waits)

    def _row(self, document: Document, fact: Fact, record: str) -> dict[str, Any]:
        """Return the columns that a document says; its further fields still as they are."""
        return {
            "company": document.company,
            "system": self.system,
            "kind": document.kind,
            "number": document.number,
            "stream": self.stream,
            "record": record,
            "order_no": fact.order_no,
            "status": None if document.status is None else document.status[:200],
            "amount": document.amount,
            "currency": document.currency,
            "quantities": jsons.dumps(dict(document.quantities)) if document.quantities else None,
            "occurred_at": document.occurred_at,
            "due_at": document.due_at,
            "deleted": document.deleted,
            "fields": jsons.dump_bytes(dict(document.fields)) if document.fields else None,
            "mapping": self.reader.version,
        }

    def _drop(
        self, conn: sa.Connection, arrivals: Sequence[Arrival], told: Iterable[tuple[str, str, str]]
    ) -> None:
        """Take away documents that their record speaks of no more (a corrected number)."""
        told = set(told)
        left = [
            (company, self.system, kind, number, self.stream, arrival.key)
            for arrival in arrivals
            if arrival.before is not None
            for company, _, part in arrival.before.spoke_of()
            for kind, _, number in (part.partition("/"),)
            if (company, kind, number) not in told
        ]
        bulk.delete(conn, documents, (*KEY, "stream", "record"), left)

    def _keep(
        self, conn: sa.Connection, rows: Sequence[dict[str, Any]], read_at: datetime, run: int, taken: Taken
    ) -> None:
        """Write the documents that say something new."""
        keys = {tuple(row[name] for name in KEY) for row in rows}
        before = {
            tuple(row[name] for name in KEY): row
            for row in (dict(found._mapping) for found in lookup.fetch_many(conn, documents, KEY, keys))
        }
        fresh = []
        for row in rows:
            key = tuple(row[name] for name in KEY)
            old = before.get(key)
            if old is not None and self._same(row, old):
                continue
            place = place_of(row)
            sealed = None if row["fields"] is None else self.seal.encrypt(row["fields"], place)
            seen = read_at if old is None else old["first_seen"]
            fresh.append(row | {"fields": sealed, "first_seen": seen, "changed_at": read_at, "run": run})
        bulk.upsert(conn, documents, fresh)
        taken.counts["documents"] += len(fresh)
        taken.counts["observations"] += len(fresh)

    def _same(self, row: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        fields = None if old["fields"] is None else self.seal.decrypt(bytes(old["fields"]), place_of(old))
        return fields == row["fields"] and all(row[name] == old[name] for name in _SAID)


def place_of(row: Mapping[str, Any]) -> str:
    """Return where the sealed fields of a document lie: what they are bound to."""
    return "/".join(row[name] for name in ("system", "kind", "company", "number"))


def _fact(document: Document) -> Fact:
    """Return what places a document and teaches its links; its part is the document's own name."""
    return Fact(
        document.company,
        document.order_no,
        part=f"{document.kind}/{document.number}",
        waits_for=document.waits_for,
        links=document.links,
    )
