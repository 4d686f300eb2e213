"""How hard a system may be asked: calls a second and calls at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

Sleep = Callable[[float], None]


@dataclass(slots=True)
class Limiter:
    """Holds calls back. Shared by all threads that ask one system."""

    per_second: Decimal | None = None
    parallel: int | None = None
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: threading.Semaphore | None = None

    def __post_init__(self) -> None:
        self._slots = threading.Semaphore(self.parallel) if self.parallel else None

    @contextmanager
    def turn(self, sleep: Sleep = time.sleep, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
        """Wait for a turn and hold it: calls begin evenly spaced, no more at once than allowed."""
        if self._slots is not None:
            self._slots.acquire()
        try:
            wait = self._wait(now())
            if wait > 0:
                sleep(wait)
            yield
        finally:
            if self._slots is not None:
                self._slots.release()

    def _wait(self, now: float) -> float:
        if self.per_second is None:
            return 0.0
        with self._lock:
            start = max(now, self._next)
            self._next = start + float(1 / self.per_second)
        return start - now
