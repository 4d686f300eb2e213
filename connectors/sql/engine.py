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
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
}
"""Said once on each connection, where the engine has it; the account's own rights are the real lock."""

TIMEOUT = timedelta(seconds=60)


def open_engine(connection: Connection, timeout: timedelta | None = None) -> sa.Engine:
    """Return an engine on the connection's URL; opens nothing yet.

    Raises ConfigError if the URL's driver is not known or not installed.
    """
    url = connection.sqlalchemy_url()
    try:
        dialect = url.get_dialect().name
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            connect_args=_connect_args(dialect, timeout or TIMEOUT),
            **_exact_json(dialect),
        )
    except (sa.exc.ArgumentError, ImportError) as error:
        raise ConfigError("sql.no_driver", connection=connection.conn_id, driver=url.drivername) from error
    sa.event.listen(engine, "connect", _prepare(engine.dialect.name))
    return engine


def require_file(engine: sa.Engine, system: str, operation: str) -> None:
    """Raise Unavailable if the file of an SQLite source is not there: connecting would make an empty one."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and file != ":memory:" and not Path(file).is_file():
        raise Unavailable("sql.no_file", system=system, operation=operation, file=Path(file).name)


def _prepare(dialect: str) -> Any:
    def prepare(dbapi: Any, _record: object) -> None:
        if dialect == "sqlite":
            dbapi.text_factory = _text_or_bytes
        if dialect in READ_ONLY:
            cursor = dbapi.cursor()
            cursor.execute(READ_ONLY[dialect])
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
    return {"timeout": timeout.total_seconds()} if dialect == "sqlite" else {}


def _exact_json(dialect: str) -> dict[str, Any]:
    """Return the engine option that reads fractions in JSON columns as Decimal, where the dialect has it."""
    if dialect not in {"postgresql", "mysql", "sqlite"}:
        return {}
    return {"json_deserializer": lambda text: json.loads(text, parse_float=Decimal)}
