"""The warehouse at work in its own database, into which the hub writes as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from simulators.clock import ZONE
from simulators.trading.database import Clock, Database, key_of
from simulators.trading.faults import Faults
from simulators.trading.journal import HUB, Entry, Journal
from simulators.trading.wms_tables import fault, journal, metadata, outbound, outbound_line, prepare, setting

RECEIVED, ALLOCATED, PICKED, PARTLY_SENT, SENT, VOID = "00", "10", "20", "80", "90", "99"

WAREHOUSE = "warehouse"


class Wms:
    """The warehouse system. `unique` tells whether two rows with one reference are refused.

    Faults stay until they are cleared here, since the database itself carries them out: "locked" and "dead"
    refuse what the hub writes, "round", "cut" and "merge" change what is stored.
    """

    def __init__(
        self, place: Path | str, clock: Clock, *, unique: bool = False, real_time: bool = False
    ) -> None:
        """Open a file or a SQLAlchemy URL; with `real_time` the database stamps by its own clock."""
        self.database = Database(place, metadata)
        with self.database.writing() as conn:
            prepare(conn, unique=unique)
        self.faults = Faults(self.database, fault)
        self._journal = Journal(self.database, journal, clock)
        self._clock, self._real = clock, real_time
        self.tick()

    @property
    def url(self) -> str:
        """The SQLAlchemy URL by which the hub reads and writes."""
        return self.database.url

    def journal(self) -> list[Entry]:
        """Return every write that was committed (what was rolled back leaves no trace in a database)."""
        return self._journal.entries()

    def tick(self) -> None:
        """Tell the database what time it is; the clock's owner calls it whenever time has moved."""
        if not self._real:
            with self.database.writing() as conn:
                conn.execute(
                    setting.update().where(setting.c.name == "now").values(value=local(self._clock()))
                )

    def rows(self) -> list[dict[str, Any]]:
        """Return all outbound rows with their lines."""
        with self.database.reading() as conn:
            heads = conn.execute(outbound.select().order_by(outbound.c.id)).mappings().all()
            lines = conn.execute(outbound_line.select().order_by(outbound_line.c.pos)).mappings().all()
        return [
            {**head, "lines": [dict(o) for o in lines if o["outbound_id"] == head["id"]]} for head in heads
        ]

    def find(self, ref: str) -> list[dict[str, Any]]:
        """Return the rows that carry a reference."""
        return [row for row in self.rows() if row["order_ref"] == ref]

    def allocate(self, ref: str) -> None:
        """Set goods aside for an order."""
        self.edit(ref, state=ALLOCATED)

    def pick(self, ref: str) -> None:
        """Take the goods from their shelves."""
        self.edit(ref, state=PICKED)

    def ship(self, ref: str, share: Decimal = Decimal(1)) -> None:
        """Send an order off, all of it or a share of every line."""
        with self._at_work() as conn:
            for at, row in self._of(conn, ref):
                for line in conn.execute(
                    outbound_line.select().where(outbound_line.c.outbound_id == at)
                ).all():
                    place = (outbound_line.c.outbound_id == at) & (outbound_line.c.pos == line.pos)
                    sent = round(line.qty * share, 3)
                    conn.execute(outbound_line.update().where(place).values(qty_sent=sent))
                state = SENT if share == 1 else PARTLY_SENT
                shipped = row["shipped_at"] or local(self._clock())
                conn.execute(
                    outbound.update().where(outbound.c.id == at).values(state=state, shipped_at=shipped)
                )

    def void(self, ref: str) -> None:
        """Give an order up."""
        self.edit(ref, state=VOID)

    def hold(self, ref: str, held: bool = True) -> None:
        """Stop an order, or let it go on."""
        self.edit(ref, held="Y" if held else "N")

    def edit(self, ref: str, **columns: str) -> None:
        """Change columns of an order's rows by hand."""
        with self._at_work() as conn:
            for at, _ in self._of(conn, ref):
                conn.execute(outbound.update().where(outbound.c.id == at).values(**columns))

    def set_quantity(self, ref: str, quantity: Decimal, pos: int = 1) -> None:
        """Change the quantity of one line by hand."""
        with self._at_work() as conn:
            for at, _ in self._of(conn, ref):
                line = (outbound_line.c.outbound_id == at) & (outbound_line.c.pos == pos)
                conn.execute(outbound_line.update().where(line).values(qty=quantity))

    def receive(self, ref: str, lines: Mapping[str, Decimal], customer: str = "") -> int:
        """Enter an order by hand, as people do while nobody does it for them; return its id."""
        with self._at_work() as conn:
            row = {"order_ref": ref, "state": RECEIVED, "customer": customer}
            made = conn.execute(outbound.insert().values(row))
            at = key_of(made)
            said = [
                {"outbound_id": at, "pos": pos, "item_code": sku, "qty": quantity}
                for pos, (sku, quantity) in enumerate(lines.items(), 1)
            ]
            conn.execute(outbound_line.insert(), said)
        return at

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep the database locked for writing, as a long posting run does."""
        with self.database.writing():
            yield

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()

    def _of(self, conn: sa.Connection, ref: str) -> list[tuple[int, Mapping[str, Any]]]:
        rows = conn.execute(outbound.select().where(outbound.c.order_ref == ref)).mappings().all()
        if not rows:
            raise LookupError(ref)
        return [(int(row["id"]), dict(row)) for row in rows]

    @contextmanager
    def _at_work(self) -> Iterator[sa.Connection]:
        """Give a transaction in which a person writes and not the hub."""
        self.tick()
        who = setting.update().where(setting.c.name == "who")
        with self.database.writing() as conn:
            conn.execute(who.values(value=WAREHOUSE))
            yield conn
            conn.execute(who.values(value=HUB))


def local(moment: datetime) -> str:
    """Return a moment as the warehouse writes it: local time, milliseconds, no zone."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def moment_of(text: str) -> datetime:
    """Return the moment of a stamp, aware UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)
