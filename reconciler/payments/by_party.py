"""What an entry explains that cites nothing: who pays, and a sum that only one thing of his has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from reconciler.payments import words
from reconciler.payments.books import Books
from reconciler.payments.deductions import is_discount, is_fee, most_of_fee, net
from reconciler.payments.model import BankEntry, Explanation, Posting, Receivable
from reconciler.payments.money import is_round
from reconciler.payments.parties import Directory, Party
from reconciler.payments.rates import Rates
from reconciler.payments.sums import CHANCE, MOST, chance, subsets


class ByParty:
    """Explains entries by who pays and the sums of what he owes."""

    def __init__(self, books: Books, directory: Directory, rates: Rates) -> None:
        """Take the books, who is who, and the rates."""
        self._books, self._directory, self._rates = books, directory, rates

    def explain(self, entry: BankEntry, party: Party, doubts: tuple[str, ...]) -> list[Explanation]:
        """Return all explanations of an entry by payer and sum; `doubts` hold for each of them."""
        if not party.known:
            return self._alike(entry, party, doubts)
        if party.contradicted:
            doubts = (*doubts, "match.payer_contradicted")
        if words.says_on_account(entry.text):
            doubts = (*doubts, "match.on_account_words")
        for scope, fact in self._scopes(party):
            owed = self._books.open_of(scope, entry.currency, entry.value_date, timedelta())
            if owed and (found := list(self._of(entry, owed, fact, doubts))):
                return self._beside_relatives(entry, party, scope, found)
        return list(self._abroad(entry, party, doubts))

    def _beside_relatives(
        self, entry: BankEntry, party: Party, scope: frozenset[str], found: list[Explanation]
    ) -> list[Explanation]:
        """Return what was found, with the doubt that another firm of the group owes just this sum too."""
        others = party.relatives - scope
        owed = self._books.open_of(others, entry.currency, entry.value_date, timedelta()) if others else []
        if not any(item.open == entry.amount for item in owed):
            return found
        return [replace(one, doubts=(*one.doubts, "match.relative_owes_it")) for one in found]

    def _abroad(self, entry: BankEntry, party: Party, doubts: tuple[str, ...]) -> Iterator[Explanation]:
        """Yield what is owed in another currency and is this sum by the rate that the text names."""
        said = words.rate_in(entry.text)
        if not said or not party.payers:
            return
        owed = self._books.owed_abroad(party.payers, entry.currency, entry.value_date)
        for item in owed:
            if self._rates.fits_said(entry.amount, entry.currency, item.open, item.currency, said):
                facts = (party.fact, "sum", "rate")
                yield Explanation("party_exchange", [Posting(item, entry.amount)], facts, doubts)

    def _alike(self, entry: BankEntry, party: Party, doubts: tuple[str, ...]) -> list[Explanation]:
        """Return what one customer owes whose name is like the payer's, if nobody else owes that sum."""
        if len(party.alike) != 1:
            return []
        if words.says_on_account(entry.text):
            doubts = (*doubts, "match.on_account_words")
        same = self._books.with_sum(entry.currency, entry.amount, entry.value_date)
        if len(same) != 1 or same[0].customer not in party.alike:
            return []
        return [Explanation("party_alike", [Posting(same[0], same[0].open)], ("alike", "only_sum"), doubts)]

    def _scopes(self, party: Party) -> Iterator[tuple[frozenset[str], str]]:
        """Yield whose receivables to look at, and the fact that leads there, the nearest first.

        Who is named in the text beside a payer that is a customer too comes first: it is he who is paid for.
        """
        if party.named and not party.named & party.payers:
            yield party.named, "party_in_text"
        if party.payers:
            yield party.payers, party.fact
        if party.relatives:
            yield party.family, "group"

    def _of(
        self, entry: BankEntry, owed: Sequence[Receivable], fact: str, doubts: tuple[str, ...]
    ) -> Iterator[Explanation]:
        ways = (self._single, self._discounted, self._natural, self._subset, self._fee)
        every = (list(find(entry, owed)) for find in ways)
        found = next((some for some in every if some), [])
        if not found:
            return
        facts = (fact, "sum_less_fee" if found[0][0] == "party_fee" else "sum")
        if facts == ("group", "sum_less_fee"):
            doubts = (*doubts, "match.nearly_twice")  # another firm, and another sum: two times nearly
        if len(found) > 1:
            said = [one for one in found if self._in_month(entry, one[1])]
            if len(said) == 1:
                yield self._said(said[0], (*facts, "period"), doubts)
                return
            doubts = (*doubts, "match.several_with_sum")
        for rule, postings, more in found:
            yield self._said((rule, postings, more), facts, doubts)

    def _said(
        self,
        found: tuple[str, list[Posting], tuple[str, ...]],
        facts: tuple[str, ...],
        doubts: tuple[str, ...],
    ) -> Explanation:
        rule, postings, more = found
        customers = [one.receivable.customer for one in postings]
        if not set(customers) <= self._directory.kin(customers[:1]):
            more = (*more, "match.several_customers")
        return Explanation(rule, postings, facts, (*doubts, *more))

    def _in_month(self, entry: BankEntry, postings: Iterable[Posting]) -> bool:
        said = words.month_in(entry.text)
        if said is None:
            return False
        days = [one.receivable.issued for one in postings]
        year, month = said
        return all(day is not None and day.month == month and year in (None, day.year) for day in days)

    # the ways in which a sum may come about, the simplest first

    def _single(self, entry: BankEntry, owed: Sequence[Receivable]) -> Iterator[_Found]:
        """Yield what is open with just this sum; of a round one others together may make it as well."""
        part = words.says_part(entry.text)
        for item in owed:
            if item.open == entry.amount:
                more = ("match.says_part",) if part and item.open == item.amount else ()
                if is_round(entry.amount, entry.currency) and self._is_made_up_of_others(entry, owed):
                    more = (*more, "match.several_with_sum")
                yield "party", [Posting(item, item.open)], more

    def _is_made_up_of_others(self, entry: BankEntry, owed: Sequence[Receivable]) -> bool:
        others = [item.open for item in owed if item.open != entry.amount]
        return bool(subsets(others, entry.amount))

    def _discounted(self, entry: BankEntry, owed: Sequence[Receivable]) -> Iterator[_Found]:
        for item in owed:
            due = net(item, entry)
            if item.open > 0 and due not in (item.open, item.open - 1) and abs(entry.amount - due) <= 1:
                yield "party_discount", [Posting(item, entry.amount)], ()

    def _natural(self, entry: BankEntry, owed: Sequence[Receivable]) -> Iterator[_Found]:
        """Yield what makes a statement: all that is open, all of a month, all that is due, net of credits."""
        months: dict[tuple[int, int], list[Receivable]] = defaultdict(list)
        for item in owed:
            if item.issued:
                months[item.issued.year, item.issued.month].append(item)
        due = [item for item in owed if (item.due or date.max) <= entry.value_date]
        seen: set[frozenset[Receivable]] = set()
        for some in (list(owed), due, *months.values()):
            for chosen in (some, [item for item in some if item.open > 0]):
                key = frozenset(chosen)
                if len(chosen) > 1 and key not in seen and sum(i.open for i in chosen) == entry.amount:
                    seen.add(key)
                    more = ("match.several_with_sum",) if self._is_one_of_several(entry, owed, chosen) else ()
                    yield "party_statement", [Posting(item, item.open) for item in chosen], more

    def _is_one_of_several(
        self, entry: BankEntry, owed: Sequence[Receivable], chosen: Sequence[Receivable]
    ) -> bool:
        """Tell whether others that are owed add up to the same sum, or are as much as one of the chosen.

        Of very many that cannot be told: only all of them are no one of several.
        """
        if len(owed) > MOST and len(chosen) < len(owed):
            return True
        left_out = {item.open for item in owed if item not in chosen}
        swapped = any(item.open in left_out for item in chosen)
        return swapped or len(subsets([item.open for item in owed], entry.amount)) > 1

    def _subset(self, entry: BankEntry, owed: Sequence[Receivable]) -> Iterator[_Found]:
        credit = -sum(item.open for item in owed if item.open < 0)
        able = [item for item in owed if item.open <= entry.amount + credit and item.open != entry.amount]
        if len(able) < 2:
            return
        amounts = [item.open for item in able]
        for places in subsets(amounts, entry.amount):
            more = ("match.chance",) if chance(amounts, entry.amount, len(places)) > CHANCE else ()
            yield "party_subset", [Posting(able[at], able[at].open) for at in places], more

    def _fee(self, entry: BankEntry, owed: Sequence[Receivable]) -> Iterator[_Found]:
        fresh = [item for item in owed if item.open == item.amount]
        near = [item for item in fresh if 0 < item.open - entry.amount <= most_of_fee(entry.currency)]
        more = ("match.says_part",) if words.says_part(entry.text) else ()
        kept = (item for item in near if not is_discount(item.open - entry.amount, item))
        if any(is_fee(item.open - entry.amount, item.open, entry.currency) for item in kept):
            for item in near:
                yield "party_fee", [Posting(item, entry.amount)], more


_Found = tuple[str, list[Posting], tuple[str, ...]]
