"""Which links a careful accountant could know: labels computed from the three files, entry by entry in time.

A link is **decidable** when two independent facts speak for it and nothing of equal weight for another:

- *document*: the text carries a number of the receivable (invoice, order or contract), maybe with a slip that
  leaves it legible, and every other open document such a number could mean is ruled out by party or sum;
- *party*: exactly one customer (or one group, by `parent_name`) is meant by the payer's account or name as
  `customers.csv` has them. A shortened name counts if one customer alone has all of it, a name with a slip if
  the customer has no near twin or sister firm and no other name is one sign away; account and name that
  contradict each other count as nothing;
- *sum*: the cash is to the cent what is open of the receivables (or of it less a discount still in time, or
  by a rate the text states), and no other set of open receivables of the party has this sum. A sum of several
  is looked for among at most 16 open items; beyond, only single items and pairs are, and a set of three or
  more is not decidable. A month named in the text narrows the items.

Document with party but without the sum (a part, too much, a bank's fee) counts for one document only, and not
if another item or pair of the party has just this sum. Receivables count from their day of issue on. Items
are taken as closed only by decidable links of earlier entries (by value date, then order in the file):
whoever cannot know what an earlier entry paid does not know that this one is unambiguous. With document and
sum alone the invoice number has six digits or signs at least.

What is not decidable is **askable** when three proposals can hold the answer: its documents are cited, to the
cent or one alone; or at most three sets of open items (of the party, if known) have the sum; or, for a part,
the party has at most three open items as large.

No fair question, and dropped: an entry that pays nothing but has two such facts for something open; one that
cites to the cent, or whose party and sum mean only, what it does not pay; a return that could be of another
payment as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from benchmarks.payments.ledger import MOST, Ledger, Register, ways
from benchmarks.payments.marks import fold
from benchmarks.payments.model import Entry, Receivable, World, share

_NUMBER = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z/_.-]*[0-9A-Za-z])?")
SOON = 10
"""An entry that pays nothing must not fit to what is issued within so many days either."""


def numbers(text: str) -> set[str]:
    """Return the folds of what may be a number in a text: tokens, and what signs divide in them."""
    found = set()
    for token in _NUMBER.findall(unicodedata.normalize("NFKC", text)):
        found.add(fold(token))
        found |= {fold(part) for part in re.split("[-/_.]", token) if len(part) > 3}
    return found


class Judge:
    """Says of each entry, in order, whether its links can be known."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._register, self._ledger = Register(world.customers), Ledger(world)
        self._sized: dict[int, list[Receivable]] = defaultdict(list)
        for one in world.receivables:
            self._sized[one.cents].append(one)

    def label(self) -> None:
        """Label all entries of the world and drop those that are no fair question."""
        kept = []
        unclear = self._unclear()
        for entry in sorted(self._world.entries, key=lambda e: (e.day, e.tie)):
            if entry.tale in unclear:
                continue
            if not entry.links:
                if not self._tempts(entry):
                    kept.append(entry)
                continue
            entry.decidable = self.decide(entry)
            if not entry.decidable and self._misleads(entry):
                continue
            entry.askable = entry.decidable or self.askable(entry)
            if entry.decidable:
                self._ledger.post(entry)
            kept.append(entry)
        self._world.entries = kept

    def decide(self, entry: Entry) -> bool:
        """Return whether two facts speak for the entry's links and nothing else does."""
        party = self._register.party(entry)
        paid = {place for place, _ in entry.links}
        currency, cents = entry.asked or (entry.currency, entry.cents)
        if {self._ledger.items[place].currency for place in paid} != {currency}:
            return self._unrated(entry, party, paid)
        hits = self._hits(entry, party)
        if not entry.cites:
            named = self._hits(entry, frozenset()) - paid
            if any(self._ledger.open[place] == cents for place in named):
                return False
            return not hits and self._by_sum(entry, party, paid, currency, cents)
        if set(entry.cites) != paid:
            return False
        if self._exact(entry, paid, cents):
            return self._by_document(entry, party, paid, hits | paid, currency, cents)
        if len(paid) > 1 or hits - paid or not self._among(party, paid):
            return False
        return not self._fits(party, currency, entry.day, cents)

    def askable(self, entry: Entry) -> bool:
        """Return whether at most three answers are as good as the true one."""
        party = self._register.party(entry)
        paid = {place for place, _ in entry.links}
        currency, cents = entry.asked or (entry.currency, entry.cents)
        if {self._ledger.items[place].currency for place in paid} != {currency}:
            return set(entry.cites) == paid and self._among(party, paid)
        if set(entry.cites) == paid:
            return self._total(paid) == cents or (len(paid) == 1 and self._among(party, paid))
        if not self._among(party, paid):
            return (
                len(paid) == 1 and not party and self._total(paid) == cents and self._alike(entry, cents) <= 3
            )
        items = self._ledger.of(party, currency, entry.day, entry.month)
        if self._total(paid) == cents:
            fits = ways([self._ledger.open[one.place] for one in items], cents)
            return fits <= 3 and (len(items) <= MOST or len(paid) == 1)
        return len(paid) == 1 and sum(self._ledger.open[one.place] >= cents for one in items) <= 3

    def _alike(self, entry: Entry, cents: int) -> int:
        """Count the open items of all customers that have this sum."""
        return sum(
            self._ledger.open[one.place] == cents
            and one.issued <= entry.day
            and one.currency == entry.currency
            for one in self._sized[cents]
        )

    def _by_sum(self, entry: Entry, party: frozenset[int], paid: set[int], currency: str, cents: int) -> bool:
        """Party and a sum that only these receivables make."""
        if not self._among(party, paid):
            return False
        items = self._ledger.of(party, currency, entry.day, entry.month)
        if not paid <= {one.place for one in items} or (len(items) > MOST and len(paid) > 2):
            return False
        reduced = [place for place in self._reduced(items, entry.day, cents) if place not in paid]
        counted = ways([self._ledger.open[one.place] for one in items], cents)
        if self._total(paid) == cents:
            return counted == 1 and not reduced
        return counted == 0 and not reduced and self._exact(entry, paid, cents)

    def _by_document(
        self, entry: Entry, party: frozenset[int], paid: set[int], hits: set[int], currency: str, cents: int
    ) -> bool:
        """Document and sum: among all that the numbers can mean, only these make the sum."""
        amounts = [
            self._ledger.open[place] for place in hits if self._ledger.items[place].currency == currency
        ]
        if self._total(paid) == cents and ways(amounts, cents) != 1:
            return False
        if not party:
            return all(len(fold(self._ledger.items[place].invoice_no)) > 5 for place in paid)
        return self._among(party, paid) or not self._fits(party, currency, entry.day, cents)

    def _unrated(self, entry: Entry, party: frozenset[int], paid: set[int]) -> bool:
        """Another currency without a rate: the document and the party, nothing else."""
        cited = set(entry.cites) == paid and len(paid) == 1
        return (
            cited
            and self._among(party, paid)
            and not self._hits(entry, party) - paid
            and not self._fits(party, entry.currency, entry.day, entry.cents)
        )

    def _among(self, party: frozenset[int], paid: set[int]) -> bool:
        return bool(party) and all(self._ledger.items[place].customer in party for place in paid)

    def _total(self, paid: set[int]) -> int:
        return sum(self._ledger.open[place] for place in paid)

    def _exact(self, entry: Entry, paid: set[int], cents: int) -> bool:
        """Is the cash what is open, or that less a discount in time?"""
        if self._total(paid) == cents:
            return True
        left = 0
        for place in paid:
            one, open_ = self._ledger.items[place], self._ledger.open[place]
            left += open_ - share(open_, one.discount) if entry.day <= one.until else open_
        return left == cents

    def _reduced(self, items: list[Receivable], day: int, cents: int) -> list[int]:
        """Return the items that this sum pays with their discount in time."""
        found = []
        for one in items:
            left = self._ledger.open[one.place]
            if one.discount and day <= one.until and left - share(left, one.discount) == cents:
                found.append(one.place)
        return found

    def _fits(self, party: Iterable[int], currency: str, day: int, cents: int) -> bool:
        """Is there an open item or a pair of the party with just this sum?"""
        items = self._ledger.of(party, currency, day)
        amounts = [self._ledger.open[one.place] for one in items]
        if cents in amounts or self._reduced(items, day, cents):
            return True
        known = set(amounts)
        return any(cents - one in known and cents != 2 * one for one in amounts)

    def _hits(self, entry: Entry, party: frozenset[int]) -> set[int]:
        """Return the open documents (of the party, if it is known) that numbers in the text name."""
        found = set()
        for number in numbers(entry.text):
            for place in self._world.documents.get(number, ()):
                one = self._ledger.items[place]
                if (
                    self._ledger.open[place]
                    and one.issued <= entry.day
                    and (not party or one.customer in party)
                ):
                    found.add(place)
        return found

    def _misleads(self, entry: Entry) -> bool:
        """Do party and sum speak for something else, and nothing the files hold for the truth?"""
        party = self._register.party(entry)
        paid = {place for place, _ in entry.links}
        if set(entry.cites) == paid:
            return False
        _, cents = entry.asked or (entry.currency, entry.cents)
        if any(self._ledger.open[place] == cents for place in self._hits(entry, party) - paid):
            return True
        if not party:
            return False
        items = self._ledger.of(party, entry.currency, entry.day + SOON)
        told = self._among(party, paid) and self._total(paid) == cents
        found = ways([self._ledger.open[one.place] for one in items], entry.cents)
        return not told and (found > 0 or bool(self._reduced(items, entry.day, entry.cents)))

    def _unclear(self) -> set[int]:
        """Return the tales in which something comes back that could be another payment's as well."""
        paid: dict[tuple[str, int, str], list[Entry]] = defaultdict(list)
        for entry in self._world.entries:
            if entry.cents > 0:
                paid[entry.payer, entry.cents, entry.currency].append(entry)
        return {
            entry.tale
            for entry in self._world.entries
            if entry.kind == "returned" and entry.cents < 0
            for other in paid[entry.payer, -entry.cents, entry.currency]
            if other.tale != entry.tale and abs(other.day - entry.day) <= 60
        }

    def _tempts(self, entry: Entry) -> bool:
        """Would two facts speak for something open although the entry pays nothing?"""
        if entry.cents <= 0 or entry.kind == "returned":
            return False
        party = self._register.party(entry)
        if not party:
            named = [self._ledger.open[place] for place in self._hits(entry, party)]
            return ways(named, entry.cents) > 0
        if self._hits(entry, party):
            return True
        items = self._ledger.of(party, entry.currency, entry.day + SOON)
        if self._reduced(items, entry.day, entry.cents):
            return True
        amounts = [self._ledger.open[one.place] for one in items]
        return ways(amounts, entry.cents) > 0 or (len(amounts) > MOST and entry.kind != "duplicate")
