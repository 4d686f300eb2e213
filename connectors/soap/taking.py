"""Rows of one list, taken out of the growing tree as soon as they are complete."""

from __future__ import annotations

from typing import Any

from lxml import etree

from connectors.soap.alike import BATCH, Alike
from connectors.soap.plain import Plain
from connectors.soap.rows import Rows
from connectors.soap.shape import Table

_FEW = 8
"""Fewer rows than this are read one by one as quickly."""


class Taking:
    """The list of one table: rows come in by `add`, the last of them by `end`.

    Flat rows wait in the tree until there is a batch of them; any other leaves when the next one has come.
    """

    def __init__(self, table: Table, plain: Plain) -> None:
        """Start with no rows."""
        self.table, self.rows = table, Rows()
        self._plain = plain
        flat = table.shape is not None and table.shape.flat and not table.shape.row
        self._alike = Alike(table.shape) if flat and table.shape is not None else None
        self._enough = BATCH if flat else 1
        self._waiting: list[Any] = []

    def add(self, row: Any) -> None:
        """Take in a row whose end was read."""
        self._waiting.append(row)
        if len(self._waiting) > self._enough:
            # The newest row stays in the tree: libxml2 may still be writing the text that follows it.
            ready, self._waiting = self._waiting[:-1], self._waiting[-1:]
            self._take(ready)

    def end(self) -> None:
        """Take the rows that still wait: the answer is complete."""
        self._take(self._waiting)
        self._waiting = []

    def _take(self, ready: list[Any]) -> None:
        if self._alike is not None and len(ready) >= _FEW:
            batch = etree.Element("batch")
            batch.extend(ready)  # out of the tree, with the text after each
            found = self._alike.read(batch)
            if found is not None:
                self.rows.extend(found)
                return
        table = self.table
        self.rows.extend([self._plain.value(row, table.shape, table.path) for row in ready])
        for row in ready:
            if (parent := row.getparent()) is not None:
                parent.remove(row)
