"""One wrong clock instead of a thousand skewed stamps: a constant offset between two systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from statistics import median_low
from typing import Any, Protocol, TypeVar

from hub.rules import Rules
from reconciler.case import Cause, Verdict
from reconciler.judge.trust import clock_trust

FEWEST = 10
"""A cluster of fewer orders proves no clock wrong."""

_SHARE = 0.6
_QUARTER = 15 * 60
_ZONE_FROM = 30 * 60
_Pair = tuple[str, str, str]


class Skewed(Protocol):
    """A verdict on stamps that lie apart, made now or kept from an earlier run."""

    @property
    def company(self) -> str:
        """Whose order it is."""

    @property
    def system(self) -> str:
        """Who is odd."""

    @property
    def details(self) -> dict[str, Any]:
        """Its stamps."""


S = TypeVar("S", bound=Skewed)


def clock_causes(verdicts: Sequence[Verdict], rules: Rules) -> tuple[list[Cause], list[Verdict]]:
    """Return the clocks that are wrong, and the `skew` verdicts as they stand after that.

    A cluster is at least ten orders and most of the skew between two systems of one company around one
    offset. It has one odd clock: verdicts that blamed the other system (by trust alone) are turned round.
    """
    causes = []
    for (company, one, other), slice_ in sorted(_slices(verdicts).items(), key=lambda item: item[0]):
        cluster = _cluster(slice_, one, int(rules.skew.total_seconds()))
        if cluster:
            odd = _odd(cluster, verdicts, company, (one, other), rules)
            causes.append(_cause(cluster, company, odd, other if odd == one else one, rules.skew))
    standing = list(_merged(verdicts))
    _gather(causes, standing, 2 * rules.skew.total_seconds())
    return [cause for cause in causes if cause.orders], standing


def clustered(verdicts: Iterable[Skewed], rules: Rules) -> bool:
    """Return whether any two clocks differ by about as much in so many orders that one must be wrong."""
    tolerance = int(rules.skew.total_seconds())
    return any(_cluster(slice_, one, tolerance) for (_, one, _), slice_ in _slices(verdicts).items())


def _slices(verdicts: Iterable[S]) -> dict[_Pair, list[S]]:
    """Return `skew` verdicts by company and the two systems whose stamps lie apart."""
    slices: dict[_Pair, list[S]] = {}
    for verdict in verdicts:
        if stamps := verdict.details["stamps"]:
            one, other = sorted((verdict.system, stamps[0]["against"]))
            slices.setdefault((verdict.company, one, other), []).append(verdict)
    return slices


def _cluster(slice_: Sequence[S], one: str, tolerance: int) -> list[S]:
    """Return the verdicts around the most common offset, if they are many and most of the slice."""
    offsets = sorted((_offset(verdict, one), place) for place, verdict in enumerate(slice_))
    best: Sequence[tuple[int, int]] = ()
    start = 0
    for end in range(len(offsets)):
        while offsets[end][0] - offsets[start][0] > 2 * tolerance:
            start += 1
        if end + 1 - start > len(best):
            best = offsets[start : end + 1]
    if len(best) < FEWEST or len(best) < _SHARE * len(slice_):
        return []
    return [slice_[place] for _, place in best]


def _offset(verdict: Skewed, one: str) -> int:
    """Return how many seconds the clock of system `one` is ahead of the other's."""
    off: int = verdict.details["stamps"][0]["off"]
    return off if verdict.system == one else -off


def _odd(
    cluster: Sequence[Verdict],
    verdicts: Iterable[Verdict],
    company: str,
    pair: tuple[str, str],
    rules: Rules,
) -> str:
    """Return whose clock is wrong: the one that facts contradict more often, else the less trusted."""
    proof = Counter(verdict.system for verdict in cluster if verdict.evidence)
    proof.update(
        verdict.system
        for verdict in verdicts
        if verdict.company == company and verdict.details.get("future") and verdict.system in pair
    )
    return max(pair, key=lambda system: (proof[system], clock_trust(rules, system), system))


def _cause(cluster: Sequence[Verdict], company: str, odd: str, other: str, skew: timedelta) -> Cause:
    """Return the cause, with every verdict of its cluster blaming the odd system."""
    for verdict in cluster:
        if all(entry["against"] == odd for entry in verdict.details["stamps"]):
            _turn(verdict, odd)
    offset = median_low(_offset(verdict, odd) for verdict in cluster)
    quarter = _QUARTER * round(offset / _QUARTER)
    zone = abs(offset) >= _ZONE_FROM and abs(offset - quarter) <= skew.total_seconds()
    details = {"against": other, "offset": quarter if zone else offset, "measured": offset}
    return Cause("clock_zone" if zone else "clock_offset", company, odd, other, details)


def _turn(verdict: Verdict, odd: str) -> None:
    stamps: list[dict[str, Any]] = [
        entry
        | {"said": entry["other"], "other": entry["said"], "against": verdict.system, "off": -entry["off"]}
        for entry in verdict.details["stamps"]
    ]
    verdict.system = verdict.correct_in = odd
    verdict.details = {**verdict.details, "stamps": stamps}


def _merged(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """Yield the verdicts, those that came to speak of one order and system put together."""
    seen: dict[tuple[str, ...], Verdict] = {}
    for verdict in verdicts:
        first = seen.setdefault(verdict.identity, verdict)
        if first is verdict:
            yield verdict
        else:
            stamps = [*first.details["stamps"], *verdict.details["stamps"]]
            first.details = {**first.details, **verdict.details, "stamps": stamps}


def _gather(causes: Sequence[Cause], verdicts: Iterable[Verdict], tolerance: float) -> None:
    """Put each verdict behind the clock that explains it: same offset, or in the future by a clock ahead."""
    by_system: dict[tuple[str, str], list[Cause]] = {}
    for cause in causes:
        by_system.setdefault((cause.company, cause.system), []).append(cause)
    for verdict in verdicts:
        for cause in by_system.get((verdict.company, verdict.system), ()):
            if _explains(cause, verdict, tolerance):
                cause.add(verdict)
                break


def _explains(cause: Cause, verdict: Verdict, tolerance: float) -> bool:
    if verdict.details.get("future") and cause.details["measured"] > 0:
        return True
    return any(
        entry["against"] == cause.details["against"]
        and abs(entry["off"] - cause.details["measured"]) <= tolerance
        for entry in verdict.details["stamps"]
    )
