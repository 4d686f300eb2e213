"""Configuration: where things are, and how systems are reached. It comes from the environment alone.

`ORDERHUB_HOME` is the folder with `mappings/` (default: the current one), `ORDERHUB_STORE` the store's
SQLAlchemy URL (default: `orderhub.db` in the home), `ORDERHUB_KEY` the key of what is sealed in it. The
connections of systems are Airflow's: `AIRFLOW_CONN_<ID>` as a URI or as JSON. What is secret in them is
registered with `hub.redact` as soon as it is read and shows in no repr and no error.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from hub.errors import ConfigError
from hub.redact import SECRET_NAMES, redact, register

if TYPE_CHECKING:
    import sqlalchemy as sa

PREFIX = "AIRFLOW_CONN_"
_EXTRA = "__extra__"
_SECRET = re.compile(SECRET_NAMES, re.IGNORECASE)
_SQL_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says about this hub: `home`, `store_url`, and (kept out of repr) the key and itself."""

    home: Path
    store_url: str = field(repr=False)
    env: Mapping[str, str] = field(repr=False)

    @classmethod
    def load(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; ConfigError if the home has no `mappings/`."""
        home = Path(env.get("ORDERHUB_HOME") or Path.cwd()).expanduser().absolute()
        if not (home / "mappings").is_dir():
            raise ConfigError("config.no_mappings", home=home)
        return cls(home, env.get("ORDERHUB_STORE") or f"sqlite:///{home / 'orderhub.db'}", env)

    @property
    def key(self) -> bytes:
        """The 32 bytes of `ORDERHUB_KEY`; ConfigError, with how to make one, if it is lacking or malformed."""
        from hub.store.seal import read_key  # late: cryptography is not needed to show help

        text = self.env.get("ORDERHUB_KEY")
        if not text:
            raise ConfigError("store.key_missing")
        register(text)
        return read_key(text)

    def connection(self, conn_id: str) -> Connection:
        """Return the connection `conn_id`; ConfigError if it is lacking or malformed."""
        return connection(conn_id, self.env)


@dataclass(frozen=True, slots=True)
class Connection:
    """How one system is reached, in Airflow's words. `query` holds the parameters of a URI without `__extra__`."""

    conn_id: str
    conn_type: str
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    def url(self) -> str:
        """Return the HTTP address, without credentials and without a slash at the end.

        As in Airflow, `schema` is the protocol if it is http or https; any other is the path. Without either the
        connection type says it, else it is https. `host` may hold a whole address.
        """
        host, schema = (self.host or "").rstrip("/"), (self.schema or "").strip("/")
        if not host:
            raise ConfigError("config.no_host", conn_id=self.conn_id)
        protocol = next((one for one in (schema, self.conn_type) if one in ("http", "https")), "https")
        path = "" if schema in ("http", "https", "") else f"/{schema}"
        if "://" in host:
            return host + path
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"  # an IPv6 address
        return f"{protocol}://{host}{'' if self.port is None else f':{self.port}'}{path}"

    def sqlalchemy_url(self) -> sa.URL:
        """Return the SQLAlchemy URL (its repr hides the password).

        `sqlalchemy_url` in the extra wins. PostgreSQL goes through psycopg; a SQLite file stands in host or
        schema; any other connection type is taken as SQLAlchemy's driver name.
        """
        import sqlalchemy as sa  # late: half the systems are no databases

        whole = self.extra.get("sqlalchemy_url")
        if whole:
            return _parsed_sql_url(self.conn_id, str(whole))
        query = {**self.query, **self.extra.get("sqlalchemy_query", {})}
        if self.conn_type == "sqlite":
            return sa.URL.create("sqlite", database="/".join(filter(None, (self.host, self.schema))), query=query)
        return sa.URL.create(
            _SQL_DRIVERS.get(self.conn_type, self.conn_type),
            username=self.login,
            password=self.password,
            host=self.host or None,
            port=self.port,
            database=self.schema or None,
            query=query,
        )

    def path(self) -> Path:
        """Return the folder or file: `path` in the extra, else host, else `/` and the schema (file:///data)."""
        if self.extra.get("path"):
            return Path(str(self.extra["path"])).expanduser()
        if self.host:
            return Path(self.host, self.schema or "").expanduser()
        if self.schema:
            return Path("/", self.schema)
        raise ConfigError("config.no_path", conn_id=self.conn_id)


def connection(conn_id: str, env: Mapping[str, str] = os.environ) -> Connection:
    """Return the connection that `AIRFLOW_CONN_<ID>` describes; ConfigError, naming it, if that cannot be."""
    variable = PREFIX + conn_id.upper()
    text = env.get(variable, "").strip()
    if not text:
        raise ConfigError("config.no_connection", conn_id=conn_id, variable=variable)
    found = _from_json(conn_id, text) if text.startswith("{") else _from_uri(conn_id, text)
    if found is None:
        raise ConfigError("config.connection_malformed", conn_id=conn_id, variable=variable)
    for secret in _secrets(found):
        register(secret, found.login)
    return found


def _from_json(conn_id: str, text: str) -> Connection | None:
    """Read Airflow's JSON form, None if it is none. The text is secret: no error may quote it."""
    said = _json_object(text)
    if said is None or not said.get("conn_type"):
        return None
    extra = said.get("extra") or {}
    if isinstance(extra, str):
        extra = _json_object(extra)
    port = said.get("port")
    if extra is None or not isinstance(extra, dict) or not str(port or 0).isdecimal():
        return None
    texts = {
        name: str(said[name])
        for name in ("host", "login", "password", "schema")
        if said.get(name) not in (None, "")
    }
    return Connection(
        conn_id, _kind(str(said["conn_type"])), port=int(port) if port else None, extra=extra, **texts
    )


def _from_uri(conn_id: str, text: str) -> Connection | None:
    """Read Airflow's URI form, None if it is none: `type://login:password@host:port/schema?name=value`."""
    kind, sign, rest = text.partition("://")
    if not sign or not kind:
        return None
    protocol, inner, behind = rest.partition("://")  # http://https://host, Airflow's way to name both
    parts = _split(f"//{behind if inner else rest}")
    if parts is None:
        return None
    port, host = _port(parts), _host(parts)
    if port is False:
        return None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = _json_object(query.pop(_EXTRA)) if _EXTRA in query else {}
    if extra is None:
        return None
    return Connection(
        conn_id,
        _kind(kind),
        host=(f"{protocol}://{host}" if inner else host) or None,
        port=port,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        schema=unquote(parts.path[1:]) or None,
        extra=extra or query,
        query=query,
    )
