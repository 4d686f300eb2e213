"""What every file format gives: records with their line, rows that are none, what stands around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Protocol

from hub.errors import RecordError
from hub.mapping.grammar import CallSpec
from hub.model import Record


class Line(NamedTuple):
    """One record and the line (from 1) at which it begins."""

    number: int
    record: Record


@dataclass(frozen=True, slots=True)
class BadLine:
    """One row that is no record, kept whole. `file` is said where it is not the file that is read."""

    number: int
    raw: bytes
    error: RecordError
    file: str = ""


class Around(NamedTuple):
    """What stands around the rows that follow, and is seen as `meta`: skipped lines, header rows."""

    values: Mapping[str, Any]


class Notice(NamedTuple):
    """What a file has to say that is none of its rows: a warning about it as a whole."""

    text: str


class Stated(NamedTuple):
    """What the rows before it belong to as a whole, and what it says of itself: a statement of an account."""

    values: Mapping[str, Any]


class Unusable(Exception):
    """A file of which nothing may be used: `key` and `values` of the message, which also names the line."""

    def __init__(self, key: str, line: int = 0, **values: Any) -> None:
        """Take the message and the line (0: the file as a whole)."""
        super().__init__(key)
        self.key, self.line, self.values = key, line, values


class Torn(Unusable):
    """A file that ended before its end: it may be whole at the next look."""


class Format(Protocol):
    """Reads one file format."""

    def __call__(self, file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
        """Yield the rows of a file in their order. Raises Unusable, or Torn, in the midst of it."""
        ...


Row = Line | BadLine | Around | Notice | Stated
Rows = Iterator[Row]
