"""CSV: rows of cells out of lines of text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from connectors.files.rows import Rows, Torn
from connectors.files.tabular import Cells, records, unwrapped
from hub.mapping.grammar import CallSpec

DELIMITERS = ",;\t|"
"""Looked for in the header where the mapping names none; the one found most often counts."""

LONGEST_CELL = 1 << 24
"""Characters that a quoted cell may have before it is taken for a quote left open."""

_WORDS = {"tab": "\t", "\\t": "\t"}

csv.field_size_limit(LONGEST_CELL)  # Python's own limit, 128 kB, would call a long remark an error


def read_csv(file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
    """Yield the rows of a CSV file; line breaks inside quotes are part of their cell."""
    with _Lines(file, encoding) as lines:
        for _ in islice(lines, call.skip_rows):
            pass
        yield from records(_cells(lines, call), call, numbers)


def _cells(lines: _Lines, call: CallSpec) -> Iterator[Cells]:
    delimiter = _WORDS.get(call.delimiter or "", call.delimiter) or _delimiter(lines.peek())
    reader = csv.reader(lines, delimiter=delimiter, quotechar=call.quote or '"', strict=True)
    while True:
        lines.take()
        begin = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.ended:
                raise Torn("files.open_quote", begin) from error
            yield Cells(begin, [], lines.take(), broken="files.bad_quote")
            continue
        raw = lines.take()
        yield Cells(begin, [unwrapped(cell) for cell in cells] if '="' in raw else cells, raw)


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


class _Lines:
    """The lines of a text file: counted, and held until the row that they belong to is taken."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding, newline="")
        self._held: list[str] = []
        self._next: str | None = None
        self.number = 0
        self.ended = False

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.detach()  # the file belongs to the caller

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.peek()
        self._next = None
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self._held.append(line)
        return line

    def peek(self) -> str:
        """Return the line that comes next, "" at the end."""
        if self._next is None:
            self._next = self._text.readline()
        return self._next

    def take(self) -> str:
        """Return the lines held since the last take."""
        held = "".join(self._held)
        self._held.clear()
        return held
