"""What a system no longer knows (design, section 5): vanished records, and orders that are gone with them.

A record is believed to be gone once two complete looks did not find it: two sweeps, or a list of what is
open and the look-up by key after it. An order is gone once everything is that speaks of it; of an order that
still stands otherwise, the vanished parts are taken away. Nothing of it is a cancellation: what the system
said last stays, and all comes back when it is seen again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.errors import SourceError
from hub.store import bulk, jsons, lookup
from hub.store.runs import Run
from hub.store.tables import absent, ledger, observations, seen_keys, views
from sync.dirt import mark
from sync.facts import said_of, tombstone, view_row
from sync.place import Stream
from sync.rollup import roll_up
from sync.still_open import still_open

BELIEVED = 2
"""So many complete looks in a row without a record make it gone."""

KEY = ("system", "stream", "record")
KEY_OF_VIEW = ("company", "order_no", "system")
_NO_DIGEST = bytes(16)
"""A digest that no record has: whatever comes next under the key is read."""

OrderNo = tuple[str, str]
Row = dict[str, Any]


class MassGone(SourceError):
    """More records vanished at once than hub.yaml believes: the source is broken, or somebody cleared it."""


@dataclass(frozen=True, slots=True)
class Roll:
    """The roll call of one sweep: which records it asked for, begun at `begun` (aware UTC)."""

    place: Stream
    begun: datetime

    def open(self, conn: sa.Connection) -> None:
        """Begin anew, whatever a sweep that broke off has seen."""
        conn.execute(sa.delete(seen_keys).where(*_here(seen_keys, self.place)))

    def see(self, conn: sa.Connection, keys: Callable[[], list[str]], run: Run) -> int:
        """Note the records of a page as seen; return how many orders are back with them."""
        found = sorted(set(keys()))
        bulk.upsert(conn, seen_keys, [_row(self.place, key) for key in found])
        return welcome(self.place, conn, lambda: found, run)

    def unseen(self, conn: sa.Connection) -> tuple[list[str], int]:
        """Return the records that should have been seen and were not, and how many should have been."""
        expected = (
            sa.select(ledger.c.record)
            .where(*_here(ledger, self.place), ledger.c.read_at <= self.begun)
            .where(ledger.c.record.in_(_speaking(self.place)))
        )
        seen = sa.select(seen_keys.c.record).where(*_here(seen_keys, self.place))
        lacking = conn.scalars(expected.where(ledger.c.record.not_in(seen)).order_by(ledger.c.record))
        counted = conn.execute(sa.select(sa.func.count()).select_from(expected.subquery()))
        return list(lacking), int(counted.scalar_one())

    def close(self, conn: sa.Connection, looks: int, share: Decimal, now: datetime, run: Run) -> int:
        """Conclude a complete sweep of `looks` looks at each record; return how many orders are gone by it.

        MassGone, and nothing is concluded, if more than `share` of the open records vanished at once.
        """
        lacking, expected = self.unseen(conn)
        known = {row.record: row for row in conn.execute(sa.select(absent).where(*_here(absent, self.place)))}
        fresh = [key for key in lacking if key not in known or known[key].times < BELIEVED]
        if len(fresh) > 1 and len(fresh) > share * expected:
            raise MassGone(
                "sync.mass_gone",
                system=self.place.system,
                operation=self.place.stream,
                gone=len(fresh),
                open=expected,
            )
        rows = [
            _row(self.place, key)
            | {
                "times": (known[key].times if key in known else 0) + looks,
                "since": known[key].since if key in known else now,
                "run": run.enter(conn),
            }
            for key in fresh
        ]
        bulk.upsert(conn, absent, rows, incidental=("run",), at_birth=("since",))
        believed = [str(row["record"]) for row in rows if row["times"] >= BELIEVED]
        mark(conn, _orders(conn, self.place, believed))  # another record may have told the same part
        self.open(conn)
        return _settle(conn, self.place, now, run)


def welcome(place: Stream, conn: sa.Connection, keys: Callable[[], list[str]], run: Run) -> int:
    """Take note that records are there (again); return how many orders are no longer gone.

    `keys` is only asked if anything of the stream is absent at all.
    """
    if not lookup.exists(conn, absent, system=place.system, stream=place.stream):
        return 0
    found = lookup.fetch_many(conn, absent, KEY, {(place.system, place.stream, key) for key in keys()})
    bulk.delete(conn, absent, KEY, [(row.system, row.stream, row.record) for row in found])
    orders = _orders(conn, place, [row.record for row in found if row.times >= BELIEVED])
    return _set_gone(conn, place.system, orders, None, run)


def _settle(conn: sa.Connection, place: Stream, now: datetime, run: Run) -> int:
    """Let the views say what of them is gone; return how many orders are gone that were not."""
    gone = {
        (row.stream, row.record)
        for row in conn.execute(
            sa.select(absent.c.stream, absent.c.record).where(
                absent.c.system == place.system, absent.c.times >= BELIEVED
            )
        )
    }
    orders = _orders(conn, place, [record for stream, record in gone if stream == place.stream])
    whole: list[OrderNo] = []
    standing: list[OrderNo] = []
    for key, history in _histories(conn, place.system, orders).items():
        left, lost = _parted(history, gone)
        (standing if left else whole).append(key)
        if left and lost:
            _take_away(conn, place, key, history, lost, now, run)
    _set_gone(conn, place.system, standing, None, run)
    return _set_gone(conn, place.system, whole, now, run)


def _parted(history: Iterable[Row], gone: set[tuple[str, str]]) -> tuple[list[Row], list[Row]]:
    """Return what stands of an order and what is gone, by the newest state of each part; events happened."""
    newest: dict[str, Row] = {}
    for row in sorted(history, key=lambda row: int(row["seq"])):
        if row["event_id"] is None:
            newest[row["part"]] = row
    alive = [row for row in newest.values() if not row["deleted"]]
    lost = [row for row in alive if (row["stream"], row["record"]) in gone]
    return [row for row in alive if row not in lost], lost


def _take_away(
    conn: sa.Connection,
    place: Stream,
    key: OrderNo,
    history: list[Row],
    lost: list[Row],
    now: datetime,
    run: Run,
) -> None:
    """Take parts of an order away that stands otherwise; their records are read anew if they come again."""
    number = run.enter(conn)
    last = {row["part"]: row["seq"] for row in sorted(history, key=lambda row: int(row["seq"]))}
    rows = [tombstone(row) | {"seq": last[row["part"]] + 1, "run": number, "read_at": now} for row in lost]
    bulk.insert(conn, observations, rows)
    view = roll_up(said_of(row, event=row["event_id"] is not None) for row in [*history, *rows])
    if view is not None:
        known = {"company": key[0], "order_no": key[1], "system": place.system}
        seen = min(row["read_at"] for row in history)
        row = known | view_row(view) | {"first_seen": seen, "run": number}
        bulk.upsert(conn, views, [row], incidental=("run",), at_birth=("first_seen",))
    for one in lost:
        conn.execute(
            sa.update(ledger)
            .where(*_here(ledger, place), ledger.c.record == one["record"])
            .values(digest=_NO_DIGEST)
        )
    mark(conn, [key])


def _set_gone(
    conn: sa.Connection, system: str, orders: Collection[OrderNo], at: datetime | None, run: Run
) -> int:
    """Set or lift `gone_at` where it is otherwise; return of how many orders."""
    found = lookup.fetch_many(
        conn, views, KEY_OF_VIEW, {(*key, system) for key in orders}, (*KEY_OF_VIEW, "gone_at")
    )
    turned = sorted((row.company, row.order_no) for row in found if (row.gone_at is None) != (at is None))
    for company, order_no in turned:
        conn.execute(
            sa.update(views)
            .where(views.c.company == company, views.c.order_no == order_no, views.c.system == system)
            .values(gone_at=at, run=run.enter(conn))
        )
    mark(conn, turned)
    return len(turned)


def _orders(conn: sa.Connection, place: Stream, records: Iterable[str]) -> list[OrderNo]:
    """Return the orders that `records` spoke of."""
    rows = lookup.fetch_many(
        conn, ledger, KEY, {(place.system, place.stream, record) for record in records}, ("gave",)
    )
    places = (one for row in rows if row.gave for one in jsons.loads(row.gave))
    return sorted({(company, order_no) for company, order_no, *_ in places})


def _histories(conn: sa.Connection, system: str, orders: Iterable[OrderNo]) -> dict[OrderNo, list[Row]]:
    histories: dict[OrderNo, list[Row]] = {}
    for row in lookup.fetch_many(conn, observations, KEY_OF_VIEW, {(*key, system) for key in orders}):
        histories.setdefault((row.company, row.order_no), []).append(dict(row._mapping))
    return histories


def _speaking(place: Stream) -> sa.Select[Any]:
    """Return a query for the records of the stream that speak of a part of an order still open.

    Two records may give one part: each of them is there or not.
    """
    later = observations.alias()
    same_part = (
        getattr(later.c, name) == getattr(observations.c, name)
        for name in ("company", "order_no", "system", "part", "record")
    )
    last = ~sa.exists().where(*same_part, later.c.seq > observations.c.seq, later.c.event_id.is_(None))
    alive = observations.c.deleted.is_(False), observations.c.event_id.is_(None)
    return sa.select(observations.c.record).where(
        *_here(observations, place), *alive, last, still_open(place.system)
    )


def _row(place: Stream, key: str) -> dict[str, Any]:
    return {"system": place.system, "stream": place.stream, "record": key}


def _here(table: sa.Table, place: Stream) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.system == place.system, table.c.stream == place.stream
