"""One system's reader: pulls it every few seconds, and reads at once what a call has named."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from connectors.contract import Connector
from connectors.registry import open_connector
from hub.errors import HubError, LeaseBusy
from hub.store.leases import lease
from hub.store.turns import LEASE, holder, wall
from sync.run import Hub, sync_system
from sync.watch.calls import Calls
from sync.watch.events import Event, Fault, Tell
from sync.watch.keyed import read_keys
from sync.watch.shift import Shift

BUSY = 0.2
"""Seconds until a system is asked again that another process reads just now."""

SETTLE = 2.0
"""Seconds after which a record that showed nothing new is read once more, where the mapping does not say."""

_NO_NEWS = frozenset({"records", "unchanged", "skipped", "missed"})
"""Counts that tell of nothing that changed."""


class Reading:
    """Reads one system, in a thread of its own (`run`); `ask` and `stop` are for the others.

    Calls and pulls take turns in one thread and under the lease of a pull, so that an older answer is never
    taken in after a newer one. `changed` is told when something came in.
    """

    def __init__(
        self,
        hub: Hub,
        system: str,
        every: float,
        tell: Tell,
        changed: Callable[[], None],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`every` is in seconds."""
        self.system = system
        self._hub, self._tell, self._changed, self._timer = hub, tell, changed, timer
        settle = hub.mappings[system].limits.settle
        self._settle = settle.total_seconds() if settle else None
        self._shift, self._calls = Shift(hub, every, tell, timer, system), Calls()
        self._connector: Connector | None = None

    def ask(self, stream: str, keys: Sequence[str]) -> None:
        """Let records be read as soon as may be."""
        with self._shift.changing():
            self._calls.ask(stream, keys, self._timer())

    def stop(self) -> None:
        """Let the reader end before its next transaction."""
        self._shift.stop()

    def run(self) -> None:
        """Read until stopped."""
        self._shift.run(self.turn, self._due)
        self._close()

    def turn(self) -> None:
        """Read what was called for, then pull if it is time; whatever goes wrong is told, and tried later."""
        with self._shift.changing():
            asked = self._calls.take(self._timer())
        try:
            if asked:
                self._wake(asked)
            if self._timer() >= self._shift.pace.due:
                self._pull()
        except Exception as error:  # the last net: a reader that dies in silence would be worse
            self._shift.failed(Fault.of(error))

    def _due(self) -> float:
        """Return when to read next: for a call, or by the pace."""
        called = self._calls.next_at()
        return self._shift.pace.due if called is None else min(self._shift.pace.due, called)

    def _pull(self) -> None:
        began, pace = self._timer(), self._shift.pace
        result = sync_system(self._hub, self.system, self._shift.go_on)
        if result.skipped is not None:
            pace.due = began + pace.every
            self._say("busy", error=result.skipped)
            return
        self._took("read", result.counts)
        if result.errors:
            self._shift.failed(result.errors[0])
        elif pace.went_well(began):
            self._say("well")

    def _wake(self, asked: dict[str, list[str]]) -> None:
        """Read what was called for; what cannot be read now is put back."""
        store, go_on = self._hub.store, self._shift.go_on
        try:
            with lease(store, f"sync:{self.system}", holder(), wall(), LEASE) as held:
                connector = self._connector = self._connector or self._opened()
                for stream, keys in list(asked.items()):
                    counts = read_keys(self._hub, connector, stream, keys, self.system, held, go_on)
                    del asked[stream]
                    self._was_read(stream, keys, _news(counts))
                    self._took("woken", counts)
        except LeaseBusy:
            self._put_back(asked, BUSY)
        except HubError as error:
            self._close()
            self._shift.failed(error)
            self._put_back(asked, self._shift.pace.due - self._timer())
        except Exception:
            self._close()
            raise  # what was called for comes with a pull

    def _was_read(self, stream: str, keys: list[str], news: bool) -> None:
        """Let what a lagging replica may not have shown yet be read once more."""
        settle = SETTLE if self._settle is None and not news else self._settle
        with self._shift.changing():
            self._calls.was_read(stream, keys, None if settle is None else self._timer() + settle)

    def _put_back(self, asked: dict[str, list[str]], seconds: float) -> None:
        with self._shift.changing():
            self._calls.put_back(asked, self._timer() + seconds)

    def _opened(self) -> Connector:
        return open_connector(self._hub.mappings[self.system], self._hub.env, self._hub.clock)

    def _close(self) -> None:
        if self._connector is not None:
            self._connector.close()
            self._connector = None

    def _took(self, kind: str, counts: Counter[str]) -> None:
        if _news(counts):
            self._say(kind, counts)
            self._changed()

    def _say(self, kind: str, counts: Counter[str] | None = None, error: HubError | None = None) -> None:
        self._tell(Event(self._hub.clock(), kind, self.system, dict(counts or {}), error))


def _news(counts: Counter[str]) -> bool:
    return any(count for name, count in counts.items() if name not in _NO_NEWS)
