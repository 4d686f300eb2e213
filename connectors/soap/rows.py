"""The rows of one answer, kept small until the answer is known to be complete.

Nothing of an answer may be used before its closing tag was read, so all of its rows wait in memory.
Past the first few thousand they wait packed (JSON, deflated): a tenth of the size for a few
microseconds a row.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from hub.model import Record

BLOCK = 5_000
"""Rows that are kept as they are; each full block beyond is packed."""


class Rows:
    """Rows in the order in which they came; `append` while reading, iterate afterwards."""

    def __init__(self, block: int = BLOCK) -> None:
        """Start empty; `block` rows are packed together."""
        self._block = block
        self._packed: list[bytes] = []
        self._open: list[Any] = []

    def append(self, row: Any) -> None:
        """Add one row (text, None, lists and dicts of them)."""
        if len(self._open) >= self._block:
            self._packed.append(zlib.compress(orjson.dumps(self._open), 1))
            self._open = []
        self._open.append(row)

    def extend(self, rows: Iterable[Any]) -> None:
        """Add rows in their order."""
        for row in rows:
            self.append(row)

    def __len__(self) -> int:
        return len(self._packed) * self._block + len(self._open)

    def __iter__(self) -> Iterator[Any]:
        for block in self._packed:
            yield from orjson.loads(zlib.decompress(block))
        yield from self._open

    def pages(self, size: int | None) -> Iterator[list[Record]]:
        """Yield the rows in lists of at most `size` (all at once without); one empty list for none."""
        page: list[Record] = []
        for row in self:
            if size and len(page) >= size:
                yield page
                page = []
            page.append(row)
        yield page
