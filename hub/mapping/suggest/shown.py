"""Two records of the sample as examples, with what the proposal itself makes of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub import yamlfile
from hub.errors import HubError
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.mapping.loading import read_system
from hub.mapping.preview import LATE, PreviewRow, preview
from hub.mapping.suggest.paper import Paper, key, scalar
from hub.model import Record

MOST = 200
"""So many records are tried."""

_SHOWN = ("company", "order_no", "number", "part", "status", "ordered", "shipped", "amount", "occurred_at")
_EXAMPLES = 2
_NAME = re.compile(r'"(?:[^"\\]|\\.)*"|\w+')


def examples_of(written: str, records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return two records that the proposal reads, of different status if it can be, with what they give.

    Fields that it does not look at are left out: they need not be shown to anybody.
    """
    mapping, _ = read_system(yamlfile.load(written, "proposal.yaml"))
    if mapping is None:
        return []
    (stream,) = mapping.streams.values()
    names = frozenset(_names(stream))
    found = []
    for row in _different(_read(mapping, records[:MOST])):
        record = _only(records[row.number - 1], names)
        again = _read(mapping, [record]) if record else []
        if again and again[0].values == row.values:
            found.append(
                {"record": record, "gives": {name: row.values[name] for name in _SHOWN if name in row.values}}
            )
    return found[:_EXAMPLES]


def _read(mapping: SystemMapping, records: Sequence[Record]) -> list[PreviewRow]:
    """Return what can be read; nothing where the proposal cannot be read by before its TODOs are done."""
    try:
        rows = preview(mapping, next(iter(mapping.streams)), records, read_at=LATE)
    except HubError:
        return []
    return [row for row in rows if row.error is None and row.values]


def _different(rows: Sequence[PreviewRow]) -> list[PreviewRow]:
    """Return a few rows, each of another record, those of different status first."""
    first: dict[Any, PreviewRow] = {}
    for row in rows:
        first.setdefault(row.values.get("status"), row)
    by_record = {row.number: row for row in (*first.values(), *rows)}
    return list(by_record.values())[: 2 * _EXAMPLES]


def _names(stream: StreamMapping) -> Iterator[str]:
    """Yield the names in all paths of a stream, and harmless words more."""
    for text in _texts(stream.model_dump(mode="json", exclude={"examples"})):
        for found in _NAME.findall(text):
            yield json.loads(found) if found.startswith('"') else found


def _texts(said: Any) -> Iterator[str]:
    if isinstance(said, Mapping):
        said = list(said.values())
    if isinstance(said, list):
        for one in said:
            yield from _texts(one)
    elif isinstance(said, str):
        yield said


def _only(record: Any, names: frozenset[str]) -> Any:
    if isinstance(record, list):
        return [_only(one, names) for one in record]
    if not isinstance(record, dict):
        return record
    return {name: _only(one, names) for name, one in record.items() if name in names}


def write_examples(paper: Paper, examples: Sequence[Mapping[str, Any]]) -> None:
    """Write the examples, one field of a record a line."""
    if not examples:
        paper.note("suggest.no_examples")
        return
    with paper.under("examples"):
        for example in examples:
            paper.line("- record:")
            for name, value in example["record"].items():
                paper.line(f"    {key(str(name))}: {scalar(value)}")
            paper.line(f"  gives: {scalar(example['gives'])}")
