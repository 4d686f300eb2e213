"""Which of some amounts add up to a sum; whether only these do, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb, gcd

MOST = 22
"""Of more amounts than these only sets of up to three are tried."""

CHANCE = 0.002
"""A subset is no evidence if so many other sums of the same amounts were to be expected to hit the sum."""


def subsets(amounts: Sequence[int], target: int, *, least: int = 2) -> list[tuple[int, ...]]:
    """Return the first two subsets (as places) of at least `least` amounts that add up to `target`.

    One means that there is no other. Of more than `MOST` amounts no more than three at once are tried.
    """
    found: list[tuple[int, ...]] = []
    walk = _few(amounts, target) if len(amounts) > MOST else _all(amounts, target)
    for places in walk:
        if len(places) >= least:
            found.append(places)
            if len(found) == 2:
                break
    return found


def chance(amounts: Sequence[int], target: int, size: int) -> float:
    """Return how many subsets of up to `size` amounts were to be expected to hit `target` by chance.

    Sums are taken as spread evenly over what is possible, in steps of what divides all of them.
    """
    grain = gcd(target, *amounts) or 1
    span = sum(abs(amount) for amount in amounts) // grain
    tried = sum(comb(len(amounts), several) for several in range(2, size + 1))
    return tried / max(span, 1)


def _all(amounts: Sequence[int], target: int) -> Iterator[tuple[int, ...]]:
    half = len(amounts) // 2
    left = _sums(amounts[:half], 0)
    right: dict[int, list[tuple[int, ...]]] = {}
    for total, places in _sums(amounts[half:], half):
        right.setdefault(total, []).append(places)
    for total, places in left:
        for more in right.get(target - total, ()):
            yield places + more


def _sums(amounts: Sequence[int], offset: int) -> list[tuple[int, tuple[int, ...]]]:
    sums: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    for at, amount in enumerate(amounts, offset):
        sums += [(total + amount, (*places, at)) for total, places in sums]
    return sums


def _few(amounts: Sequence[int], target: int) -> Iterator[tuple[int, ...]]:
    at_sum: dict[int, list[int]] = {}
    for at, amount in enumerate(amounts):
        at_sum.setdefault(amount, []).append(at)
    yield from ((at,) for at in at_sum.get(target, ()))
    for one, other in combinations(range(len(amounts)), 2):
        if amounts[one] + amounts[other] == target:
            yield one, other
    for one, other in combinations(range(len(amounts)), 2):
        for third in at_sum.get(target - amounts[one] - amounts[other], ()):
            if third > other:
                yield one, other, third
