"""One file, opened and looked through to its end before anything of it is used."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from connectors.files.csvs import read_csv
from connectors.files.decoded import decoded
from connectors.files.discovery import Folder, Found
from connectors.files.encoding import digest_of, encoding_of
from connectors.files.fixed import read_fixed
from connectors.files.jsonlines import count_lines, read_jsonl
from connectors.files.jsons import read_json
from connectors.files.names import words
from connectors.files.places import Entry
from connectors.files.rows import Around, BadLine, Format, Line, Rows, Torn, Unusable
from connectors.files.sheets import read_xlsx
from connectors.files.unpacked import unpacked
from connectors.files.xmls import declared_encoding, read_xml
from hub.mapping.grammar import CallSpec
from hub.mapping.hooks import Decode

FORMATS: dict[str, Format] = {
    "csv": read_csv,
    "fixed": read_fixed,
    "xlsx": read_xlsx,
    "json": read_json,
    "jsonl": read_jsonl,
    "xml": read_xml,
}
_BY_ENDING = {
    ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xlsx", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".xml": "xml",
}  # fmt: skip
_CHANGED = "files.changed_while_read"
_LINES = frozenset({"csv", "fixed", "jsonl"})
_KEPT = 2_000
"""Rows of a file that are kept from the first look, so that a small file is parsed once."""


@dataclass(frozen=True, slots=True)
class Style:
    """What the mapping says for all its files: charsets to try, how numbers are written, its own decoder."""

    encodings: Sequence[str] = ()
    numbers: str | None = None
    decode: Decode | None = None


class Checked:
    """An open file; `look` reads it through, `rows` reads it again. `digest` is of its whole content."""

    def __init__(
        self, found: Found, call: CallSpec, style: Style, file: BinaryIO, name: str, live: BinaryIO | None
    ) -> None:
        """Take an open file and the name that tells its format; its content is digested at once.

        `live` is the source's own file, which may still be written to; None if it was copied.
        """
        self.found, self._call, self._style, self._file, self._live = found, call, style, file, live
        ending = PurePosixPath(name).suffix.lower()
        self._format = call.format or ("fixed" if call.widths else _BY_ENDING.get(ending, "csv"))
        self._encoding = ""
        self._kept: list[Line | BadLine | Around] | None = None
        self.digest = digest_of(file)

    @property
    def meta(self) -> dict[str, Any]:
        """What the file says of itself to all its records."""
        at, stem = self.found.mtime, self.found.stem
        return {"file": self.found.name, "stem": stem, "words": words(stem), "mtime": at, "newest": at}

    @property
    def ends_open(self) -> bool:
        """Whether a text file has no line end at its end: its last value may be cut, and nothing shows it."""
        wide = self._encoding.startswith(("utf-16", "utf-32"))
        if self._format not in _LINES or wide or self._style.decode or not self._file.seek(0, os.SEEK_END):
            return False
        self._file.seek(-1, os.SEEK_END)
        return self._file.read(1) not in b"\n\r\x1a"

    def look(self) -> int:
        """Read the file through and return how many rows it has; Unusable, or Torn, if it cannot be used."""
        if not self._style.decode:
            self._encoding = self._charset()
            if self._format == "jsonl" and not self._call.records:
                return count_lines(self._file, self._encoding)
        kept: list[Line | BadLine | Around] = []
        rows = 0
        for row in self._read():
            rows += not isinstance(row, Around)
            if len(kept) <= _KEPT:
                kept.append(row)
        self._kept = kept if len(kept) <= _KEPT else None
        return rows

    def rows(self) -> Generator[Line | BadLine | Around, None, None]:
        """Yield the rows, once; Torn if the file was written to since it was found."""
        kept, self._kept = self._kept, None
        yield from self._read() if kept is None else kept
        self.require_unchanged()

    def require_unchanged(self) -> None:
        """Raise Torn if the file was written to since it was found."""
        if self._live is None:
            return
        now = os.fstat(self._live.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.found.size, self.found.changed):
            raise Torn(_CHANGED)

    def _charset(self) -> str:
        """Return the charset of a text; an XML file says it itself, unless the call forces one."""
        if self._format == "xlsx":
            return ""
        if self._format == "xml" and not self._call.encoding and (said := declared_encoding(self._file)):
            return said
        return encoding_of(self._file, self._call.encoding or self._style.encodings)

    def _read(self) -> Rows:
        if self._style.decode:
            return decoded(self._file, self._style.decode, self.meta)
        return FORMATS[self._format](self._file, self._call, self._encoding, self._style.numbers)


@contextmanager
def opened(folder: Folder, found: Found, call: CallSpec, style: Style) -> Iterator[Checked]:
    """Open a file that was found, unpacked if need be.

    Raises FileNotFoundError if it was taken away since, Unusable if it may not be read, Torn if it was
    written to since it was found: what is read must be what was found.
    """
    try:
        raw = folder.open(found.path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unusable("files.closed", reason=error.strerror or str(error)) from error
    with raw:
        if folder.place.copies and not _is_whole(raw, found, folder.look(found.path)):
            raise Torn(_CHANGED)
        with unpacked(raw, found.name) as (file, name):
            yield Checked(found, call, style, file, name, None if folder.place.copies else raw)


def _is_whole(copy: BinaryIO, found: Found, now: Entry | None) -> bool:
    """Tell whether a copy is of the file as it was found; one taken away meanwhile shows by its size."""
    return copy.seek(0, os.SEEK_END) == found.size and (now is None or found.is_as(now))
