"""A read-only engine on somebody else's database."""

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


def open_engine(
    connection: Connection, timeout: timedelta | None = None, *, declared: bool = False
) -> sa.Engine:
    """Return an engine on the connection's URL; opens nothing yet.

    `timeout` is for connecting and for each statement. `declared` says that the mapping names the charsets of
    its texts: they are read as they are stored. Raises ConfigError if the URL's driver is not known or not
    installed.
    """
    url = connection.sqlalchemy_url()
    dialect = ""
    try:
        dialect = url.get_dialect().name
        arguments = _connect_args(dialect, timeout or TIMEOUT, declared)
        engine = sa.create_engine(url, hide_parameters=True, connect_args=arguments, **_exact_json(dialect))
    except (sa.exc.ArgumentError, ImportError) as error:
        dialect = dialect or url.get_backend_name()
        key = "sql.driver_extra" if dialect in EXTRAS else "sql.no_driver"
        extra = EXTRAS.get(dialect, "")
        raise ConfigError(key, connection=connection.conn_id, driver=url.drivername, extra=extra) from error
    prepare = _prepare(engine.dialect.name, timeout or TIMEOUT, declared)
    first = (
        engine.dialect.name == "postgresql"
    )  # before SQLAlchemy's own first questions; MySQL's: after them
    sa.event.listen(engine, "connect", prepare, insert=first)
    if engine.dialect.name == "oracle":  # it has no read-only session, only such transactions
        sa.event.listen(
            engine, "begin", lambda conn: conn.exec_driver_sql("SET TRANSACTION READ ONLY") and None
        )
    return engine


def require_file(engine: sa.Engine, system: str, operation: str) -> None:
    """Raise Unavailable if the file of an SQLite source is not there: connecting would make an empty one."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and file != ":memory:" and not Path(file).is_file():
        raise Unavailable("sql.no_file", system=system, operation=operation, file=Path(file).name)


def _prepare(dialect: str, timeout: timedelta, declared: bool) -> Callable[[Any, Any], None]:
    def prepare(dbapi: Any, record: Any) -> None:
        if dialect == "sqlite":
            dbapi.text_factory = charsets.sqlite_factory(declared)
            record.info[STORED] = True
        elif dialect == "postgresql":
            record.info[STORED] = charsets.prepare_postgres(dbapi)
        elif dialect == "mssql" and hasattr(dbapi, "timeout"):
            dbapi.timeout = _seconds(timeout)  # of each statement (pyodbc)
        elif dialect == "oracle":
            dbapi.call_timeout = _seconds(timeout) * 1000  # of each round trip, in milliseconds (oracledb)
        said = [READ_ONLY[dialect]] if dialect in READ_ONLY else []
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
