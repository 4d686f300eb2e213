"""Every attempt to write that a system received, and whether it was done: the proof is made of this alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from simulators.trading.database import Clock, Database, key_of, stamp

HUB = "hub"
"""Who writes when it is no person of the house."""


def journal_table(metadata: sa.MetaData) -> sa.Table:
    """Return the journal's table in `metadata`."""
    return sa.Table(
        "journal",
        metadata,
        sa.Column("entry", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("who", sa.String(40), nullable=False),
        sa.Column("operation", sa.String(40), nullable=False),
        sa.Column("order_ref", sa.String(60), nullable=False, server_default=""),
        sa.Column("idempotency_key", sa.String(120), nullable=False, server_default=""),
        sa.Column("digest", sa.Text, nullable=False, server_default=""),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt: `digest` of the request, `done` whether it changed anything, `note` why not."""

    entry: int
    at: str
    who: str
    operation: str
    order_ref: str
    idempotency_key: str
    digest: str
    done: bool
    note: str


@dataclass(frozen=True, slots=True)
class Request:
    """An attempt to write as it comes in."""

    who: str
    operation: str
    order_ref: str
    content: bytes = b""
    key: str = ""


class Journal:
    """The journal of one system."""

    def __init__(self, database: Database, table: sa.Table, clock: Clock) -> None:
        """Take the database and the journal's table in it."""
        self._database, self._table, self._clock = database, table, clock

    def received(self, request: Request) -> int:
        """Note an attempt before anything is done, in a transaction of its own; return its number."""
        row = {
            "at": stamp(self._clock()),
            "who": request.who,
            "operation": request.operation,
            "order_ref": request.order_ref,
            "idempotency_key": request.key,
            "digest": hashlib.sha256(request.content).hexdigest()[:16],
        }
        with self._database.writing() as conn:
            made = conn.execute(self._table.insert().values(row))
            return key_of(made)

    def done(self, conn: sa.Connection, entry: int, order_ref: str = "") -> None:
        """Note, in the transaction of the write itself, that it was done (for which order, if new)."""
        values: dict[str, object] = {"done": 1} | ({"order_ref": order_ref} if order_ref else {})
        conn.execute(self._table.update().where(self._table.c.entry == entry).values(values))

    def not_done(self, entry: int, why: str) -> None:
        """Note why an attempt changed nothing."""
        with self._database.writing() as conn:
            conn.execute(self._table.update().where(self._table.c.entry == entry).values(note=why))

    def entries(self) -> list[Entry]:
        """Return all attempts in the order in which they came."""
        with self._database.reading() as conn:
            rows = conn.execute(self._table.select().order_by(self._table.c.entry)).mappings()
            return [Entry(**{**row, "done": bool(row["done"])}) for row in rows]


def doubled(entries: Iterable[Entry], operation: str = "create") -> list[str]:
    """Return the orders for which something that happens once was done more than once."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for entry in entries:
        if entry.done and entry.operation == operation:
            if entry.order_ref in seen:
                twice[entry.order_ref] = None
            seen.add(entry.order_ref)
    return list(twice)
