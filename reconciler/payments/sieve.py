"""What pays nothing: money that went out or came back, entries that were undone or came twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from reconciler.payments import words
from reconciler.payments.model import BankEntry, Outcome
from reconciler.payments.names import core
from reconciler.payments.numbers import squeezed
from reconciler.payments.parties import plain_account
from reconciler.payments.texts import folded

BACK = timedelta(days=45)
"""Money that comes back does so within this time."""

TWICE = timedelta(days=10)
"""Of two like entries within this time the second may have been sent twice."""


class Sieve:
    """Takes out what pays nothing, and says of the rest what looks as if it had come twice."""

    def __init__(self, entries: Iterable[BankEntry]) -> None:
        """Take the entries in the order of their value dates."""
        self.out: dict[str, Outcome] = {}
        self.twins: dict[str, str] = {}
        self._entries = list(entries)
        self._returned()
        self._twice()

    def _returned(self) -> None:
        """Pair what came back with what had come or gone before, the nearest first."""
        before: dict[tuple[int, str], list[BankEntry]] = defaultdict(list)
        for entry in self._entries:
            earlier = before[-entry.amount, entry.currency]
            about = next((one for one in reversed(earlier) if _undoes(entry, one)), None)
            if about is not None:
                earlier.remove(about)
                self.out[about.id] = Outcome(about, "returned", about=entry.id)
                self.out[entry.id] = Outcome(entry, "returned", about=about.id)
                continue
            before[entry.amount, entry.currency].append(entry)
            if entry.amount <= 0:
                self.out[entry.id] = Outcome(entry, "outgoing")

    def _twice(self) -> None:
        last: dict[tuple[int, str, str, str], BankEntry] = {}
        for entry in self._entries:
            if entry.id in self.out:
                continue
            key = entry.amount, entry.currency, _who(entry), squeezed(entry.text) or folded(entry.text)
            earlier = last.get(key)
            if earlier is not None and entry.value_date - earlier.value_date <= TWICE:
                self.twins[entry.id] = earlier.id
            last[key] = entry


def _undoes(entry: BankEntry, earlier: BankEntry) -> bool:
    """Tell whether an entry undoes an earlier one of the opposite sum."""
    if entry.value_date - earlier.value_date > BACK:
        return False
    same = bool(_who(entry)) and _who(entry) == _who(earlier)
    same = (
        same
        or bool(entry.payer_account)
        and plain_account(entry.payer_account) == plain_account(earlier.payer_account)
    )
    said = words.says_returned(entry.text)
    if entry.amount > 0:
        return same and said
    return same or (said and (not _who(entry) or _shares_number(entry, earlier)))


def _shares_number(one: BankEntry, other: BankEntry) -> bool:
    mine, theirs = squeezed(one.text), squeezed(other.text)
    return bool(theirs) and len(theirs) >= 6 and theirs in mine


def _who(entry: BankEntry) -> str:
    return core(entry.payer_name) if entry.payer_name else plain_account(entry.payer_account)
