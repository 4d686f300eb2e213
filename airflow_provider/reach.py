"""The test button: does a connection lead anywhere? Asked of the connector, and told in the hub's language.

The connector looks (`check`) where a mapping is known: that of the form's field `system`, or the one that
uses this connection. Otherwise only the address is known, and it is tried whether anybody answers there.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from connectors.registry import open_connector
from hub.config import PREFIX, Connection, Settings, connection
from hub.errors import ConfigError, HubError
from hub.locale import LOCALES, text
from hub.mapping.grammar import SystemMapping
from hub.mapping.survey import survey
from hub.redact import redact
from hub.rules import load_rules

PATIENCE = 10
"""Seconds to wait for somebody to pick up."""

_PORTS = {"http": 80, "https": 443, "sftp": 22, "ssh": 22, "ftp": 21, "ftps": 21, "smb": 445, "samba": 445}
_SERVERS = ("sftp", "ssh", "ftp", "ftps", "smb", "samba")

Answer = tuple[bool, str]


def reached(conn_id: str, kind: str, env: Mapping[str, str]) -> Answer:
    """Tell whether the connection `conn_id` of `env` works for a connector of this `kind`, and say it."""
    locale = language(env)
    try:
        conn = connection(conn_id, env)
        mapping = _mapping(conn, kind, env)
        found = _looked(mapping, conn_id, env, locale) if mapping else _tried(conn, kind, locale)
    except HubError as error:
        found = False, error.say(locale)
    except Exception as error:  # the last net: Airflow would show the text of it as it is
        found = False, f"{type(error).__name__}: {error}"
    return found[0], redact(found[1])


def language(env: Mapping[str, str] = os.environ) -> str:
    """Return the language of the hub: `ORDERHUB_LOCALE`, else what hub.yaml says, else en."""
    said = env.get("ORDERHUB_LOCALE")
    try:
        said = said or load_rules(Settings.load(env).home).locale
    except HubError:
        return "en"  # what is wrong there is told where it matters
    return said if said in LOCALES else "en"


def _mapping(conn: Connection, kind: str, env: Mapping[str, str]) -> SystemMapping | None:
    """Return the mapping to look with; ConfigError if the form names one that is not there, or another kind.

    While a form is tested its connection has a name of no meaning: only the field can tell.
    """
    wanted = str(conn.extra.get("system") or "")
    try:
        mappings, _ = survey(Settings.load(env).home)
    except HubError:
        mappings = {}
    if not wanted:
        users = [one for one in mappings.values() if (one.connection or one.system) == conn.conn_id]
        return next((one for one in users if one.connector == kind), None)
    found = mappings.get(wanted)
    if found is None:
        raise ConfigError("connection.no_system", system=wanted, known=", ".join(sorted(mappings)) or "-")
    if found.connector != kind:
        raise ConfigError("connection.other_kind", system=wanted, kind=found.connector, wanted=kind)
    return found


def _looked(mapping: SystemMapping, conn_id: str, env: Mapping[str, str], locale: str) -> Answer:
    """Let the connector of a mapping look, with this connection in place of its own."""
    own = PREFIX + (mapping.connection or mapping.system).upper()
    connector = open_connector(mapping, {**env, own: env[PREFIX + conn_id.upper()]})
    try:
        health = connector.check()
    finally:
        connector.close()
    return health.ok, text(health.key, locale, **{"system": mapping.system, **health.values})


def _tried(conn: Connection, kind: str, locale: str) -> Answer:
    """Try whether anybody answers at the address of a connection."""
    if kind == "sql":
        return _database(conn, locale)
    if kind == "files" and conn.conn_type not in _SERVERS:
        folder, good = conn.path(), conn.path().is_dir()
        return good, text("connection.folder" if good else "connection.no_folder", locale, folder=folder)
    address = urlsplit(conn.url())
    name = conn.conn_type if kind == "files" else address.scheme
    host, port = address.hostname or "", address.port or _PORTS[name]
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError as error:
        return False, text("connection.no_answer", locale, host=host, port=port, reason=error)
    return True, text("connection.answers", locale, host=host, port=port)


def _database(conn: Connection, locale: str) -> Answer:
    """Connect to a database, and ask nothing of it."""
    import sqlalchemy as sa  # late: half the systems are no databases

    url = conn.sqlalchemy_url()
    name = url.get_backend_name()
    if name == "sqlite" and not os.path.isfile(url.database or ""):  # noqa: PTH113  # may be no path at all
        return False, text("connection.no_file", locale, file=url.database)
    try:
        engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)
        engine.connect().close()
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return False, text("connection.no_database", locale, database=name, reason=reason)
    return True, text("connection.database", locale, database=name)
