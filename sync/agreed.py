"""Do all systems say the same of an order? The merge has their views in hand, and notes it for the next look.

What is agreed here can be no difference for the reconciliation, whatever the time is: the conditions are
those of its own sieve. Its look at all orders trusts no note, it proves them from the views. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from hub.model import STAMPS, Status
from hub.rules import Rules

READ = ("lo", "hi", "side_known", "line_digest", "unknown_code", "future", *STAMPS)
"""What is read of a view besides what merging needs; in a row it comes after `ownership.VIEW`."""


class Agreement:
    """What the rules have to do with it, looked up once."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self._skew = rules.skew // timedelta(microseconds=1)
        self._route = cache(rules.route)

    def holds(self, company: str, order_type: str | None, views: Iterable[Sequence[Any]]) -> bool:
        """Tell whether the views of one order agree, and exactly those systems hold it that must by now.

        A view is a row of `ownership.VIEW` and `READ`, in the store's own form.
        """
        systems, _, sides, _, *quantities, _, low, high, known, digests, codes, future, a, b, c, d = zip(
            *views, strict=True
        )
        top = max(low)
        if top > min(high) or any(future) or any(code is not None for code in codes):
            return False
        if any(sides) and not (_alike(sides) and _alike(known)):
            return False
        if not (_alike(digests) and all(map(_alike, quantities)) and _adds_up(top, quantities)):
            return False
        return all(map(self._together, (a, b, c, d))) and self._held(company, order_type, systems, top)

    def _together(self, stamps: Iterable[int | None]) -> bool:
        said = [stamp for stamp in stamps if stamp is not None]
        return len(said) < 2 or max(said) - min(said) <= self._skew

    def _held(self, company: str, order_type: str | None, systems: Collection[str], top: int) -> bool:
        return all(
            system not in systems if need is None else system in systems or top < need.from_status
            for system, need in self._route(company, order_type or "").systems.items()
        )


def _alike(values: Iterable[Any]) -> bool:
    """Return whether all that is said is the same."""
    said = {*values}
    return len(said) < 2 or len(said) == 2 and None in said


def _adds_up(top: int, quantities: Iterable[Iterable[int | None]]) -> bool:
    """Return whether as much was shipped as there should be; each quantity is said once at most."""
    ordered, _, shipped, returned = (
        next((one for one in said if one is not None), None) for said in quantities
    )
    if shipped is None:
        return True
    if ordered is not None and (shipped > ordered or top >= Status.SHIPPED and shipped < ordered):
        return False
    return returned is None or returned <= shipped
