"""What sends: at once where something was merged, and every few seconds what has come due."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from hub.mapping import SystemMapping
from hub.rules import Rules
from sync.out import bearing, outbox
from sync.out.propose import Outgoing
from sync.out.push import Desk, PushResult, push_system
from sync.out.targets import LIVE, Target
from sync.run import Hub
from sync.watch.events import Ended, Event, Tell
from sync.watch.shift import Shift

LOOK = 2.0
"""Seconds between two looks at what has come due: changes to be tried (again), approvals, a pause lifted."""

_ROUNDS = 4
"""So often changes are sent at once that come of those before."""


class _Halting(Outgoing):
    """The way out, which ends between two changes: before each one it is asked for its target."""

    def __init__(
        self, mappings: Mapping[str, SystemMapping], rules: Rules, ended: Callable[[], bool]
    ) -> None:
        """`ended` tells whether the watch is to end."""
        super().__init__(mappings, rules)
        self._ended = ended

    def target(self, system: str, write: str) -> Target | None:
        """Return one write; Ended where no further change is to be begun."""
        if self._ended():
            raise Ended
        return super().target(system, write)


class Sending:
    """Sends, in a thread of its own (`run`); `wake` and `stop` are for the others.

    One is enough: leases keep it apart from `orderhub sync` in other processes. `merge` merges what a system
    has shown of an order, which the next change of it has to know.
    """

    def __init__(
        self,
        hub: Hub,
        tell: Tell,
        merge: Callable[[], object],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the hub; nothing is begun."""
        self._hub, self._tell, self._merge = hub, tell, merge
        self._shift = Shift(hub, LOOK, tell, timer)
        self._live = sorted({target.system for target in hub.out.targets if target.mode == LIVE})
        out = _Halting(hub.mappings, hub.rules, lambda: self._shift.ended)
        self._desk = Desk(hub.store, out, hub.inlet, dict(hub.env), hub.clock, self._shift.rest)
        self._told: dict[str, str] = {}

    def wake(self) -> None:
        """Let what is ready be sent now: something was merged."""
        self._shift.wake()

    def stop(self) -> None:
        """Let it end before the next change."""
        self._shift.stop()

    def run(self) -> None:
        """Send until stopped."""
        self._shift.run(self.turn)

    def turn(self) -> None:
        """Send what is ready; whatever goes wrong is told, and tried later."""
        with self._shift.turn():
            self._send()

    def _send(self) -> None:
        for _ in range(_ROUNDS):
            moved = False
            for system in self._ready():
                one = push_system(self._desk, system)
                self._say(one)
                self._merge()
                moved = moved or one.moved
            if not moved:
                return

    def _ready(self) -> list[str]:
        """Return the live systems with something to send that are neither paused nor left alone just now."""
        now = self._hub.clock()
        with self._hub.store.read() as conn:
            return [
                system
                for system in self._live
                if outbox.ready(conn, system, now, 0, 1)
                and bearing.paused(conn, system) is None
                and bearing.open_until(conn, system, now) is None
            ]

    def _say(self, one: PushResult) -> None:
        """Tell what came of a system's changes; the same trouble is told once."""
        now = self._hub.clock()
        counts = {state: count for state, count in one.counts.items() if state != "postponed"}
        if counts:
            self._tell(Event(now, "sent", one.system, counts))
        trouble = str(one.error or "")
        if one.error is not None and trouble != self._told.get(one.system):
            self._tell(Event(now, "failed", one.system, error=one.error))
        self._told[one.system] = trouble
