"""Bad days on order: how calls go wrong, kept beside the records, so that another process can order them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import sqlalchemy as sa

from simulators.trading.database import Database

BEFORE = frozenset({"dead", "500_before", "html_before", "429", "locked"})
"""Ways that keep a write from being done: connection closed, 500, HTML for an answer, too many, locked."""

AFTER = frozenset({"lost", "500_after", "html_after"})
"""Ways in which a write is done and its answer does not say so: connection closed, 500, HTML."""

BESIDE = frozenset({"slow", "person"})
"""The answer takes `value` seconds; a person makes the change `value` (JSON) between read and write."""

QUIRKS = frozenset({"round", "cut", "merge", "lag"})
"""What a system always does: round quantities to `value` decimals, cut texts to `value` characters, store
codes as others ("Shipped=Delivered"), show what was true `value` seconds ago (by operation)."""

WAYS = BEFORE | AFTER | BESIDE | QUIRKS


def fault_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table of faults in `metadata`."""
    return sa.Table(
        "fault",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("way", sa.String(20), nullable=False),
        sa.Column("operation", sa.String(40), nullable=False),
        sa.Column("order_ref", sa.String(60), nullable=False),
        sa.Column("after", sa.Integer, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """How one call goes wrong."""

    way: str
    value: str


class Interrupted(Exception):
    """A call that goes wrong as ordered; what was done by then stands."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.way)
        self.way, self.value = fault.way, fault.value


class Faults:
    """The faults of one system."""

    def __init__(self, database: Database, table: sa.Table) -> None:
        """Take the database and the table of faults in it."""
        self._database, self._table = database, table

    def order(
        self,
        way: str,
        value: str = "",
        *,
        operation: str = "",
        order_ref: str = "",
        times: int = 1,
        after: int = 0,
    ) -> None:
        """Let calls (of one operation, for one order, where said) go wrong: `times`, once `after` went well.

        Quirks stay until they are cleared.
        """
        if way not in WAYS:
            raise ValueError(way)
        row = {
            "way": way,
            "operation": operation,
            "order_ref": order_ref,
            "after": after,
            "times": times,
            "value": value,
        }
        with self._database.writing() as conn:
            if way in QUIRKS:  # a new one replaces the old
                alike = (self._table.c.way == way) & (self._table.c.operation == operation)
                conn.execute(self._table.delete().where(alike))
            conn.execute(self._table.insert().values(row))

    def clear(self, way: str = "") -> None:
        """Let all be well again, or let one way of going wrong end."""
        every = self._table.delete()
        with self._database.writing() as conn:
            conn.execute(every.where(self._table.c.way == way) if way else every)

    def left(self) -> int:
        """Return how many calls are still to go wrong as ordered."""
        with self._database.reading() as conn:
            rows = conn.execute(self._table.select()).all()
        return sum(row.times for row in rows if row.way not in QUIRKS)

    def due(self, operation: str, order_ref: str) -> list[Fault]:
        """Return how this call shall go wrong, and count it: what happens beside, and at most one more."""
        with self._database.reading() as conn:
            if conn.execute(self._select(operation, order_ref)).first() is None:
                return []
        found: list[Fault] = []
        with self._database.writing() as conn:
            for row in conn.execute(self._select(operation, order_ref)).all():
                ends = any(one.way not in BESIDE for one in found)
                if ends and row.way not in BESIDE:
                    continue
                at = self._table.c.number == row.number
                if row.after:
                    conn.execute(self._table.update().where(at).values(after=row.after - 1))
                    continue
                found.append(Fault(row.way, row.value))
                left = row.times - 1
                if left > 0:
                    conn.execute(self._table.update().where(at).values(times=left))
                else:
                    conn.execute(self._table.delete().where(at))
        return found

    def quirk(self, way: str, operation: str = "") -> str | None:
        """Return what a quirk does to an operation, None if it does not."""
        chosen = self._table.select().where(
            self._table.c.way == way, self._table.c.operation.in_([operation, ""])
        )
        with self._database.reading() as conn:
            row = conn.execute(chosen.order_by(self._table.c.operation.desc())).first()
        return None if row is None else str(row.value)

    def quantity(self, quantity: Decimal) -> Decimal:
        """Return a quantity as the system keeps it."""
        decimals = self.quirk("round")
        return (
            quantity
            if decimals is None
            else quantity.quantize(Decimal(1).scaleb(-int(decimals)), ROUND_HALF_UP)
        )

    def text(self, text: str) -> str:
        """Return a text as the system keeps it."""
        length = self.quirk("cut")
        return text if length is None else text[: int(length)]

    def code(self, code: str) -> str:
        """Return a code as the system keeps it."""
        merged = dict(one.split("=") for one in (self.quirk("merge") or "").split())
        return merged.get(code, code)

    def _select(self, operation: str, order_ref: str) -> sa.Select[tuple[object, ...]]:
        table = self._table.c
        return (
            self._table.select()
            .where(
                table.way.not_in(QUIRKS),
                table.operation.in_([operation, ""]),
                table.order_ref.in_([order_ref, ""]),
            )
            .order_by(table.number)
        )


@contextmanager
def faults_at(place: Path | str) -> Iterator[Faults]:
    """Give the faults of the system that keeps its records at `place`, for another process to order."""
    metadata = sa.MetaData()
    table = fault_table(metadata)
    database = Database(place, metadata)
    try:
        yield Faults(database, table)
    finally:
        database.close()
