"""Files with several kinds of rows (header, order, its lines): each row told by how it begins.

Rows that belong to another are put into it, as deep as they say, so that the mapping sees one record with
its lines, whatever the file looks like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from connectors.files.cells import Cells, bad_line, line_of, with_last
from connectors.files.rows import Around, BadLine, Line, Rows
from connectors.files.trailer import Trailer
from hub.errors import RecordError
from hub.mapping.callspec import META, KindSpec
from hub.model import Record


def grouped(
    rows: Iterator[Cells], kinds: Mapping[str, KindSpec], trailer: Trailer | None, *, ragged: bool
) -> Rows:
    """Yield one record for each row that goes into no other, with all that belong to it inside.

    If one of its rows cannot be read the whole record is a BadLine: a part of an order would be a lie. A row
    of no known kind, and one before any that it could belong to, are BadLines of their own.
    """
    group = _Group(kinds)
    if trailer:
        trailer.columns = list(dict.fromkeys(name for kind in kinds.values() for name in kind.columns))
    for row, last in with_last(rows):
        if trailer and trailer.closes(row, last):
            break
        name = kind_of(row, kinds)
        if name is None:
            yield bad_line(row, "files.unknown_kind", known=", ".join(kinds))
            continue
        line = line_of(row, kinds[name].columns, last=last, ragged=ragged)
        if trailer:
            record = line.record if isinstance(line, Line) else None
            trailer.count(record, counts=_counts(name, kinds[name], trailer))
        yield from group.take(name, row, line)
    yield from group.done()


def kind_of(row: Cells, kinds: Mapping[str, KindSpec]) -> str | None:
    """Return the first kind whose glob fits the first cell of a row."""
    first = str(row.cells[0]).strip() if row.cells and row.cells[0] is not None else ""
    return next((name for name, kind in kinds.items() if fnmatchcase(first, kind.first)), None)


def _counts(name: str, kind: KindSpec, trailer: Trailer) -> bool:
    return name in trailer.spec.counts if trailer.spec.counts else kind.into != META


@dataclass(slots=True)
class _Group:
    """The record that is being put together, with the last row of each kind in it."""

    kinds: Mapping[str, KindSpec]
    number: int = 0
    raw: list[str] = field(default_factory=list)
    error: RecordError | None = None
    last: dict[str, Record] = field(default_factory=dict)
    open: bool = False
    head: Record = field(default_factory=dict)

    def take(self, name: str, row: Cells, line: Line | BadLine) -> Rows:
        """Take one row; yield what it brings to an end."""
        into = self.kinds[name].into
        if into == META:
            yield from self.done()
            yield Around({name: line.record}) if isinstance(line, Line) else line
            return
        if into is None:
            yield from self.done()
            self.open, self.number = True, row.number
        elif not self.open or (into not in self.last and self.error is None):
            yield bad_line(row, "files.no_head", kind=name, head=into)
            return
        self.raw.append(row.raw or f"{list(row.cells)}\n")
        if isinstance(line, BadLine):
            self.error = self.error or line.error
            return
        self._put(name, into, line.record)

    def _put(self, name: str, into: str | None, record: Record) -> None:
        inner: dict[str, Any] = {kind: [] for kind, spec in self.kinds.items() if spec.into == name}
        record.update(inner)
        for below in _below(name, self.kinds):
            self.last.pop(below, None)
        self.last[name] = record
        if into is None:
            self.head = record
        elif into in self.last:
            self.last[into][name].append(record)

    def done(self) -> Iterator[Line | BadLine]:
        """Yield the record that is whole now, if there is one."""
        if self.open and self.error is not None:
            yield BadLine(self.number, "".join(self.raw).encode(), self.error)
        elif self.open:
            yield Line(self.number, self.head)
        self.open, self.error, self.head = False, None, {}
        self.raw.clear()
        self.last.clear()


def _below(name: str, kinds: Mapping[str, KindSpec]) -> Iterable[str]:
    """Yield the kinds that go into `name`, directly or not."""
    for kind, spec in kinds.items():
        if spec.into == name:
            yield kind
            yield from _below(kind, kinds)
