"""What a login gave, kept for all connectors of one system in this process, and given anew once expired."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

from requests.cookies import RequestsCookieJar

from connectors.calls import jsons
from hub.config import Connection
from hub.mapping.grammar import SystemMapping


class Grant(NamedTuple):
    """What a login gave: values by name, and how long they are good, where that is known."""

    values: Mapping[str, Any]
    life: timedelta | None = None


@dataclass(slots=True, eq=False)
class Pass:
    """One login. `number` counts how often it was given: who used number 3 asks for a newer one only once."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    number: int = 0
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    ends: datetime | None = None

    def held(self, obtain: Callable[[], Grant], now: datetime) -> Mapping[str, Any]:
        """Return what the login gave, obtained first if there is none or its time is over."""
        with self.lock:
            if not self.number or (self.ends is not None and now >= self.ends):
                self._renew(obtain, now)
            return self.values

    def renew(self, used: int, obtain: Callable[[], Grant], now: datetime) -> None:
        """Obtain a newer one than that of number `used`, unless another thread has done so already."""
        with self.lock:
            if self.number == used:
                self._renew(obtain, now)

    def drop(self) -> None:
        """Forget what was given: it is of no use any more."""
        with self.lock:
            self.values, self.number, self.ends = {}, 0, None

    def _renew(self, obtain: Callable[[], Grant], now: datetime) -> None:
        grant = obtain()
        self.values, self.number = grant.values, self.number + 1
        self.ends = None if grant.life is None else now + grant.life


@dataclass(slots=True, eq=False)
class Shared:
    """What all connectors of one system in this process have in common: cookies, logins, anything by name."""

    jar: RequestsCookieJar = field(default_factory=RequestsCookieJar)
    passes: dict[str, Pass] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)


_known: dict[Hashable, Shared] = {}
_lock = threading.Lock()


def shared(key: Hashable) -> Shared:
    """Return what the connectors of one system share; `key` names system, connection and mapping of auth."""
    with _lock:
        return _known.setdefault(key, Shared())


def identity(mapping: SystemMapping, connection: Connection) -> tuple[str, ...]:
    """Return what connectors must have in common to share a login."""
    auth = mapping.auth.model_dump_json() if mapping.auth else ""
    secrets = jsons.written([connection.password, dict(connection.extra)])
    digest = blake2b(auth.encode() + b"\0" + secrets, digest_size=16).hexdigest()
    limits = f"{mapping.limits.per_second} {mapping.limits.parallel}"
    return mapping.system, connection.conn_id, connection.url(), connection.login or "", limits, digest


def one(common: Shared, name: str) -> Pass:
    """Return the pass of a name, made when it is first asked for."""
    with _lock:
        return common.passes.setdefault(name, Pass())


def thing(common: Shared, name: str, make: Callable[[], Any]) -> Any:
    """Return something shared by its name, made when it is first asked for."""
    with _lock:
        if name not in common.things:
            common.things[name] = make()
        return common.things[name]
