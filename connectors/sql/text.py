"""Reading by a SELECT written by hand: `:since`, `:last`, `:size`, `:until` and `:keys`, bound by the driver.

A SELECT that mentions `:last` is asked again from its own last row until it brings nothing, and is trusted
to be ordered by its cursor. One that does not is asked once: its mark moves when all was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from connectors.contract import Ask, Keys, Since, Window
from connectors.sql import marks, stamps
from connectors.sql.charsets import StoredText, as_text
from connectors.sql.database import Database, Row, rows_of
from connectors.sql.marks import Mark
from connectors.sql.scan import IN_ONE_QUESTION, Batch, later
from connectors.sql.tables import listing, parameter
from hub.errors import ConfigError
from hub.mapping.grammar import CallSpec, TimeSpec

NAMES = frozenset({"since", "until", "last", "size", "keys"})
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LOWEST_NUMBER = -(2**63)


class TextScan:
    """Reads by one hand-written SELECT for one stream."""

    def __init__(
        self,
        database: Database,
        stream: str,
        call: CallSpec,
        time: TimeSpec,
        size: int,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the call; ConfigError for a name in it that nothing fills, or a page size without a way on."""
        self._clock = clock
        self._database, self._stream, self._call, self._time, self._size = database, stream, call, time, size
        self._names = frozenset(sa.text(call.target).compile().params)
        if unknown := sorted(self._names - NAMES):
            known = ", ".join(f":{name}" for name in sorted(NAMES))
            raise ConfigError("sql.unknown_bind", stream=stream, name=unknown[0], known=known)
        if "size" in self._names and "last" not in self._names:
            raise ConfigError("sql.size_without_last", stream=stream)
        if {"since", "last"} & self._names and call.cursor is None:
            raise ConfigError("sql.text_without_cursor", stream=stream)
        stamp, self._key = call.cursor or ("", "")
        self._stamps = [part.strip().strip('"') for part in stamp.split("||")]
        self._by = ",".join(call.cursor or ())

    def batches(self, ask: Ask) -> Iterator[Batch]:
        """Yield what is asked for; ConfigError where the text has no place for it."""
        if isinstance(ask, Keys):
            yield from self._by_keys(ask.keys)
        elif isinstance(ask, Window):
            begin = stamps.like(
                None, ask.start - timedelta(seconds=1), self._time
            )  # "after" means from there
            end = stamps.like(None, ask.end, self._time)
            yield from self._read(Mark(begin, None), None, end)
        else:
            mark = marks.load(ask.state, self._by) if isinstance(ask, Since) else None
            yield from self._read(self._start(mark), mark, None, moves=isinstance(ask, Since))

    def _start(self, mark: Mark | None) -> Mark:
        if mark is None:
            return Mark(stamps.like(None, _BEGINNING, self._time), None)
        overlap = self._call.overlap or timedelta()
        key = _lowest(mark.key) if overlap else mark.key
        return Mark(stamps.earlier(mark.stamp, overlap, self._time), key)

    def _read(self, at: Mark, mark: Mark | None, end: Any, *, moves: bool = False) -> Iterator[Batch]:
        if "last" not in self._names:
            yield from self._at_once(at, mark, end, moves)
            return
        newest = mark
        while rows := self._database.read(
            self._stream, partial(rows_of, statement=self._bound(since=at.stamp, last=at.key, until=end))
        ):
            on = self._mark(rows[-1])
            if on is None:
                raise ConfigError("sql.null_in_cursor", stream=self._stream, cursor=self._by)
            if on == at:
                raise ConfigError("sql.no_progress", stream=self._stream, cursor=self._by)
            at = on
            found = next((mark for row in reversed(rows) if (mark := self._believed(row))), None)
            newest = later(newest, found) if found else newest
            yield Batch(rows, marks.save(found, self._by) if found and moves and self._call.sorted else {})
        yield from self._end(newest, mark, moves and not self._call.sorted)

    def _at_once(self, at: Mark, mark: Mark | None, end: Any, moves: bool) -> Iterator[Batch]:
        newest = mark
        for rows in self._database.stream(self._stream, self._bound(since=at.stamp, until=end), self._size):
            if self._call.cursor:
                for row in rows:
                    on = self._believed(row)
                    newest = later(newest, on) if on else newest
            yield Batch(rows, {})
        yield from self._end(newest, mark, moves)

    def _end(self, newest: Mark | None, before: Mark | None, moves: bool) -> Iterator[Batch]:
        if moves and newest is not None and newest != before:
            yield Batch([], marks.save(newest, self._by))

    def _by_keys(self, wanted: Sequence[str]) -> Iterator[Batch]:
        if "keys" not in self._names:
            raise ConfigError("sql.text_without_keys", stream=self._stream)
        step = min(self._size, IN_ONE_QUESTION)
        for at in range(0, len(wanted), step):
            found = self._bound(since=stamps.like(None, _BEGINNING, self._time), keys=wanted[at : at + step])
            rows = self._database.read(self._stream, partial(rows_of, statement=found))
            if rows:
                yield Batch(rows, {})

    def _bound(self, **values: Any) -> sa.TextClause:
        values["size"] = self._size
        parameters = [
            sa.bindparam(name, [str(key) for key in values.get("keys", ())], expanding=True)
            if name == "keys"
            else _named(name, values.get(name))
            for name in self._names
        ]
        return sa.text(self._text(values)).bindparams(*parameters)

    def _text(self, values: Mapping[str, Any]) -> str:
        """Return the SELECT; what goes into it as stored text is told to be text."""
        text = listing(self._call.target)
        for name, value in values.items():
            if isinstance(value, StoredText):
                plain = as_text(f":{name}", self._database.engine.dialect.name)
                text = re.sub(rf"(?<!:):{name}\b", plain, text)
        return text

    def _believed(self, row: Row) -> Mark | None:
        """Return where a row stands if the cursor may move there."""
        mark = self._mark(row)
        opaque = not self._call.overlap
        believed = mark and stamps.believable(mark.stamp, self._clock(), self._time, opaque=opaque)
        return mark if believed else None

    def _mark(self, row: Row) -> Mark | None:
        """Return where a row stands; None if it has no stamp or key."""
        for name in (*self._stamps, self._key):
            if name not in row:
                raise ConfigError("sql.no_column", table=self._stream, column=name, near=", ".join(row))
        stamp = next((row[name] for name in self._stamps if row[name] is not None), None)
        return None if stamp is None or row[self._key] is None else Mark(stamp, row[self._key])


def _named(name: str, value: Any) -> sa.BindParameter[Any]:
    return sa.bindparam(name, value, type_=parameter(None).type)


def _lowest(key: Any) -> Any:
    """Return what comes before every key of the same type; None where that is not known."""
    return "" if isinstance(key, str | StoredText) else _LOWEST_NUMBER if isinstance(key, int) else None
