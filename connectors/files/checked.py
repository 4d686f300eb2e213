"""One file, opened and looked through to its end before anything of it is used."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from connectors.files.banks import is_ours, read_bank
from connectors.files.csvs import read_csv
from connectors.files.decoded import decoded
from connectors.files.discovery import Folder, Found
from connectors.files.encoding import digest_of, encoding_of
from connectors.files.fixed import read_fixed
from connectors.files.jsonlines import count_lines, read_jsonl
from connectors.files.jsons import read_json
from connectors.files.names import words
from connectors.files.places import Entry
from connectors.files.rows import Around, BadLine, Format, Line, Row, Rows, Torn, Unusable
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
    "bank": read_bank,
}
_BY_ENDING = {
    ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xlsx", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".xml": "xml",
}  # fmt: skip
_CHANGED = "files.changed_while_read"
_LINES = frozenset({"csv", "fixed", "jsonl"})
_BYTES = frozenset({"xlsx", "bank"})
_UNPACKS = "bank"
"""The format that unpacks its files itself, each told by its own content."""

_KEPT = 2_000
"""Rows of a file that are kept from the first look, so that a small file is parsed once."""


@dataclass(frozen=True, slots=True)
class Style:
    """What the mapping says for all its files: charsets to try, how numbers are written, its own decoder.

    In the folder `downloads` people have confirmed how tables of banks are read.
    """

    encodings: Sequence[str] = ()
    numbers: str | None = None
    decode: Decode | None = None
    downloads: Path | None = None


@dataclass(slots=True)
class Part:
    """One file to be parsed, in format `form`: the one that was found, or one of those packed in it."""

    file: BinaryIO
    name: str
    form: str
    encoding: str = ""

    @property
    def ends_open(self) -> bool:
        """Whether a text file has no line end at its end: its last value may be cut, and nothing shows it."""
        wide = self.encoding.startswith(("utf-16", "utf-32"))
        if self.form not in _LINES or wide or not self.file.seek(0, os.SEEK_END):
            return False
        self.file.seek(-1, os.SEEK_END)
        return self.file.read(1) not in b"\n\r\x1a"


class Checked:
    """An open file; `look` reads it through, `rows` reads it again. `digest` is of its whole content."""

    def __init__(
        self, found: Found, call: CallSpec, style: Style, files: Sequence[tuple[BinaryIO, str]],
        live: BinaryIO | None,
    ) -> None:  # fmt: skip
        """Take an open file, or those packed in it, with the names that tell the formats; digest all.

        `live` is the source's own file, which may still be written to; None if it was copied.
        """
        self.found, self._call, self._style, self._live = found, call, style, live
        self._parts = [Part(file, name, self._form(name)) for file, name in files]
        self._kept: list[Row] | None = None
        self.digest = digest_of(*(part.file for part in self._parts))

    def _form(self, name: str) -> str:
        ending = PurePosixPath(name).suffix.lower()
        return self._call.format or ("fixed" if self._call.widths else _BY_ENDING.get(ending, "csv"))

    @property
    def meta(self) -> dict[str, Any]:
        """What the file says of itself to all its records."""
        at, stem = self.found.mtime, self.found.stem
        return {"file": self.found.name, "stem": stem, "words": words(stem), "mtime": at, "newest": at}

    @property
    def ends_open(self) -> bool:
        """Whether a text file has no line end at its end: its last value may be cut, and nothing shows it."""
        return not self._style.decode and any(part.ends_open for part in self._parts)

    @property
    def ours(self) -> bool:
        """Whether it lies among statements, but is a workbook that the hub made for people to decide in."""
        return self._call.format == _UNPACKS and is_ours(self._parts[0].file)

    def look(self) -> int:
        """Read the file through and return how many rows it has; Unusable, or Torn, if it cannot be used."""
        if not self._style.decode:
            for part in self._parts:
                part.encoding = self._charset(part)
            if self._parts[0].form == "jsonl" and not self._call.records:
                return sum(count_lines(part.file, part.encoding) for part in self._parts)
        kept: list[Row] = []
        rows = 0
        for row in self._read():
            rows += isinstance(row, Line | BadLine)
            if len(kept) <= _KEPT:
                kept.append(row)
        self._kept = kept if len(kept) <= _KEPT else None
        return rows

    def rows(self) -> Generator[Row, None, None]:
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

    def _charset(self, part: Part) -> str:
        """Return the charset of a text; an XML file says it itself, unless the call forces one."""
        if part.form in _BYTES:
            return ""
        if part.form == "xml" and not self._call.encoding and (said := declared_encoding(part.file)):
            return said
        return encoding_of(part.file, self._call.encoding or self._style.encodings)

    def _read(self) -> Rows:
        for part in self._parts:
            if len(self._parts) == 1:
                yield from self._parsed(part)
                return
            yield Around({"inside": part.name})
            for row in self._parsed(part):
                name = f"{self.found.name}/{part.name}"
                yield replace(row, file=name) if isinstance(row, BadLine) else row

    def _parsed(self, part: Part) -> Rows:
        if self._style.decode:
            return decoded(part.file, self._style.decode, self.meta)
        if part.form == "bank":
            return read_bank(part.file, self._call, part.encoding, self._style.numbers, self._style.downloads)
        return FORMATS[part.form](part.file, self._call, part.encoding, self._style.numbers)


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
        whole = nullcontext([(raw, found.name)])
        with whole if call.format == _UNPACKS else unpacked(raw, found.name) as files:
            yield Checked(found, call, style, files, None if folder.place.copies else raw)


def _is_whole(copy: BinaryIO, found: Found, now: Entry | None) -> bool:
    """Tell whether a copy is of the file as it was found; one taken away meanwhile shows by its size."""
    return copy.seek(0, os.SEEK_END) == found.size and (now is None or found.is_as(now))
