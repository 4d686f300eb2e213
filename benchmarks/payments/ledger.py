"""What can be known before an entry is judged: sums that items make, whom a name means, what is open."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import combinations

from benchmarks.payments.model import Customer, Entry, Receivable, World

MOST = 16


def sums(amounts: list[int]) -> list[int]:
    """Return the sums of all subsets, the empty one first."""
    found = [0]
    for amount in amounts:
        found += [amount + other for other in found]
    return found


def ways(amounts: list[int], target: int) -> int:
    """Count the non-empty sets of amounts with this sum; above MOST amounts only single ones and pairs."""
    if len(amounts) > MOST:
        return sum(one == target for one in amounts) + sum(
            a + b == target for a, b in combinations(amounts, 2)
        )
    half = len(amounts) // 2
    left: dict[int, int] = defaultdict(int)
    for one in sums(amounts[:half]):
        left[one] += 1
    return sum(left.get(target - one, 0) for one in sums(amounts[half:])) - (target == 0)


def key(name: str) -> str:
    """Return a name without width, case, blanks and signs."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalnum())


def _parts(name: str) -> list[str]:
    """Return the words of a western name, the signs of a Chinese one."""
    return list(key(name)) if any(sign > "\u2fff" for sign in name) else name.casefold().split()


def _cuts(name: str) -> set[str]:
    """Return a name and all that is left of it without one sign."""
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))}


class Register:
    """Customers by what the file tells of them."""

    def __init__(self, customers: list[Customer]) -> None:
        self._customers = customers
        self._names: dict[str, set[int]] = defaultdict(set)
        self._accounts: dict[str, set[int]] = defaultdict(set)
        self._unique: dict[str, bool] = {}
        self._keys = [key(one.name) for one in customers]
        self._signs = [set(_parts(one.name)) for one in customers]
        self._cut: dict[str, set[int]] = defaultdict(set)
        for one in customers:
            for name in (one.name, one.name_en, *one.alias.split(";"), one.parent_name):
                if name:
                    self._names[key(name)].add(one.place)
            if one.known_account:
                self._accounts[one.known_account].add(one.place)

    def party(self, entry: Entry) -> frozenset[int]:
        """Return the customers an entry may come from; empty if nobody can tell or the facts quarrel."""
        by_account = self._accounts.get(entry.account, set())
        by_name = self._names.get(key(entry.payer), set())
        if not by_name and entry.hint >= 0 and self._meant(entry):
            by_name = {entry.hint}
        if by_account and by_name:
            return frozenset(by_account & by_name)
        return frozenset(by_account or by_name)

    def _meant(self, entry: Entry) -> bool:
        one = self._customers[entry.hint]
        if entry.manner in ("slip", "traditional"):
            return not one.twinned and self._near(key(entry.payer)) <= {one.place}
        if entry.manner == "short":
            if one.short not in self._unique:
                parts = set(_parts(one.short))
                self._unique[one.short] = sum(parts <= signs for signs in self._signs) == 1
            return self._unique[one.short]
        return True

    def _near(self, name: str) -> set[int]:
        """Return the customers whose names are one sign away: they share a name with one sign left out."""
        if not self._cut:
            for place, other in enumerate(self._keys):
                for cut in _cuts(other):
                    self._cut[cut].add(place)
        return {place for cut in _cuts(name) for place in self._cut.get(cut, ())}


class Ledger:
    """What is open as far as one can know."""

    def __init__(self, world: World) -> None:
        self.items = world.receivables
        self.open = [one.cents for one in world.receivables]
        self._of: dict[int, list[Receivable]] = defaultdict(list)
        for one in sorted(world.receivables, key=lambda r: (r.issued, r.place)):
            self._of[one.customer].append(one)

    def of(self, party: Iterable[int], currency: str, day: int, month: int = 0) -> list[Receivable]:
        """Return the party's open items in a currency that are issued by a day (in a month)."""
        found = []
        for who in party:
            mine = self._of[who]
            while mine and self.open[mine[0].place] == 0:
                mine.pop(0)
            for one in mine:
                if one.issued > day:
                    break
                if self.open[one.place] and one.currency == currency:
                    if month and date.fromordinal(one.issued).month != month:
                        continue
                    found.append(one)
        return found

    def post(self, entry: Entry) -> None:
        """Close what a decidable entry pays."""
        for place, cents in entry.links:
            self.open[place] = 0 if place in entry.closes else self.open[place] - cents
