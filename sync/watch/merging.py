"""What places and merges: at once where something came in, every few seconds what has come due.

It has a thread of its own, for what was read must not wait until a slow system has taken its writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Lock

from hub.errors import HubError
from hub.store import lookup
from hub.store.tables import dirty
from sync import dirt
from sync.run import Hub, merge_orders, place_waiting
from sync.watch.events import Ended, Event, Fault, Tell
from sync.watch.pace import Pace

LOOK = 2.0
"""Seconds between two looks at what has come due: what was sent and has settled, marks that others left."""

WHOLE = 60.0
"""Seconds between two looks at everything, whoever left it."""


class Merging:
    """Merges, in a thread of its own (`run`); `wake`, `now` and `stop` are for the others.

    `merged` is told after each turn that something came of. Leases keep it apart from other processes, a
    lock from the sender beside it.
    """

    def __init__(
        self,
        hub: Hub,
        tell: Tell,
        merged: Callable[[], None],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the hub; nothing is begun."""
        self._hub, self._tell, self._merged, self._timer = hub, tell, merged, timer
        self._changed, self._ended = True, False
        self._turn, self._alone, self._pace = Condition(), Lock(), Pace(LOOK)
        self._whole_at = 0.0

    def wake(self) -> None:
        """Let everything be looked at now: something came in."""
        with self._turn:
            self._changed = True
            self._turn.notify_all()

    def stop(self) -> None:
        """Let it end before the next transaction."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()

    def run(self) -> None:
        """Look until stopped."""
        with suppress(Ended):
            while self._wait():
                self.turn()

    def turn(self) -> None:
        """Place and merge what there is; whatever goes wrong is told, and tried later."""
        began = self._timer()
        with self._turn:
            fresh, self._changed = self._changed or began >= self._whole_at, False
        try:
            if fresh:
                self._whole_at = began + WHOLE
                place_waiting(self._hub)
            if (fresh or not self._loading()) and self.now():
                self._merged()
            self._pace.went_well(began)
        except HubError as error:
            self._failed(error)
        except Exception as error:  # the last net: a merger that dies in silence would be worse
            self._failed(Fault.of(error))

    def now(self) -> bool:
        """Merge what is marked, in the caller's thread; tell whether anything was."""
        with self._alone:
            merged = merge_orders(self._hub, self._go_on)
        if merged["born"] or merged["changed"] or merged["asked"]:
            self._tell(Event(self._hub.clock(), "merged", counts=dict(merged)))
        return bool(merged)

    def _wait(self) -> bool:
        """Wait until something changed or the next look is due; False when stopped."""
        with self._turn:
            while not self._ended:
                left = self._pace.due - self._timer()
                if left <= 0 or (self._changed and not self._pace.failures):
                    return True
                self._turn.wait(left)
        return False

    def _loading(self) -> bool:
        """Tell whether one mark stands for all orders: a first load, whose reader says when it is through."""
        all_orders = {"company": dirt.ALL[0], "order_no": dirt.ALL[1]}
        with self._hub.store.read() as conn:
            return lookup.exists(conn, dirty, consumer=dirt.MERGE, **all_orders)

    def _failed(self, error: HubError) -> None:
        self._pace.failed(self._timer())
        self._tell(Event(self._hub.clock(), "failed", error=error))

    def _go_on(self, _stream: str, _done: int, _expected: int | None) -> None:
        if self._ended:
            raise Ended
