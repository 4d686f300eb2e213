"""The store as its users see it: one place, two kinds of transaction, one seal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store import migrate, queue
from hub.store.seal import Seal

BUSY_SECONDS = 60
"""How long the first writer in line waits on SQLite for the one at work before it gives up."""

_READ_ONLY = "orderhub_read_only"
_ON_CONNECT = (
    "PRAGMA journal_mode = wal",
    "PRAGMA synchronous = normal",
    "PRAGMA foreign_keys = on",
    "PRAGMA wal_autocheckpoint = 8000",  # 32 MB: a page of a first load is some 3 MB, and a checkpoint syncs
    "PRAGMA cache_size = -32768",  # 32 MB: clustered tables are written in key order, their inner pages stay
)


class Store:
    """A database of OrderHub with the seal for what lies in it. Made by `open_store`."""

    def __init__(self, engine: sa.Engine, seal: Seal) -> None:
        """Take the engine and the seal."""
        self.engine = engine
        self.seal = seal

    def __repr__(self) -> str:
        return f"Store({self.engine.url!r})"  # SQLAlchemy hides the password

    @property
    def dialect(self) -> str:
        """The kind of database: "sqlite" or "postgresql"."""
        return self.engine.dialect.name

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a transaction that may write: committed at the end, rolled back on any error.

        On SQLite it waits for other writers at its begin (BEGIN IMMEDIATE), so that what it reads stays true;
        it waits in line, so that many writers all get their turn.
        """
        with ExitStack() as stack:
            with self._line():
                conn = stack.enter_context(self.engine.begin())
            yield conn

    def _line(self) -> AbstractContextManager[None]:
        database = self.engine.url.database
        return queue.turn(database) if self.dialect == "sqlite" and database else nullcontext()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a transaction that sees one moment throughout, blocks no writer, and cannot write."""
        with self._reader().connect() as conn, conn.begin():
            yield conn

    def _reader(self) -> sa.Engine:
        if self.dialect == "sqlite":
            return self.engine.execution_options(**{_READ_ONLY: True})
        return self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def upgrade(self) -> None:
        """Bring the schema to the current revision, leave the key's check value; safe to call twice."""
        migrate.upgrade(self)

    def require_current(self) -> None:
        """Raise ConfigError unless the schema is at the revision that this program was made for."""
        migrate.require_current(self)

    def vacuum(self, *tables: str) -> None:
        """Make index-only scans of `tables` possible after a bulk load; SQLite needs nothing of the kind.

        Commits on its own: never call it while a transaction on the same tables is open here.
        """
        if self.dialect == "postgresql":
            quote = self.engine.dialect.identifier_preparer.quote
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                for table in tables:
                    conn.exec_driver_sql(f"VACUUM (ANALYZE) {quote(table)}")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_store(url: str | sa.URL, key: bytes) -> Store:
    """Open the store at a SQLAlchemy `url` (sqlite or postgresql) with the 32 bytes of `ORDERHUB_KEY`.

    ConfigError for another kind of database, one that cannot be reached, or the wrong key. A database that
    does not exist yet is opened too (SQLite); `Store.upgrade` makes its tables.
    """
    engine = _engine(_checked(url))
    store = Store(engine, Seal(key))
    try:
        migrate.require_key(store)
    except sa.exc.DatabaseError as error:
        store.close()
        raise ConfigError("store.unreachable", url=str(engine.url), reason=_first_line(error)) from None
    except ConfigError:
        store.close()
        raise
    return store


def _checked(url: str | sa.URL) -> sa.URL:
    """Return `url` with the driver that the hub uses; ConfigError for what is no store."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ConfigError("store.url_malformed") from None
    kind = parsed.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise ConfigError("store.url_kind", kind=kind)
    if parsed.database in (None, "", ":memory:"):
        raise ConfigError("store.url_memory")
    return parsed.set(drivername="sqlite")


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "postgresql":
        engine = sa.create_engine(url, hide_parameters=True)
        sa.event.listen(engine, "connect", _set_planner)
        return engine
    if not Path(url.database or "").absolute().parent.is_dir():
        raise ConfigError("store.no_folder", path=url.database)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _set_planner(dbapi: Any, _record: object) -> None:
    """Let PostgreSQL compile no query, and plan streamed ones for all of their rows.

    Short queries are not worth compiling, and a long one runs once. For a cursor PostgreSQL expects that a
    tenth of the rows is fetched, and takes plans that are twice as dear for all of them.
    """
    dbapi.execute("SET jit = off; SET cursor_tuple_fraction = 1")
    dbapi.commit()


def _on_connect(dbapi: Any, _record: object) -> None:
    """Take transactions into our own hands and set up the connection."""
    dbapi.isolation_level = None
    for pragma in _ON_CONNECT:
        dbapi.execute(pragma).close()


def _on_begin(conn: sa.Connection) -> None:
    """Begin as a reader or, by default, as a writer: one that reads first could never become one safely."""
    reads = conn.get_execution_options().get(_READ_ONLY, False)
    conn.exec_driver_sql(f"PRAGMA query_only = {int(reads)}")
    conn.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _first_line(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
