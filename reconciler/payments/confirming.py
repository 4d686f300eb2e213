"""What people decide that bank entries pay: checked against what is left of both, several at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from hub.errors import ConfigError
from reconciler.payments.ledger import Line
from reconciler.payments.model import BankEntry, Receivable
from reconciler.payments.money import to_major, to_minor
from reconciler.payments.shelf import Shelf

CONFIRMED = "confirmed"
"""The rule of a posting that a person has decided."""


class Decided(NamedTuple):
    """What a person decided: what `entry` pays, and why.

    `pays` are receivables with the cash each, None for all of it. If the payment `settles` them, what came
    less is granted: a discount, or what a bank kept.
    """

    company: str
    entry: str
    pays: Mapping[str, Decimal | None]
    who: str
    reason: str
    settles: bool = False


class Confirming:
    """Decisions on what is kept of one company; each sees what those before it took."""

    def __init__(self, shelf: Shelf) -> None:
        """Take what is kept."""
        self._shelf = shelf
        self._entries = {one.id: one for one in shelf.entries}
        self._receivables = {one.id: one for one in shelf.receivables}
        self._pairs = {(line.entry, line.receivable) for line in shelf.standing}
        self._spent: Counter[str] = Counter()
        for line in shelf.standing:
            self._spent[line.entry.ref] += to_minor(line.amount, line.currency)

    def lines(self, decided: Decided) -> tuple[BankEntry, list[Line], list[Receivable]]:
        """Return entry, lines and receivables of a decision; ConfigError if it cannot be.

        That is if entry or receivable are not there, are settled, belong together already, or if one of them
        would be paid more than is left.
        """
        entry = self._entry(decided.entry)
        lines, items = [], []
        for ref, asked in decided.pays.items():
            item = self._receivables.get(ref)
            if item is None:
                raise ConfigError("cash.no_receivable", receivable=ref)
            lines.append(self._line(entry, item, asked, decided))
            items.append(item)
        return entry, lines, items

    def _entry(self, ref: str) -> BankEntry:
        entry = self._entries.get(ref)
        if entry is None:
            raise ConfigError("cash.no_entry", entry=ref)
        if entry.amount <= self._spent[ref]:
            raise ConfigError("cash.settled", entry=ref)
        return entry

    def _line(self, entry: BankEntry, item: Receivable, asked: Decimal | None, decided: Decided) -> Line:
        places = self._shelf.places[entry.id], self._shelf.places[item.id]
        if places in self._pairs:
            raise ConfigError("cash.paid_by_it", entry=entry.id, receivable=item.id)
        same, left = item.currency == entry.currency, entry.amount - self._spent[entry.id]
        most = min(left, item.open) if same else left
        cash = most if asked is None else to_minor(asked, entry.currency)
        closes = cash if same and not decided.settles else item.open
        if not item.open or cash > left or abs(closes) > abs(item.open) or (same and cash > item.open > 0):
            named = {"entry": entry.id, "receivable": item.id, "most": to_major(most, entry.currency)}
            raise ConfigError("cash.too_much", **named)
        self._spent[entry.id] += cash
        item.open -= closes
        self._pairs.add(places)
        return Line(
            *places,
            currency=entry.currency,
            amount=to_major(cash, entry.currency),
            closes=to_major(closes, item.currency),
            rule=CONFIRMED,
            facts=("person",),
            who=decided.who,
            reason=decided.reason,
        )
