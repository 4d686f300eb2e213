"""The ERP's accounts receivable: what customers owe, and the clearings that pay it off, in one set of books.

A clearing is never deleted: taking it back marks it as reversed, and what it paid is open again. Its
reference is whatever the caller says; nothing is unique on it.
"""

from __future__ import annotations

import time
from decimal import Decimal, InvalidOperation
from pathlib import Path

import sqlalchemy as sa

from simulators.trading.database import Clock
from simulators.trading.desk import Desk, Refused, Sleep
from simulators.trading.journal import HUB, Entry, Request
from simulators.trading.records import Body, Record, Unknown

RECEIVABLE, CLEARING = "receivable", "clearing"

_FIRST = 1_400_001
_CENT = Decimal("0.01")


class Finance:
    """The books themselves, without the way in."""

    def __init__(self, file: Path, clock: Clock, sleep: Sleep = time.sleep) -> None:
        """Open their file."""
        self.desk = Desk(file, _FIRST, clock, sleep)
        self.faults = self.desk.faults
        self.closed = False

    def journal(self) -> list[Entry]:
        """Return every attempt to write that was received."""
        return self.desk.journal()

    def bill(
        self,
        customer: str,
        name: str,
        amount: Decimal | str,
        invoice: str,
        *,
        order: str = "",
        currency: str = "CNY",
        due: str = "",
    ) -> str:
        """Let finance write a receivable; return its number. `due` is a day (2026-04-30)."""
        body = {
            "kind": RECEIVABLE,
            "customer": customer,
            "name": name,
            "amount": _money(amount),
            "open": _money(amount),
            "invoice": invoice,
            "currency": currency,
            "due": due,
        }

        def work(conn: sa.Connection) -> Record:
            return self.desk.records.add(conn, self.desk.records.next_number(conn), order, body)

        return str(self.desk.write(Request("clerk", "bill", order), work).number)

    def post(self, ref: str, receivable: int, said: Body, who: str = HUB, content: bytes = b"") -> Record:
        """Clear (a part of) a receivable; Refused, Unknown, Interrupted."""
        amount = _amount(said.get("amount"))

        def work(conn: sa.Connection) -> Record:
            owed = self._receivable(conn, receivable)
            self._move(conn, owed, -amount)
            body = {
                "kind": CLEARING,
                "receivable": str(receivable),
                "amount": _money(amount),
                "cash": _money(said.get("cash") or amount),
                "currency": str(said.get("currency") or owed.body["currency"]),
                "bank": str(said.get("bank") or ""),
                "value_date": str(said.get("value_date") or ""),
                "reversed": "",
            }
            return self.desk.records.add(conn, self.desk.records.next_number(conn), ref, body)

        return self.desk.write(Request(who, "post", ref, content), work)

    def reverse(self, number: int, who: str = HUB, content: bytes = b"") -> Record:
        """Take a clearing back; Refused if it was before, Unknown, Interrupted."""
        with self.desk.database.reading() as conn:
            ref = self.desk.records.get(conn, number).ref

        def work(conn: sa.Connection) -> Record:
            one = self.desk.records.get(conn, number)
            if one.body["kind"] != CLEARING or one.body["reversed"]:
                raise Refused("F5201", f"document {number} is no clearing that can be reversed")
            owed = self._receivable(conn, int(one.body["receivable"]))
            self._move(conn, owed, Decimal(one.body["amount"]))
            return self.desk.records.change(conn, number, {"reversed": "X"}, None)

        return self.desk.write(Request(who, "reverse", ref, content), work)

    def find(self, ref: str) -> list[Record]:
        """Return the clearings that carry a reference, those that were reversed too."""
        with self.desk.database.reading() as conn:
            return [one for one in self.desk.records.find(conn, ref) if one.body["kind"] == CLEARING]

    def all(self, kind: str) -> list[Record]:
        """Return all receivables, or clearings."""
        with self.desk.database.reading() as conn:
            return [one for one in self.desk.records.changed(conn) if one.body["kind"] == kind]

    def open(self, number: str) -> Decimal:
        """Return what of a receivable is open."""
        with self.desk.database.reading() as conn:
            return Decimal(self._receivable(conn, int(number)).body["open"])

    def _receivable(self, conn: sa.Connection, number: int) -> Record:
        one = self.desk.records.get(conn, number)
        if one.body["kind"] != RECEIVABLE:
            raise Unknown(str(number))
        return one

    def _move(self, conn: sa.Connection, owed: Record, amount: Decimal) -> None:
        if self.closed:
            raise Refused("F5286", "the posting period is closed")
        whole, left = Decimal(owed.body["amount"]), Decimal(owed.body["open"]) + amount
        if left * whole < 0 or abs(left) > abs(whole):
            raise Refused("F5312", f"document {owed.number}: {owed.body['open']} is open, not {-amount}")
        self.desk.records.change(conn, owed.number, {"open": _money(left)}, None)


def _amount(said: object) -> Decimal:
    try:
        amount = Decimal(str(said))
    except InvalidOperation as error:
        raise Refused("F5100", f"{said} is no amount") from error
    if not amount or amount != amount.quantize(_CENT):
        raise Refused("F5100", f"{said} is no amount")
    return amount


def _money(amount: object) -> str:
    return f"{Decimal(str(amount)):.2f}"
