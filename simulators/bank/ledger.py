"""The accounts of a practice bank: entries by day, and what it shows of them when.

Sweeps (实时划拨) are hidden on their day; when it is over they stand at its end as one sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `amount` above zero where money came in; `sequence` counts the entries of its day from 1."""

    serial: str
    day: date
    at: time
    amount: Decimal
    text: str = ""
    payer: str = ""
    payer_account: str = ""
    reversal: str = ""
    sweep: bool = False
    sequence: int = 0
    refused: tuple[str, str] | None = None


@dataclass(slots=True)
class Ledger:
    """Entries by account, in the order of booking."""

    accounts: dict[str, list[Entry]] = field(default_factory=dict)
    opening: Decimal = Decimal("10000.00")

    def book(self, account: str, entry: Entry) -> None:
        """Book an entry on its day; one of the same serial is taken out, and its sequence not used again."""
        entries = self.accounts.setdefault(account, [])
        number = 1 + max((one.sequence for one in entries if one.day == entry.day), default=0)
        entries[:] = [one for one in entries if one.serial != entry.serial]
        entries.append(replace(entry, sequence=number))

    def shown(self, account: str, today: date) -> list[Entry]:
        """Return what the bank shows today, in order: of days that are over the final set."""
        entries = sorted(self.accounts[account], key=lambda one: (one.day, one.sequence))
        plain = [one for one in entries if not one.sweep]
        return sorted([*plain, *_sums(entries, today)], key=lambda one: (one.day, one.sequence))

    def balance(self, account: str) -> Decimal:
        """Return the balance after all entries."""
        return self.opening + sum((one.amount for one in self.accounts[account]), Decimal())


def _sums(entries: list[Entry], today: date) -> Iterator[Entry]:
    """Yield one sum of the sweeps of each day that is over."""
    for day in sorted({one.day for one in entries if one.sweep and one.day < today}):
        swept = [one for one in entries if one.sweep and one.day == day]
        total = sum((one.amount for one in swept), Decimal())
        last = max(one.sequence for one in entries if one.day == day) + 1
        yield Entry(f"S{day:%Y%m%d}", day, time(23, 59, 59), total, "实时划拨汇总", sequence=last)
