"""Rows of cells, as text files and sheets give them, and the names of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from connectors.files.rows import BadLine, Line, Torn
from hub.errors import RecordError

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


def unwrapped(cell: str) -> str:
    """Return a cell without the guard that keeps spreadsheets from reading a number (``="007"``)."""
    guard = _GUARD.fullmatch(cell.strip()) if cell.lstrip().startswith("=") else None
    return guard[1].replace('""', '"') if guard else cell


def named(names: Iterable[str]) -> list[str]:
    """Give each column a name of its own: `_3` where it has none, `name_2` where the name comes again."""
    seen: dict[str, int] = {}
    header = []
    for at, name in enumerate(names, 1):
        name = name or f"_{at}"
        seen[name] = seen.get(name, 0) + 1
        header.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return header


def with_last(rows: Iterator[Cells]) -> Iterator[tuple[Cells, bool]]:
    """Yield each row with whether it is the last."""
    held = next(rows, None)
    for row in rows:
        if held is not None:
            yield held, False
        held = row
    if held is not None:
        yield held, True


def line_of(row: Cells, header: Sequence[str], *, last: bool, ragged: bool) -> Line | BadLine:
    """Return a row as a record by its columns, or why it is none; empty cells beyond them say nothing.

    Raises Torn if it is the last row and has too few. `ragged` rows lack empty cells at their end.
    """
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
    if last and (row.broken == "files.bad_quote" or (not row.broken and len(cells) < len(header))):
        raise Torn("files.cut_row", row.number, got=len(cells), expected=len(header))
    return bad_line(row, row.broken or "files.field_count", got=len(cells), expected=len(header))


def bad_line(row: Cells, key: str, **values: Any) -> BadLine:
    """Return a row that is no record, kept whole, with the reason."""
    raw = row.raw.encode() or repr(list(row.cells)).encode()
    return BadLine(row.number, raw, RecordError(key, line=row.number, **values))
