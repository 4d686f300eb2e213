"""The calls of one move as one transaction: all of them are done, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connectors.sql import binding
from connectors.sql.binding import Spoken
from connectors.sql.errors import of_commit, of_statement
from connectors.sql.touched import Touched, require_touched
from connectors.sql.values import record_of
from connectors.writing import ids_of, wanted_ids
from hub.errors import ConfigError, OutcomeUnknown, Rejected, Unavailable
from hub.mapping.callspec import ErrorTable
from hub.mapping.grammar import CallSpec, TimeSpec
from hub.mapping.paths import compile_path, is_empty

_GENERATED = frozenset({"sqlite", "mysql", "mariadb"})
"""Databases whose drivers tell the key that an INSERT generated; the others give it by RETURNING (OUTPUT)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands in its mapping: the write, the time of its stream, whether it creates."""

    write: str
    time: TimeSpec
    creates: bool = False


@dataclass(slots=True)
class Transaction:
    """Sends statements through one connection, which is opened for the first of them.

    `connect` opens it, ready to write; `place` says where a call stands, `spoken` how values go into the
    database that a connection leads to. `errors` is the mapping's own table.
    """

    system: str
    connect: Callable[[str], sa.Connection]
    place: Callable[[CallSpec], Place]
    spoken: Callable[[sa.Connection, Place], Spoken]
    encodings: tuple[str, ...]
    errors: ErrorTable
    _conn: sa.Connection | None = None
    _about: dict[str, str] = field(default_factory=dict)
    _tables: tuple[ErrorTable | None, ...] = ()

    def send(self, call: CallSpec, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Execute one statement and return what it gave; nothing of it stays unless all are committed."""
        place = self.place(call)
        if call.verb != "sql":
            raise ConfigError("sql.not_a_statement", system=self.system, write=place.write)
        about = {"system": self.system, "operation": place.write, "record": str(names.get("order_no") or "")}
        self._about, self._tables = about, (call.errors, self.errors)
        try:
            if self._conn is None:
                self._conn = self.connect(place.write)
                self._conn.begin()
            spoken = self.spoken(self._conn, place)
            text = binding.statement(call.target, names, spoken, compares=False, about=about)
            touched = self._executed(self._conn, text, call.target)
        except sa.exc.DBAPIError as error:
            raise of_statement(error, *self._tables, **about) from error
        except sa.exc.TimeoutError as error:
            raise Unavailable("sql.unavailable", **about, reason=str(error)) from error
        except UnicodeEncodeError as error:  # a charset that only the driver knows
            raise binding.unencodable(error, "", about) from error
        require_touched(touched, call, creates=place.creates, about=about)
        return self._took(touched, call)

    def commit(self) -> None:
        """Commit what was sent, if anything was; OutcomeUnknown where the answer to that is lost."""
        if self._conn is None:
            return
        try:
            self._conn.commit()
        except sa.exc.DBAPIError as error:
            raise of_commit(error, *self._tables, **self._about) from error
        except (sa.exc.SQLAlchemyError, OSError, EOFError) as error:
            raise OutcomeUnknown("sql.commit_unknown", **self._about, reason=str(error)) from error

    def close(self) -> None:
        """Give the connection back; what is not committed is rolled back."""
        conn, self._conn = self._conn, None
        if conn is None:
            return
        with suppress(
            sa.exc.SQLAlchemyError, OSError
        ):  # gone with the connection, and rolled back all the same
            conn.rollback()
        with suppress(sa.exc.SQLAlchemyError, OSError):
            conn.close()

    def _executed(self, conn: sa.Connection, text: sa.TextClause, said: str) -> Touched:
        verb = binding.first_word(said)
        try:
            result = conn.execute(text)
        except conn.dialect.loaded_dbapi.Warning as error:  # two statements in one, SQLite says
            raise Rejected("sql.not_written", **self._about, code="", reason=str(error)) from error
        if not result.returns_rows:
            generated = verb in {"insert", "replace"} and conn.dialect.name in _GENERATED
            key = result.lastrowid if generated else None
            return Touched(verb, result.rowcount, None, key or None)
        names = list(result.keys())
        rows = [dict(zip(names, row, strict=True)) for row in result.all()]
        first = record_of(rows[0], self.encodings) if rows else None
        return Touched(verb, len(rows), first, None, returned=True)

    def _took(self, touched: Touched, call: CallSpec) -> dict[str, Any]:
        """Return what a statement gave to those after it, and the target's own numbers under "id"."""
        row = touched.row or {}
        took = {name: compile_path(path)(row) for name, path in call.take.items()}
        took = {name: _kept(value) for name, value in took.items() if not is_empty(value)}
        wanted = wanted_ids(call)
        if not wanted:
            return took
        ids = {kind: compile_path(path)(row) for kind, path in wanted.items()}
        if touched.key is not None and not touched.returned and len(wanted) == 1:
            ids = dict.fromkeys(wanted, touched.key)
        found = ids_of(ids)
        if len(found) < len(wanted):
            lacking = ", ".join(path for kind, path in wanted.items() if kind not in found)
            raise ConfigError("sql.no_id", system=self.system, write=self._about["operation"], name=lacking)
        return {**took, "id": found}


def _kept(value: Any) -> Any:
    """Return what later steps may mention as JSON can hold it: exact numbers and times as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else value
