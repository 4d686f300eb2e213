"""Rows of cells into records: by the header's names or given ones, or by several kinds of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.files.cells import Cells, line_of, named, with_last
from connectors.files.kinds import grouped
from connectors.files.rows import Line, Rows, Torn, Unusable
from connectors.files.trailer import Trailer
from hub.mapping.grammar import CallSpec

_END = ["\x1a"]
"""The sign with which DOS ends its texts."""


def records(rows: Iterable[Cells], call: CallSpec, numbers: str | None, *, ragged: bool = False) -> Rows:
    """Yield records by the header's names, the `columns` of the call, or its `kinds` of rows.

    A row with another number of cells is a BadLine; but the last one with too few means that the file is
    Torn, as does a trailer that is lacking or counts otherwise. `ragged` rows (of sheets) lack empty ends.
    """
    filled = _meant(rows, call.comment)
    trailer = Trailer(call.trailer, numbers) if call.trailer else None
    if call.kinds:
        yield from grouped(filled, call.kinds, trailer, ragged=ragged)
    else:
        yield from _alike(filled, call, trailer, ragged)
    if trailer:
        trailer.settle()


def _alike(rows: Iterator[Cells], call: CallSpec, trailer: Trailer | None, ragged: bool) -> Rows:
    header = named(call.columns) if call.columns else _header(rows)
    if trailer:
        trailer.columns = header
    for row, last in with_last(rows):
        if trailer and trailer.closes(row, last):
            return
        line = line_of(row, header, last=last, ragged=ragged)
        if trailer:
            trailer.count(line.record if isinstance(line, Line) else None)
        yield line


def _meant(rows: Iterable[Cells], comment: tuple[str, ...]) -> Iterator[Cells]:
    """Leave out blank rows and comments."""
    filled = (row for row in rows if not row.blank and row.cells != _END)
    if not comment:
        return filled
    return (row for row in filled if not (row.cells and str(row.cells[0]).lstrip().startswith(comment)))


def _header(rows: Iterator[Cells]) -> list[str]:
    first = next(rows, None)
    if first is None:
        raise Torn("files.no_header")
    if first.broken:
        raise Unusable("files.bad_header", first.number)
    cells = [str(cell).strip() if cell is not None else "" for cell in first.cells]
    while cells and not cells[-1]:
        cells.pop()
    return named(cells)
