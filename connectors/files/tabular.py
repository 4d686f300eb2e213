"""Rows of cells into records: header, blank and short rows, and the trailer that counts the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from connectors.files.rows import BadLine, Line, Rows, Torn, Unusable
from hub.errors import RecordError
from hub.mapping.callspec import TrailerSpec
from hub.mapping.grammar import CallSpec
from hub.mapping.numbers import compile_number

_EMPTY = (None, "")
_GUARD = re.compile(r'="(.*)"', re.S)


class Cells(NamedTuple):
    """One row as it stands in the file. `broken` says why its cells could not be told apart."""

    number: int
    cells: Sequence[Any]
    raw: str = ""
    broken: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing stands in the row."""
        return not (self.broken or any(self.cells)) and all(cell in _EMPTY for cell in self.cells)


def records(rows: Iterable[Cells], call: CallSpec, numbers: str | None, *, ragged: bool = False) -> Rows:
    """Yield records by the header's names, or by the `columns` of the call.

    A row with another number of cells is a BadLine; but the last one with too few means that the file is
    Torn, as does a trailer that is lacking or counts otherwise. `ragged` rows (of sheets) lack empty ends.
    """
    filled = (row for row in rows if not row.blank)
    header = _named(call.columns) if call.columns else _header(filled)
    trailer = _Trailer(call.trailer, header, numbers) if call.trailer else None
    for row, last in _with_last(filled):
        if trailer and trailer.closes(row, last):
            break
        line = _line(row, header, last=last, ragged=ragged)
        if trailer:
            trailer.count(line)
        yield line
    if trailer:
        trailer.settle()


def unwrapped(cell: str) -> str:
    """Return a cell without the guard that keeps spreadsheets from reading a number (``="007"``)."""
    guard = _GUARD.fullmatch(cell.strip()) if cell.lstrip().startswith("=") else None
    return guard[1].replace('""', '"') if guard else cell


def _header(rows: Iterator[Cells]) -> list[str]:
    first = next(rows, None)
    if first is None:
        raise Torn("files.no_header")
    if first.broken:
        raise Unusable("files.bad_header", first.number)
    cells = [str(cell).strip() if cell is not None else "" for cell in first.cells]
    while cells and not cells[-1]:
        cells.pop()
    return _named(cells)


def _named(names: Iterable[str]) -> list[str]:
    """Give each column a name of its own: `_3` where it has none, `name_2` where the name comes again."""
    seen: dict[str, int] = {}
    header = []
    for at, name in enumerate(names, 1):
        name = name or f"_{at}"
        seen[name] = seen.get(name, 0) + 1
        header.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return header


def _with_last(rows: Iterator[Cells]) -> Iterator[tuple[Cells, bool]]:
    """Yield each row with whether it is the last."""
    held = next(rows, None)
    for row in rows:
        if held is not None:
            yield held, False
        held = row
    if held is not None:
        yield held, True


def _line(row: Cells, header: list[str], *, last: bool, ragged: bool) -> Line | BadLine:
    cells = row.cells
    if len(cells) == len(header) and not row.broken:
        return Line(row.number, dict(zip(header, cells, strict=True)))
    cells = list(cells)
    while len(cells) > len(header) and cells[-1] in _EMPTY:
        cells.pop()
    if ragged and not row.broken:
        cells += [None] * (len(header) - len(cells))
    if not row.broken and len(cells) == len(header):
        return Line(row.number, dict(zip(header, cells, strict=True)))
    if last and (row.broken or len(cells) < len(header)):
        raise Torn("files.cut_row", row.number, got=len(cells), expected=len(header))
    key = row.broken or "files.field_count"
    error = RecordError(key, line=row.number, got=len(cells), expected=len(header))
    return BadLine(row.number, row.raw.encode() or repr(cells).encode(), error)


@dataclass(slots=True)
class _Trailer:
    """Counts a file along and compares with what its last row says."""

    spec: TrailerSpec
    header: list[str]
    numbers: str | None
    rows: int = 0
    sum: Decimal | None = field(default_factory=Decimal)  # None: a row's number cannot be read
    found: Cells | None = None

    def closes(self, row: Cells, last: bool) -> bool:
        """Tell whether `row` is the trailer."""
        if row.broken or not row.cells or not fnmatchcase(str(row.cells[0]).strip(), self.spec.first):
            return False
        if not last:
            raise Unusable("files.rows_after_trailer", row.number)
        self.found = row
        return True

    def count(self, line: Line | BadLine) -> None:
        """Count one row of the file, whether it could be read or not."""
        self.rows += 1
        if self.spec.of is None or isinstance(line, BadLine):
            return
        if self.spec.of not in line.record:
            raise Unusable("files.no_column", column=self.spec.of, known=", ".join(self.header))
        number = self._number(line.record[self.spec.of])
        self.sum = None if self.sum is None or number is None else self.sum + number

    def settle(self) -> None:
        """Raise Torn if there was no trailer, or it counts otherwise."""
        if self.found is None:
            raise Torn("files.no_trailer")
        if self.spec.count is not None:
            self._compare("files.count_differs", self.spec.count, Decimal(self.rows))
        if self.spec.total is not None and self.sum is not None:
            self._compare("files.total_differs", self.spec.total, self.sum)

    def _compare(self, key: str, column: int, counted: Decimal) -> None:
        row = self.found
        if row is None or len(row.cells) < column:
            line, got = (row.number, len(row.cells)) if row else (0, 0)
            raise Torn("files.cut_row", line, got=got, expected=column)
        said = row.cells[column - 1]
        if self._number(said) != counted:
            raise Torn(key, row.number, said=said, counted=f"{counted:f}")

    def _number(self, cell: Any) -> Decimal | None:
        """Return a cell's number, 0 if it is empty, None if it is none."""
        try:
            return compile_number(self.numbers)(cell)[0] or Decimal()
        except RecordError:
            return None
