"""`mapping preview` and `mapping test`: what a mapping makes of records, and whether its examples hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hub import yamlfile
from hub.errors import RecordError
from hub.mapping.connected import with_names, with_values
from hub.mapping.documents import DocumentReader, reader_of
from hub.mapping.expected import differences
from hub.mapping.grammar import Example, SystemMapping
from hub.mapping.reader import Reader
from hub.mapping.rows import document_row, row_of
from hub.model import Record
from hub.rules import Rules

LATE = datetime(9000, 1, 1, tzinfo=UTC)
"""A time of reading after any stamp, so that no example is clamped as being of the future."""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What one fact (or document) of a record is in the hub's words; a record without any has one bare row.

    `number` counts records from 1; `error` says why the record would go to quarantine.
    """

    number: int
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    skipped: bool = False
    error: RecordError | None = None


def preview(
    mapping: SystemMapping,
    stream: str,
    records: Iterable[Record],
    rules: Rules | None = None,
    *,
    meta: Mapping[str, Any] | None = None,
    read_at: datetime = LATE,
) -> list[PreviewRow]:
    """Return what `stream` makes of `records`, one row a fact or document."""
    reader = reader_of(mapping, stream, rules or Rules())
    rows: list[PreviewRow] = []
    for number, record in enumerate(records, 1):
        key = reader.key(record)
        try:
            found, skipped = _read(reader, record, meta or {}, read_at)
        except RecordError as error:
            rows.append(PreviewRow(number, key, error=error))
            continue
        rows += [PreviewRow(number, key, row) for row in found] or [PreviewRow(number, key, skipped=skipped)]
    return rows


def _read(
    reader: Reader | DocumentReader, record: Record, meta: Mapping[str, Any], read_at: datetime
) -> tuple[list[dict[str, Any]], bool]:
    """Return what a record gives, as rows, and whether the mapping skips it."""
    if isinstance(reader, DocumentReader):
        papers = reader.read(record, meta, read_at)
        return [document_row(one) for one in papers.documents], papers.skipped
    reading = reader.read(record, meta, read_at)
    return [row_of(one) for one in reading.facts], reading.skipped


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of an example that is not what the example says (texts as shown to people)."""

    field: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example went: number within its stream (from 1), its place in the file, and what differs."""

    stream: str
    number: int
    line: int
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Tell whether the example holds."""
        return not self.differences


def run_examples(mapping: SystemMapping, rules: Rules | None = None) -> list[ExampleResult]:
    """Return how every example of a mapping went. An example names only the fields that it is about."""
    document = yamlfile.load(mapping.path) if mapping.path.name else yamlfile.Document(None)
    results = []
    for name, stream in mapping.streams.items():
        readers: dict[str, Reader | DocumentReader] = {}
        for index, example in enumerate(stream.examples):
            conn = str(example.conn)
            if conn not in readers:
                filled = with_values(mapping, example.conn) if example.conn else with_names(mapping)
                readers[conn] = reader_of(filled, name, rules or Rules())
            reader = readers[conn]
            found = tuple(Difference(*one) for one in _run(reader, example))
            line, _ = document.where(("streams", name, "examples", index))
            results.append(ExampleResult(name, index + 1, line, found))
    return results


def _run(reader: Reader | DocumentReader, example: Example) -> list[tuple[str, str, str]]:
    try:
        rows, _ = _read(reader, example.record, example.meta, LATE)
    except RecordError as error:
        return (
            []
            if error.key == example.refused
            else [(error.field or "refused", example.refused or "", str(error))]
        )
    if example.refused:
        return [("refused", example.refused, "")]
    return differences(example.gives, rows)
