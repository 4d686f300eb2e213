"""What pays nothing: money that went out or came back, entries that were undone or came twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from itertools import takewhile

from reconciler.payments import words
from reconciler.payments.model import BankEntry, Outcome
from reconciler.payments.names import core
from reconciler.payments.numbers import squeezed
from reconciler.payments.parties import plain_account
from reconciler.payments.texts import folded

BACK = timedelta(days=45)
"""Money that comes back does so within this time."""

SILENT = timedelta(days=20)
"""… and within this time, if nothing is said of it."""

TWICE = timedelta(days=10)
"""Of two like entries within this time the second may have been sent twice."""


_NUMBER = re.compile(r"[A-Z]*[-/.]?\d[A-Z\d]*(?:[-/.][A-Z\d]+)*")
"""What looks like the number of a document or of a bank."""

_LEAST = 6


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
            if not self._pair(entry, before.get((-entry.amount, entry.currency), [])):
                before[entry.amount, entry.currency].append(entry)
                if entry.amount <= 0:
                    self.out[entry.id] = Outcome(entry, "outgoing")
        self._same_day(before)

    def _same_day(self, left: Mapping[tuple[int, str], list[BankEntry]]) -> None:
        """Pair what is left with what stands after it on its day: many banks list the newest first."""
        today: dict[tuple[int, str, date], list[BankEntry]] = defaultdict(list)
        for (amount, currency), receipts in left.items():
            if amount > 0 and (-amount, currency) in left:
                for one in receipts:
                    today[amount, currency, one.value_date].append(one)
        for (amount, currency), entries in left.items():
            for entry in entries if amount < 0 else ():
                self._pair(entry, today.get((-amount, currency, entry.value_date), []))

    def _pair(self, entry: BankEntry, earlier: list[BankEntry]) -> bool:
        """Take an entry out together with the one of `earlier` that it undoes; False if there is none.

        If it may undo several and nothing says whose, none of them is safe: people decide.
        """
        if not earlier:
            return False
        near = takewhile(lambda one: entry.value_date - one.value_date <= BACK, reversed(earlier))
        able = [one for one in near if _undoes(entry, one)]
        able = [one for one in able if _who(one) == _who(entry)] or able
        able = [one for one in able if _shares_number(entry, one)] or able
        if not able or _only_like(entry, able):
            return False
        about = able[0]
        earlier.remove(about)
        self.out[entry.id] = Outcome(entry, "returned", about=about.id)
        if _who(entry) or len({_who(one) for one in able}) == 1:
            self.out[about.id] = Outcome(about, "returned", about=entry.id)
        else:
            self.out |= {one.id: Outcome(one, "unidentified", about=entry.id) for one in able}
        return True

    def _twice(self) -> None:
        last: dict[tuple[int, str, str, str], BankEntry] = {}
        sums = Counter((entry.amount, entry.currency) for entry in self._entries)
        for entry in self._entries:
            if entry.id in self.out or sums[entry.amount, entry.currency] == 1:
                continue
            key = entry.amount, entry.currency, _who(entry), squeezed(entry.text) or folded(entry.text)
            earlier = last.get(key)
            if earlier is not None and entry.value_date - earlier.value_date <= TWICE:
                self.twins[entry.id] = earlier.id
            last[key] = entry


def _only_like(entry: BankEntry, able: Collection[BankEntry]) -> bool:
    """Tell whether money that goes out is merely like receipts: it says neither return nor number.

    Then it undoes one only if there is no other, and that came a short time before.
    """
    if entry.amount > 0 or words.says_returned(entry.text):
        return False
    if any(_shares_number(entry, one) for one in able):
        return False
    return len(able) > 1 or any(entry.value_date - one.value_date > SILENT for one in able)


def _undoes(entry: BankEntry, earlier: BankEntry) -> bool:
    """Tell whether an entry undoes an earlier one of the opposite sum."""
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
    """Tell whether both texts name the same number; words that they share say nothing."""
    mine = squeezed(one.text)
    numbers = map(squeezed, _NUMBER.findall(folded(other.text)))
    return any(len(number) >= _LEAST and number in mine for number in numbers)


def _who(entry: BankEntry) -> str:
    return core(entry.payer_name) if entry.payer_name else plain_account(entry.payer_account)
