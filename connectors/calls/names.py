"""The names that every call knows: the connection, the clock, a running id, a nonce."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.config import Connection
from hub.mapping.grammar import CallSpec


class Names(Mapping[str, Any]):
    """`conn`, `now`, `serial` (1, 2, 3 … of one process) and `nonce`, made anew for each call that asks."""

    def __init__(
        self,
        connection: Connection,
        clock: Callable[[], datetime],
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """Take the connection whose secrets expressions may use."""
        self._made: dict[str, Callable[[], Any]] = {
            "conn": lambda: conn,
            "now": clock,
            "serial": itertools.count(1).__next__,
            "nonce": nonce,
        }
        conn = {
            "login": connection.login,
            "password": connection.password,
            "host": connection.host,
            "schema": connection.schema,
            "extra": dict(connection.extra),
        }

    def __getitem__(self, name: str) -> Any:
        return self._made[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def of(self, call: CallSpec, names: Mapping[str, Any]) -> dict[str, Any]:
        """Return all names that `call` may mention, those of its read laid over the common ones."""
        return {**self, "size": call.size, **names}
