"""Text with a sign between the cells: which sign, where rows end, what quotes hold together."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.statements.exports.cells import clean
from connectors.statements.model import Remark

DELIMITERS = ",\t;|"
_LINE = re.compile(r"\r\n|\n|\r")
_HEAD = 200
_CONTINUED = 12
"""A cell may hold so many line breaks; a quote that is open for longer is a slip."""

csv.field_size_limit(1 << 27)  # Python's own limit would call a long remark an error


@dataclass(frozen=True, slots=True)
class Row:
    """A row of clean cells, and the line of the file that it begins in (from 1); `#` begins a comment."""

    line: int
    cells: tuple[str, ...]
    comment: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(self.cells)


@dataclass(slots=True)
class Sheet:
    """A table of a file. `torn` is the line in which the file breaks off, 0 if it does not.

    `open_end` says that the last row has no line end behind it: it may be cut, and nothing can tell.
    `delimited` rows have as many cells as their header: a row that has not has lost its order.
    """

    name: str
    rows: list[Row]
    torn: int = 0
    open_end: bool = False
    delimited: bool = False
    warnings: list[Remark] = field(default_factory=list)


def read(text: str, recognised: Callable[[list[str]], int]) -> Sheet:
    """Return the rows of a text; `recognised` tells how many cells of a row are names of known columns.

    A broken quote costs no row but its own: the line is then taken as it stands.
    """
    cut = text.endswith("\ufffd")  # within a character
    lines = _LINE.split(text)
    ended = lines[-1].strip() == ""
    if ended:
        lines.pop()
    delimiter = sniffed(lines, recognised)
    rows, at = [], 0
    while at < len(lines):
        cells, taken = _row(lines, at, delimiter)
        rows.append(Row(at + 1, tuple(clean(cell) for cell in cells), lines[at].startswith("#")))
        at += taken
    sheet = Sheet("", rows, open_end=not ended, delimited=True)
    if cut or (rows and not ended and _opens(lines[rows[-1].line - 1], delimiter)):
        sheet.torn = rows[-1].line
    return sheet


def sniffed(lines: list[str], recognised: Callable[[list[str]], int]) -> str:
    """Return the delimiter by which a line of the head has the most names of columns, then the most cells."""

    def worth(delimiter: str) -> tuple[int, int]:
        rows = [_split(line, delimiter) or line.split(delimiter) for line in lines[:_HEAD]]
        best = max((recognised([clean(cell) for cell in row]) for row in rows), default=0)
        return best, sum(len(row) - 1 for row in rows)

    return max(DELIMITERS, key=worth)


def _row(lines: list[str], at: int, delimiter: str) -> tuple[list[str], int]:
    """Return the cells of the row that begins in a line, and how many lines it takes."""
    line = lines[at]
    cells = _split(line, delimiter)
    if cells is not None:
        return cells, 1
    for more in range(1, min(_CONTINUED, len(lines) - at)):
        if _alike(lines[at + more], line, delimiter):
            break  # a row of its own: the quote is a slip
        cells = _split("\n".join(lines[at : at + more + 1]), delimiter)
        if cells is not None:
            return cells, more + 1
    return [cell.replace('"', "") for cell in line.split(delimiter)], 1


def _split(line: str, delimiter: str) -> list[str] | None:
    """Return the cells, None if a quote is left open or stands where none may."""
    if line.startswith("`"):  # WeChat: every value has its back-tick, and may hold commas
        return line[1:].split(delimiter + "`")
    line = line.removeprefix("#")
    if '"' not in line:
        return line.split(delimiter)
    edge = re.escape(delimiter)
    for text in (line, re.sub(rf'(?:^|(?<={edge}))[\t ]+(?=")|(?<=")[\t ]+(?={edge}|$)', "", line)):
        try:
            return next(csv.reader([text], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
    return None


def _alike(line: str, first: str, delimiter: str) -> bool:
    """Tell whether a line begins as a row of its own does: with a cell of the same shape as the first one."""

    def shape(text: str) -> str:
        return re.sub(r"\d", "9", clean(text.split(delimiter)[0].strip('"')))

    return "9" in shape(line) and shape(line) == shape(first)


def _opens(line: str, delimiter: str) -> bool:
    """Tell whether a quote is left open in the last line."""
    return _split(line, delimiter) is None
