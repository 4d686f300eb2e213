"""How long systems take to say what another has said already: measured on the history of orders. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, log

from hub.model import Precision, Side
from hub.rules import Route
from reconciler.classes.history import History, Said
from reconciler.judge.trust import owed

Pair = tuple[str, str, str]
"""Leading system, lagging system, status or side word."""

_RATIO = 1.15
_LAST = timedelta(days=1) - timedelta(microseconds=1)
_SIDES = (Side.CANCELLED, Side.RETURNED)


def delays(history: History, route: Route) -> Iterator[tuple[Pair, int]]:
    """Yield by how many seconds one system said a word later than another, for each pair and word.

    Only what stamps or repeated reads prove counts; of an order in several parts nothing is proved.
    """
    lives = _single_lives(history)
    for system, life in sorted(lives.items()):
        for word, rank, late in _crossings(system, life, route):
            for leader, other in sorted(lives.items()):
                first = _reached(other, rank)
                if leader != system and first is not None and late > first:
                    yield (leader, system, word), int((late - first).total_seconds())
    for side in _SIDES:
        moments = _sides(history, side)
        for system, late in sorted(moments.items()):
            for leader, first in sorted(moments.items()):
                if late > first:
                    word = str(side.name).lower()
                    yield (leader, system, word), int((late - first).total_seconds())


def _single_lives(history: History) -> dict[str, list[Said]]:
    """Return what each system said in turn, of the systems in which the order is one part."""
    lives: dict[str, list[list[Said]]] = {}
    for life in history.lives():
        known = [said for said in life if said.status is not None and not said.is_return]
        if known:
            lives.setdefault(known[0].system, []).append(known)
    return {system: found[0] for system, found in lives.items() if len(found) == 1}


def _crossings(system: str, life: Sequence[Said], route: Route) -> Iterator[tuple[str, int, datetime]]:
    """Yield the words that the system came to owe and said: word, rank, and when it said it."""
    need = route.systems.get(system)
    for place, said in enumerate(life):
        if place:
            status = owed(life[place - 1].hi)
        elif need is not None:
            status = need.from_status
        else:
            continue
        moment = _moment(said, first=not place)
        if said.lo >= status and moment is not None:
            yield status.word, int(status), moment


def _reached(life: Sequence[Said], rank: int) -> datetime | None:
    """Return when the system came to `rank` or past it."""
    moments = [_moment(said, first=not place) for place, said in enumerate(life) if said.lo >= rank]
    return min((moment for moment in moments if moment is not None), default=None)


def _moment(said: Said, first: bool) -> datetime | None:
    """Return when it was said, at the latest; None where a first read alone tells of it."""
    if said.occurred_at is not None and said.precision >= Precision.MINUTE:
        return said.occurred_at
    if said.occurred_at is not None and said.precision == Precision.DAY:
        return min(said.occurred_at + _LAST, said.read_at) if not first else said.occurred_at + _LAST
    return None if first else said.read_at


def _sides(history: History, side: Side) -> dict[str, datetime]:
    """Return when each system first said that the order is cancelled, or that goods came back."""
    moments: dict[str, datetime] = {}
    for said in history.everything():
        says = said.is_return if side is Side.RETURNED else bool(said.side & side)
        moment = _moment(said, first=True) if says and not said.deleted else None
        if moment is not None:
            moments[said.system] = min(moment, moments.get(said.system, moment))
    return moments


@dataclass(frozen=True, slots=True)
class Sketch:
    """Lengths of time, counted in steps of 15 %: little to keep, and a quantile to within a step."""

    counts: Mapping[int, int]

    @property
    def count(self) -> int:
        """How many lengths there are."""
        return sum(self.counts.values())

    def with_more(self, seconds: Counter[int], most: int) -> Sketch:
        """Return a sketch with `seconds` (length: how many) added; past `most` the older ones count half."""
        counts = Counter(self.counts)
        if self.count + sum(seconds.values()) > most:
            counts = Counter({step: times - times // 2 for step, times in self.counts.items()})
        for length, times in seconds.items():
            counts[ceil(log(max(length, 1), _RATIO))] += times
        return Sketch(dict(sorted(counts.items())))

    def quantile(self, share: float) -> int:
        """Return the length in seconds that a `share` (0 to 1) of all does not exceed."""
        wanted, seen = ceil(share * self.count), 0
        for step, times in sorted(self.counts.items()):
            seen += times
            if seen >= wanted:
                return ceil(_RATIO**step)
        return 0
