"""Windows of the day in which a system is left alone: a nightly close, a backup (`limits: pause`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

from hub.errors import ConfigError, RateLimited
from hub.mapping.grammar import SystemMapping
from hub.mapping.zones import zone_of

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
            raise ConfigError("connectors.bad_pause", pause=said)
        try:
            return cls(*(clock_time.fromisoformat(one.zfill(5)) for one in found.groups()))
        except ValueError as error:
            raise ConfigError("connectors.bad_pause", pause=said) from error

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


class Pauses:
    """The pauses of one system, by its own clock (`time: zone`, else UTC)."""

    def __init__(self, mapping: SystemMapping, clock: Callable[[], datetime]) -> None:
        """Take what the mapping says; ConfigError for what is no window of the day."""
        self._system, self._clock = mapping.system, clock
        self._windows = [Pause.of(said) for said in mapping.limits.pause]
        self._zone = zone_of(mapping.time.zone) if mapping.time.zone else UTC

    def require_none(self, operation: str) -> None:
        """Raise RateLimited, with the seconds that are left, while the system is not to be asked."""
        now = self._clock()
        for window in self._windows:
            end = window.ends(now.astimezone(self._zone))
            if end is not None:
                left = (end.astimezone(UTC) - now).total_seconds()
                raise RateLimited(
                    "connectors.paused",
                    system=self._system,
                    operation=operation,
                    retry_after=left,
                    until=f"{end:%H:%M}",
                )
