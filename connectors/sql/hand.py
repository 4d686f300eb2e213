"""How the calls of a write reach a database: looked up by a SELECT, those of a move in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa

from connectors.sql import binding
from connectors.sql.binding import Spoken
from connectors.sql.database import Database, Row, rows_of
from connectors.sql.engine import STORED
from connectors.sql.nest import add_children
from connectors.sql.tables import among, as_key, pages
from connectors.sql.transaction import Place, Transaction
from connectors.sql.values import record_of
from connectors.writing import Send
from hub.errors import ConfigError
from hub.mapping.expressions import NameMissing
from hub.mapping.extras import TYPED
from hub.mapping.grammar import CORE, CallSpec, SystemMapping
from hub.mapping.paths import compile_path, is_empty
from hub.model import Record

_OF_ORDER = frozenset({*CORE, "lines", "order", "key", "version", "was", "view", "id", "conn"})
"""Names of the order: where a call is made once for each item, all others may be the item's own."""


class SqlHand:
    """Sends the calls of one system's writes. The engine that writes is made when it is first needed."""

    atomic = True

    def __init__(
        self, mapping: SystemMapping, database: Database, engine: Callable[[], sa.Engine], *, declared: bool
    ) -> None:
        """Take the database as it is read, and what makes the engine that writes.

        `declared` tells that texts are read and written as they are stored, in the mapping's first charset.
        """
        self._mapping, self._database, self._declared = mapping, database, declared
        self._make, self._engine = engine, list[sa.Engine]()
        self._places = _places(mapping)
        extras = {*TYPED, *(name for stream in mapping.streams.values() for name in stream.extras)}
        self._whole = frozenset(extras | {name for call in mapping.every_call() for name in call.take})

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call binds; what may be its item's own shows when it is sent."""
        text = call.target if call.verb == "sql" else call.where or ""
        paths = call.on.values() if call.verb == "table" else ()
        names = binding.needed(text, self._whole) | {path.partition(".")[0] for path in paths}
        return frozenset(names & (_OF_ORDER | self._whole) if call.each is not None else names)

    def find(self, call: CallSpec, names: Mapping[str, Any]) -> list[Record]:
        """Return the rows that a call finds, nested ones in them: read only, tried again."""
        write, encodings = self._place(call).write, self._database.encodings
        rows = self._database.read(write, partial(self._found, call=call, names=names))
        add_children(self._database, write, rows, call.nest, call.cursor[1] if call.cursor else None)
        return [record_of(row, encodings) for row in rows]

    @contextmanager
    def move(self) -> Iterator[Send]:
        """Yield what sends the calls of one move: committed when the block ends, rolled back on any error."""
        transaction = Transaction(
            self._mapping.system,
            self._connected,
            self._place,
            self._spoken,
            tuple(self._database.encodings),
            self._mapping.errors,
        )
        try:
            yield transaction.send
            transaction.commit()
        finally:
            transaction.close()

    def close(self) -> None:
        """Close the connections that write, if there are any."""
        while self._engine:
            self._engine.pop().dispose()

    def _connected(self, write: str) -> sa.Connection:
        if not self._engine:
            self._engine.append(self._make())
        self._database.require_open(write)
        return self._engine[0].connect()

    def _found(self, conn: sa.Connection, call: CallSpec, names: Mapping[str, Any]) -> list[Row]:
        place = self._place(call)
        spoken = self._spoken(conn, place)
        about = {"system": self._mapping.system, "operation": place.write}
        if call.verb == "sql":
            text = binding.statement(call.target, names, spoken, compares=True, about=about)
            return rows_of(conn, text)
        if not call.where and not call.on:
            raise ConfigError("sql.find_without_where", system=self._mapping.system, write=place.write)
        filters: list[Any] = []
        if call.where:
            filters = [binding.statement(f"({call.where})", names, spoken, compares=True, about=about)]
        table = self._database.table(place.write, call.target)
        charsets = self._database.encodings if spoken.charset else ()
        for name, path in call.on.items():
            column = table.column(name)
            keys = as_key(table.types[column.name], _wanted(path, names), spoken.dialect, charsets)
            filters.append(among(column, keys) if keys else sa.false())
        return rows_of(conn, pages(table, call.columns, filters, ()))

    def _place(self, call: CallSpec) -> Place:
        return self._places.get(id(call)) or Place(call.verb, self._mapping.time)

    def _spoken(self, conn: sa.Connection, place: Place) -> Spoken:
        dialect = conn.dialect.name
        stored = bool(conn.info.get(STORED)) and (self._declared or dialect != "sqlite")
        return Spoken(dialect, place.time, self._database.encodings[0] if stored else None)


def _places(mapping: SystemMapping) -> dict[int, Place]:
    """Return where each call of the writes stands, by the call itself."""
    places: dict[int, Place] = {}
    for name, write in mapping.writes.items():
        stream = mapping.streams.get(write.stream or "")
        time = (stream.time if stream else None) or mapping.time
        for path, call in write.calls():
            places[id(call)] = Place(name, time, creates=path[0] == "create")
    return places


def _wanted(path: str, names: Mapping[str, Any]) -> str:
    """Return the value that a column is to have; NameMissing if it is not known."""
    value = compile_path(path)(dict(names))
    if is_empty(value):
        raise NameMissing(path, f"on: {path}")
    return str(value)
