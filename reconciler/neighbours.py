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
        other = one.verdict.details.get("found_as")
        if other is not None:
            pair = one.key, (one.key[0], other)
            if not seen.isdisjoint(pair):
                yield from pair


def _lookalikes(seen: AbstractSet[Key], known: Iterable[Kept]) -> Iterator[Key]:
    for one in known:
        if one.verdict.kind == "possible_duplicate" and (one.key[0], one.verdict.details["other"]) in seen:
            yield one.key


def _slips(seen: AbstractSet[Key], sift: Sift, known: Iterable[Kept]) -> set[Key]:
    """Return missing and lone orders whose number is one slip away from one that was seen."""
    here = {(one.company, one.order_no) for one, _ in sift.missing} | {key[:2] for key in sift.lone}
    there: set[Key] = set()
    for one in known:
        if one.verdict.kind in ("missing", "extra"):
            numbers = [one.key]
            if "found_as" in one.verdict.details:
                numbers.append((one.key[0], one.verdict.details["found_as"]))
            (here if one.key in seen else there).update(numbers)
    here &= seen
    if not here or not there:
        return set()
    index: dict[tuple[str, str], list[str]] = {}
    for company, order_no in here:
        for shape in shapes(order_no):
            index.setdefault((company, shape), []).append(order_no)
    return {key for key in there if _near(key, index)}


def _near(key: Key, index: dict[tuple[str, str], list[str]]) -> bool:
    company, order_no = key
    return any(
        is_slip(order_no, other) for shape in shapes(order_no) for other in index.get((company, shape), ())
    )


def _clocks(seen: AbstractSet[Key], sift: Sift, known: Collection[Kept], rules: Rules) -> set[Key]:
    """Return the orders with skewed stamps of a company in which one was seen and a clock may be wrong."""
    skews = [one for one in known if one.verdict.kind == "skew"]
    fresh = [one for one in sift.verdicts if one.kind == "skew"]
    touched = {one.company for one in fresh} | {one.key[0] for one in skews if one.key in seen}
    there = {company: [one for one in skews if one.key[0] == company] for company in touched}
    found: set[Key] = set()
    for company, kept in there.items():
        here = [one for one in fresh if one.company == company]
        explained = any(one.cause is not None for one in kept)
        others = [one.verdict for one in kept if one.key not in seen]
        if explained or clustered([*here, *others], rules):
            found.update(one.key for one in kept)
    return found
