"""Reading a table or view page by page, by keyset: where each page goes on, and what comes round again.

A page goes on after the last row of the page before, never by offset, and reading ends with an empty page: a
short one may be the server's own limit. Rows with the same stamp and key are never parted by a page
border. Rows that have no place in the order, since a stamp or key is NULL, are read each time, last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from connectors.contract import Ask, Keys, Since, Window
from connectors.sql import marks, stamps
from connectors.sql.database import Database, Row
from connectors.sql.marks import Mark
from connectors.sql.tables import (
    Columns,
    Place,
    Placed,
    Table,
    among,
    as_key,
    beyond,
    bound,
    pages,
    placed_rows,
    same,
)
from hub.errors import ConfigError
from hub.mapping.grammar import CallSpec, TimeSpec

Filters = tuple[Any, ...]
"""Conditions: expressions, or the text of a mapping's `where`."""

_FIRST_DATE = sa.literal("1000-01-01", type_=sa.Text())
"""The first date that MySQL knows: before it are only dates of zeros, which it compares and sorts as such."""

IN_ONE_QUESTION = 500
"""Keys asked for at once: the least that common databases take."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as the driver gave them, and the state that they move."""

    rows: Sequence[Row]
    state: dict[str, Any]


class TableScan:
    """Reads one table for one stream."""

    def __init__(
        self,
        database: Database,
        stream: str,
        call: CallSpec,
        time: TimeSpec,
        size: int,
        key: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the call; `key` is the stream's own record key, where it is not the cursor's."""
        self._database, self._stream, self._call, self._time, self._size = database, stream, call, time, size
        self._key, self._clock = key, clock
        self._table: Table = database.table(stream, call.target)
        self._filters: Filters = (sa.text(f"({call.where})"),) if call.where else ()
        stamp, row_key = call.cursor or ("", "")
        self._stamps: Columns = self._table.first_of(stamp) if stamp else ()
        self._keys: Columns = tuple(map(self._table.column, [row_key] if row_key else self._table.primary))
        self._by = ",".join(call.cursor or ())

    def batches(self, ask: Ask) -> Iterator[Batch]:
        """Yield what is asked for."""
        if isinstance(ask, Keys):
            yield from self._by_keys(ask.keys)
        elif isinstance(ask, Window) and self._stamps:
            yield from self._window(ask)
        elif isinstance(ask, Since) and self._stamps:
            yield from self._since(marks.load(ask.state, self._by))
        else:
            yield from self._whole()

    def total(self) -> int:
        """Count the rows, for the progress of a first read."""
        counted = sa.select(sa.func.count()).select_from(self._table.clause).where(*self._filters)
        return int(self._read(lambda conn: conn.execute(counted).scalar_one()))

    def _since(self, mark: Mark | None) -> Iterator[Batch]:
        start = stamps.earlier(mark.stamp, self._call.overlap or timedelta(), self._time) if mark else None
        if self._call.sorted:
            for rows, places in self._walk((self._stamp(), *self._keys), self._from(self._stamp(), start)):
                newest = self._newest(places)
                yield Batch(rows, marks.save(newest, self._by) if newest else {})
        else:
            yield from self._unsorted(mark, start)
        yield from self._lacking(self._gaps(self._stamps, self._keys))

    def _unsorted(self, mark: Mark | None, start: Any) -> Iterator[Batch]:
        """Read one stamp column after the other, each by its own index; the mark moves when all are read."""
        newest = mark
        for at, column in enumerate(self._stamps):
            empty = tuple(self._empty(earlier) for earlier in self._stamps[:at])
            for rows, places in self._walk((column, *self._keys), (*empty, *self._from(column, start))):
                found = self._newest(places)
                newest = later(newest, found) if found else newest
                yield Batch(rows, {})
        if newest is not None and newest != mark:
            yield Batch([], marks.save(newest, self._by))

    def _window(self, ask: Window) -> Iterator[Batch]:
        stamp = self._stamp()
        newest = sa.select(stamp).where(stamp.is_not(None), *self._filters).order_by(stamp.desc()).limit(1)
        sample = self._read(lambda conn: conn.execute(newest).scalar())
        if sample is None:
            return
        begin, end = (bound(stamps.like(sample, moment, self._time)) for moment in (ask.start, ask.end))
        for rows, _ in self._walk((stamp, *self._keys), (stamp >= begin, stamp <= end)):  # of a date: all day
            yield Batch(rows, {})

    def _by_keys(self, wanted: Sequence[str]) -> Iterator[Batch]:
        column = self._key_column()
        kind, dialect = self._table.types[column.name], self._database.engine.dialect.name
        stored_in = self._database.stored_in(self._stream)
        keys = [key for one in wanted for key in as_key(kind, one, dialect, stored_in)]
        step = min(self._size, IN_ONE_QUESTION)
        for at in range(0, len(keys), step):
            chosen = self._select((among(column, keys[at : at + step]),), (column,))
            rows = self._read(partial(placed_rows, statement=chosen, marks=1))
            if rows:
                yield Batch([row for row, _ in rows], {})

    def _whole(self) -> Iterator[Batch]:
        if self._keys:
            for rows, _ in self._walk(self._keys, ()):
                yield Batch(rows, {})
            yield from self._lacking(self._gaps((), self._keys))
        else:
            yield from self._streamed(())

    def _gaps(self, stamped: Columns, keys: Columns) -> Filters:
        """Return when a row has no place: a key is NULL, or every stamp (the first that is there counts)."""
        gaps: list[Any] = [key.is_(None) for key in keys if key.name in self._table.nullable]
        if stamped and all(one.name in self._table.nullable or self._has_zeros(one) for one in stamped):
            gaps.append(sa.and_(*map(self._empty, stamped)))
        return tuple(gaps)

    def _lacking(self, gaps: Filters) -> Iterator[Batch]:
        """Yield the rows that have no place in the order."""
        if gaps:
            yield from self._streamed((sa.or_(*gaps),))

    def _streamed(self, filters: Filters) -> Iterator[Batch]:
        for rows in self._database.stream(self._stream, self._select(filters, ()), self._size):
            yield Batch(rows, {})

    def _newest(self, places: Sequence[Place]) -> Mark | None:
        """Return the last place of a page to which the cursor may move; None if there is none."""
        latest, opaque = self._clock(), not self._call.overlap
        for stamp, key, *_ in reversed(places):
            if stamps.believable(stamp, latest, self._time, opaque=opaque):
                return Mark(stamp, key)
        return None

    def _walk(self, order: Columns, filters: Filters) -> Iterator[tuple[list[Row], list[Place]]]:
        """Yield pages with the order values of their rows, until a page is empty."""
        placed = tuple(column.is_not(None) for column in order)
        after: Place = ()
        while True:
            page = self._read(partial(self._page, order=order, filters=(*placed, *filters), after=after))
            if not page:
                return
            if page[-1][1] == after:
                raise ConfigError("sql.no_progress", stream=self._stream, cursor=self._by)
            after = page[-1][1]
            yield [row for row, _ in page], [place for _, place in page]

    def _page(self, conn: sa.Connection, order: Columns, filters: Filters, after: Place) -> list[Placed]:
        """Return the next page; what stands at its border goes with the rows that it belongs to."""
        on = (beyond(order, after),) if after else ()
        rows = placed_rows(conn, self._select((*filters, *on), order).limit(self._size + 1), len(order))
        if len(rows) <= self._size:
            return rows
        border = rows[-1][1]
        kept = [row for row in rows if row[1] != border]
        return kept or placed_rows(conn, self._select((*filters, same(order, border)), order), len(order))

    def _select(self, filters: Filters, order: Columns) -> sa.Select[Any]:
        return pages(self._table, self._call.columns, (*self._filters, *filters), order)

    def _stamp(self) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(*map(self._there, self._stamps)) if self._stamps[1:] else self._stamps[0]

    def _has_zeros(self, column: sa.ColumnElement[Any]) -> bool:
        """Tell whether a column may hold dates of zeros, which stand for NULL and sort as text does not."""
        kind = self._table.types.get(getattr(column, "name", ""))
        zeros = self._database.engine.dialect.name in ("mysql", "mariadb")
        return zeros and isinstance(kind, sa.Date | sa.DateTime)

    def _there(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return a stamp with NULL for a date of zeros."""
        return sa.case((column >= _FIRST_DATE, column)) if self._has_zeros(column) else column

    def _empty(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Return when a stamp says nothing: conditions on the column itself, which has an index."""
        empty = column.is_(None)
        return sa.or_(empty, column < _FIRST_DATE) if self._has_zeros(column) else empty

    def _from(self, column: sa.ColumnElement[Any], start: Any) -> Filters:
        if start is not None:
            return (column >= bound(start),)
        return (column >= _FIRST_DATE,) if self._has_zeros(column) else ()

    def _key_column(self) -> sa.ColumnClause[Any]:
        """Return the column that holds the records' keys; ConfigError if no single column does."""
        named = self._key or (self._call.cursor[1] if self._call.cursor else None)
        if named is None and len(self._table.primary) == 1:
            named = self._table.primary[0]
        if named is None or named.strip('"') not in self._table.types:
            raise ConfigError("sql.no_key_column", stream=self._stream, table=self._table.name)
        return self._table.column(named.strip('"'))

    def _read(self, work: Callable[[sa.Connection], Any]) -> Any:
        return self._database.read(self._stream, work)


def later(one: Mark | None, other: Mark) -> Mark:
    """Return the mark with the later stamp."""
    return other if one is None or other.stamp > one.stamp else one
