"""Engines on somebody else's database: one that only reads, and one for what is to be written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.sql import charsets
from hub.config import Connection
from hub.errors import ConfigError, Unavailable

READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
"""Said once on each connection, where the engine has it; the account's own rights are the real lock."""

EXTRAS = {"mysql": "mysql", "mariadb": "mysql", "mssql": "sqlserver", "oracle": "oracle"}
"""The extra of the package that brings each dialect's driver."""

STORED = "stored"
"""Says in a connection's `info` that its text comes, and is asked for, as it is stored."""

TIMEOUT = timedelta(seconds=60)

_STRICT = "SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES')"
"""Makes MySQL refuse what a column cannot hold: it would cut texts, and put `?` for signs, without a word."""

_ALIVE = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4}
"""How libpq notices that nobody is there any more: an answer to COMMIT is not waited for for hours."""


def open_engine(
    connection: Connection,
    timeout: timedelta | None = None,
    *,
    declared: bool = False,
    writes: bool = False,
) -> sa.Engine:
    """Return an engine on the connection's URL, read only unless it `writes`; opens nothing yet.

    `timeout` is for connecting and for each statement. `declared` says that the mapping names the charsets of
    its texts: they are read as they are stored. One that writes waits half as long for locks, so that a lock
    shows as one, and takes locks at the begin where a reader could not become a writer (SQLite). Raises
    ConfigError if the URL's driver is not known or not installed.
    """
    url = connection.sqlalchemy_url()
    dialect = ""
    try:
        dialect = url.get_dialect().name
        arguments = _connect_args(dialect, timeout or TIMEOUT, declared)
        arguments |= _writing_args(dialect, timeout or TIMEOUT) if writes else {}
        engine = sa.create_engine(
            url, hide_parameters=True, connect_args=arguments, pool_pre_ping=writes, **_exact_json(dialect)
        )
    except (sa.exc.ArgumentError, ImportError) as error:
        dialect = dialect or url.get_backend_name()
        key = "sql.driver_extra" if dialect in EXTRAS else "sql.no_driver"
        extra = EXTRAS.get(dialect, "")
        raise ConfigError(key, connection=connection.conn_id, driver=url.drivername, extra=extra) from error
    prepare = _prepare(engine.dialect.name, timeout or TIMEOUT, declared, writes)
    first = (
        engine.dialect.name == "postgresql"
    )  # before SQLAlchemy's own first questions; MySQL's: after them
    sa.event.listen(engine, "connect", prepare, insert=first)
    if begin := (_BEGIN_WRITING if writes else _BEGIN_READING).get(engine.dialect.name):
        sa.event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin) and None)
    return engine


_BEGIN_READING = {"oracle": "SET TRANSACTION READ ONLY"}
"""It has no read-only session, only such transactions."""

_BEGIN_WRITING = {"sqlite": "BEGIN IMMEDIATE"}


def require_file(engine: sa.Engine, system: str, operation: str) -> None:
    """Raise Unavailable if the file of an SQLite source is not there: connecting would make an empty one."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and file != ":memory:" and not Path(file).is_file():
        raise Unavailable("sql.no_file", system=system, operation=operation, file=Path(file).name)


def _prepare(dialect: str, timeout: timedelta, declared: bool, writes: bool) -> Callable[[Any, Any], None]:
    def prepare(dbapi: Any, record: Any) -> None:
        if dialect == "sqlite":
            dbapi.text_factory = charsets.sqlite_factory(declared)
            record.info[STORED] = True
            if writes:
                dbapi.isolation_level = None  # else the driver begins by itself, and later
        elif dialect == "postgresql":
            record.info[STORED] = charsets.prepare_postgres(dbapi)
        elif dialect == "mssql" and hasattr(dbapi, "timeout"):
            dbapi.timeout = _seconds(timeout)  # of each statement (pyodbc)
        elif dialect == "oracle":
            dbapi.call_timeout = _seconds(timeout) * 1000  # of each round trip, in milliseconds (oracledb)
        said = _writing(dialect, timeout) if writes else [READ_ONLY[dialect]] if dialect in READ_ONLY else []
        if declared and dialect in ("mysql", "mariadb"):
            said.append(charsets.MYSQL_AS_STORED)
            record.info[STORED] = True
        if said:
            cursor = dbapi.cursor()
            for statement in said:
                cursor.execute(statement)
            cursor.close()
            dbapi.commit()

    return prepare


def _writing(dialect: str, timeout: timedelta) -> list[str]:
    """Return what is said once on each connection that writes."""
    patience = max(1, _seconds(timeout) // 2)
    if dialect in ("mysql", "mariadb"):
        return [_STRICT, f"SET SESSION innodb_lock_wait_timeout = {patience}"]
    return [f"SET LOCK_TIMEOUT {patience * 1000}"] if dialect == "mssql" else []


def _writing_args(dialect: str, timeout: timedelta) -> dict[str, Any]:
    """Return the connect arguments of a connection that writes, beside or instead of the usual ones."""
    seconds = _seconds(timeout)
    if dialect == "postgresql":
        limits = f"-c statement_timeout={seconds * 1000} -c lock_timeout={seconds * 500}"
        return {"options": limits, **_ALIVE}
    if dialect in ("mysql", "mariadb"):  # whole seconds there: the wait for a lock must end first
        return {"write_timeout": seconds, "read_timeout": max(seconds, 3)}
    return {}


def _connect_args(dialect: str, timeout: timedelta, declared: bool) -> dict[str, Any]:
    seconds = _seconds(timeout)
    if dialect == "postgresql":
        return {"connect_timeout": seconds, "options": f"-c statement_timeout={seconds * 1000}"}
    if dialect in ("mysql", "mariadb"):
        timing = {"connect_timeout": seconds, "read_timeout": seconds}
        return timing | charsets.mysql_arguments(declared)
    if dialect == "mssql":
        return {"timeout": seconds}  # of the login
    if dialect == "oracle":
        return {"tcp_connect_timeout": seconds}
    return {"timeout": timeout.total_seconds()} if dialect == "sqlite" else {}


def _seconds(timeout: timedelta) -> int:
    return max(1, round(timeout.total_seconds()))


def _exact_json(dialect: str) -> dict[str, Any]:
    """Return the engine option that reads fractions in JSON columns as Decimal, where the dialect has it."""
    if dialect not in {"postgresql", "mysql", "mariadb", "sqlite"}:
        return {}
    return {"json_deserializer": lambda text: json.loads(text, parse_float=Decimal)}
