"""How much money a row moves, and which way: the account holder's view, where credit is money in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.statements.exports.cells import amount, is_nothing, parts_by_comma
from connectors.statements.exports.delimited import Row
from connectors.statements.exports.words import listed, shape, word
from connectors.statements.model import Remark

if TYPE_CHECKING:
    from connectors.statements.exports.header import Layout

ZERO = Decimal(0)
_SIDES = ("in", "out", "neutral")


@dataclass(frozen=True, slots=True)
class Move:
    """What a row moves: signed, in major units; `note` where it moves nothing or needs looking at."""

    amount: Decimal
    note: Remark | None = None
    red: bool = False
    refund: bool = False


def is_direction(cell: str) -> bool:
    """Tell whether a cell says which way money goes."""
    return any(word(cell) in listed(kind) for kind in _SIDES)


def is_reversal(*cells: str) -> bool:
    """Tell whether the words of a row call it a reversal."""
    return any(shape("reversal").search(cell) for cell in cells)


class Moves:
    """Reads the moves of one table; what can only be told from all of its rows is told first."""

    def __init__(self, layout: Layout, rows: Sequence[Row]) -> None:
        """Look over the rows: how decimals are parted, and whether money out is written below zero."""
        self._layout = layout
        self._words = {kind: frozenset(map(word, words)) for kind, words in layout.profile.words.items()}
        columns = [role for role in ("amount", "in", "out", "balance", "refund", "fee") if role in layout.at]
        cells = [layout.cell(row, role) for row in rows for role in columns]
        self._comma = parts_by_comma(cells)
        outs = [value for row in rows if (value := self._out(row))]
        self._minus_out = bool(outs) and all(value < 0 for value in outs)

    def number(self, row: Row, role: str) -> Decimal | None:
        """Return the amount in a column, 0 where it is empty, None where it is none."""
        cell = self._layout.cell(row, role)
        if is_nothing(cell):
            return ZERO
        found = amount(cell, comma=self._comma)
        return found * self._layout.units.get(self._layout.at[role], 1) if found is not None else None

    def side(self, cell: str) -> str:
        """Return "in", "out" or "neutral" for a word of direction, "" for one that is unknown."""
        said = word(cell)
        return next((kind for kind in _SIDES if self._says(said, kind)), "")

    def _says(self, said: str, kind: str) -> bool:
        return said in self._words.get(kind, ()) or (kind != "refund" and said in listed(kind))

    def of(self, row: Row) -> Move:
        """Return what a row moves."""
        layout = self._layout
        state = layout.cell(row, "state")
        if self._says(word(state), "void"):
            return Move(ZERO, Remark("exports.void", row.line, {"state": state, "amount": self._said(row)}))
        if "refund" in layout.at:
            return self._order(row, self._says(word(state), "refund"), state)
        move = self._one(row) if "amount" in layout.at else self._two(row)
        return Move(-move.amount, move.note, move.red) if layout.profile.turned else move

    def _out(self, row: Row) -> Decimal | None:
        if "out" in self._layout.at:
            return self.number(row, "out")
        out = "direction" in self._layout.at and self.side(self._layout.cell(row, "direction")) == "out"
        return self.number(row, "amount") if out else None

    def _paid(self, value: Decimal) -> tuple[Decimal, bool]:
        """Return money out as a signed amount, and whether it is booked in red (it comes back)."""
        return (-abs(value), False) if self._minus_out else (-value, value < 0)

    def _one(self, row: Row) -> Move:
        """Read the one column of amounts, with its word of direction where there is one."""
        value = self.number(row, "amount")
        if value is None:
            return self._unreadable(row, "amount")
        said = self._layout.cell(row, "direction")
        if "direction" not in self._layout.at or (not value and not said):
            return Move(value, None if value else Remark("exports.no_amount", row.line))
        side = self.side(said)
        if side == "neutral":
            return Move(ZERO, Remark("exports.neutral", row.line, {"word": said, "amount": self._said(row)}))
        if not side:
            return Move(
                ZERO, Remark("exports.no_direction", row.line, {"word": said, "amount": self._said(row)})
            )
        if side == "in":
            return Move(value, None if value else Remark("exports.no_amount", row.line), value < 0)
        paid, red = self._paid(value)
        return Move(paid, None if value else Remark("exports.no_amount", row.line), red)

    def _two(self, row: Row) -> Move:
        """Read the columns of money in and money out; where both are filled, the difference, with a note."""
        got, spent = self.number(row, "in"), self.number(row, "out")
        if got is None or spent is None:
            return self._unreadable(row, "in" if got is None else "out")
        if not got and not spent:
            return Move(ZERO, Remark("exports.no_amount", row.line))
        paid, red = self._paid(spent) if spent else (ZERO, False)
        both = {"got": str(got), "spent": str(spent)}
        return Move(
            got + paid,
            Remark("exports.both_columns", row.line, both) if got and spent else None,
            red or got < 0,
        )

    def _order(self, row: Row, refunded: bool, state: str) -> Move:
        """Read a row of a merchant's bill: an order that was paid, or one that was paid back."""
        paid, back = self.number(row, "amount"), self.number(row, "refund")
        if paid is None or back is None:
            return self._unreadable(row, "amount" if paid is None else "refund")
        if not refunded:
            return Move(paid - back, None if paid or back else Remark("exports.no_amount", row.line))
        told = [self._layout.cell(row, "refund_state")] if "refund_state" in self._layout.at else []
        if any(word(cell) in listed("failed") for cell in told):
            return Move(
                ZERO,
                Remark("exports.void", row.line, {"state": told[0], "amount": str(-abs(back))}),
                refund=True,
            )
        return Move(-abs(back), None if back else Remark("exports.no_amount", row.line, {}), refund=True)

    def _said(self, row: Row) -> str:
        """Return the amounts of a row as they are written."""
        roles = ("amount", "in", "out")
        return " ".join(cell for role in roles if (cell := self._layout.cell(row, role))) or "-"

    def _unreadable(self, row: Row, role: str) -> Move:
        cell, name = self._layout.cell(row, role), self._layout.cells[self._layout.at[role]]
        return Move(ZERO, Remark("exports.bad_amount", row.line, {"column": name, "cell": cell[:40]}))
