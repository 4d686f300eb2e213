"""Statements handed to the database driver itself, inside SQLAlchemy's transaction.

What runs with every page and every poll has its text ready and takes values in driver form: SQLAlchemy would
add its own cost, several times that of the statement, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def fetch(conn: sa.Connection, sql: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a statement as the driver's own tuples."""
    cursor = _cursor(conn)
    try:
        cursor.execute(sql, tuple(given))
        return list(cursor.fetchall())
    except conn.dialect.loaded_dbapi.Error as error:
        raise wrapped(conn, sql, error) from error
    finally:
        cursor.close()


def run(conn: sa.Connection, sql: str, given: Sequence[Any] = ()) -> int:
    """Run a statement once; return how many rows it touched."""
    return _touched(conn, sql, given, many=False)


def run_many(conn: sa.Connection, sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """Run a statement once for each of `rows`; return how many it touched."""
    return _touched(conn, sql, rows, many=True)


def wrapped(conn: sa.Connection, sql: str, error: Exception) -> BaseException:
    """Return a driver's error as every other statement of the hub would raise it, without the values."""
    dbapi: Any = conn.dialect.loaded_dbapi
    return sa.exc.DBAPIError.instance(sql, None, error, dbapi.Error, dialect=conn.dialect)


def _touched(conn: sa.Connection, sql: str, given: Sequence[Any], *, many: bool) -> int:
    cursor = _cursor(conn)
    try:
        (cursor.executemany if many else cursor.execute)(sql, given)
        return int(cursor.rowcount)
    except conn.dialect.loaded_dbapi.Error as error:
        raise wrapped(conn, sql, error) from error
    finally:
        cursor.close()


def _cursor(conn: sa.Connection) -> Any:
    driver: Any = conn.connection.driver_connection
    return driver.cursor()
