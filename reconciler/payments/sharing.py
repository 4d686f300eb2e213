"""How the sum of an entry is shared out over the receivables that it pays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.payments import words
from reconciler.payments.model import BankEntry, Posting, Receivable
from reconciler.payments.money import decimals


def whole(items: Iterable[Receivable]) -> list[Posting]:
    """Return all that is open of receivables."""
    return [Posting(item, item.open) for item in items]


def filled(items: Sequence[Receivable], amount: int) -> list[Posting]:
    """Return a sum shared out over receivables in their order."""
    postings: list[Posting] = []
    for item in items:
        paid = min(item.open, amount)
        if paid > 0:
            postings.append(Posting(item, paid))
            amount -= paid
    return postings


def shared(items: Sequence[Receivable], amount: int) -> list[Posting]:
    """Return a sum in another currency shared out by what is open, what is over to the last."""
    total, left = sum(item.open for item in items), amount
    postings: list[Posting] = []
    for item in items[:-1]:
        part = (2 * amount * item.open + total) // (2 * total)
        postings.append(Posting(item, part))
        left -= part
    return [*postings, Posting(items[-1], left)]


def less_discounts(items: Sequence[Receivable], amount: int, parts: Sequence[int]) -> list[Posting]:
    """Return what pays receivables of which `parts` are left by discounts; nothing if that is not the sum.

    Each discount may be off by one unit, for people round it or what is left: one of them takes that.
    """
    less = [at for at, item in enumerate(items) if parts[at] != item.open]
    off = amount - sum(parts)
    if not less or abs(off) > len(less):
        return []
    taken = {less[-1]: off}
    return [Posting(item, parts[at] + taken.get(at, 0)) for at, item in enumerate(items)]


def each_said(items: Sequence[Receivable], entry: BankEntry) -> list[Posting]:
    """Return what the text of an entry says is paid of each, if it says so of all and that is the sum."""
    said = [int(one.scaleb(decimals(entry.currency))) for one in words.sums_in(entry.text)]
    fits = len(said) == len(items) and sum(said) == entry.amount
    if not fits or any(part > item.open for part, item in zip(said, items, strict=True)):
        return []
    return [Posting(item, part) for part, item in zip(said, items, strict=True)]
