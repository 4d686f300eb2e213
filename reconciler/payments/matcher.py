"""Runs the layers over all entries: what is certain is posted, the strongest evidence first.

What the documents say comes first, then what payer and sum say. What is posted closes receivables, and so
may leave another entry with one explanation only: the layers run until nothing more is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hub.rules import Policies
from reconciler.payments import words
from reconciler.payments.books import Basis, Books
from reconciler.payments.by_document import ByDocument
from reconciler.payments.by_party import ByParty
from reconciler.payments.model import KINDS, BankEntry, Customer, Explanation, Outcome, Receivable
from reconciler.payments.numbers import Citation
from reconciler.payments.parties import Directory, Party
from reconciler.payments.policies import ByPolicy
from reconciler.payments.proposing import Proposing
from reconciler.payments.rates import Rates
from reconciler.payments.sieve import Sieve

ROUNDS = 6
"""The layers run at most so often; each round but the last posted something."""


def match(
    receivables: Sequence[Receivable],
    entries: Sequence[BankEntry],
    customers: Iterable[Customer] = (),
    policies: Policies | None = None,
) -> list[Outcome]:
    """Return what each entry came to, in the order of `entries`; what is open of receivables is changed."""
    return Matcher(receivables, entries, customers, policies).run()


class Matcher:
    """One run over receivables and bank entries."""

    def __init__(
        self,
        receivables: Sequence[Receivable],
        entries: Sequence[BankEntry],
        customers: Iterable[Customer],
        policies: Policies | None = None,
    ) -> None:
        """Index everything; nothing is posted yet. `policies` say how customers pay by agreement."""
        self._entries = entries
        self._policies = policies or Policies()
        self._books = Books(receivables)
        self._directory = Directory(customers, receivables)
        self._rates = Rates()
        self._by_document = ByDocument(self._books, self._directory, self._rates)
        self._by_party = ByParty(self._books, self._directory, self._rates)
        self._cited: dict[str, list[Citation]] = {}
        self._party: dict[str, Party] = {}
        self._weak: dict[str, bool] = {}
        self._basis: dict[str, tuple[Basis, ...]] = {}
        self._known: dict[tuple[str, str], tuple[int, list[Explanation]]] = {}
        self._closed_by: dict[str, str] = {}
        self._outcomes: dict[str, Outcome] = {}

    def run(self) -> list[Outcome]:
        """Run the layers until nothing more is certain, then propose for the rest."""
        ordered = sorted(self._entries, key=lambda entry: entry.value_date)
        sieve = Sieve(ordered)
        self._outcomes |= sieve.out
        self._twins = sieve.twins
        rest = [entry for entry in ordered if entry.id not in self._outcomes]
        for entry in rest:
            self._cited[entry.id] = self._books.register.cited(entry.text)
            self._party[entry.id] = self._directory.party(entry)
            self._by_document.learn(entry, self._party[entry.id], self._cited[entry.id])
        for _ in range(ROUNDS):
            before = len(rest)
            rest = self._layer(rest, self._documents, adding_up=True)
            rest = self._layer(rest, self._documents, adding_up=False)
            rest = self._layer(rest, self._sums, adding_up=True)
            if len(rest) == before:
                rest = self._less_fees(rest)
            if len(rest) == before:
                break
        if self._policies.any:
            rest = self._agreed(rest)
        self._propose(rest)
        self._propose_for_rests()
        return [self._outcomes[entry.id] for entry in self._entries]

    def _layer(self, rest: Sequence[BankEntry], explain: _Layer, *, adding_up: bool) -> list[BankEntry]:
        """Post what a layer explains for certain; return the entries that are left."""
        left: list[BankEntry] = []
        for entry in rest:
            found = explain(entry)
            sure = certain(found)
            if sure and (not adding_up or {"sum", "only_sum"} & set(found[0].facts)):
                self._post(entry, found[0])
            else:
                left.append(entry)
                self._weak[entry.id] = sure
        return left

    def _less_fees(self, rest: Sequence[BankEntry]) -> list[BankEntry]:
        """Post what is certain but for a bank's fee, now that nothing else is."""
        weak = [entry for entry in rest if self._weak[entry.id]]
        left = {entry.id for entry in self._layer(weak, self._sums, adding_up=False)}
        return [entry for entry in rest if not self._weak[entry.id] or entry.id in left]

    def _agreed(self, rest: Sequence[BankEntry]) -> list[BankEntry]:
        """Post what agreements say of entries that cite nothing and are not explained; return the rest."""
        policy = ByPolicy(self._books, self._policies)
        left: list[BankEntry] = []
        for entry in rest:
            cites = any(one.how != "number_cut" for one in self._cited[entry.id])
            said = None if cites else policy.explain(entry, self._party[entry.id], self.doubts(entry))
            if said is None:
                left.append(entry)
            else:
                self._post(entry, said)
        return left

    def _documents(self, entry: BankEntry) -> list[Explanation]:
        cited = self._cited[entry.id]
        if not cited:
            return []
        party = self._party[entry.id]
        return self._again("documents", entry, lambda: self._by_document.explain(entry, party, cited))

    def _sums(self, entry: BankEntry) -> list[Explanation]:
        party = self._party[entry.id]
        if not party.known and not party.alike:
            return []
        explain = self._by_party.explain
        return self._again("sums", entry, lambda: explain(entry, party, self.doubts(entry)))

    def _again(
        self, layer: str, entry: BankEntry, explain: Callable[[], list[Explanation]]
    ) -> list[Explanation]:
        """Return what a layer says of an entry: what it said before, if nothing that it rests on was paid."""
        before = self._known.get((layer, entry.id))
        if before is not None:
            if entry.id not in self._basis:
                self._basis[entry.id] = self._rests_on(entry)
            if not self._books.changed(self._basis[entry.id], before[0]):
                return before[1]
        found = explain()
        self._known[layer, entry.id] = self._books.posted, found
        return found

    def _rests_on(self, entry: BankEntry) -> tuple[Basis, ...]:
        """Return all that what is said of an entry may rest on, and that postings change."""
        party = self._party[entry.id]
        cited = {item.customer for one in self._cited[entry.id] for item in one.items}
        return (entry.currency, entry.amount), *(party.family | party.alike | self._directory.kin(cited))

    def doubts(self, entry: BankEntry) -> tuple[str, ...]:
        """Return what speaks against explaining an entry by its sum alone."""
        doubts: list[str] = []
        if entry.id in self._twins:
            doubts.append("match.maybe_twice")
        if words.says_returned(entry.text):
            doubts.append("match.says_returned")
        own = [one for one in self._cited[entry.id] if one.how != "number_cut"]
        if any(one.how == "unlisted" for one in own):
            doubts.append("match.cites_unknown")
        family = self._party[entry.id].family
        for one in own:
            mine = [item for item in one.items if item.customer in family]
            if mine and not any(item.open for item in mine):
                doubts.append("match.cites_paid")
            elif mine:
                doubts.append("match.cites_other")
            elif any(item.open == entry.amount for item in one.items):
                doubts.append("match.other_customer")
        return tuple(dict.fromkeys(doubts))

    def _post(self, entry: BankEntry, explanation: Explanation) -> None:
        for layer in ("documents", "sums"):
            self._known.pop((layer, entry.id), None)  # it takes room, and is not asked for again
        before = {one.receivable.id: one.receivable.open for one in explanation.postings}
        self._books.post(explanation, entry.currency)
        closed = {i.receivable.id: before[i.receivable.id] - i.receivable.open for i in explanation.postings}
        for one in explanation.postings:
            self._closed_by[one.receivable.id] = entry.id
        self._outcomes[entry.id] = Outcome(entry, "posted", explanation, closed=closed)

    def _propose_for_rests(self) -> None:
        """Propose what else an entry may pay of which a part stays on account."""
        proposing = Proposing(self._books, self._rates)
        for outcome in self._outcomes.values():
            if outcome.posted and outcome.posted.rest:
                party = self._party[outcome.entry.id]
                outcome.proposals = proposing.for_rest(outcome.entry, party, outcome.posted)

    def _propose(self, rest: Iterable[BankEntry]) -> None:
        proposing = Proposing(self._books, self._rates)
        for entry in rest:
            known = [*self._documents(entry), *self._sums(entry)]
            about = self._paid_before(entry)
            if about is not None:
                self._outcomes[entry.id] = Outcome(entry, "duplicate", about=about)
                continue
            found = proposing.candidates(entry, self._party[entry.id], self._cited[entry.id], known)
            standing = "proposed" if found else "unidentified"
            self._outcomes[entry.id] = Outcome(entry, standing, proposals=found)

    def _paid_before(self, entry: BankEntry) -> str | None:
        """Return the entry that has paid just this before: all the documents cited, with the same sum."""
        cited = [one for one in self._cited[entry.id] if one.how == "document"]
        family = self._party[entry.id].family
        items = [item for one in cited for item in one.items if not family or item.customer in family]
        if not items or any(item.open for item in items):
            return None
        before = dict.fromkeys(self._closed_by.get(item.id) for item in items)
        same = [one for one in before if one and self._outcomes[one].entry.amount == entry.amount]
        return same[0] if same else None


def certain(found: Sequence[Explanation]) -> bool:
    """Tell whether there is exactly one explanation, nothing against it, and two facts for it."""
    if (
        not found
        or (len(found) > 1 and len({one.key for one in found}) > 1)
        or any(one.doubts for one in found)
    ):
        return False
    return len({KINDS[fact] for fact in found[0].facts if fact in KINDS}) >= 2


_Layer = Callable[[BankEntry], list[Explanation]]
