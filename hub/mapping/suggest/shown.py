"""Two records of the sample as examples, with what the proposal itself makes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub import yamlfile
from hub.errors import HubError
from hub.mapping.loading import read_system
from hub.mapping.preview import LATE, PreviewRow, preview
from hub.mapping.suggest.paper import Paper, key, scalar
from hub.model import Record

MOST = 200
"""So many records are tried."""

_SHOWN = ("company", "order_no", "number", "part", "status", "ordered", "shipped", "amount", "occurred_at")
_EXAMPLES = 2
_COMMENT = re.compile(r"(?:^\s*|   )# .*$", re.M)


def examples_of(written: str, records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return two records that the proposal reads, of different status if it can be, with what they give."""
    mapping, _ = read_system(yamlfile.load(written, "proposal.yaml"))
    if mapping is None:
        return []
    try:
        rows = preview(mapping, next(iter(mapping.streams)), records[:MOST], read_at=LATE)
    except HubError:  # the proposal cannot be read by: its TODOs come first
        return []
    names = _Names(_COMMENT.sub("", written))
    return [
        {
            "record": names.only(records[row.number - 1]),
            "gives": {name: row.values[name] for name in _SHOWN if name in row.values},
        }
        for row in _different([row for row in rows if row.error is None and row.values])
    ]


def _different(rows: Sequence[PreviewRow]) -> list[PreviewRow]:
    """Return a few rows, each of another record, those of different status first."""
    first: dict[Any, PreviewRow] = {}
    for row in rows:
        first.setdefault(row.values.get("status"), row)
    by_record = {row.number: row for row in (*first.values(), *rows)}
    return list(by_record.values())[:_EXAMPLES]


class _Names:
    """The names that a proposal looks at; the other fields of a record need not be shown to anybody."""

    def __init__(self, written: str) -> None:
        self._written = written
        self._words = frozenset(re.findall(r"\w+", written))

    def only(self, record: Any) -> Any:
        """Return a record without the fields that are not looked at."""
        if isinstance(record, list):
            return [self.only(one) for one in record]
        if not isinstance(record, dict):
            return record
        return {name: self.only(one) for name, one in record.items() if self._has(str(name))}

    def _has(self, name: str) -> bool:
        return name in self._words if re.fullmatch(r"\w+", name) else name in self._written


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
