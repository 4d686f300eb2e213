"""Who is the odd one out: the smallest set of systems without which the rest agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeVar

from hub.model import TOP
from reconciler.case import View

Value = TypeVar("Value")


@dataclass(slots=True, eq=False)
class Claim:
    """What a system says of the chain: the truth lies in [lo, hi]; `view` is None for an absent system."""

    system: str
    lo: int
    hi: int
    view: View | None = None

    @property
    def absent(self) -> bool:
        """Return whether the system does not hold the order."""
        return self.view is None


def agree(claims: Iterable[Claim]) -> bool:
    """Return whether one truth fits all claims: max(lo) <= min(hi)."""
    lowest, highest = 0, TOP
    for claim in claims:
        lowest, highest = max(lowest, claim.lo), min(highest, claim.hi)
    return lowest <= highest


def odd_ones(claims: Sequence[Claim], cost: Callable[[Sequence[Claim]], Any]) -> tuple[Claim, ...]:
    """Return the smallest set of claims without which the rest agree; of several the cheapest by `cost`."""
    if agree(claims):
        return ()
    for size in range(1, len(claims)):
        fitting = [
            out for out in combinations(claims, size) if agree(claim for claim in claims if claim not in out)
        ]
        if fitting:
            return min(fitting, key=cost)
    return tuple(claims)


def minority(values: Mapping[str, Value], trust: Callable[[str], Any]) -> dict[str, Value]:
    """Return what the outvoted systems say: all but the largest group of equal values.

    Between groups of one size the one with the most trusted system (lowest `trust`) wins.
    """
    groups: dict[Value, list[str]] = {}
    for system, value in values.items():
        groups.setdefault(value, []).append(system)
    if len(groups) < 2:
        return {}
    winner = min(groups, key=lambda value: (-len(groups[value]), min(trust(name) for name in groups[value])))
    return {system: value for system, value in values.items() if value != winner}
