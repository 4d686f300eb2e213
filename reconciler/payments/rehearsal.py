"""Changed rules tried on history: what they would post today, beside what is posted. Nothing is written.

All that the matcher posted is taken back in thought and matched anew; what people posted stands. What people
decided is then tried as well, by itself: rules that would post it elsewhere, or post again what somebody took
back, are wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from reconciler.payments import ledger, shelf
from reconciler.payments.booking import Cashbook, lines_of, matched
from reconciler.payments.ledger import Line
from reconciler.payments.model import BankEntry, Customer
from reconciler.payments.money import to_minor
from reconciler.payments.version import VERSION

AGAINST_PERSON, AGAINST_UNDO, MOVED, GONE, NEW = "against_person", "against_undo", "moved", "gone", "new"

CLASSES = (AGAINST_PERSON, AGAINST_UNDO, MOVED, GONE, NEW)
"""What may become of an entry, the worst first; `gone` would be proposed only."""

WRONG = CLASSES[:2]
"""What rules must never do: people know better."""


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that the rules of now treat differently: what is posted of it, and what they would post."""

    what: str
    entry: BankEntry
    before: Sequence[Line]
    after: Sequence[Line]

    @property
    def money(self) -> Decimal:
        """The cash that it is about: what was posted, or what would be."""
        return sum((line.amount for line in self.before or self.after), Decimal(0))


@dataclass(slots=True)
class Rehearsed:
    """What a rehearsal came to, of one company: how many entries stay `same`, and what changes.

    `left_out` are entries of which a receivable is no longer there: they cannot be matched anew. `version` is
    that of the rules of now; each line of a change says which one posted it.
    """

    company: str
    version: str = VERSION
    same: int = 0
    left_out: int = 0
    changes: list[Change] = field(default_factory=list)

    def count(self, what: str) -> int:
        """Return how many entries change so."""
        return sum(one.what == what for one in self.changes)

    def money(self, what: str) -> dict[str, Decimal]:
        """Return the cash of those by currency."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.changes:
            if one.what == what:
                sums[one.entry.currency] += one.money
        return dict(sums)

    @property
    def wrong(self) -> bool:
        """Whether the rules contradict people."""
        return any(one.what in WRONG for one in self.changes)


def rehearse(
    book: Cashbook, since: date | None = None, customers: Sequence[Customer] = ()
) -> list[Rehearsed]:
    """Return what the rules of now would change in each company, with entries from `since` on."""
    with book.store.read() as conn:
        names = shelf.companies(conn, book.payments.receivables_from)
    found = []
    for company in names:
        with book.store.read() as conn:
            owing = book.payments.receivables_from
            here = shelf.load(conn, book.store.seal, company, book.zone, owing)
            undone = ledger.undoings(conn, company)
        found.append(_Rehearsal(book, here, since, customers, undone).done())
    return found


class _Rehearsal:
    """One company tried."""

    def __init__(
        self,
        book: Cashbook,
        here: shelf.Shelf,
        since: date | None,
        customers: Sequence[Customer],
        undone: Iterable[Line],
    ) -> None:
        self._book, self._here, self._customers = book, here, customers
        self._entries = {one.id: one for one in here.entries if since is None or one.value_date >= since}
        self._held = _by_entry(here.standing)
        self._undone = {(line.entry, line.receivable): line for line in undone}
        self._result = Rehearsed(here.company)
        here.undone = set()  # what was taken back is tried like all else

    def done(self) -> Rehearsed:
        anew = self._give_back()
        self._here.entries = list(self._entries.values())
        settled = {line.entry.ref for line in self._here.standing}
        for ref, after in self._tried(self._here).items():
            if ref not in settled:
                self._compare(self._entries[ref], anew.get(ref, []), after)
        self._people()
        self._result.changes.sort(
            key=lambda one: (CLASSES.index(one.what), one.entry.value_date, one.entry.id)
        )
        return self._result

    def _give_back(self) -> dict[str, list[Line]]:
        """Take back, in thought, what the matcher posted of entries that no person touched."""
        tried = self._able()
        anew = {ref: lines for ref, lines in tried.items() if not _of_people(lines)}
        self._here.standing = [line for line in self._here.standing if line.entry.ref not in anew]
        self._open_again(line for lines in anew.values() for line in lines)
        return anew

    def _able(self) -> dict[str, list[Line]]:
        """Return what is posted of the entries that are asked for and can be tried."""
        known = {item.id for item in self._here.receivables}
        asked = {ref: lines for ref, lines in self._held.items() if ref in self._entries}
        able = {
            ref: lines for ref, lines in asked.items() if all(line.receivable.ref in known for line in lines)
        }
        self._result.left_out = len(asked) - len(able)
        return able

    def _open_again(self, lines: Iterable[Line]) -> None:
        owed = {item.id: item for item in self._here.receivables}
        for line in lines:
            if (item := owed.get(line.receivable.ref)) is not None:
                again = item.open + to_minor(line.closes, item.currency)
                item.open = min(again, item.amount, key=abs)

    def _tried(self, here: shelf.Shelf) -> dict[str, list[Line]]:
        """Return what the rules of now would post of each entry that is not settled."""
        booked = matched(here, self._customers, self._book.payments.policies)
        posted = _by_entry(lines_of(here, booked))
        return {one.entry.id: posted.get(one.entry.id, []) for one in booked.outcomes}

    def _compare(self, entry: BankEntry, before: Sequence[Line], after: Sequence[Line]) -> None:
        again = [
            self._undone[key] for line in after if (key := (line.entry, line.receivable)) in self._undone
        ]
        if again:
            self._note(AGAINST_UNDO, entry, again, after)
        elif _said(before) == _said(after):
            self._result.same += bool(before)
        elif before:
            self._note(MOVED if after else GONE, entry, before, after)
        elif not any(key[0].ref == entry.id for key in self._undone):
            self._note(NEW, entry, before, after)

    def _people(self) -> None:
        """Try what people posted, by itself and last: everything else is as it would be without it."""
        theirs = {ref: lines for ref, lines in self._able().items() if _of_people(lines)}
        if not theirs:
            return
        self._open_again(line for lines in theirs.values() for line in lines)
        here, entries = self._here, [self._entries[ref] for ref in theirs]
        alone = shelf.Shelf(here.company, here.receivables, entries, here.customers, here.places)
        alone.own_accounts = here.own_accounts
        for ref, after in self._tried(alone).items():
            named = {line.receivable for line in theirs[ref]}
            if all(line.receivable in named for line in after):
                self._result.same += 1
            else:
                self._note(AGAINST_PERSON, self._entries[ref], theirs[ref], after)

    def _note(self, what: str, entry: BankEntry, before: Sequence[Line], after: Sequence[Line]) -> None:
        self._result.changes.append(Change(what, entry, before, after))


def _of_people(lines: Iterable[Line]) -> bool:
    """Tell whether a person had a hand in it."""
    return any(line.who is not None for line in lines)


def _by_entry(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.entry.ref].append(line)
    return found


def _said(lines: Iterable[Line]) -> set[tuple[str, Decimal]]:
    """Return what lines come to, whatever rule says so."""
    return {(line.receivable.ref, line.amount) for line in lines}
