"""The columns of sampled records: every leaf with its path and its values, lists of objects as tables."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.errors import RecordError
from hub.mapping.texts import text_of
from hub.model import Record

_PLAIN = re.compile(r"[^\W\d]\w*")
_DEPTH = 4


@dataclass(slots=True)
class Column:
    """One leaf: the names that lead to it, and what stands there, record by record (None: nothing)."""

    steps: tuple[str, ...]
    values: list[Any] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The path as a mapping writes it."""
        return path_of(self.steps)

    @property
    def filled(self) -> list[Any]:
        """The values that are there; false is none where others are no flags, since some say nothing so."""
        there = [value for value in self.values if value not in (None, "")]
        flags = all(isinstance(value, bool) for value in there)
        return there if flags else [value for value in there if value is not False]

    @property
    def texts(self) -> list[str]:
        """The values that are there, as text."""
        return [str(text) for value in self.filled if (text := _text(value)) is not None and text.strip()]

    @property
    def counts(self) -> Counter[str]:
        """How often each value stands there."""
        return Counter(text.strip() for text in self.texts)


@dataclass(slots=True)
class Table:
    """Columns of the records themselves (`path` empty) or of a list of objects in each of them."""

    path: str
    columns: list[Column]
    rows: int


def tables_of(records: Sequence[Record]) -> list[Table]:
    """Return the table of the records first, then those of the lists in them, the longest first."""
    lists: dict[tuple[str, ...], list[Record]] = {}
    main = _table("", [_leaves(record, (), lists) for record in records])
    inner = [
        _table(path_of(steps), [_leaves(item, (), {}) for item in items]) for steps, items in lists.items()
    ]
    return [main, *sorted(inner, key=lambda table: -table.rows)]


def path_of(steps: Sequence[str]) -> str:
    """Return the names as a path, quoted where a name is no word."""
    return ".".join(
        step if _PLAIN.fullmatch(step) else json.dumps(step, ensure_ascii=False) for step in steps
    )


Leaf = tuple[tuple[str, ...], Any]


def _leaves(
    record: Any, steps: tuple[str, ...], lists: dict[tuple[str, ...], list[Record]]
) -> Iterator[Leaf]:
    for name, value in record.items():
        here = (*steps, str(name))
        if isinstance(value, dict) and len(here) < _DEPTH:
            yield from _leaves(value, here, lists)
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            lists.setdefault(here, []).extend(value)
        elif not isinstance(value, list | dict):
            yield here, value


def _table(path: str, rows: Sequence[Iterator[Leaf]]) -> Table:
    columns: dict[tuple[str, ...], Column] = {}
    for at, row in enumerate(rows):
        for steps, value in row:
            column = columns.setdefault(steps, Column(steps))
            column.values += [None] * (at - len(column.values)) + [value]
    for column in columns.values():
        column.values += [None] * (len(rows) - len(column.values))
    return Table(path, list(columns.values()), len(rows))


def _text(value: Any) -> str | None:
    try:
        return text_of(value)
    except RecordError:  # a float, or what no database keeps: nothing to guess by
        return None
