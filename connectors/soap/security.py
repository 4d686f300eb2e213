"""WS-Security: the UsernameToken, as text or as digest (OASIS UsernameToken Profile 1.0)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from hub.config import Connection
from hub.errors import ConfigError

Secure = Callable[[Any], None]
"""Puts what proves who is asking into an envelope; anew for each request, since a nonce is used once."""

WAYS = frozenset({"wsse", "wsse_digest"})


def secure(ways: tuple[str, ...], connection: Connection, clock: Callable[[], datetime]) -> Secure | None:
    """Return what secures an envelope, None where the mapping names no such way.

    The password goes as it is (`wsse`), or as a digest with nonce and time (`wsse_digest`). ConfigError if
    the connection has no login.
    """
    wanted = WAYS & set(ways)
    if not wanted:
        return None
    if not connection.login:
        raise ConfigError("http.connection_lacks", conn_id=connection.conn_id, name="login")

    def put(envelope: Any) -> None:
        from zeep.wsse.username import UsernameToken  # late: zeep is dear to import

        token = UsernameToken(
            connection.login,
            connection.password or "",
            use_digest="wsse_digest" in wanted,
            created=clock(),
            zulu_timestamp=True,
        )
        token.apply(envelope, {})

    return put
