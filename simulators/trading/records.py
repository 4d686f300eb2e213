"""Documents of one system with versions: what is true now, and what was true at any moment before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from simulators.trading.database import Clock, stamp

Body = dict[str, Any]


class Unknown(LookupError):
    """There is no such document."""


class Stale(LookupError):
    """The document was changed since it was read."""


@dataclass(frozen=True, slots=True)
class Record:
    """One document: its own number, the reference it carries, version, time of change, content."""

    number: int
    ref: str
    version: int
    changed: str
    body: Body


class Records:
    """The documents of one system; every call is part of the caller's transaction."""

    def __init__(self, metadata: sa.MetaData, first: int, clock: Clock) -> None:
        """Declare the tables in `metadata`; numbers begin with `first`."""
        self._clock, self._first = clock, first
        self._now = sa.Table(
            "record",
            metadata,
            sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("ref", sa.String(60), nullable=False, index=True),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("changed", sa.String(32), nullable=False, index=True),
            sa.Column("body", sa.Text, nullable=False),
        )
        self._past = sa.Table(
            "past",
            metadata,
            sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("ref", sa.String(60), nullable=False, index=True),
            sa.Column("version", sa.Integer, primary_key=True),
            sa.Column("changed", sa.String(32), nullable=False, index=True),
            sa.Column("body", sa.Text, nullable=False),
        )
        self._counter = sa.Table("counter", metadata, sa.Column("last", sa.BigInteger, nullable=False))

    def next_number(self, conn: sa.Connection) -> int:
        """Return a number that nobody else gets, whether or not a document follows."""
        last = conn.execute(self._counter.select()).scalar()
        number = self._first if last is None else int(last) + 1
        conn.execute(self._counter.insert() if last is None else self._counter.update(), {"last": number})
        return number

    def add(self, conn: sa.Connection, number: int, ref: str, body: Body) -> Record:
        """Store a new document."""
        return self._store(conn, Record(number, ref, 1, stamp(self._clock()), body), new=True)

    def change(self, conn: sa.Connection, number: int, changes: Body, version: int | None = None) -> Record:
        """Lay `changes` over a document; Unknown, or Stale if it is not (or no more) at `version`."""
        old = self.get(conn, number)
        if version is not None and version != old.version:
            raise Stale(f"{old.ref}: version {old.version}, not {version}")
        body = {**old.body, **changes}
        return self._store(conn, Record(number, old.ref, old.version + 1, stamp(self._clock()), body))

    def get(self, conn: sa.Connection, number: int, at: datetime | None = None) -> Record:
        """Return a document as it was `at` a moment; Unknown if there was none."""
        source = self._as_of(at)
        row = conn.execute(sa.select(source).where(source.c.number == number)).first()
        if row is None:
            raise Unknown(str(number))
        return _record(row)

    def find(self, conn: sa.Connection, ref: str, at: datetime | None = None) -> list[Record]:
        """Return all documents that carry a reference."""
        source = self._as_of(at)
        rows = conn.execute(sa.select(source).where(source.c.ref == ref).order_by(source.c.number))
        return [_record(row) for row in rows]

    def changed(
        self,
        conn: sa.Connection,
        since: str = "",
        after: tuple[str, int] = ("", 0),
        limit: int = -1,
        at: datetime | None = None,
    ) -> list[Record]:
        """Return documents by time of change: from `since`, behind the place `after`, at most `limit`."""
        source = self._as_of(at)
        place = sa.tuple_(source.c.changed, source.c.number)
        chosen = sa.select(source).where(source.c.changed >= since, place > after)
        rows = conn.execute(
            chosen.order_by(source.c.changed, source.c.number).limit(limit if limit >= 0 else None)
        )
        return [_record(row) for row in rows]

    def _as_of(self, at: datetime | None) -> Any:
        """Return what was true at a moment; now, where none is said."""
        if at is None:
            return self._now
        past = self._past.c
        last = sa.select(past.number, sa.func.max(past.version).label("version"))
        known = last.where(past.changed <= stamp(at)).group_by(past.number).subquery()
        same = (past.number == known.c.number) & (past.version == known.c.version)
        return sa.select(self._past).join(known, same).subquery()

    def _store(self, conn: sa.Connection, record: Record, *, new: bool = False) -> Record:
        row = {
            "number": record.number,
            "ref": record.ref,
            "version": record.version,
            "changed": record.changed,
            "body": json.dumps(record.body, ensure_ascii=False),
        }
        if new:
            conn.execute(self._now.insert(), row)
        else:
            conn.execute(self._now.update().where(self._now.c.number == record.number), row)
        conn.execute(self._past.insert(), row)
        return record


def _record(row: Any) -> Record:
    return Record(row.number, row.ref, row.version, row.changed, json.loads(row.body))
