"""The connector of kind `sql`."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import ClassVar

import tenacity

from connectors.contract import (
    Ask,
    BusinessKey,
    Capabilities,
    Everything,
    Health,
    Keys,
    OutgoingChange,
    Page,
    Receipt,
    Since,
    Step,
)
from connectors.pauses import Pauses
from connectors.retry import retrying
from connectors.sql.columns import require_columns
from connectors.sql.database import Database
from connectors.sql.engine import open_engine
from connectors.sql.hand import SqlHand
from connectors.sql.nest import add_children
from connectors.sql.scan import Batch, TableScan
from connectors.sql.text import TextScan
from connectors.sql.values import ENCODINGS, record_of
from connectors.writing import Writing
from hub.config import Connection
from hub.errors import ConfigError, HubError
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping
from hub.model import Record

SIZE = 1000


class SqlConnector:
    """Reads tables, views and SELECTs of any database that SQLAlchemy reaches, and writes by statements.

    `table:` builds keyset conditions and order on the table itself, `sql:` binds `:since`, `:last`, `:size`,
    `:until` and `:keys`. Everything runs read only where the engine can be told so. A `sweep` answers
    `Everything`, or `Keys` if it mentions `:keys`; what it does not answer, `read` does.

    The statements of a write are one transaction, on connections of their own.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "keys", "everything"}), writes=True, summary="sql.summary"
    )

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None = None,
    ) -> None:
        """Take mapping, connection and the clock that no cursor may pass; opens nothing yet."""
        self._mapping, self._clock = mapping, clock
        declared = bool(mapping.text.encoding)
        engine = open_engine(connection, mapping.limits.timeout, declared=declared)
        self._encodings = mapping.text.encoding or ENCODINGS
        pauses = Pauses(mapping, clock)
        self._database = Database(engine, mapping.system, retry or retrying(), self._encodings, pauses)
        writing = partial(open_engine, connection, mapping.limits.timeout, declared=declared, writes=True)
        self._hand = SqlHand(mapping, self._database, writing, declared=declared)
        self._writing = Writing(mapping, self._hand)

    def __repr__(self) -> str:
        return f"SqlConnector({self._mapping.system!r})"

    def check(self) -> Health:
        """Connect and look at every table that the streams name, and at the columns that they want of it."""
        begin = time.perf_counter()
        try:
            self._database.forget()
            self._database.read("check", lambda conn: None)
            for name, stream in self._mapping.streams.items():
                self._scan(name, stream, stream.read)
                require_columns(self._database, name, stream)
        except HubError as error:
            return Health(False, error.key, error.values, time.perf_counter() - begin)
        engine = self._database.engine
        values = {"engine": engine.dialect.name, "streams": len(self._mapping.streams)}
        return Health(True, "sql.healthy", values, time.perf_counter() - begin)

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages; see the contract."""
        spec = self._stream(stream)
        call = _call(spec, ask)
        scan = self._scan(stream, spec, call)
        expected = scan.total() if isinstance(scan, TableScan) and _is_first(ask) else None
        for number, batch in enumerate(scan.batches(ask), 1):
            yield replace(self._page(stream, call, batch, number), expected=expected)

    def lookup(self, write: str, key: BusinessKey) -> list[Record]:
        """Return what a write's look-up finds; see the contract."""
        return self._writing.lookup(write, key)

    def push(self, change: OutgoingChange, committed: Callable[[Step], None]) -> Receipt:
        """Carry out one change; see the contract."""
        return self._writing.push(change, committed)

    def close(self) -> None:
        """Close the connections."""
        self._hand.close()
        self._database.engine.dispose()

    def _scan(self, name: str, spec: StreamMapping, call: CallSpec) -> TableScan | TextScan:
        at = spec.time or self._mapping.time
        size = call.size or SIZE
        if call.verb == "sql":
            return TextScan(self._database, name, call, at, size, self._clock)
        return TableScan(self._database, name, call, at, size, spec.key, self._clock)

    def _page(self, stream: str, call: CallSpec, batch: Batch, number: int) -> Page:
        add_children(self._database, stream, batch.rows, call.nest, call.cursor[1] if call.cursor else None)
        records = [record_of(row, self._encodings) for row in batch.rows]
        return Page(records, batch.state, {"page": number})

    def _stream(self, name: str) -> StreamMapping:
        streams = self._mapping.streams
        if name not in streams:
            near = difflib.get_close_matches(name, streams, n=1) or list(streams)
            system = self._mapping.system
            raise ConfigError("connectors.unknown_stream", system=system, stream=name, near=near[0])
        return streams[name]


def _call(spec: StreamMapping, ask: Ask) -> CallSpec:
    """Return the call that answers an ask: a sweep lists (what is open, say) or takes keys, never both."""
    if spec.sweep is None or not isinstance(ask, Everything | Keys):
        return spec.read
    call = spec.sweep.call
    takes_keys = call.verb == "sql" and ":keys" in call.target
    return call if takes_keys == isinstance(ask, Keys) else spec.read


def _is_first(ask: Ask) -> bool:
    return isinstance(ask, Everything) or (isinstance(ask, Since) and not ask.state)
