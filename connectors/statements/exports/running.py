"""The running balance: it proves the order of the rows and the signs of the amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.statements.exports.roles import Read


@dataclass(frozen=True, slots=True)
class Chain:
    """What balances say of rows: in order of time, turned if every amount has the wrong sign.

    `jumps` are the lines whose balance does not follow from the row before.
    """

    rows: list[Read]
    turned: bool = False
    jumps: list[int] = field(default_factory=list)
    pairs: int = 0

    @property
    def opening(self) -> Decimal | None:
        """The balance before the first row, None if rows have no balance."""
        first = self.rows[0] if self.rows else None
        if first is None or first.balance is None:
            return None
        return first.balance - (-first.entry.amount if self.turned else first.entry.amount)

    @property
    def closing(self) -> Decimal | None:
        """The balance behind the last row."""
        return self.rows[-1].balance if self.rows else None


def chain(rows: Sequence[Read], opening: Decimal | None = None, *, may_turn: bool = True) -> Chain:
    """Return the order and the signs by which the most balances follow from each other.

    Rows stand as they were booked, or the newest first, or the newest day first and booked within it. The
    signs are turned only where no balance follows as they are, and every one with all of them the other way;
    never without `may_turn`.
    """
    orders = _orders(list(rows))
    straight = min((_follow(order, 1, opening) for order in orders), key=lambda one: len(one.jumps))
    if may_turn and straight.pairs and len(straight.jumps) == straight.pairs:
        turned = min((_follow(order, -1, opening) for order in orders), key=lambda one: len(one.jumps))
        if not turned.jumps:
            return turned
    return straight


def _orders(rows: list[Read]) -> list[list[Read]]:
    """Return the orders that the rows may stand in; days that only grow, or only fall, leave no choice."""
    days = [(row.entry.booked_on, row.time) for row in rows if row.entry.booked_on]
    back = rows[::-1]
    if len(days) == len(rows):
        grows, falls = (
            days == sorted(days, key=lambda one: one[0]),
            days == sorted(days, key=lambda one: one[0], reverse=True),
        )
        if falls and not grows:
            return [back, sorted(rows, key=lambda row: row.entry.booked_on or days[0][0])]
        if grows and not falls:
            return [rows, sorted(back, key=lambda row: row.entry.booked_on or days[0][0])]
    return [rows, back]


def _follow(rows: list[Read], sign: int, opening: Decimal | None) -> Chain:
    jumps, pairs, before = [], 0, opening
    for row in rows:
        if row.balance is None:
            before = None
            continue
        if before is not None and (row.entry.amount or row.entry.note is None):
            pairs += 1
            if before + sign * row.entry.amount != row.balance:
                jumps.append(row.entry.line)
        before = row.balance
    return Chain(rows, sign < 0, jumps, pairs)
