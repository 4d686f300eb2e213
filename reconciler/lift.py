"""What findings have in common more often than orders at large: few slices that explain most. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FEWEST = 10
"""Fewer findings than this have nothing in common but chance."""

LEAST_LIFT = 3
"""A slice explains findings that are so many times more frequent in it than orders are."""

DIMENSIONS = ("run", "mapping", "code", "hour", "sku", "customer", "plant", "order_type", "company")
"""What is looked at; of two slices that explain as much, the one named first is nearer to the cause."""

_SHARE = 0.3
_MOST = 3

Slice = tuple[str, str]
"""Dimension and value."""

Traits = frozenset[Slice]
"""The slices that one finding or order lies in."""


@dataclass(frozen=True, slots=True)
class Lift:
    """A slice that explains findings: their share of all that were left, and that of orders, in per cent."""

    slice: Slice
    share: int
    base: int

    @property
    def times(self) -> int:
        """By how many times a finding is likelier to lie in the slice than an order."""
        return self.share // max(self.base, 1)


def explain(found: Sequence[Traits], base: Sequence[Traits]) -> Iterator[Lift]:
    """Yield slices that explain `found`, each as many of those left over as it can (greedy cover).

    `base` are orders at large. A slice needs ten findings and three in ten of those left, and a share three
    times that of orders.
    """
    left = list(found)
    everywhere = Counter(slice_ for traits in base for slice_ in traits)
    for _ in range(_MOST):
        best = _best(left, everywhere, len(base))
        if best is None:
            return
        yield best
        left = [traits for traits in left if best.slice not in traits]


def _best(left: Sequence[Traits], everywhere: Counter[Slice], orders: int) -> Lift | None:
    here = Counter(slice_ for traits in left for slice_ in traits)
    fitting: list[tuple[float, int, Slice, Lift]] = []
    for slice_, count in here.items():
        if count < max(FEWEST, _SHARE * len(left)):
            continue
        share, base = count / len(left), (everywhere[slice_] + 1) / (orders + 2)
        if share >= LEAST_LIFT * base:
            lift = Lift(slice_, round(100 * share), round(100 * base))
            fitting.append((-count * (1 - base / share), DIMENSIONS.index(slice_[0]), slice_, lift))
    return min(fitting)[3] if fitting else None
