"""A sheet becomes sections: a header, its rows, and what is told around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.statements.exports import around
from connectors.statements.exports.around import Facts
from connectors.statements.exports.cells import amount, day, is_nothing, plain
from connectors.statements.exports.delimited import Row, Sheet
from connectors.statements.exports.header import Doubt, Layout, header_at
from connectors.statements.exports.names import MONEY
from connectors.statements.exports.profiles import Profile

_COUNTED = ("entries", "credits", "debits", "credit_sum", "debit_sum", "credit", "debit")


@dataclass(slots=True)
class Section:
    """A table: `rows` are entries, in which a few may turn out to be unreadable."""

    layout: Layout
    facts: Facts
    rows: list[Row] = field(default_factory=list)
    delimited: bool = False

    def is_ragged(self, row: Row) -> bool:
        """Tell whether a row of a text has other cells than its header: they stand under the wrong names."""
        if not self.delimited:
            return False
        money = max((self.layout.at[role] for role in MONEY if role in self.layout.at), default=0)
        return any(row.cells[len(self.layout.cells) :]) or len(row.cells) <= money


def sections(sheet: Sheet, profiles: Sequence[Profile]) -> list[Section] | Doubt | None:
    """Return the tables of a sheet; a Doubt if no header can be decided, None if it has none.

    A header that comes again, at the top of a page, goes on with the table, unless another account was named.
    """
    reader = _Reader(sheet, profiles)
    at = 0
    while at < len(sheet.rows):
        at += reader.take(at)
    reader.finish()
    return reader.found or reader.doubt


class _Reader:
    def __init__(self, sheet: Sheet, profiles: Sequence[Profile]) -> None:
        self._rows, self._torn, self._profiles, self._sheet = sheet.rows, sheet.torn, profiles, sheet
        self._pending = Facts()
        self._now: Section | None = None
        self.found: list[Section] = []
        self.doubt: Doubt | None = None

    def take(self, at: int) -> int:
        """Take the row at a place, and return how many rows that were."""
        row = self._rows[at]
        if row.blank:
            return 1
        if self._now is not None and self._is_entry(self._now.layout, row):
            self._now.rows.append(row)
            return 1
        if (
            self._now is not None
            and row.cells == self._now.layout.cells[: len(row.cells)]
            and len(row.cells) > 1
        ):
            return self._again(self._now)
        header = header_at(self._rows, at, self._profiles) if self._may_begin(row) else None
        if isinstance(header, Layout):
            self._begin(header)
            return header.height
        if header is not None and (self.doubt is None or header.worth > self.doubt.worth):
            self.doubt = header
        self._aside(row)
        return 1

    def finish(self) -> None:
        """Give what was told behind the last table to it, where it lacks it."""
        if self._now is not None:
            self._now.facts = self._pending.merged(self._now.facts)

    def _may_begin(self, row: Row) -> bool:
        """Tell whether a row may be a header: names, and no amounts and days."""
        filled = [cell for cell in row.cells if cell]
        return len(filled) > 1 and not any(
            day(cell)[0] or (amount(cell) is not None and any(map(str.isdigit, cell))) for cell in filled
        )

    @staticmethod
    def _is_entry(layout: Layout, row: Row) -> bool:
        return day(layout.cell(row, "date"), layout.dates)[0] is not None and not around.is_balance(row)

    def _again(self, now: Section) -> int:
        """Go on with the table, or begin another one for another account."""
        account = self._pending.account
        if account and now.facts.account and account != now.facts.account:
            self._begin(now.layout)
        else:
            now.facts = now.facts.merged(self._pending)
            self._pending = Facts()
        return now.layout.height

    def _begin(self, layout: Layout) -> None:
        self._now = Section(layout, self._pending, delimited=self._sheet.delimited)
        self._pending = Facts()
        self.found.append(self._now)

    def _aside(self, row: Row) -> None:
        """Take a row that is no entry: a fact, a total, the foot; else it is one that cannot be read."""
        if self._now is None:
            self._pending.take(row)
            return
        now, kind = self._now, around.kinds(row)
        if kind in ("carried", "left"):
            self._balance(now, row, "opening" if kind == "carried" else "closing")
        elif kind == "total":
            self._total(now, row)
        elif row.comment or (kind in ("part", "foot") and not (row.line == self._torn and kind == "foot")):
            self._behind(now, row)
        elif not self._behind(now, row):
            now.rows.append(row)

    def _behind(self, now: Section, row: Row) -> bool:
        """Take facts behind a table: sums and closing are its own, the rest may be of the next one."""
        told = Facts(labels=self._pending.labels)
        below = bool(told.labels)
        known = told.take(row) and (below or around.begins_with_fact(row) or not self._moves(now, row))
        self._pending.labels = told.labels
        for kind, value in told.said.items():
            own = kind == "closing" or kind in _COUNTED
            (now.facts if own else self._pending).said[kind] = value
        return known

    def _total(self, now: Section, row: Row) -> None:
        """Take the sums that stand under the columns of money, or behind words."""
        for side, role in (("credit", "in"), ("debit", "out")):
            cell = now.layout.cell(row, role)
            if role in now.layout.at and not is_nothing(cell) and amount(cell) is not None:
                now.facts.said[f"{side}_sum"] = plain(cell)
        self._behind(now, row)

    @staticmethod
    def _moves(now: Section, row: Row) -> bool:
        """Tell whether there is money in the columns for it."""
        cells = [now.layout.cell(row, role) for role in MONEY]
        return any(amount(cell) for cell in cells if not is_nothing(cell))

    def _balance(self, now: Section, row: Row, kind: str) -> None:
        """Take a balance carried over, or left: under its column, else the only amount of the row."""
        cell = now.layout.cell(row, "balance")
        amounts = [one for one in row.cells if "." in one and amount(one) is not None]
        cell = cell if not is_nothing(cell) else (amounts[0] if len(amounts) == 1 else "")
        if self._moves(now, row) and not is_nothing(now.layout.cell(row, "balance")):
            now.rows.append(row)  # it has an amount of its own: an entry with that word in it
        elif cell:
            now.facts.said[kind] = plain(cell)
