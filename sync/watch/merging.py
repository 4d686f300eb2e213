"""What places and merges: at once where something came in, every few seconds what has come due.

It has a thread of its own, for what was read must not wait until a slow system has taken its writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from hub.store import lookup
from hub.store.tables import dirty
from sync import dirt
from sync.run import Hub, merge_orders, place_waiting
from sync.watch.events import Event, Tell
from sync.watch.shift import Shift

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
        self._hub, self._tell, self._merged = hub, tell, merged
        self._shift, self._alone, self._whole_at = Shift(hub, LOOK, tell, timer), Lock(), 0.0

    def wake(self) -> None:
        """Let everything be looked at now: something came in."""
        self._shift.wake()

    def stop(self) -> None:
        """Let it end before the next transaction."""
        self._shift.stop()

    def run(self) -> None:
        """Look until stopped."""
        self._shift.run(self.turn)

    def turn(self) -> None:
        """Place and merge what there is; whatever goes wrong is told, and tried later."""
        with self._shift.turn() as (began, woken):
            fresh = woken or began >= self._whole_at
            if fresh:
                self._whole_at = began + WHOLE
                place_waiting(self._hub)
            if (fresh or not self._loading()) and self.now():
                self._merged()

    def now(self) -> bool:
        """Merge what is marked, in the caller's thread; tell whether anything was."""
        with self._alone:
            merged = merge_orders(self._hub, self._shift.go_on)
        if merged["born"] or merged["changed"] or merged["asked"]:
            self._tell(Event(self._hub.clock(), "merged", counts=dict(merged)))
        return bool(merged)

    def _loading(self) -> bool:
        """Tell whether one mark stands for all orders: a first load, whose reader says when it is through."""
        all_orders = {"company": dirt.ALL[0], "order_no": dirt.ALL[1]}
        with self._hub.store.read() as conn:
            return lookup.exists(conn, dirty, consumer=dirt.MERGE, **all_orders)
