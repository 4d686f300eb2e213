"""A read-only engine on somebody else's database."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.config import Connection
from hub.errors import ConfigError, Unavailable

READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON",),
    "postgresql": ("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
    "mysql": ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION TRANSACTION READ ONLY"),
}
"""Said once on each connection, where the engine has it; the account's own rights are the real lock.

One snapshot a transaction, so that the lines read for a page are those of its heads.
"""

TIMEOUT = timedelta(seconds=60)


def open_engine(connection: Connection, timeout: timedelta | None = None) -> sa.Engine:
    """Return an engine on the connection's URL; opens nothing yet.

    Raises ConfigError if the URL is no SQLAlchemy URL or its driver is not installed.
    """
    try:
        url = sa.make_url(connection.sqlalchemy_url())
        dialect = url.get_dialect().name
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            connect_args=_connect_args(dialect, timeout or TIMEOUT),
            **_exact_json(dialect),
        )
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ConfigError("sql.bad_url", connection=connection.id) from error
    except ImportError as error:
        raise ConfigError("sql.no_driver", connection=connection.id, driver=error.name or "") from error
    sa.event.listen(engine, "connect", _prepare(engine.dialect.name))
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))
    return engine


def require_file(engine: sa.Engine, system: str, operation: str) -> None:
    """Raise Unavailable if the file of an SQLite source is not there: connecting would make an empty one."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and file != ":memory:" and not Path(file).is_file():
        raise Unavailable("sql.no_file", system=system, operation=operation, file=Path(file).name)


def _prepare(dialect: str) -> Any:
    def prepare(dbapi: Any, _record: object) -> None:
        if dialect == "sqlite":
            dbapi.isolation_level = None  # we begin transactions ourselves, so that a page is one snapshot
            dbapi.text_factory = _text_or_bytes
        cursor = dbapi.cursor()
        for statement in READ_ONLY.get(dialect, ()):
            cursor.execute(statement)
        cursor.close()
        dbapi.commit()

    return prepare


def _text_or_bytes(raw: bytes) -> str | bytes:
    """Return text; what is not UTF-8 goes on as bytes, so that the page it stands in is not lost."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _connect_args(dialect: str, timeout: timedelta) -> dict[str, Any]:
    seconds = max(1, round(timeout.total_seconds()))
    if dialect == "postgresql":
        return {"connect_timeout": seconds, "options": f"-c statement_timeout={seconds * 1000}"}
    if dialect == "mysql":
        return {"connect_timeout": seconds, "read_timeout": seconds}
    return {"timeout": seconds} if dialect == "sqlite" else {}


def _exact_json(dialect: str) -> dict[str, Any]:
    """Return the engine option that reads fractions in JSON columns as Decimal, where the dialect has it."""
    if dialect not in {"postgresql", "mysql", "sqlite"}:
        return {}
    return {"json_deserializer": lambda text: json.loads(text, parse_float=Decimal)}
