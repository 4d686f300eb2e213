"""Candidates for entries that nothing explains for certain: what people should look at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.payments import words
from reconciler.payments.books import Books
from reconciler.payments.deductions import net
from reconciler.payments.model import BankEntry, Explanation, Posting, Receivable
from reconciler.payments.numbers import Citation
from reconciler.payments.parties import Party
from reconciler.payments.rates import Rates
from reconciler.payments.sharing import filled

MOST = 3
"""So many candidates are shown for an entry."""

_NEAR = 12
"""A sum that is short by less than one part in so many may be what is owed less something."""


class Proposing:
    """Finds candidates; knows nothing of certainty."""

    def __init__(self, books: Books, rates: Rates) -> None:
        """Take the books as they stand after everything certain is posted, and the rates seen."""
        self._books, self._rates = books, rates

    def candidates(
        self, entry: BankEntry, party: Party, citations: Sequence[Citation], known: Iterable[Explanation]
    ) -> list[Explanation]:
        """Return at most three candidates, the likeliest first; `known` are explanations that have doubts."""
        found = [*known]
        cited = [item for one in citations for item in one.items if item.open]
        if len(cited) <= MOST:
            found += [self._paying(entry, [item], ("document",)) for item in cited if item.open > 0]
        customers = party.family or party.alike
        fact = party.fact if party.family else "alike"
        owed = self._books.open_of(customers, entry.currency, entry.value_date)
        found += self._by_sum(entry, owed, fact)
        abroad = self._books.owed_abroad(customers, entry.currency, entry.value_date)
        found += [
            self._paying(entry, [item], (fact, "rate"))
            for item in abroad
            if self._rates.fits(entry.amount, entry.currency, item.open, item.currency)
        ]
        if not customers or not owed:
            same = self._books.with_sum(entry.currency, entry.amount, entry.value_date)
            found += [self._paying(entry, [item], ("sum",)) for item in same[: MOST + 1]]
        return self._ranked(found)

    def for_rest(self, entry: BankEntry, party: Party, posted: Explanation) -> list[Explanation]:
        """Return what was posted, each time with something else that is just what stays on account."""
        owed = self._books.open_of(party.family, entry.currency, entry.value_date)
        return [
            Explanation(posted.rule, [*posted.postings, Posting(item, item.open)], (*posted.facts, "sum"))
            for item in owed
            if item.open == posted.rest
        ][:MOST]

    def _by_sum(self, entry: BankEntry, owed: Sequence[Receivable], fact: str) -> list[Explanation]:
        """Return what is owed with just this sum, or a little more, or else the oldest of it."""
        exact = [i for i in owed if entry.amount in (i.open, net(i, entry))]
        near = [i for i in owed if 0 < i.open - entry.amount <= i.open // _NEAR and i not in exact]
        near.sort(key=lambda item: item.open)
        found = [self._paying(entry, [item], (fact, "sum")) for item in self._by_month(entry, exact)]
        found += [self._paying(entry, [item], (fact, "nearly_sum")) for item in near]
        if len(found) < MOST and (running := self._running(entry, owed)):
            found.append(running)
        if len(found) < MOST:
            more = [item for item in owed if item.open > entry.amount and item not in near]
            found += [self._paying(entry, [item], (fact,)) for item in more[:MOST]]
        if len(found) < MOST and (filled := self._oldest_first(entry, owed)):
            found.append(filled)
        return found

    def _running(self, entry: BankEntry, owed: Sequence[Receivable]) -> Explanation | None:
        """Return what is owed, the oldest first, the last in part: several, and nothing is left over."""
        postings = filled(owed, entry.amount)
        if len(postings) < 2 or sum(one.amount for one in postings) < entry.amount:
            return None
        return Explanation("oldest_first", postings, ("party",))

    def _by_month(self, entry: BankEntry, items: Sequence[Receivable]) -> list[Receivable]:
        said = words.month_in(entry.text)
        if said is None:
            return list(items)
        return sorted(items, key=lambda item: item.issued is None or item.issued.month != said[1])

    def _oldest_first(self, entry: BankEntry, owed: Sequence[Receivable]) -> Explanation | None:
        left, postings = entry.amount, []
        for item in owed:
            if 0 < item.open <= left:
                postings.append(Posting(item, item.open))
                left -= item.open
        return Explanation("oldest_first", postings, ("party",), (), left) if len(postings) > 1 else None

    def _paying(self, entry: BankEntry, items: Sequence[Receivable], facts: tuple[str, ...]) -> Explanation:
        left, postings = entry.amount, []
        for item in items:
            paid = min(item.open, left) if item.currency == entry.currency else left
            postings.append(Posting(item, paid))
            left -= paid
        return Explanation("candidate", postings, facts, (), left)

    def _ranked(self, found: Iterable[Explanation]) -> list[Explanation]:
        best: dict[tuple[tuple[str, int], ...], Explanation] = {}
        for one in found:
            if one.postings and one.key not in best:
                best[one.key] = one
        ranked = sorted(best.values(), key=_weight, reverse=True)
        return ranked[:MOST]


_WEIGHTS = {
    "sum": 4, "sum_less_fee": 3, "document": 4, "number_read_amiss": 3, "number_cut": 2, "period": 2,
    "rate": 2, "nearly_sum": 2, "party": 3, "account": 3, "party_in_text": 2, "group": 2, "alike": 1,
}  # fmt: skip


def _weight(one: Explanation) -> int:
    return sum(_WEIGHTS.get(fact, 1) for fact in one.facts)
