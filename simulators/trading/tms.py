"""The TMS: takes orders to ship out of files, answers in files, reports in files what happens.

`in/` holds what comes (CSV with a marker), `answers/` one answer for each file, `out/` event files.
A file is taken once, by its name and by its content. What it takes it keeps, in one transaction a file.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from simulators.clock import ZONE
from simulators.tms import COLUMNS, DELIVERED
from simulators.trading.database import Clock, Database, key_of, stamp
from simulators.trading.faults import Faults, fault_table
from simulators.trading.journal import HUB, Entry, Journal, Request, journal_table
from simulators.trading.quantities import plain

ANSWER = ("file", "order", "action", "result", "reason", "shipment", "at")
ACCEPTED, REJECTED = "ACCEPTED", "REJECTED"
SHIP, CHANGE, CANCEL = "SHIP", "CHANGE", "CANCEL"
OPERATIONS = {SHIP: "create", CHANGE: "quantity", CANCEL: "cancel"}

_LEFT_ALONE = frozenset({"dead", "500_before", "html_before", "429"})
_SHIPPER = "华盛电气"
_FIRST = 700_001


class Tms:
    """The TMS with its folder. It works when `work` is called: nothing happens by itself."""

    def __init__(self, folder: Path, file: Path, clock: Clock) -> None:
        """Make the folders and open the file of its own records."""
        self.folder = folder
        for name in ("in", "answers", "out"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        metadata = sa.MetaData()
        journal, faults = journal_table(metadata), fault_table(metadata)
        self._taken = sa.Table(
            "taken",
            metadata,
            sa.Column("name", sa.String(200), primary_key=True),
            sa.Column("digest", sa.String(64), nullable=False, unique=True),
            sa.Column("answers", sa.JSON, nullable=False),
        )
        self._shipments = sa.Table(
            "shipment",
            metadata,
            sa.Column("number", sa.Integer, primary_key=True),
            sa.Column("order_ref", sa.String(60), nullable=False, index=True),
            sa.Column("customer", sa.String(60), nullable=False),
            sa.Column("quantity", sa.String(20), nullable=False),
            sa.Column("code", sa.String(20), nullable=False),
        )
        self._events = sa.Table(
            "event",
            metadata,
            sa.Column("number", sa.Integer, primary_key=True),
            sa.Column("shipment", sa.Integer, nullable=False),
            sa.Column("code", sa.String(20), nullable=False),
            sa.Column("at", sa.String(32), nullable=False),
        )
        self.database = Database(file, metadata)
        self.faults = Faults(self.database, faults)
        self._journal = Journal(self.database, journal, clock)
        self._clock = clock

    def journal(self) -> list[Entry]:
        """Return every row of every file that was looked at, and whether it was carried out."""
        return self._journal.entries()

    def shipments(self, ref: str = "") -> list[dict[str, Any]]:
        """Return all shipments, or those of one order; `code` is the last that was reported."""
        chosen = self._shipments.select().order_by(self._shipments.c.number)
        with self.database.reading() as conn:
            rows = conn.execute(chosen.where(self._shipments.c.order_ref == ref) if ref else chosen)
            return [dict(row) for row in rows.mappings()]

    def work(self) -> int:
        """Take in what has come, and answer; return how many files were new."""
        new = 0
        for marker in sorted((self.folder / "in").glob("*.ok")):
            path = marker.with_suffix(".csv")
            if path.exists() and not self._known(path):
                new += self._take(path)
        self._answer_all()
        return new

    def report(self, ref: str, code: str) -> None:
        """Let something happen to the shipments of an order: an event file says so."""
        at, lines = self._clock(), []
        with self.database.writing() as conn:
            mine = self._shipments.c.order_ref == ref
            for row in conn.execute(self._shipments.select().where(mine)).all():
                event = {"shipment": row.number, "code": code, "at": stamp(at)}
                made = conn.execute(self._events.insert().values(event))
                lines.append(_event(key_of(made), row, code, at))
            if not lines:
                raise LookupError(ref)
            conn.execute(self._shipments.update().where(mine).values(code=code))
        _write(self.folder / "out" / f"TMS_EVENTS_{lines[0][0]}.csv", [COLUMNS, *lines])

    def deliver(self, ref: str) -> None:
        """Let the customer sign for an order."""
        self.report(ref, DELIVERED)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def _known(self, path: Path) -> bool:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        same = (self._taken.c.name == path.stem) | (self._taken.c.digest == content)
        with self.database.reading() as conn:
            return conn.execute(self._taken.select().where(same)).first() is not None

    def _take(self, path: Path) -> bool:
        content = path.read_bytes()
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        refs = [(row.get("order") or "").strip() for row in rows]
        ways = {fault.way for ref in refs for fault in self.faults.due("create", ref)}
        entries = [
            self._journal.received(
                Request(HUB, _operation(row), ref, str(sorted(row.items())).encode(), path.stem)
            )
            for ref, row in zip(refs, rows, strict=True)
        ]
        if ways & _LEFT_ALONE:
            return False
        with self.database.writing() as conn:
            answers = []
            for entry, row in zip(entries, rows, strict=True):
                shipment, reason = self._carried_out(conn, row, "locked" in ways)
                if not reason:
                    self._journal.done(conn, entry)
                answers.append(_answer(path.stem, row, shipment, reason, self._clock()))
            said = {
                "name": path.stem,
                "digest": hashlib.sha256(content).hexdigest(),
                "answers": {"rows": answers, "way": next(iter(ways), "")},
            }
            conn.execute(self._taken.insert().values(said))
        return True

    def _carried_out(self, conn: sa.Connection, row: Mapping[str, str], locked: bool) -> tuple[str, str]:
        """Return the shipment that a row made or changed, or why it did not."""
        ref, action = (row.get("order") or "").strip(), row.get("action") or SHIP
        if locked:
            return "", "order is being edited by dispatcher ZHOU"
        if not ref or action not in OPERATIONS:
            return "", f"cannot read {ref} {action}"
        try:
            quantity = plain(self.faults.quantity(Decimal(row.get("quantity") or "0")))
        except InvalidOperation:
            return "", f"{row.get('quantity')} is no quantity"
        table = self._shipments
        if action == SHIP:
            said = {"order_ref": ref, "customer": self.faults.text(row.get("customer") or "")}
            last = conn.execute(sa.select(sa.func.max(table.c.number))).scalar()
            number = _FIRST if last is None else int(last) + 1
            conn.execute(table.insert().values(number=number, quantity=quantity, code="", **said))
            return f"S{number}", ""
        waiting = (table.c.order_ref == ref) & (table.c.code == "")
        done = table.update() if action == CHANGE else table.delete()
        if action == CHANGE:
            done = table.update().values(quantity=quantity)
        touched = conn.execute(done.where(waiting)).rowcount
        return ("", "") if touched else ("", f"nothing of {ref} that has not left")

    def _answer_all(self) -> None:
        """Write every answer that is not there yet."""
        with self.database.reading() as conn:
            taken = conn.execute(self._taken.select()).all()
        for name, _, said in taken:
            path = self.folder / "answers" / f"{name}.csv"
            if said["way"] == "lost" or path.exists():
                continue
            if said["way"] in ("html_after", "500_after"):
                _write(path, [["<html><body>Internal error</body></html>"]])
            else:
                _write(path, [ANSWER, *said["rows"]])


def _operation(row: Mapping[str, str]) -> str:
    return OPERATIONS.get(row.get("action") or SHIP, "unknown")


def _answer(name: str, row: Mapping[str, str], shipment: str, reason: str, at: datetime) -> list[str]:
    result = REJECTED if reason else ACCEPTED
    said = [name, row.get("order") or "", row.get("action") or SHIP, result, reason, shipment]
    return [*said, at.astimezone(ZONE).isoformat(timespec="seconds")]


def _event(number: int, shipment: Any, code: str, at: datetime) -> list[str]:
    said = {
        "event_id": f"E{number:08d}",
        "shipment_id": f"S{shipment.number}",
        "shipper": _SHIPPER,
        "sales_order": shipment.order_ref,
        "waybill": f"YD{shipment.number}",
        "code": code,
        "occurred_at": at.astimezone(ZONE).isoformat(timespec="seconds"),
        "recorded_at": at.astimezone(ZONE).isoformat(timespec="seconds"),
        "quantity": shipment.quantity,
        "unit": "PCS",
        "estimated": "N",
    }
    return [said.get(column, "") for column in COLUMNS]


def _write(path: Path, rows: Iterable[Iterable[str]]) -> None:
    """Write a file under a temporary name, rename it, then set the marker."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    temporary.rename(path)
    path.with_suffix(".ok").touch()


def held(tms: Tms) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each order with its shipments."""
    by_order: dict[str, list[dict[str, Any]]] = {}
    for one in tms.shipments():
        by_order.setdefault(one["order_ref"], []).append(one)
    yield from by_order.items()
