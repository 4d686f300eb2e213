"""When something is due again: every so often, more seldom while it fails. Pure: seconds come by argument."""

from __future__ import annotations

LONGEST = 300.0
"""Seconds between two tries, at most, of what fails."""


class Pace:
    """One thing's pace: `every` seconds from begin to begin, doubled with each failure in a row."""

    def __init__(self, every: float) -> None:
        """It is due at once."""
        self.every, self.due, self.failures = every, 0.0, 0

    def went_well(self, began: float) -> bool:
        """Note that it went well; tell whether it had failed before."""
        failed, self.failures = self.failures > 0, 0
        self.due = began + self.every
        return failed

    def failed(self, now: float) -> float:
        """Note a failure; return the seconds until the next try."""
        self.failures += 1
        wait = max(self.every, min(max(self.every, 1.0) * 2 ** min(self.failures, 20), LONGEST))
        self.due = now + wait
        return float(wait)
