"""One row becomes one entry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.statements.exports.cells import clock, currency, day, is_nothing
from connectors.statements.exports.delimited import Row
from connectors.statements.exports.header import Layout
from connectors.statements.exports.moves import ZERO, Move, Moves, is_reversal
from connectors.statements.model import Entry, Remark

_RUN_TOGETHER = re.compile(
    r"(?P<name>.*?)[\s/|,:;(]*(?P<account>[A-Z]{0,4}[\d*][\d*xX -]{4,}[\d*xX])\)?", re.S
)


_ACCOUNT_FIRST = re.compile(r"(?P<account>(?=[^/]*[\d*]{3})[A-Za-z\d* -]{5,})/(?P<name>.*[^\d\s/].*)", re.S)


_IN_BRACKETS = re.compile(r"(?P<name>[^()（）]+)[(（](?P<account>[^()（）\s]+@[^()（）\s]+)[)）]")
"""The accounts of payment platforms are addresses."""


@dataclass(frozen=True, slots=True)
class Read:
    """A row as it was read: the entry, and what only the whole table needs of it."""

    entry: Entry
    account: str
    balance: Decimal | None
    time: str


def read_row(row: Row, layout: Layout, moves: Moves, code: str | None) -> Read:
    """Return the entry of a row with a day; `code` is the currency where no column says it."""
    booked, time = day(layout.cell(row, "date"), layout.dates)
    move = moves.of(row)
    said = layout.cell(row, "currency")
    balance = moves.number(row, "balance") if not is_nothing(layout.cell(row, "balance")) else None
    time = time or clock(layout.cell(row, "time"))
    words = [layout.cell(row, role) for role in ("code", "state")]
    text = _joined(row.cells[at] for at in layout.texts if at < len(row.cells))
    name, account, bank = _other_side(row, layout, move.amount)
    entry = Entry(
        booked,
        move.amount,
        currency=(currency(said) if not is_nothing(said) else None) or code,
        value_date=day(layout.cell(row, "value_date"), layout.dates)[0],
        reference=_reference(row, layout, move),
        payer_name=name,
        payer_account=account,
        remittance_info=text,
        reversal=move.red or is_reversal(text, *words),
        note=move.note,
        line=row.line,
        details=_details(
            row, layout, move, balance=balance, time=time, payer_bank=bank, fee=_fee(row, moves, layout, move)
        ),
    )
    if booked is None:
        entry.amount, entry.note = ZERO, _bad_day(row, layout)
    elif balance is None and not is_nothing(layout.cell(row, "balance")) and entry.note is None:
        entry.note = Remark("exports.bad_balance", row.line, {"cell": layout.cell(row, "balance")[:40]})
    elif not is_nothing(said) and currency(said) is None and entry.note is None:
        entry.note = Remark("exports.unknown_currency", row.line, {"cell": said[:40]})
    return Read(entry, _said(layout.cell(row, "own_account")), balance, time)


def ragged_row(row: Row, layout: Layout, code: str | None) -> Read:
    """Return a row whose cells stand under the wrong names as an entry of no amount."""
    booked = day(layout.cell(row, "date"), layout.dates)[0]
    values = {"got": len(row.cells), "expected": layout.width}
    note = Remark("exports.field_count", row.line, values)
    return Read(Entry(booked, ZERO, currency=code, note=note, line=row.line), "", None, "")


def _bad_day(row: Row, layout: Layout) -> Remark:
    roles = ("amount", "in", "out")
    amounts = " ".join(cell for role in roles if (cell := layout.cell(row, role))) or "-"
    cell = layout.cell(row, "date")[:40] or "-"
    return Remark("exports.bad_date", row.line, {"cell": cell, "amount": amounts[:60]})


def _said(cell: str) -> str:
    return "" if is_nothing(cell) else cell


def _joined(cells: Any) -> str:
    """Return texts as one, each of them once."""
    return " ".join(dict.fromkeys(" ".join(cell.split()) for cell in cells if not is_nothing(cell)))


def _other_side(row: Row, layout: Layout, amount: Decimal) -> tuple[str, str, str]:
    """Return name, account and bank of the other side.

    Where payer and payee have columns of their own, the other side is who is not the account's holder.
    """
    name = _said(layout.cell(row, "party"))
    account = _said(layout.cell(row, "party_account"))
    bank = _said(layout.cell(row, "party_bank"))
    if "party_and_account" in layout.at:
        both = layout.cell(row, "party_and_account")
        said, number = _parted(both)
        name, account = name or said, account or number
    sides = [side for side in ("payer", "payee") if {side, f"{side}_account"} & layout.at.keys()]
    if sides:
        side = sides[0] if len(sides) == 1 else ("payer" if amount >= 0 else "payee")
        name = name or _said(layout.cell(row, side))
        account = account or _said(layout.cell(row, f"{side}_account"))
        bank = bank or _said(layout.cell(row, f"{side}_bank"))
    return name, re.sub(r"\s", "", account), bank


def _parted(both: str) -> tuple[str, str]:
    """Return name and account of a cell that holds both, in either order."""
    if found := _ACCOUNT_FIRST.fullmatch(both) or _IN_BRACKETS.fullmatch(both):
        return found["name"].strip(), found["account"].strip()
    parts = _RUN_TOGETHER.fullmatch(both)
    return (parts["name"].strip(), parts["account"].strip()) if parts else (_said(both), "")


def _reference(row: Row, layout: Layout, move: Move) -> str:
    """Return the number of the entry; that of a refund where the bill numbers refunds by themselves."""
    back = _said(layout.cell(row, "refund_no"))
    if back and back != "0" and (move.refund or move.amount < 0):
        return back
    number = _said(layout.cell(row, "reference"))
    return number if number.strip("0") else ""


def _fee(row: Row, moves: Moves, layout: Layout, move: Move) -> Decimal | None:
    """Return what the platform keeps of the amount: below zero where it gives it back."""
    if "fee" not in layout.at or not move.amount:
        return None
    fee = moves.number(row, "fee")
    return None if fee is None else (abs(fee) if move.amount > 0 else -abs(fee)) + ZERO


def _details(row: Row, layout: Layout, move: Move, **known: Any) -> dict[str, Any]:
    bank_reference = _said(layout.cell(row, "reference"))
    texts = {"order_no": _said(layout.cell(row, "order_no")), "code": _said(layout.cell(row, "code"))}
    if "refund_no" in layout.at:
        texts["bank_reference"] = bank_reference
    if move.refund:
        texts["code"] = _said(layout.cell(row, "state")) or texts["code"]
    return {name: value for name, value in {**texts, **known}.items() if value not in ("", None)}
