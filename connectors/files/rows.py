"""What every file format gives: records with their line, and the row that could not be one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from hub.errors import RecordError
from hub.mapping.grammar import CallSpec

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One record and the line (from 1) at which it begins."""

    number: int
    record: Record


@dataclass(frozen=True, slots=True)
class BadLine:
    """One row that is no record, kept whole as UTF-8."""

    number: int
    raw: bytes
    error: RecordError


@dataclass(frozen=True, slots=True)
class Torn(Exception):
    """A file ended before its end: `key` of the message, its line, and what else the message says."""

    key: str
    line: int = 0
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable(Exception):
    """A file is whole, but in no form that can be read; like Torn, without doubt about its end."""

    key: str
    line: int = 0
    values: tuple[tuple[str, object], ...] = ()


class Format(Protocol):
    """Reads one file format."""

    def __call__(self, file: BinaryIO, call: CallSpec, encoding: str) -> Iterator[Line | BadLine]:
        """Yield the rows of a file in their order; Torn or Unreadable if it cannot be read to its end."""
        ...
