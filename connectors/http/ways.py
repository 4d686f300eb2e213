"""Ways of being let in that need no call: what the connection holds goes into each request."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from connectors.http.draft import Draft
from hub.config import Connection
from hub.errors import ConfigError

Way = Callable[[Draft], None]
"""Puts credentials into a request."""


def way_of(name: str, connection: Connection) -> Way | None:
    """Return one of basic, bearer, api_key by its name; None for a way that needs a call of its own.

    Raises ConfigError, naming the connection, where it lacks what the way needs.
    """
    makers: dict[str, Callable[[Connection], Way]] = {
        "basic": Basic.of,
        "bearer": Bearer.of,
        "api_key": ApiKey.of,
    }
    maker = makers.get(name)
    return maker(connection) if maker else None


@dataclass(frozen=True, slots=True, repr=False)
class Basic:
    """HTTP Basic, in UTF-8 (RFC 7617)."""

    login: str
    password: str

    @classmethod
    def of(cls, connection: Connection) -> Basic:
        """Take login and password of a connection."""
        return cls(_held(connection.login, connection, "login"), connection.password or "")

    def __call__(self, draft: Draft) -> None:
        """Put the Authorization header."""
        said = base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        draft.headers["Authorization"] = f"Basic {said}"


@dataclass(frozen=True, slots=True, repr=False)
class Bearer:
    """A token that does not change: the connection's password, or `token` of its extra."""

    token: str

    @classmethod
    def of(cls, connection: Connection) -> Bearer:
        """Take the token of a connection."""
        return cls(_held(connection.extra.get("token") or connection.password, connection, "password"))

    def __call__(self, draft: Draft) -> None:
        """Put the Authorization header."""
        draft.headers["Authorization"] = f"Bearer {self.token}"


@dataclass(frozen=True, slots=True, repr=False)
class ApiKey:
    """A key in a header or in the query, named as `header` or `query` of the connection's extra say."""

    key: str
    name: str = "X-API-Key"
    in_query: bool = False

    @classmethod
    def of(cls, connection: Connection) -> ApiKey:
        """Take the key of a connection: `api_key` of its extra, else its password."""
        extra = connection.extra
        key = _held(extra.get("api_key") or connection.password, connection, "password")
        if extra.get("query"):
            return cls(key, str(extra["query"]), True)
        return cls(key, str(extra.get("header") or "X-API-Key"))

    def __call__(self, draft: Draft) -> None:
        """Put the key."""
        if self.in_query:
            draft.query[self.name] = self.key
        else:
            draft.headers[self.name] = self.key


def _held(said: object, connection: Connection, name: str) -> str:
    if not said:
        raise ConfigError("http.connection_lacks", conn_id=connection.conn_id, name=name)
    return str(said)
