"""What an agreement with a customer says of receipts that nothing else explains for certain.

It is asked after all layers, and only where the payer is one customer for certain, he cites no document and
nothing speaks against the receipt being an ordinary payment of his. Its postings have rules of their own
(`POLICY`), for they rest on the agreement and not on evidence: they are reported apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate, groupby

from hub.rules import Policies
from reconciler.payments import words
from reconciler.payments.books import Books
from reconciler.payments.model import BankEntry, Explanation, Posting, Receivable
from reconciler.payments.parties import Party

POLICY = "policy_"
"""How the names of these rules begin."""


def is_policy(rule: str) -> bool:
    """Tell whether a posting was made by an agreement, and not by evidence."""
    return rule.startswith(POLICY)


class ByPolicy:
    """Explains receipts by what was agreed with their payers."""

    def __init__(self, books: Books, policies: Policies) -> None:
        """Take the books as they stand after the layers, and the section `payments: policies` of hub.yaml."""
        self._books, self._policies = books, policies

    def explain(self, entry: BankEntry, party: Party, doubts: Sequence[str]) -> Explanation | None:
        """Return what the agreement says, None if there is none, it says nothing, or anything is doubtful."""
        customer = _certain(party)
        if customer is None or doubts or words.says_on_account(entry.text):
            return None
        policy = self._policies.of(customer)
        if policy == "by_document":
            return None
        owed = self._books.open_of([customer], entry.currency, entry.value_date, timedelta())
        found = _oldest_first(entry, owed) if policy == "oldest_first" else _statement(entry, owed)
        if not found:
            return None
        rest = entry.amount - sum(one.amount for one in found)
        return Explanation(POLICY + policy, found, (party.fact, "agreed"), (), rest)


def _certain(party: Party) -> str | None:
    """Return the one customer that pays, and for himself; None if it may be another."""
    if party.contradicted or len(party.payers) != 1 or not party.named <= party.payers:
        return None
    return next(iter(party.payers))


def _oldest_first(entry: BankEntry, owed: Sequence[Receivable]) -> list[Posting]:
    """Return what the sum pays, oldest due first, the last one in part; credit notes are left for people."""
    left, postings = entry.amount, []
    for item in sorted(owed, key=lambda item: (item.due or item.issued or date.max, item.id)):
        paid = min(item.open, left)
        if paid > 0:
            postings.append(Posting(item, paid))
            left -= paid
    return postings


def _statement(entry: BankEntry, owed: Sequence[Receivable]) -> list[Posting]:
    """Return the documents of one month, or of all months up to one, that are just the sum.

    Of a month either all counts, or all but its credit notes. Nothing if two ways lead to the sum.
    """
    dated = sorted((item for item in owed if item.issued), key=_month)
    months = [list(some) for _, some in groupby(dated, key=_month)]
    ways: dict[frozenset[str], list[Receivable]] = {}
    for items in (*months, *accumulate(months)):
        for chosen in (items, [item for item in items if item.open > 0]):
            if chosen and sum(item.open for item in chosen) == entry.amount:
                ways[frozenset(item.id for item in chosen)] = chosen
    if len(ways) != 1:
        return []
    return [Posting(item, item.open) for chosen in ways.values() for item in chosen]


def _month(item: Receivable) -> tuple[int, int]:
    day = item.issued or date.max
    return day.year, day.month
