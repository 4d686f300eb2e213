"""The source's database in use: short transactions, reads tried again, errors named by reaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
import tenacity

from connectors.pauses import Pauses
from connectors.sql.engine import STORED, require_file
from connectors.sql.errors import named
from connectors.sql.tables import Table, reflect
from hub.errors import Unavailable

T = TypeVar("T")
Row = dict[str, Any]


class Database:
    """One database. `system` stands in the errors, each of which also names the operation (the stream)."""

    def __init__(
        self,
        engine: sa.Engine,
        system: str,
        retry: tenacity.Retrying,
        encodings: Sequence[str],
        pauses: Pauses,
    ) -> None:
        """Take the engine, the name of the system, how reads are tried again, text charsets, pauses."""
        self.engine, self.system, self.retry, self.encodings = engine, system, retry, encodings
        self._pauses = pauses
        self._tables: dict[str, Table] = {}

    def read(self, operation: str, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in one transaction, again where that may help."""

        def once() -> T:
            with self._connected(operation) as conn:
                return work(conn)

        return self.retry(once)

    def stream(self, operation: str, statement: sa.Executable, size: int) -> Iterator[list[Row]]:
        """Yield all rows of a statement, `size` at a time, from one transaction; connecting is retried."""
        self.read(operation, lambda conn: None)
        with self._connected(operation) as conn:
            result = conn.execution_options(stream_results=True, max_row_buffer=size).execute(statement)
            names = list(result.keys())
            for rows in result.partitions(size):
                yield [dict(zip(names, row, strict=True)) for row in rows]

    def table(self, operation: str, target: str) -> Table:
        """Return what the database says of a table; asked once."""
        if target not in self._tables:
            ask = partial(reflect, target=target, system=self.system, operation=operation)
            self._tables[target] = self.read(operation, ask)
        return self._tables[target]

    def stored_in(self, operation: str) -> Sequence[str]:
        """Return the charsets in which text may be stored undecoded; () if the database decodes it."""
        return self.encodings if self.read(operation, lambda conn: conn.info.get(STORED)) else ()

    def forget(self) -> None:
        """Ask again what tables look like: one may have changed."""
        self._tables.clear()

    def require_open(self, operation: str) -> None:
        """Raise RateLimited in a pause of the system, Unavailable if the file of an SQLite source is gone."""
        self._pauses.require_none(operation)
        require_file(self.engine, self.system, operation)

    @contextmanager
    def _connected(self, operation: str) -> Iterator[sa.Connection]:
        self.require_open(operation)
        try:
            with self.engine.connect() as conn:
                yield conn
        except sa.exc.DBAPIError as error:
            self.forget()
            raise named(error, self.system, operation) from error
        except sa.exc.TimeoutError as error:
            raise Unavailable(
                "sql.unavailable", system=self.system, operation=operation, reason=str(error)
            ) from error


def rows_of(conn: sa.Connection, statement: sa.Executable) -> list[Row]:
    """Return all rows of a statement as dicts."""
    result = conn.execute(statement)
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.all()]
