"""One file, opened and looked through to its end before anything of it is used."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from connectors.files.csvs import read_csv
from connectors.files.discovery import Found
from connectors.files.encoding import digest_of, encoding_of
from connectors.files.jsons import read_json
from connectors.files.rows import BadLine, Format, Line, Rows, Torn, Unusable
from connectors.files.sheets import read_xlsx
from hub.mapping.grammar import CallSpec

FORMATS: dict[str, Format] = {"csv": read_csv, "xlsx": read_xlsx, "json": read_json, "jsonl": read_json}
_BY_ENDING = {".xlsx": "xlsx", ".xlsm": "xlsx", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, slots=True)
class Style:
    """What the mapping says for all its files: charsets to try, and how numbers are written."""

    encodings: Sequence[str] = ()
    numbers: str | None = None


class Checked:
    """An open file; `look` reads it through, `rows` reads it again. `digest` is of its whole content."""

    def __init__(self, found: Found, call: CallSpec, style: Style, file: BinaryIO) -> None:
        """Take an open file; its content is digested at once."""
        self.found, self._call, self._file = found, call, file
        self._numbers, self._wanted = style.numbers, call.encoding or style.encodings
        self._format = call.format or _BY_ENDING.get(found.path.suffix.lower(), "csv")
        self._encoding = ""
        self.digest = digest_of(file)

    @property
    def ends_open(self) -> bool:
        """Whether a text file has no line end at its end: its last value may be cut, and nothing shows it."""
        wide = self._encoding.startswith(("utf-16", "utf-32"))
        if self._format not in {"csv", "jsonl"} or wide or self.found.size == 0:
            return False
        self._file.seek(-1, os.SEEK_END)
        return self._file.read(1) not in (b"\n", b"\r")

    def look(self) -> int:
        """Read the file through and return how many rows it has; Unusable, or Torn, if it cannot be used."""
        if self._format != "xlsx":
            self._encoding = encoding_of(self._file, self._wanted)
        return sum(1 for _ in self._read())

    def rows(self) -> Generator[Line | BadLine, None, None]:
        """Yield the rows; Torn if the file was written to since it was found."""
        yield from self._read()
        self.require_unchanged()

    def require_unchanged(self) -> None:
        """Raise Torn if the file was written to since it was found."""
        now = os.fstat(self._file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.found.size, self.found.changed):
            raise Torn("files.changed_while_read")

    def _read(self) -> Rows:
        return FORMATS[self._format](self._file, self._call, self._encoding, self._numbers)


@contextmanager
def opened(found: Found, call: CallSpec, style: Style) -> Iterator[Checked]:
    """Open a file that was found; Unusable if it may not be read."""
    try:
        with found.path.open("rb") as file:
            yield Checked(found, call, style, file)
    except OSError as error:
        raise Unusable("files.closed", reason=error.strerror or str(error)) from error
