"""Where one system keeps what it knows: a SQLite file in WAL mode, or any database that SQLAlchemy knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

Clock = Callable[[], datetime]
"""Tells the time, aware."""

_PATIENCE_MS = 30_000


class Database:
    """One database: transactions that write exclude each other, readers see what was last committed."""

    def __init__(self, place: Path | str, metadata: sa.MetaData) -> None:
        """Open `place`, a file or a SQLAlchemy URL, and make the tables that are not there yet."""
        self.url = f"sqlite:///{place}" if isinstance(place, Path) else place
        self.engine = sa.create_engine(self.url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)
        with self.writing() as conn:
            metadata.create_all(conn)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection in a transaction, committed at the end."""
        with self.engine.begin() as conn:
            yield conn

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that only reads, and waits for nobody."""
        with self.engine.connect().execution_options(reads=True) as conn:
            yield conn

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _prepare(raw: Any, _: Any) -> None:
    raw.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", f"busy_timeout = {_PATIENCE_MS}"):
        raw.execute(f"PRAGMA {pragma}")


def _begin(conn: sa.Connection) -> None:
    if not conn.get_execution_options().get("reads"):
        conn.exec_driver_sql("BEGIN IMMEDIATE")


def key_of(made: sa.CursorResult[Any]) -> int:
    """Return the key that the database gave to a new row."""
    key = made.inserted_primary_key
    if key is None:
        raise LookupError("no key was given")
    return int(key[0])


def wall() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Return a moment as text that sorts as time does: UTC, microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
