"""What was kept of a system and last read by another mapping than that of now: page by page, orders whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.errors import RecordError
from hub.store import jsons, lookup
from hub.store.tables import ledger, observations, quarantine
from sync.foresight import Foresight, OrderNo
from sync.place import Intake
from sync.raw import unpack
from sync.run import Hub


class KeptRecord(NamedTuple):
    """A kept record: its stream and key, when its form was read, by which mapping, and what it spoke of."""

    stream: str
    record: str
    read_at: Any
    mapping: str
    gave: str | None


@dataclass(frozen=True, slots=True)
class Outdated:
    """What is kept of some streams of a system, and is still to be read by the mapping of now.

    `inlets` are those of all its streams, `chosen` the streams that are to be read again.
    """

    hub: Hub
    system: str
    inlets: Mapping[str, Intake]
    chosen: Sequence[str]

    def survey(self) -> Foresight:
        """Return what is kept, and by which mappings it was read."""
        told = Foresight(self.system)
        of = ledger.c.stream, ledger.c.mapping
        query = sa.select(*of, sa.func.count()).where(ledger.c.system == self.system).group_by(*of)
        with self.hub.store.read() as conn:
            rows = conn.execute(query.order_by(*of)).all()
            for stream in self.chosen:
                inlet = self.inlets[stream]
                mappings = {mapping: count for name, mapping, count in rows if name == stream}
                told.kept += sum(mappings.values())
                old = tuple(mapping for mapping in mappings if mapping != inlet.reader.version)
                told.versions[stream] = old, inlet.reader.version
                outdated = sa.select(sa.func.count()).select_from(ledger).where(*_outdated(inlet))
                told.records += int(conn.execute(outdated).scalar_one())
        mapped = self.hub.mappings[self.system].streams
        for stream, _, count in rows:
            if stream not in mapped:
                told.unmapped[stream] += count
        return told

    def pages(self, seen: set[tuple[str, str]], size: int) -> Iterator[list[KeptRecord]]:
        """Yield records that were last read by another mapping, with all that speak of the same orders.

        A page has `size` records and those that come along. Orders come whole, so that their parts are rolled
        up once. `seen` collects what was given out.
        """
        for stream in self.chosen:
            last = ""
            while True:
                with self.hub.store.read() as conn:
                    rows = self._after(conn, stream, last, size)
                    fresh = [row for row in rows if (row.stream, row.record) not in seen]
                    page = self._whole_orders(conn, fresh)
                if not rows:
                    break
                last = rows[-1].record
                new = [row for row in page if (row.stream, row.record) not in seen]
                seen.update((row.stream, row.record) for row in new)
                if new:
                    yield sorted(new, key=lambda row: (row.read_at, row.stream, row.record))

    def _after(self, conn: sa.Connection, stream: str, last: str, size: int) -> list[KeptRecord]:
        query = sa.select(*_COLUMNS).where(*_outdated(self.inlets[stream]), ledger.c.record > last)
        return [KeptRecord._make(row) for row in conn.execute(query.order_by(ledger.c.record).limit(size))]

    def _whole_orders(self, conn: sa.Connection, rows: Sequence[KeptRecord]) -> list[KeptRecord]:
        """Return `rows` and the other outdated records that speak of their orders.

        Where several records told of one part all of them come along, so that the last one has the last word.
        """
        keys = {(*key, self.system) for key in self.orders(rows)}
        names = ("company", "order_no", "system")
        of_part: dict[tuple[str, ...], set[tuple[str, str]]] = {}
        columns = ("company", "order_no", "part", "stream", "record")
        for row in lookup.fetch_many(conn, observations, names, keys, columns):
            part = row.company, row.order_no, row.part
            of_part.setdefault(part, set()).add((row.stream, row.record))
        shared = {place for told in of_part.values() if len(told) > 1 for place in told}
        here = {(row.stream, row.record) for row in rows}
        places = {place for told in of_part.values() for place in told if place[0] in self.inlets} - here
        wanted = {(self.system, *place) for place in places}
        others = [
            KeptRecord._make(row)
            for row in lookup.fetch_many(conn, ledger, ("system", "stream", "record"), wanted, _NAMES)
            if (row.stream, row.record) in shared
            or (row.stream in self.chosen and row.mapping != self.inlets[row.stream].reader.version)
        ]
        return [*rows, *others]

    def orders(self, rows: Sequence[KeptRecord]) -> set[OrderNo]:
        """Return the orders that records spoke of."""
        streams = self.hub.mappings[self.system].streams
        return {
            (company, order_no)
            for row in rows
            if row.gave and streams[row.stream].is_order
            for company, order_no, *_ in jsons.loads(row.gave)
        }

    def spoken_of(self, conn: sa.Connection, page: Sequence[KeptRecord]) -> list[KeptRecord]:
        """Return the records of a page as the ledger knows them by now."""
        places = {(self.system, row.stream, row.record) for row in page}
        rows = lookup.fetch_many(conn, ledger, ("system", "stream", "record"), places, _NAMES)
        return [KeptRecord._make(row) for row in rows]

    def _lying(self) -> list[int]:
        """Return the numbers of the newest forms of records that lie in quarantine, oldest first."""
        here = (quarantine.c.system == self.system, quarantine.c.stream.in_(self.chosen))
        unsolved = (*here, quarantine.c.solved_at.is_(None))
        newest = sa.select(sa.func.max(quarantine.c.id)).where(*unsolved)
        of = quarantine.c.stream, quarantine.c.record
        with self.hub.store.read() as conn:
            return sorted(conn.scalars(newest.group_by(*of)))

    def readable(self) -> tuple[list[int], int]:
        """Return what lies in quarantine and can be read by the mapping of now, and how many cannot."""
        readable: list[int] = []
        lying = self._lying()
        for number in lying:
            with self.hub.store.read() as conn:
                row = conn.execute(sa.select(quarantine).where(quarantine.c.id == number)).one()
            place = f"{row.system}/{row.stream}/{row.record}"
            record = unpack(self.hub.store.seal.decrypt(bytes(row.raw), place))
            with suppress(RecordError):
                reader = self.inlets[row.stream].reader
                reader.read(record, jsons.loads(row.meta) or {}, self.hub.clock())
                readable.append(number)
        return readable, len(lying) - len(readable)


_NAMES = ("stream", "record", "read_at", "mapping", "gave")
_COLUMNS = tuple(ledger.c[name] for name in _NAMES)


def _outdated(inlet: Intake) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions for kept records that the mapping of now has not read, nor failed to read."""
    same = (ledger.c[name] == quarantine.c[name] for name in ("system", "stream", "record", "digest"))
    lying = sa.exists().where(*same, quarantine.c.solved_at.is_(None))
    here = (ledger.c.system == inlet.system, ledger.c.stream == inlet.stream)
    return *here, ledger.c.mapping != inlet.reader.version, ~lying
