"""The schema's age and the key's check: made by Alembic, asked about without it (its import is dear)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store.tables import settings

if TYPE_CHECKING:
    from hub.store.engine import Store

HEAD = "0006"
"""The revision that this program was made for (a test compares it with the newest file in `migrations/`)."""

FOLDER = Path(__file__).parents[2] / "migrations"

_CHECK = "key_check"
_LOCK = 0x0_0DE8_08B  # any number will do, as long as no other program locks by it


def upgrade(store: Store) -> None:
    """Run what migrations are lacking, in one transaction; leave the key's check value."""
    from alembic import command
    from alembic.config import Config

    with store.write() as conn:
        if store.dialect == "postgresql":
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        found = revision(conn)
        if found is not None and found > HEAD:
            raise ConfigError("store.too_new", found=found)
        config = Config()
        config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        if not _check_value(conn):
            conn.execute(settings.insert().values(name=_CHECK, value=_expected(store)))


def revision(conn: sa.Connection) -> str | None:
    """Return the schema's revision, None for a database without tables."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def require_current(store: Store) -> None:
    """Raise ConfigError unless the schema's revision is `HEAD`."""
    with store.read() as conn:
        found = revision(conn)
    if found is None:
        raise ConfigError("store.no_tables", url=str(store.engine.url))
    if found > HEAD:
        raise ConfigError("store.too_new", found=found)
    if found != HEAD:
        raise ConfigError("store.not_current", found=found, wanted=HEAD)


def require_key(store: Store) -> None:
    """Raise ConfigError if what lies in the store was sealed with another key."""
    database = store.engine.url.database
    if store.dialect == "sqlite" and not (database and Path(database).exists()):
        return  # looking would make the file
    with store.read() as conn:
        value = _check_value(conn) if sa.inspect(conn).has_table(settings.name) else None
    if value is not None and value != _expected(store):
        raise ConfigError("store.key_wrong", url=str(store.engine.url))


def _check_value(conn: sa.Connection) -> str | None:
    return conn.scalar(sa.select(settings.c.value).where(settings.c.name == _CHECK))


def _expected(store: Store) -> str:
    return store.seal.index(_CHECK).hex()
