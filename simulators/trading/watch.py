"""A clock that is set by hand, for a world in which time passes only when somebody says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


class Watch:
    """Tells the time that it was set to; `heard` are called whenever it moves."""

    def __init__(self, now: datetime = START) -> None:
        """Set it to `now`, aware."""
        self.now = now
        self.heard: list[Callable[[], object]] = []

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        for one in self.heard:
            one()
