"""The ERP's sales orders, whichever way they are written: one call by the plain service, or by BAPIs."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from simulators.trading.database import Clock
from simulators.trading.desk import Desk, Refused, Sleep
from simulators.trading.journal import HUB, Entry, Request
from simulators.trading.quantities import plain
from simulators.trading.records import Body, Record

OPEN, PARTLY, DELIVERED, COMPLETED = "10", "50", "60", "90"
STATUSES = (OPEN, PARTLY, DELIVERED, COMPLETED)
TO_INVOICE, INVOICED, PARTLY_PAID, PAID = "1", "2", "3", "4"
NO_MONEY = ""

_FIRST = 4_500_001
_FLAGS = ("block", "rejected")

LOCKED = "V1042"


class Erp:
    """The ERP itself, without the ways in. A reference may stand on any number of documents."""

    def __init__(self, file: Path, clock: Clock, sleep: Sleep = time.sleep) -> None:
        """Open its file."""
        self.desk = Desk(file, _FIRST, clock, sleep)
        self.faults = self.desk.faults
        self._locks: dict[int, str] = {}

    def journal(self) -> list[Entry]:
        """Return every attempt to write that was received."""
        return self.desk.journal()

    def burn(self) -> int:
        """Take a number, whether or not a document will follow."""
        with self.desk.database.writing() as conn:
            return self.desk.records.next_number(conn)

    def create(self, ref: str, said: Body, who: str = HUB, content: bytes = b"", number: int = 0) -> Record:
        """Store a new document, under a number taken before where one is given; Refused, Interrupted."""

        def work(conn: sa.Connection) -> Record:
            body = {
                "status": OPEN,
                "block": "",
                "rejected": "",
                "shipped": "0",
                "money": NO_MONEY,
                "customer": "",
                "lines": [],
                **self.checked(said),
            }
            return self.desk.records.add(conn, number or self.desk.records.next_number(conn), ref, body)

        return self.desk.write(Request(who, "create", ref, content), work)

    def change(
        self, number: int, said: Body, who: str = HUB, version: int | None = None, content: bytes = b""
    ) -> Record:
        """Change a document; Unknown, Stale, Refused (also while a person edits it), Interrupted."""
        with self.desk.database.reading() as conn:
            old = self.desk.records.get(conn, number)

        def work(conn: sa.Connection) -> Record:
            self.require_free(number, who)
            return self.desk.records.change(conn, number, self.checked(said, old.body), version)

        operation = "+".join(sorted(said)) or "change"
        return self.desk.write(Request(who, operation, old.ref, content), work, self._somebody(number))

    def edit(self, ref: str, said: Body, who: str = "clerk") -> None:
        """Let a person change every document that carries a reference."""
        for one in self.find(ref):
            self.change(one.number, said, who)

    def invoice(self, ref: str) -> None:
        """Write the invoice of what was delivered."""
        self.edit(ref, {"money": INVOICED})

    def pay(self, ref: str) -> None:
        """Post the customer's payment: the order is completed."""
        self.edit(ref, {"money": PAID, "status": COMPLETED})

    def lock(self, ref: str, user: str = "WANGJG") -> None:
        """Let a person have an order's documents open for editing."""
        self._locks |= {one.number: user for one in self.find(ref)}

    def unlock(self, ref: str) -> None:
        """Let the person close them."""
        for one in self.find(ref):
            self._locks.pop(one.number, None)

    def require_free(self, number: int, who: str) -> None:
        """Raise Refused while somebody else has a document open."""
        user = self._locks.get(number)
        if user is not None and user != who:
            raise Refused(LOCKED, locked_text(number, user))

    def find(self, ref: str) -> list[Record]:
        """Return the documents that carry a reference."""
        with self.desk.database.reading() as conn:
            return self.desk.records.find(conn, ref)

    def orders(self) -> list[Record]:
        """Return all documents."""
        with self.desk.database.reading() as conn:
            return self.desk.records.changed(conn)

    def checked(self, said: Body, old: Body | None = None) -> Body:
        """Return what is to be stored; Refused for what cannot be."""
        kept = dict(said)
        if "status" in said:
            if said["status"] not in STATUSES:
                raise Refused("V1300", f"status {said['status']} does not exist")
            kept["status"] = self.faults.code(said["status"])
        if "shipped" in said:
            kept["shipped"] = self._quantity(said["shipped"])
        if "lines" in said:
            if not said["lines"]:
                raise Refused("V4232", "enter at least one item")
            kept["lines"] = [self._line(line) for line in said["lines"]]
        if "customer" in said:
            kept["customer"] = self.faults.text(said["customer"])
        if kept.get("money") not in (None, NO_MONEY, TO_INVOICE, INVOICED, PARTLY_PAID, PAID):
            raise Refused("F5100", f"billing status {kept['money']} does not exist")
        if (old or {}).get("status") == COMPLETED and kept.keys() & {"lines", "shipped", "rejected"}:
            raise Refused("V1311", "the document is completed")
        return kept | {name: "X" if kept[name] in ("X", True) else "" for name in _FLAGS if name in kept}

    def _line(self, line: Body) -> Body:
        if not line.get("material"):
            raise Refused("VP112", "enter a material")
        return {"pos": int(line["pos"]), "material": line["material"], "qty": self._quantity(line.get("qty"))}

    def _quantity(self, said: Any) -> str:
        try:
            return plain(self.faults.quantity(Decimal(str(said))))
        except InvalidOperation as error:
            raise Refused("V1055", f"{said} is no quantity") from error

    def _somebody(self, number: int) -> Callable[[Body], None]:
        def edit(said: Body) -> None:
            with self.desk.database.writing() as conn:
                self.desk.records.change(conn, number, self.checked(said))

        return edit


def locked_text(number: int, user: str) -> str:
    """Return what the ERP says of a document that somebody has open."""
    return f"Sales document {number} is currently being processed (by user {user})"
