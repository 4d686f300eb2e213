"""A sheet taken in: good rows through the gates of every record, bad ones listed for whoever has the file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.contract import Everything, Page
from connectors.registry import open_connector
from hub.errors import ConfigError, RecordError
from hub.mapping import Reader
from hub.model import QUANTITIES, Record, Side
from hub.problems import nearest
from hub.store import bulk, lease, lookup, runs
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.tables import ledger, orders, reads, views
from sync.batch import Incoming
from sync.inlet import Inlet
from sync.pull import Progress
from sync.raw import disclose
from sync.run import LEASE, Hub, holder, merge_orders, wall
from sync.sheets.columns import COLUMNS, REQUIRED, cells_of, record_of, says_the_same
from sync.sheets.mapping import BESIDE, CONNECTION, PLAIN, STREAMS, SYSTEM, is_sheet, sheet_mapping

_PATIENCE = timedelta(days=1)
_KINDS = (".csv", ".xlsx")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one row: its number in the file (from 1), its column ("" for the row), and why.

    `dropped` tells a value beside the core that was left out, while the row itself was taken in.
    """

    row: int
    column: str
    error: RecordError
    dropped: bool = False


@dataclass(slots=True)
class Imported:
    """What came of a sheet: counts by word, problems by row, columns that mean nothing to the hub."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[RowProblem] = field(default_factory=list)
    ignored: tuple[str, ...] = ()

    @property
    def bad(self) -> int:
        """How many rows were not taken in."""
        return len({one.row for one in self.problems if not one.dropped})


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    key: Key
    record: Record


def import_orders(
    hub: Hub,
    file: Path,
    *,
    system: str = SYSTEM,
    company: str | None = None,
    zone: tzinfo | None = None,
    dry_run: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Imported:
    """Take in the orders of `file` (CSV or XLSX) as the word of `system`, and merge them.

    A column that the file lacks stands as this sheet last said it; a row that says what the hub holds already
    leaves no trace, unless the sheet has a name of its own. Bad rows are returned, not kept. ConfigError if
    the file cannot be a sheet of orders, or `system` has a mapping of its own; SourceError if the file cannot
    be read whole (nothing is taken in); LeaseBusy while another import runs. With `dry_run` everything is
    checked and nothing written.
    """
    _require(hub, file, system)
    mapping = sheet_mapping(system, file)
    env = {f"AIRFLOW_CONN_{CONNECTION.upper()}": _connection(file)}
    connector = open_connector(
        mapping, env, lambda: wall() + _PATIENCE
    )  # handed over by a person: it is finished
    inlets = {
        stream: Inlet(system, stream, Reader(mapping, stream, hub.rules), hub.rules, hub.store.seal)
        for stream in STREAMS
    }
    intake = _Intake(hub, system, inlets, company, zone, dry_run)
    try:
        pages = connector.fetch(PLAIN, Everything())
        with lease(hub.store, f"sync:{system}", holder(), wall(), LEASE) as held:
            for page in pages:
                intake.page(page, held)
                progress(file.name, intake.result.rows, page.meta.get("rows"))
    finally:
        connector.close()
    if intake.header is None:
        raise ConfigError("sync.sheet_empty", file=file.name)
    intake.result.problems.sort(key=lambda problem: problem.row)
    runs.finish(hub.store, intake.run, hub.clock(), counts=intake.result.counts)
    if not dry_run:
        merged = merge_orders(hub)
        intake.result.counts.update({name: merged[name] for name in ("born", "changed")})
    return intake.result


class _Intake:
    """Takes the pages of one sheet."""

    def __init__(
        self,
        hub: Hub,
        system: str,
        inlets: Mapping[str, Inlet],
        company: str | None,
        zone: tzinfo | None,
        dry_run: bool,
    ) -> None:
        self.hub, self.system, self.inlets = hub, system, inlets
        self.company, self.zone, self.dry_run = company, zone, dry_run
        self.result = Imported()
        self.header: tuple[str, ...] | None = None
        self.run: Run = runs.start("import", system, hub.clock())
        self._seen: dict[Key, int] = {}

    def page(self, page: Page, held: Lease) -> None:
        """Take one page in, in one transaction."""
        if self.header is None:
            self._head(page)
        self.result.rows += len(page.records) + len(page.bad)
        for one in page.bad:
            self._wrong(int(str(one.error.values.get("line") or 0)), one.error)
        rows = [
            row
            for number, record in zip(page.lines, page.records, strict=True)
            if (row := self._row(number, record))
        ]
        with self.hub.store.read() as conn:
            rows = self._completed(conn, self._news(conn, rows))
        good: dict[str, list[_Row]] = {stream: [] for stream in STREAMS}
        for row in rows:
            stream = BESIDE if "side" in row.record else PLAIN
            if self._reads(stream, row):
                good[stream].append(row)
        self._take(good, held)

    def _head(self, page: Page) -> None:
        """Look at the columns: all that must be there, none that is a slip of a known one."""
        names = tuple(page.records[0]) if page.records else ()
        lacking = [
            name for name in REQUIRED if name not in names and not (name == "company" and self.company)
        ]
        if page.records and not set(names) & set(QUANTITIES):
            lacking.append(" / ".join(QUANTITIES))
        for name in names:
            near = nearest(name.strip(), [column for column in COLUMNS if column not in names])
            if name not in COLUMNS and near:
                raise ConfigError("sync.sheet_column_near", column=name, nearest=near)
        if lacking and page.records:
            raise ConfigError("sync.sheet_columns", columns=", ".join(lacking), known=", ".join(COLUMNS))
        self.result.ignored = tuple(name for name in names if name not in COLUMNS)
        self.header = names

    def _row(self, number: int, cells: Mapping[str, Any]) -> _Row | None:
        """Return a row as a record; None, with the problem noted, if it cannot be one."""
        try:
            record = record_of(cells, self.company, self.zone)
            key = self._key(record)
        except RecordError as error:
            self._wrong(number, error)
            return None
        self._seen[key] = number
        return _Row(number, key, record)

    def _key(self, record: Record) -> Key:
        """Return the order that a record speaks of; RecordError if it lacks what it needs, or came before."""
        for name in REQUIRED:
            if record.get(name) is None:
                raise RecordError("sync.sheet_cell", field=name)
        key = record["company"], record["order_no"]
        if key in self._seen:
            raise RecordError("sync.sheet_twice", field="order_no", order_no=key[1], first=self._seen[key])
        return key

    def _news(self, conn: sa.Connection, rows: list[_Row]) -> list[_Row]:
        """Return the rows that say anything but what the hub holds already.

        A sheet with a name of its own is a track beside the hub (`orderhub dual-run report --track`): what it
        says is kept, agreed or not.
        """
        if self.system != SYSTEM:
            return rows
        keys = [row.key for row in rows]
        known = {
            (row.company, row.order_no): dict(row._mapping)
            for row in lookup.fetch_many(conn, orders, _KEY, keys)
        }
        own = [(*key, self.system) for key in keys]
        said = {
            (row.company, row.order_no): row for row in lookup.fetch_many(conn, views, (*_KEY, "system"), own)
        }
        zone = self.zone or UTC
        news = [
            row
            for row in rows
            if row.key not in known
            or not _agrees(said.get(row.key), known[row.key])
            or not says_the_same(row.record, cells_of(known[row.key], zone))
        ]
        self.result.counts["unchanged"] += len(rows) - len(news)
        return news

    def _completed(self, conn: sa.Connection, rows: list[_Row]) -> list[_Row]:
        """Return rows with the columns that the file lacks as this sheet said them last."""
        names = {f"{row.key[0]}/{row.key[1]}": row for row in rows}
        places = [(self.system, stream, name) for stream in STREAMS for name in names]
        kept = lookup.fetch_many(conn, ledger, ("system", "stream", "record"), places)
        before: dict[str, Record] = {}
        for one in sorted(kept, key=lambda one: one.read_at):
            inlet = self.inlets[one.stream]
            before[one.record] = disclose(
                inlet.seal.decrypt(bytes(one.raw), f"{self.system}/{one.stream}/{one.record}")
            )[0]
        return [_Row(row.number, row.key, before.get(name, {}) | row.record) for name, row in names.items()]

    def _reads(self, stream: str, row: _Row) -> bool:
        """Tell whether a row can be read; note what is wrong with it, and what of it would be dropped."""
        try:
            reading = self.inlets[stream].reader.read(row.record, {}, self.hub.clock())
        except RecordError as error:
            self._wrong(row.number, error)
            return False
        for fact in reading.facts:
            for warning in fact.warnings:
                key, _, column = warning.partition(" ")
                self.result.problems.append(
                    RowProblem(row.number, column, RecordError(key, field=column), dropped=True)
                )
        return True

    def _take(self, good: Mapping[str, list[_Row]], held: Lease) -> None:
        now = self.hub.clock()
        if self.dry_run or not any(good.values()):
            self.result.counts["taken"] += sum(map(len, good.values()))
            return
        with self.hub.store.write() as conn:
            held.check(conn)
            for stream, rows in good.items():
                if not rows:
                    continue
                incoming = [Incoming(row.record, {}) for row in rows]
                taken = self.inlets[stream].take(conn, incoming, read_at=now, run=self.run)
                fresh = len(rows) - taken.counts["unchanged"]
                self.result.counts.update(taken=fresh, unchanged=taken.counts["unchanged"])
                if fresh:
                    bulk.upsert(conn, reads, [_read(self.system, stream, now)])

    def _wrong(self, row: int, error: RecordError) -> None:
        self.result.problems.append(RowProblem(row, error.field, error))


_KEY = ("company", "order_no")


def _require(hub: Hub, file: Path, system: str) -> None:
    known = hub.mappings.get(system)
    if known is not None and not is_sheet(known):
        raise ConfigError("sync.sheet_system_taken", system=system)
    if file.suffix.lower() not in _KINDS:
        raise ConfigError("sync.sheet_kind", file=file.name)
    if not file.is_file():
        raise ConfigError("sync.sheet_no_file", file=file)


def _connection(file: Path) -> str:
    return json.dumps({"conn_type": "file", "extra": {"path": str(file.absolute().parent)}})


def _agrees(view: Any, order: Mapping[str, Any]) -> bool:
    """Tell whether what the sheet said before is what the order says now (or nothing)."""
    if view is None:
        return True
    if view.side_known and view.side != (order["side"] & int(Side(view.side_known))):
        return False
    names = ("status", *QUANTITIES)
    return all(getattr(view, name) is None or getattr(view, name) == order[name] for name in names)


def _read(system: str, stream: str, now: datetime) -> dict[str, Any]:
    """Return the row that notes a sheet as read. It has no newest stamp: nobody waits for the next sheet."""
    keys = {"system": system, "stream": stream, "kind": "since"}
    return keys | {"complete_at": now, "newest_at": None, "failed_at": None, "error": None}
