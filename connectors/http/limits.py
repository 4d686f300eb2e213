"""How hard a system may be asked: calls a second, calls at once, and windows in which it is left alone."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as clock_time
from decimal import Decimal

from hub.errors import ConfigError, RateLimited

Sleep = Callable[[float], None]
_WINDOW = re.compile(r"\s*(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})\s*")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A daily window, in the system's own time, in which it is not asked."""

    start: clock_time
    end: clock_time

    @classmethod
    def of(cls, said: str) -> Pause:
        """Read "22:00-23:30"; a window may run past midnight. ConfigError for anything else."""
        found = _WINDOW.fullmatch(said)
        if found is None:
            raise ConfigError("http.bad_pause", pause=said)
        try:
            return cls(*(clock_time.fromisoformat(one.zfill(5)) for one in found.groups()))
        except ValueError as error:
            raise ConfigError("http.bad_pause", pause=said) from error

    def ends(self, now: datetime) -> datetime | None:
        """Return when the window that holds `now` (aware, local to the system) ends; None outside of it."""
        for day in (now.date() - _DAY, now.date()):
            start = datetime.combine(day, self.start, now.tzinfo)
            end = datetime.combine(
                day + (_DAY if self.end <= self.start else timedelta()), self.end, now.tzinfo
            )
            if start <= now < end:
                return end
        return None


def require_open(pauses: Sequence[Pause], now: datetime, zone: tzinfo, system: str, operation: str) -> None:
    """Raise RateLimited, with the seconds that are left, while a system is not to be asked."""
    local = now.astimezone(zone)
    for pause in pauses:
        end = pause.ends(local)
        if end is not None:
            left = (end.astimezone(UTC) - now).total_seconds()
            raise RateLimited(
                "http.paused", system=system, operation=operation, retry_after=left, until=f"{end:%H:%M}"
            )


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
