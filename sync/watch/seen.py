"""Which calls came before: in memory for the answer, in the store for the next watch.

A call that is lost from memory before it was kept, or one that comes twice all the same, reads a record once
more and does nothing else. So nobody waits for the store here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from threading import Lock

from hub.store import Store, cursors

STREAM = "@calls"
"""Where the marks of calls lie among the cursors of their system; no stream may be called so."""

LONG = timedelta(days=1)
"""How long a call is remembered where the mapping does not say how old one may be."""

MOST = 100_000
"""So many calls of a system are remembered at most; past that the oldest are forgotten."""


class Seen:
    """The calls of one system that were taken, each with the moment until which it could be sent again."""

    def __init__(self, store: Store, system: str, within: timedelta | None, clock: Callable[[], datetime]):
        """Read what earlier watches have kept."""
        self._store, self._system, self._clock = store, system, clock
        self._term = within * 2 if within else LONG  # a call may be stamped by a clock that is ahead
        self._lock = Lock()
        self._fresh: dict[str, datetime] = {}
        with store.read() as conn:
            kept = cursors.load_state(conn, system, STREAM)
        self._until = {mark: datetime.fromisoformat(until) for mark, until in kept.items()}

    def first_time(self, replay: str) -> bool:
        """Tell whether a call is new, and remember it."""
        mark, now = blake2b(replay.encode("utf-8", "replace"), digest_size=16).hexdigest(), self._clock()
        with self._lock:
            if self._until.get(mark, now) > now:
                return False
            self._until.pop(mark, None)  # the newest stand last
            self._until[mark] = self._fresh[mark] = now + self._term
        return True

    def keep(self) -> None:
        """Keep in the store what came since, and forget there what is too old to be sent again."""
        now = self._clock()
        with self._lock:
            fresh, self._fresh = self._fresh, {}
            excess = len(self._until) - MOST
            old = {
                mark
                for at, (mark, until) in enumerate(self._until.items())
                if at < excess or until <= now
            }  # fmt: skip
            for mark in old:
                del self._until[mark]
        state = {mark: until.isoformat() for mark, until in fresh.items()}
        if state or old:
            with self._store.write() as conn:
                cursors.save_state(conn, self._system, STREAM, state | dict.fromkeys(old))
