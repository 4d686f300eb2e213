"""The CRM's orders, where orders are born: its own words, its own rules, everything kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from simulators.trading.database import Clock, stamp
from simulators.trading.desk import Desk, NotDone, Refused, Sleep
from simulators.trading.journal import HUB, Entry, Request
from simulators.trading.quantities import plain
from simulators.trading.records import Body, Record, Unknown

DRAFT, APPROVED, IN_FULFILMENT = "Draft", "Approved", "InFulfilment"
SHIPPED, DELIVERED, CLOSED = "Shipped", "Delivered", "Closed"
STATUSES = (DRAFT, APPROVED, IN_FULFILMENT, SHIPPED, DELIVERED, CLOSED)

WRITABLE = frozenset(
    {"status", "hold", "cancelled", "shipped", "lines", "remark", "erp_no", "customer", "customer_name"}
)
_FIRST = 100_001

Changed = Callable[[str], object]
"""Hears the id of an order that was changed."""


class Repeated(NotDone):
    """A create that came before, with the order that it made then."""

    def __init__(self, record: Record) -> None:
        super().__init__(f"repeat of {record.ref}")
        self.record = record


class Crm:
    """The CRM itself, without the way in."""

    def __init__(self, file: Path, clock: Clock, sleep: Sleep = time.sleep) -> None:
        """Open its file."""
        self.desk = Desk(file, _FIRST, clock, sleep)
        self.faults = self.desk.faults
        self.changed: Changed = lambda order_id: None
        self._clock = clock

    def journal(self) -> list[Entry]:
        """Return every attempt to write that was received."""
        return self.desk.journal()

    def create(self, said: Body, who: str = HUB, key: str = "") -> Body:
        """Make an order; the same idempotency key again gives what was made the first time.

        Raises Refused for content that is wrong, or for a key that came with other content before.
        """
        request = Request(who, "create", str(said.get("ref") or ""), _bytes(said), key)
        try:
            made = self.desk.write(
                request,
                lambda conn: self._create(conn, said, key),
                ref_of=lambda one: one.ref,
                then=lambda one: self.changed(order_id(one)),
            )
        except Repeated as again:
            return shown(again.record)
        return shown(made)

    def change(
        self, order: str, said: Body, who: str = HUB, version: int | None = None, key: str = ""
    ) -> Body:
        """Change an order by id; Unknown, Stale where `version` is not the one it has, or Refused."""
        number = number_of(order)
        ref = self._ref(number)
        operation = "+".join(sorted(said)) if said else "change"
        request = Request(who, operation, ref, _bytes({"id": order, **said}), key)

        def work(conn: sa.Connection) -> Record:
            return self.desk.records.change(conn, number, self._checked(said), version)

        changed = self.desk.write(
            request, work, lambda edit: self._edited(number, edit), then=lambda one: self.changed(order)
        )
        return shown(changed)

    def edit(self, ref: str, said: Body, who: str = "sales") -> Body:
        """Let a person change the order of a reference."""
        (found,) = self.find(ref)
        return self.change(found["id"], said, who)

    def find(self, ref: str) -> list[Body]:
        """Return the orders of a reference as they are now."""
        with self.desk.database.reading() as conn:
            return [shown(one) for one in self.desk.records.find(conn, ref)]

    def orders(self) -> list[Body]:
        """Return all orders as they are now."""
        with self.desk.database.reading() as conn:
            return [shown(one) for one in self.desk.records.changed(conn)]

    def _create(self, conn: sa.Connection, said: Body, key: str) -> Record:
        before = self._made_by(conn, key) if key else None
        if before is not None and before.body["request"] != _text(said):
            raise Refused("KEY_REUSED", f"{key} came with other content before")
        if before is not None:
            raise Repeated(before)
        number = self.desk.records.next_number(conn)
        checked = self._checked({name: value for name, value in said.items() if name != "ref"})
        body = {
            "status": DRAFT,
            "hold": False,
            "cancelled": False,
            "shipped": "0",
            "currency": "CNY",
            **checked,
            "created": stamp(self._clock()),
            "key": key,
            "request": _text(said),
        }
        return self.desk.records.add(conn, number, str(said.get("ref") or f"SO-{number}"), body)

    def _made_by(self, conn: sa.Connection, key: str) -> Record | None:
        asked = sa.text("SELECT number FROM record WHERE json_extract(body, '$.key') = :key")
        number = conn.execute(asked, {"key": key}).scalar()
        return None if number is None else self.desk.records.get(conn, int(number))

    def _edited(self, number: int, edit: Body) -> None:
        """Let somebody change an order while another writes it."""
        with self.desk.database.writing() as conn:
            self.desk.records.change(conn, number, self._checked(edit))

    def _ref(self, number: int) -> str:
        try:
            with self.desk.database.reading() as conn:
                return self.desk.records.get(conn, number).ref
        except Unknown:
            return ""

    def _checked(self, said: Body) -> Body:
        """Return what is to be stored; Refused for what cannot be."""
        unknown = said.keys() - WRITABLE - {"amount", "currency"}
        if unknown:
            raise Refused("UNKNOWN_FIELD", ", ".join(sorted(unknown)))
        kept = dict(said)
        if "status" in said:
            if said["status"] not in STATUSES:
                raise Refused("INVALID_STATUS", str(said["status"]))
            kept["status"] = self.faults.code(said["status"])
        if "lines" in said:
            kept["lines"] = [self._line(at, line) for at, line in enumerate(said["lines"], 1)]
        if "shipped" in said:
            kept["shipped"] = self._quantity(said["shipped"])
        for name in ("remark", "customer_name"):
            if said.get(name):
                kept[name] = self.faults.text(str(said[name]))
        return kept

    def _line(self, at: int, line: Any) -> Body:
        if not isinstance(line, dict) or not line.get("sku"):
            raise Refused("INVALID_LINE", str(line))
        return {
            "pos": int(line.get("pos") or at),
            "sku": str(line["sku"]),
            "qty": self._quantity(line.get("qty")),
        }

    def _quantity(self, said: Any) -> str:
        try:
            return plain(self.faults.quantity(Decimal(str(said))))
        except InvalidOperation as error:
            raise Refused("INVALID_QUANTITY", str(said)) from error


def order_id(record: Record) -> str:
    """Return the CRM's own id of an order."""
    return f"C{record.number}"


def number_of(order: str) -> int:
    """Return the number in an order's id; Unknown if it is none."""
    if not order.startswith("C") or not order[1:].isdecimal():
        raise Unknown(order)
    return int(order[1:])


def shown(record: Record) -> Body:
    """Return an order as the CRM shows it."""
    body = {name: value for name, value in record.body.items() if name not in ("key", "request")}
    return {
        "id": order_id(record),
        "ref": record.ref,
        **body,
        "changed": record.changed,
        "rev": record.version,
    }


def _text(said: Any) -> str:
    return json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)


def _bytes(said: Any) -> bytes:
    return _text(said).encode()
