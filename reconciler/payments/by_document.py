"""What the documents explain that a remittance cites: confirmed by the sum, or by who pays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from reconciler.payments import words
from reconciler.payments.books import Books
from reconciler.payments.deductions import is_discount, is_fee, net, offered
from reconciler.payments.model import BankEntry, Explanation, Posting, Receivable
from reconciler.payments.money import is_round, to_major
from reconciler.payments.numbers import Citation
from reconciler.payments.parties import Directory, Party
from reconciler.payments.rates import Rates
from reconciler.payments.sharing import each_said, filled, less_discounts, shared, whole
from reconciler.payments.sums import CHANCE, MOST, chance, subsets

_SIX = 6


@dataclass(frozen=True, slots=True)
class Cited:
    """The receivables that an entry cites of one customer, or of one group of them.

    `documents` holds those of each number; `confirmed` tells whether the payer is known to be them,
    `unlisted` whether a number is cited as well that is nobody's.
    """

    documents: Sequence[Sequence[Receivable]]
    how: str
    confirmed: bool
    foreign: bool = False
    unlisted: bool = False

    @property
    def items(self) -> list[Receivable]:
        """All of them that are open, each once."""
        return list(dict.fromkeys(item for items in self.documents for item in items if item.open))


class ByDocument:
    """Explains entries by the documents that they cite."""

    def __init__(self, books: Books, directory: Directory, rates: Rates) -> None:
        """Take the books, who is who, and the rates seen so far."""
        self._books, self._directory, self._rates = books, directory, rates

    def scopes(self, entry: BankEntry, party: Party, citations: Sequence[Citation]) -> list[Cited]:
        """Return what is cited, apart for each customer that it may be of; of the payer, if he is known."""
        if not citations:
            return []
        firm = [one for one in citations if one.how != "number_cut"]
        if party.known and not party.contradicted:
            own = self._of(citations, party.family, confirmed=True)
            if own.documents:
                return [own]
        if not firm:
            firm = [one for one in citations if len(one.number) >= _SIX]
        groups = {self._directory.kin([item.customer]) for one in firm for item in one.items}
        found = [self._of(firm, group, confirmed=False) for group in sorted(groups, key=sorted)]
        if len(found) > 1 and len(firm) > 1:
            every = self._of(firm, frozenset(chain.from_iterable(groups)), confirmed=False)
            if every.how == "document" and sum(item.open for item in every.items) == entry.amount:
                found = [every]  # one pays for several customers, and says so to the cent
        if party.payers:
            return [Cited(one.documents, one.how, False, foreign=True) for one in found]
        return [self._misspelled(entry, one) for one in found if one.documents]

    def _of(self, citations: Sequence[Citation], customers: frozenset[str], *, confirmed: bool) -> Cited:
        documents: list[list[Receivable]] = []
        hows: set[str] = set()
        unlisted = any(one.how == "unlisted" for one in citations)
        for one in citations:
            items = [item for item in one.items if item.customer in customers]
            if items:
                documents.append(items)
                hows.add(one.how)
        order = ("number_cut", "number_read_amiss", "document")
        how = next((how for how in order if how in hows), "document")
        return Cited(documents, how, confirmed, unlisted=unlisted)

    def _misspelled(self, entry: BankEntry, cited: Cited) -> Cited:
        """Return what is cited as confirmed if the payer's name is but a misspelling of the customer's."""
        customers = {item.customer for items in cited.documents for item in items}
        alike = entry.payer_name and any(
            self._directory.is_alike(customer, entry.payer_name) for customer in customers
        )
        return Cited(cited.documents, cited.how, True) if alike else cited

    def explain(self, entry: BankEntry, party: Party, citations: Sequence[Citation]) -> list[Explanation]:
        """Return all explanations of an entry by what it cites, each with what speaks against it."""
        scopes = self.scopes(entry, party, citations)
        found = [one for cited in scopes for one in self._explain(entry, party, cited)]
        certain = [one for one in found if not one.doubts and "sum" in one.facts]
        return certain or found

    def _explain(self, entry: BankEntry, party: Party, cited: Cited) -> Iterator[Explanation]:
        items = cited.items
        if not items:
            return
        facts: tuple[str, ...] = (cited.how,)
        doubts = self._foreign(entry, party, cited)
        if cited.confirmed:
            facts = (*facts, self._fact(party, items))
        home = [item for item in items if item.currency == entry.currency]
        if home:
            exact = list(self._exact(entry, cited, home, facts, doubts))
            yield from exact or self._inexact(entry, party, home, facts, doubts, cited)
        elif items:
            yield from self._abroad(entry, items, facts, doubts)

    def _foreign(self, entry: BankEntry, party: Party, cited: Cited) -> tuple[str, ...]:
        """Return what speaks against documents of another customer than the one who pays.

        Nothing, if all are cited in full and add up: one pays for another, unless he owes that sum himself.
        """
        if not cited.foreign:
            return ()
        items = [item for item in cited.items if item.currency == entry.currency]
        adds_up = cited.how == "document" and sum(item.open for item in items) == entry.amount
        owed = self._books.open_of(party.family, entry.currency, entry.value_date)
        if adds_up and not any(item.open == entry.amount for item in owed):
            return ()
        return ("match.other_customer",)

    def _fact(self, party: Party, items: Iterable[Receivable]) -> str:
        """Return the fact that leads from the payer to what he cites."""
        if not party.known:
            return "alike"
        return party.fact if all(item.customer in party.known for item in items) else "group"

    # what adds up

    def _exact(
        self,
        entry: BankEntry,
        cited: Cited,
        items: Sequence[Receivable],
        facts: tuple[str, ...],
        doubts: tuple[str, ...],
    ) -> Iterator[Explanation]:
        facts = (*facts, "sum")
        total = sum(item.open for item in items)
        if total == entry.amount:
            yield Explanation("document", whole(items), facts, doubts)
            return
        found = list(self._part_of(entry, cited, items)) or list(self._with_credits(entry, items))
        if len(found) == 1:
            rule, chosen = found[0]
            if rule == "document_part" and _by_chance(items, chosen, entry.amount):
                doubts = (*doubts, "match.chance")
            yield Explanation(rule, whole(chosen), facts, doubts)
        elif found:
            many = (*doubts, "match.several_sums")
            yield from (Explanation(rule, whole(chosen), facts, many) for rule, chosen in found)
        else:
            yield from self._discounted(entry, items, facts, doubts)

    def _part_of(
        self, entry: BankEntry, cited: Cited, items: Sequence[Receivable]
    ) -> Iterator[tuple[str, list[Receivable]]]:
        """Yield what of the cited adds up: of every document something, else some of the documents."""
        if not 2 <= len(items) <= MOST:
            return
        found = subsets([item.open for item in items], entry.amount, least=1)
        chosen = [[items[at] for at in places] for places in found]
        full = [some for some in chosen if all(set(doc) & set(some) for doc in cited.documents)]
        yield from (("document_part", some) for some in full or chosen)

    def _with_credits(
        self, entry: BankEntry, items: Sequence[Receivable]
    ) -> Iterator[tuple[str, list[Receivable]]]:
        """Yield the cited documents with credit notes of the same customer that make up the difference."""
        lacking = entry.amount - sum(item.open for item in items)
        if lacking >= 0:
            return
        customers = {item.customer for item in items}
        owed = self._books.open_of(customers, entry.currency, entry.value_date)
        credits = [item for item in owed if item.open < 0 and item not in items]
        for places in subsets([item.open for item in credits], lacking, least=1):
            yield "document_credit", [*items, *(credits[at] for at in places)]

    def _discounted(
        self, entry: BankEntry, items: Sequence[Receivable], facts: tuple[str, ...], doubts: tuple[str, ...]
    ) -> Iterator[Explanation]:
        if postings := less_discounts(items, entry.amount, [net(item, entry) for item in items]):
            yield Explanation("document_discount", postings, facts, doubts)

    # what does not add up, but is cited by who owes it

    def _inexact(
        self,
        entry: BankEntry,
        party: Party,
        items: Sequence[Receivable],
        facts: tuple[str, ...],
        doubts: tuple[str, ...],
        cited: Cited,
    ) -> Iterator[Explanation]:
        total = sum(item.open for item in items)
        if not cited.confirmed:
            doubts = (*doubts, "match.other_sum_unknown_payer")
        if cited.how == "number_cut":
            doubts = (*doubts, "match.number_cut")
        if self._elsewhere(entry, party, items):
            doubts = (*doubts, "match.other_with_sum")
        if entry.amount > total > 0:
            if words.says_on_account(entry.text):
                doubts = (*doubts, "match.on_account_words")
            rest = entry.amount - total
            known = cited.confirmed and not cited.unlisted
            more = self._making_up(entry, party, items, rest) if known else []
            if len(more) == 1:
                yield Explanation("document_and_one", whole([*items, *more]), (*facts, "sum"), doubts)
            else:
                yield Explanation("document_over", whole(items), facts, doubts, rest)
        elif len(items) == 1 and items[0].open > 0:
            short = items[0].open - entry.amount
            kept = is_fee(short, items[0].open, entry.currency) and not is_discount(short, items[0])
            rule = "document_fee" if kept else "document_part_payment"
            if rule == "document_part_payment" and words.says_on_account(entry.text):
                doubts = (*doubts, "match.on_account_words")
            yield Explanation(rule, [Posting(items[0], entry.amount)], facts, doubts)
        elif total > 0 and (said := each_said(items, entry)):
            yield Explanation("document_part_payment", said, (*facts, "sum"), doubts)
        elif total > 0 and (late := less_discounts(items, entry.amount, [offered(item) for item in items])):
            yield Explanation("document_part_payment", late, facts, doubts)
        elif total > 0:
            doubts = (*doubts, "match.split_unknown")
            yield Explanation("document_part_payment", filled(items, entry.amount), facts, doubts)
            if all(item.open > 0 for item in items):
                yield Explanation("document_part_payment", shared(items, entry.amount), facts, doubts)

    def _making_up(
        self, entry: BankEntry, party: Party, items: Sequence[Receivable], rest: int
    ) -> list[Receivable]:
        """Return what else the same people owe that is just what is left of a payment.

        Nothing where that is round: so is what people pay too much.
        """
        if is_round(rest, entry.currency):
            return []
        customers = party.family or self._directory.kin(item.customer for item in items)
        owed = self._books.open_of(customers, entry.currency, entry.value_date)
        return [item for item in owed if item.open == rest and item not in items]

    def _elsewhere(self, entry: BankEntry, party: Party, items: Sequence[Receivable]) -> bool:
        """Tell whether the sum is exactly that of something else that the same people owe."""
        customers = party.family or self._directory.kin(item.customer for item in items)
        owed = self._books.open_of(customers, entry.currency, entry.value_date)
        return any(item.open == entry.amount and item not in items for item in owed)

    # what is owed in another currency

    def _abroad(
        self, entry: BankEntry, items: Sequence[Receivable], facts: tuple[str, ...], doubts: tuple[str, ...]
    ) -> Iterator[Explanation]:
        if len({item.currency for item in items}) > 1 or any(item.open <= 0 for item in items):
            return
        foreign = items[0].currency
        owed = sum(item.open for item in items)
        postings = shared(items, entry.amount)
        said = words.rate_in(entry.text)
        if said and self._rates.fits_said(entry.amount, entry.currency, owed, foreign, said):
            yield Explanation("document_exchange", postings, (*facts, "sum"), doubts)
            return
        fits = self._rates.fits(entry.amount, entry.currency, owed, foreign)
        if fits is not False and to_major(owed, foreign) in words.amounts_in(entry.text, foreign):
            yield Explanation("document_exchange", postings, (*facts, "sum"), doubts)
            return
        if not fits or owed == entry.amount:
            doubts = (*doubts, "match.rate_unknown")
        yield Explanation("document_exchange", postings, (*facts, "rate") if fits else facts, doubts)

    def learn(self, entry: BankEntry, party: Party, citations: Sequence[Citation]) -> None:
        """Note the rate of an entry that cites one document of its payer in another currency."""
        for cited in self.scopes(entry, party, citations):
            items = cited.items
            if (
                cited.confirmed
                and len(items) == 1
                and items[0].currency != entry.currency
                and items[0].open > 0
            ):
                self._rates.learn(entry.amount, entry.currency, items[0].open, items[0].currency)


def _by_chance(items: Sequence[Receivable], chosen: Sequence[Receivable], amount: int) -> bool:
    """Tell whether so many sets, as far from none or from all, may well hit the sum by chance."""
    far = min(len(chosen), len(items) - len(chosen))
    return 2 * chance([item.open for item in items], amount, far) > CHANCE
