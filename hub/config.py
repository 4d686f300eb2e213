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
from hub.redact import SECRET_NAMES, register

if TYPE_CHECKING:
    import sqlalchemy as sa

PREFIX = "AIRFLOW_CONN_"
_EXTRA = "__extra__"
_SECRET = re.compile(SECRET_NAMES, re.IGNORECASE)
_PROTOCOL = re.compile(r"[A-Za-z][\w+.-]*")
_PORT = re.compile(r":\d+$")
_SQL_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}
"""The driver of each kind of database, where neither the connection nor the URL names another."""

_OF_SEVERAL = ("orderhub_sql", "orderhub_files")
"""The hub's own connection types in Airflow that stand for several: `kind` of the extra says which."""

_ASKED_BESIDES = ("kind", "system")
"""What the forms of those types ask beside the connection itself: no parameter of its URL."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says about this hub; what may be secret in it is kept out of its repr."""

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
        """The 32 bytes of `ORDERHUB_KEY`; ConfigError, with how to make one, if there is no good one."""
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
    """How one system is reached, in Airflow's words; `query` holds the parameters of its URI form."""

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

        As in Airflow, `schema` is the protocol if it is http or https, otherwise the path. Else the
        connection type says the protocol, else it is https. `host` may hold a whole address.
        """
        schema = (self.schema or "").strip("/")
        said, _, rest = (self.host or "").rpartition("://")
        place, _, path = rest.rpartition("@")[2].partition("/")
        if not place:
            raise ConfigError("config.no_host", conn_id=self.conn_id)
        protocol = next((one for one in (said, schema, self.conn_type) if one in ("http", "https")), "https")
        if place.count(":") > 1 and not place.startswith("["):
            place = f"[{place}]"  # an IPv6 address
        if self.port is not None and not _PORT.search(place):
            place = f"{place}:{self.port}"
        folders = (path.strip("/"), "" if schema in ("http", "https") else schema)
        return "/".join(filter(None, (f"{protocol}://{place}", *folders)))

    def sqlalchemy_url(self) -> sa.URL:
        """Return the SQLAlchemy URL (its repr hides the password).

        `sqlalchemy_url` in the extra wins. PostgreSQL goes through psycopg; a SQLite file stands in host or
        schema; any other connection type is taken as SQLAlchemy's driver name.
        """
        import sqlalchemy as sa  # late: half the systems are no databases

        if self.extra.get("sqlalchemy_url"):
            return _sql_url(self.conn_id, str(self.extra["sqlalchemy_url"]))
        query = {**self.query, **self.extra.get("sqlalchemy_query", {})}
        if self.conn_type == "sqlite":
            file = "/".join(filter(None, (self.host, self.schema)))
            if not file:
                raise ConfigError("config.no_path", conn_id=self.conn_id)
            return sa.URL.create("sqlite", database=file, query=query)
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
        conn_id,
        _kind(str(said["conn_type"]), extra),
        host=texts.get("host"),
        port=int(port) if port else None,
        login=texts.get("login"),
        password=texts.get("password"),
        schema=texts.get("schema"),
        extra=extra,
    )


def _from_uri(conn_id: str, text: str) -> Connection | None:
    """Read Airflow's URI form, None if it is none: `type://login:password@host:port/schema?name=value`."""
    kind, sign, rest = text.partition("://")
    protocol, inner, behind = rest.partition("://")  # http://https://host, Airflow's way to name both
    named = bool(inner) and _PROTOCOL.fullmatch(protocol) is not None
    address = _address(behind if named else rest)
    if not sign or not kind or address is None:
        return None
    parts, port = address
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = _json_object(query.pop(_EXTRA)) if _EXTRA in query else dict(query)
    if extra is None:
        return None
    host, own = _host(parts), _plain(kind) in _OF_SEVERAL
    return Connection(
        conn_id,
        _kind(kind, extra),
        host=f"{protocol}://{host}" if named else host or None,
        port=port,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        schema=unquote(parts.path[1:]) or None,
        extra=extra,
        query={name: value for name, value in query.items() if not own or name not in _ASKED_BESIDES},
    )


def _address(text: str) -> tuple[SplitResult, int | None] | None:
    """Return what follows `type://`, taken apart, with its port; None if that cannot be."""
    try:
        parts = urlsplit(f"//{text}")
        return parts, parts.port
    except ValueError:
        return None


def _host(parts: SplitResult) -> str:
    """Return the host as it was written: `SplitResult.hostname` would put a file's path in lower case."""
    place = parts.netloc.rpartition("@")[2]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return unquote(place.partition(":")[0])


def _kind(written: str, extra: Mapping[str, Any]) -> str:
    """Return the connection type: the written one, or what `kind` says where the type is for several."""
    kind = _plain(written)
    if kind in _OF_SEVERAL and extra.get("kind"):
        kind = _plain(str(extra["kind"]))
    return "postgres" if kind == "postgresql" else kind


def _plain(written: str) -> str:
    """Return a connection type as Airflow normalises it."""
    return written.lower().replace("-", "_")


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _secrets(found: Connection) -> Iterator[str]:
    """Yield every value of a connection that is secret by its place or by its name."""
    if found.password:
        yield found.password
    yield from _secret_values({**found.query, **found.extra})


def _secret_values(value: Any, named: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _secret_values(one, named or _SECRET.search(str(name)) is not None)
    elif isinstance(value, list):
        for one in value:
            yield from _secret_values(one, named)
    elif isinstance(value, str):
        if named:
            yield value
        address = _address(value.partition("://")[2])
        if address is not None and address[0].password:
            yield unquote(address[0].password)


def _sql_url(conn_id: str, text: str) -> sa.URL:
    import sqlalchemy as sa

    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None:  # outside of the handler: the error's context would quote the text
        raise ConfigError("config.sqlalchemy_url", conn_id=conn_id)
    return url.set(drivername=_SQL_DRIVERS.get(url.drivername, url.drivername))
