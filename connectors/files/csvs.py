"""CSV: rows of cells out of lines of text."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO, NamedTuple, Protocol

from connectors.files.cells import Cells, unwrapped
from connectors.files.rows import Around, Rows, Torn
from connectors.files.tabular import records
from hub.mapping.grammar import CallSpec

DELIMITERS = ",;\t|"
"""Looked for in the header where the mapping names none; the one found most often counts."""

LONGEST_CELL = 1 << 24
"""Characters that a quoted cell may have before it is taken for a quote left open."""

_BATCH = 1 << 16
"""Bytes of lines read at once."""

WORDS = {"tab": "\t", "\\t": "\t"}

csv.field_size_limit(LONGEST_CELL)  # Python's own limit, 128 kB, would call a long remark an error


def read_csv(file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
    """Yield the rows of a CSV file; line breaks inside quotes are part of their cell.

    The lines that `skip_rows` leaves out are seen, as cells, under `meta.header`.
    """
    with _Lines(file, encoding, call.comment) as lines:
        skipped = list(islice(iter(lines.take, ""), call.skip_rows))
        lines.pass_over()
        style = _Style(
            WORDS.get(call.delimiter or "", call.delimiter) or _delimiter(lines.next), call.quote or '"'
        )
        if skipped:
            yield Around({"header": [style.cells(line) for line in skipped]})
        yield from records(_cells(lines, style, every=bool(call.kinds)), call, numbers)


class _Style(NamedTuple):
    """How cells are told apart."""

    delimiter: str
    quote: str

    def reader(self, lines: Iterable[str]) -> _Reader:
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=True)

    def cells(self, line: str) -> list[str]:
        """Return the cells of one line; the whole line where its quotes do not match."""
        try:
            return [unwrapped(cell) for cell in next(self.reader([line]), [])]
        except csv.Error:
            return [line.rstrip("\r\n")]


class _Reader(Protocol):
    """What `csv.reader` gives."""

    line_num: int

    def __next__(self) -> list[str]: ...

    def __iter__(self) -> Iterator[list[str]]: ...


def _cells(lines: _Lines, style: _Style, *, every: bool) -> Iterator[Cells]:
    """Yield the rows; the text of a row only where it may be asked for, or of `every` one."""
    reader, before = style.reader(lines.rest()), lines.number
    usual = -1
    while True:
        lines.begin = begin = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.ended:
                raise Torn("files.open_quote", begin) from error
            yield Cells(begin, [], lines.text(begin, before + reader.line_num), broken="files.bad_quote")
            continue
        if usual < 0:
            usual = len(cells)
        odd = every or len(cells) != usual
        raw = lines.text(begin, before + reader.line_num) if odd else ""
        yield Cells(begin, [unwrapped(cell) for cell in cells] if lines.guarded else cells, raw)


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


class _Lines:
    """The lines of a text file, read in batches, which are held as long as a row may lie in them.

    `number` lines were taken one by one; `next` is the one that comes then, and `begin` the number of the
    line at which the row begins that is read next. `guarded` tells that a guard (``="007"``) stands
    somewhere in what is held, `ended` that there are no more lines. Comments, which stand between rows, are
    blank lines to whoever reads the `rest`.
    """

    def __init__(self, file: BinaryIO, encoding: str, comment: tuple[str, ...]) -> None:
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding, newline="")
        self._comment = comment
        self._held: deque[tuple[int, list[str]]] = deque()
        self.next = self._text.readline()
        self.number = self.begin = 0
        self.guarded = self.ended = False

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.detach()  # the file belongs to the caller

    def take(self) -> str:
        """Return the next line, "" at the end."""
        line, self.next = self.next, self._text.readline()
        self.number += bool(line)
        return line

    def pass_over(self) -> None:
        """Go on to the next line that is neither blank nor a comment."""
        while self.next.isspace() or self._is_comment(self.next):
            self.take()

    def rest(self) -> Iterator[str]:
        """Yield all lines from the next one on."""
        lines = chain.from_iterable(self._batches())
        return self._without_comments(lines) if self._comment else lines

    def text(self, first: int, last: int) -> str:
        """Return lines that are held, by their numbers in the file."""
        return "".join("".join(batch[max(0, first - at) : max(0, last - at + 1)]) for at, batch in self._held)

    def _batches(self) -> Iterator[list[str]]:
        at = self.number + 1
        batch = [self.next, *self._text.readlines(_BATCH)] if self.next else []
        while batch:
            while len(self._held) > 1 and self._held[1][0] <= self.begin:
                self._held.popleft()
            self._held.append((at, batch))
            self.guarded = any('="' in "".join(lines) for _, lines in self._held)
            yield batch
            at, batch = at + len(batch), self._text.readlines(_BATCH)
        self.ended = True

    def _without_comments(self, lines: Iterator[str]) -> Iterator[str]:
        for number, line in enumerate(lines, self.number + 1):
            yield "\n" if number == self.begin and self._is_comment(line) else line

    def _is_comment(self, line: str) -> bool:
        return bool(self._comment) and line.lstrip().startswith(self._comment)
