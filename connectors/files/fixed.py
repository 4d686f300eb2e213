"""Fixed width: each column so many characters wide, or so many bytes, as hosts count them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import accumulate, islice
from typing import BinaryIO

from connectors.files.cells import Cells
from connectors.files.encoding import text_of
from connectors.files.rows import Around, Rows, Torn
from connectors.files.tabular import records
from hub.mapping.grammar import CallSpec

_BLANK = " \t\r\n\x1a"
"""What may stand in a line that says nothing; DOS ends its texts with ^Z."""


def read_fixed(file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
    """Yield the rows of a fixed-width file; padding stays, and ends of lines may lack theirs.

    `widths_in: bytes` counts the bytes of the file's charset: a Chinese character is two columns of a host.
    The lines that `skip_rows` leaves out are seen under `meta.header`.
    """
    with _lines(file, call, encoding) as lines:
        skipped = [_text(line, encoding).rstrip("\r\n") for line in islice(lines, call.skip_rows)]
        if skipped:
            yield Around({"header": [[line] for line in skipped]})
        yield from records(_rows(lines, call, encoding, len(skipped) + 1), call, numbers)


@contextmanager
def _lines(file: BinaryIO, call: CallSpec, encoding: str) -> Iterator[Iterator[bytes | str]]:
    """Yield the lines as text, or as bytes where those are counted."""
    if call.widths_in == "bytes":
        file.seek(len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)
        yield file
        return
    with text_of(file, encoding, newline="") as text:
        yield text


def _rows(lines: Iterator[bytes | str], call: CallSpec, encoding: str, begin: int) -> Iterator[Cells]:
    cuts = _cuts(call, encoding)
    for number, line in enumerate(lines, begin):
        raw = _text(line, encoding)
        if call.comment and raw.lstrip().startswith(call.comment):
            continue
        bare = line.rstrip(b"\r\n") if isinstance(line, bytes) else line.rstrip("\r\n")
        if not raw.strip(_BLANK):
            continue
        cut = next((one for one in cuts if one.fits(bare)), None)
        open_end = len(bare) == len(line)
        if open_end and cut is not None and len(bare) < cut.ends[-1]:
            raise Torn("files.cut_line", number)
        try:
            yield Cells(number, [raw] if cut is None else cut(bare), raw)
        except ValueError as error:
            if open_end:
                raise Torn("files.cut_line", number) from error
            yield Cells(number, [cut.first(bare) if cut else raw], raw, broken=str(error))


def _cuts(call: CallSpec, encoding: str) -> list[_Cut]:
    """Return how the trailer, each kind, and all other rows are cut."""
    kinds = [(kind.first, kind.widths) for kind in call.kinds.values()]
    if call.trailer:
        kinds.insert(0, (call.trailer.first, call.trailer.widths))
    cuts = [_Cut(first, widths or call.widths, encoding) for first, widths in [*kinds, ("*", call.widths)]]
    return [cut for cut in cuts if cut.ends]


class _Cut:
    """Cuts the lines whose first cell fits a glob."""

    def __init__(self, glob: str, widths: Sequence[int], encoding: str) -> None:
        self._glob, self._encoding = glob, encoding
        self.ends = list(accumulate(widths))
        self._spans = list(zip([0, *self.ends], self.ends, strict=False))

    def first(self, line: bytes | str) -> str:
        return _text(line[: self.ends[0]], self._encoding)

    def fits(self, line: bytes | str) -> bool:
        return self._glob == "*" or fnmatchcase(self.first(line).strip(), self._glob)

    def __call__(self, line: bytes | str) -> list[str]:
        """Return the cells of a line; ValueError, with the message's key, if there is more, or one is cut."""
        if line[self.ends[-1] :].strip():
            raise ValueError("files.too_long")
        if isinstance(line, str):
            return [line[begin:end] for begin, end in self._spans]
        try:
            return [line[begin:end].decode(self._encoding) for begin, end in self._spans]
        except UnicodeDecodeError:
            raise ValueError("files.cut_cell") from None


def _text(line: bytes | str, encoding: str) -> str:
    return line if isinstance(line, str) else line.decode(encoding, "backslashreplace")
