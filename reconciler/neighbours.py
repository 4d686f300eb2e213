"""Orders that nobody marked, and that cannot be judged apart from one that somebody did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from hub.rules import Rules
from reconciler.clock_causes import clustered
from reconciler.kept import Kept
from reconciler.pairing import is_slip, shapes
from reconciler.sift import Sift
from reconciler.sources import Key


def neighbours(seen: AbstractSet[Key], sift: Sift, known: Sequence[Kept], rules: Rules) -> set[Key]:
    """Return the orders with a finding, or paired with one, that belong to what was `seen` and were not.

    A mistyped number and the order that it stands for; the later of two orders that look like one; all
    skewed stamps of a company where a clock may be wrong.
    """
    beside = {*_paired(seen, known), *_lookalikes(seen, known)}
    beside |= _slips(seen, sift, known)
    beside |= _clocks(seen, sift, known, rules)
    return beside - seen


def _paired(seen: AbstractSet[Key], known: Iterable[Kept]) -> Iterator[Key]:
    """Yield orders that stand under a mistyped number, and the numbers, where one of both was seen."""
    for one in known:
        if (other := one.found_as) is not None:
            pair = one.key, (one.key[0], other)
            if not seen.isdisjoint(pair):
                yield from pair


def _lookalikes(seen: AbstractSet[Key], known: Iterable[Kept]) -> Iterator[Key]:
    for one in known:
        if one.kind == "possible_duplicate" and (one.key[0], one.details["other"]) in seen:
            yield one.key


def _slips(seen: AbstractSet[Key], sift: Sift, known: Iterable[Kept]) -> set[Key]:
    """Return orders that may be what a seen one is under a mistyped number, or the other way round.

    One is missing in a system, and the other held by that system alone.
    """
    missing, lone = _Numbers(), _Numbers()
    for verdict, _ in sift.missing:
        missing.add((verdict.company, verdict.order_no), verdict.system, seen=True)
    for company, order_no, system in sift.lone:
        lone.add((company, order_no), system, seen=True)
    for one in known:
        if one.kind == "missing":
            missing.add(one.key, one.system, seen=one.key in seen)
            if (number := one.found_as) is not None:
                other = one.company, number
                lone.add(other, one.system, seen=other in seen)
        if one.kind in ("missing", "extra") and (alone := one.alone) is not None:
            lone.add(one.key, alone, seen=one.key in seen)
    return missing.near(lone) | lone.near(missing)


class _Numbers:
    """Order numbers by company and system: those seen, and those not."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str, str]] = set()
        self.unseen: set[tuple[str, str, str]] = set()

    def add(self, key: Key, system: str, *, seen: bool) -> None:
        (self.seen if seen else self.unseen).add((*key, system))

    def near(self, others: _Numbers) -> set[Key]:
        """Return the keys of `others` not seen that are a slip away from a number seen here."""
        if not self.seen or not others.unseen:
            return set()
        index: dict[tuple[str, str, str], list[str]] = {}
        for company, order_no, system in self.seen:
            for shape in shapes(order_no):
                index.setdefault((company, system, shape), []).append(order_no)
        return {
            (company, order_no)
            for company, order_no, system in others.unseen
            for shape in shapes(order_no)
            if any(is_slip(order_no, other) for other in index.get((company, system, shape), ()))
        }


def _clocks(seen: AbstractSet[Key], sift: Sift, known: Collection[Kept], rules: Rules) -> set[Key]:
    """Return the orders with skewed stamps of a company in which one was seen and a clock may be wrong."""
    skews = [one for one in known if one.kind == "skew"]
    fresh = [one for one in sift.verdicts if one.kind == "skew"]
    touched = {one.company for one in fresh} | {one.key[0] for one in skews if one.key in seen}
    there = {company: [one for one in skews if one.key[0] == company] for company in touched}
    found: set[Key] = set()
    for company, kept in there.items():
        here = [one for one in fresh if one.company == company]
        explained = any(one.cause is not None for one in kept)
        others = [one for one in kept if one.key not in seen]
        if explained or clustered([*here, *others], rules):
            found.update(one.key for one in kept)
    return found
