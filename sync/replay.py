"""Records taken in again from what was kept: waiting, quarantined, those of a joined order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.mapping import SystemMapping
from hub.store import Store, jsons, lookup, runs
from hub.store.leases import Lease
from hub.store.tables import ledger, links, quarantine, unlinked
from hub.store.turns import stay
from sync.batch import Incoming
from sync.inlet import alone
from sync.place import Intake, IntakeOf
from sync.quarantine import ANEW
from sync.raw import disclose, unpack

BATCH = 500


def replay_waiting(
    store: Store,
    inlet_of: IntakeOf,
    mappings: Mapping[str, SystemMapping],
    lease: Lease,
    clock: Callable[[], datetime],
) -> Counter[str]:
    """Take in the records that wait for a link which is known now."""
    living = sa.and_(
        links.c.kind == unlinked.c.kind,
        links.c.value == unlinked.c.value,
        links.c.company == unlinked.c.company,
        links.c.until.is_(None),
    )
    orders = sa.select(sa.func.count(links.c.order_no.distinct())).where(living).scalar_subquery()
    with store.read() as conn:
        found = conn.execute(
            sa.select(unlinked.c.system, unlinked.c.stream, unlinked.c.record)
            .distinct()
            # one that may mean several orders would be tried in every run
            .where(sa.or_(orders == 1, unlinked.c.kind == ANEW))
            .order_by(unlinked.c.system, unlinked.c.stream, unlinked.c.record)
        ).all()
    places: dict[tuple[str, str], list[str]] = {}
    for row in found:
        if row.system in mappings and row.stream in mappings[row.system].streams:
            places.setdefault((row.system, row.stream), []).append(row.record)
    counts: Counter[str] = Counter()
    for (system, stream), records in places.items():
        counts += replay_records(store, inlet_of(system, stream), records, lease, clock)
    return counts


def replay_records(
    store: Store, inlet: Intake, records: list[str], lease: Lease, clock: Callable[[], datetime]
) -> Counter[str]:
    """Take in the latest raw form of `records` (keys of one stream) again."""
    run = runs.start("replay", inlet.system, clock())
    counts: Counter[str] = Counter()
    for keys in _batches(records):
        with store.write() as conn:
            stay(lease, conn)
            counts += take_again(conn, inlet, keys, run, clock())
    runs.finish(store, run, clock(), counts=counts)
    return counts


def take_again(
    conn: sa.Connection, inlet: Intake, keys: list[str], run: runs.Run, now: datetime
) -> Counter[str]:
    """Take in the latest raw form of the records `keys` inside the caller's transaction."""
    alone(conn, inlet.system)
    places = [(inlet.system, inlet.stream, key) for key in keys]
    rows = lookup.fetch_many(
        conn, ledger, ("system", "stream", "record"), places, ("record", "raw", "digest")
    )
    incoming = [
        Incoming(*disclose(_open(inlet, row)), bytes(row.digest))
        for row in sorted(rows, key=lambda row: str(row.record))
    ]
    return inlet.take(conn, incoming, read_at=now, run=run, again=True).counts


def replay_quarantined(
    store: Store, inlet_of: IntakeOf, ids: Iterable[int], lease: Lease, clock: Callable[[], datetime]
) -> Counter[str]:
    """Take quarantined records in again, as they came; what still cannot be read stays where it is.

    Of a record that lies there in several forms the newest is taken; one that was understood since is not
    taken at all: an old form never stands for a newer one.
    """
    counts: Counter[str] = Counter()
    for number in ids:
        run = runs.start("replay", None, clock())
        with store.write() as conn:
            lease.check(conn)
            row = _newest_form(conn, number)
            if row is None:
                counts["solved"] += 1
                continue
            inlet = inlet_of(row.system, row.stream)
            conn.execute(
                sa.update(quarantine)
                .where(quarantine.c.id == row.id)
                .values(attempts=quarantine.c.attempts + 1)
            )
            incoming = [Incoming(unpack(_open(inlet, row)), jsons.loads(row.meta) or {})]
            attempt = conn.begin_nested()
            taken = inlet.take(conn, incoming, read_at=clock(), run=run, again=True)
            if taken.counts["quarantined"]:
                attempt.rollback()  # it lies there already, whatever key it would go by now
                run.number = None
            else:
                _solved(conn, row, clock())
        counts["solved" if not taken.counts["quarantined"] else "still_bad"] += 1
        runs.finish(store, run, clock(), counts=taken.counts)
    return counts


def _newest_form(conn: sa.Connection, number: int) -> sa.Row[Any] | None:
    """Return the newest unsolved entry of the record that `number` is a form of; None if it is solved."""
    row = conn.execute(sa.select(quarantine).where(quarantine.c.id == number)).one()
    if row.solved_at is not None:
        return None
    same = (getattr(quarantine.c, name) == getattr(row, name) for name in ("system", "stream", "record"))
    forms = sa.select(quarantine).where(*same, quarantine.c.solved_at.is_(None))
    return conn.execute(forms.order_by(quarantine.c.at.desc(), quarantine.c.id.desc())).first()


def _solved(conn: sa.Connection, row: sa.Row[Any], now: datetime) -> None:
    """Note that every form of a quarantined record is done with, under the key that it lies there by."""
    same = (getattr(quarantine.c, name) == getattr(row, name) for name in ("system", "stream", "record"))
    unsolved = quarantine.c.solved_at.is_(None)
    conn.execute(sa.update(quarantine).where(*same, unsolved).values(solved_at=now))


def _open(inlet: Intake, row: Any) -> bytes:
    return inlet.seal.decrypt(bytes(row.raw), f"{inlet.system}/{inlet.stream}/{row.record}")


def _batches(keys: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(keys), BATCH):
        yield keys[at : at + BATCH]
