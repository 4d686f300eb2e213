"""One thread of a watch: what it waits for, what becomes of its failures, where it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Condition

from hub.errors import HubError
from sync.run import Hub
from sync.watch.events import Ended, Event, Fault, Tell
from sync.watch.pace import Pace


class Shift:
    """Turn after turn until the end, in a thread of its own (`run`).

    `wake`, `changing` and `stop` are for the other threads.
    """

    def __init__(
        self, hub: Hub, every: float, tell: Tell, timer: Callable[[], float], system: str = ""
    ) -> None:
        """`every` is in seconds, from turn to turn; `system` is the one that it is about, if any."""
        self._hub, self._tell, self._timer, self._system = hub, tell, timer, system
        self._turn, self._changed = Condition(), True
        self.pace, self.ended = Pace(every), False

    def wake(self) -> None:
        """Let the next turn be made at once, unless the last one failed."""
        with self.changing():
            self._changed = True

    def stop(self) -> None:
        """Let it end: before the next turn, and in one wherever `go_on` or `ended` is asked."""
        with self.changing():
            self.ended = True

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change what is waited for, one thread at a time; then it is looked at again."""
        with self._turn:
            yield
            self._turn.notify_all()

    def run(self, turn: Callable[[], None], due: Callable[[], float] | None = None) -> None:
        """Make turns until stopped: whenever `due` (seconds of the timer), else when woken or by the pace."""
        with suppress(Ended):
            while self._wait(due or self._next):
                turn()

    @contextmanager
    def turn(self) -> Iterator[tuple[float, bool]]:
        """Give when a turn began, and whether it was woken; what goes wrong is told, and tried later."""
        began = self._timer()
        with self._turn:
            woken, self._changed = self._changed, False
        try:
            yield began, woken
            self.pace.went_well(began)
        except HubError as error:
            self.failed(error)
        except Exception as error:  # the last net: a thread that dies in silence would be worse
            self.failed(Fault.of(error))

    def failed(self, error: HubError) -> None:
        """Tell of a failure; the next turn comes later."""
        self.pace.failed(self._timer())
        self._tell(Event(self._hub.clock(), "failed", self._system, error=error))

    def go_on(self, _stream: str, _done: int, _expected: int | None) -> None:
        """Hear of each page that was committed: the place to end at, by Ended."""
        if self.ended:
            raise Ended

    def rest(self, seconds: float) -> None:
        """Wait within a turn; no longer when stopped."""
        with self._turn:
            self._turn.wait_for(lambda: self.ended, seconds)

    def _next(self) -> float:
        return 0.0 if self._changed and not self.pace.failures else self.pace.due

    def _wait(self, due: Callable[[], float]) -> bool:
        """Wait until a turn is due; False when stopped."""
        with self._turn:
            while not self.ended:
                left = due() - self._timer()
                if left <= 0:
                    return True
                self._turn.wait(left)
        return False
