"""What the kills came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

HIT_AT_LEAST = 0.7


@dataclass
class Tally:
    """What the kills came to."""

    kills: int = 0
    hits: int = 0
    lost: int = 0
    doubled: int = 0
    unfinished: int = 0
    backends: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was lost or doubled, and enough kills hit."""
        return not (self.lost or self.doubled or self.unfinished) and self.hits >= HIT_AT_LEAST * self.kills

    def judge(self, what: str, told: dict[str, Any] | None) -> None:
        """Count what a finished run differs in from the undisturbed one."""
        if told is None or "error" in told:
            self.unfinished += 1
            self.differing.append(f"{what}: {(told or {}).get('error', 'the next run died')}")
            return
        self.lost += told["lost"]
        self.doubled += told["doubled"]
        if told["tables"]:
            self.differing.append(f"{what}: {told['tables']}")
