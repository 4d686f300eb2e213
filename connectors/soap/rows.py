"""The rows of one answer, kept small until the answer is known to be complete.

Nothing of an answer may be used before its closing tag was read, so all of its rows wait in memory. Past
the first few thousand they wait as JSON, a quarter of the size; of what is more than some tens of megabytes
so, each block is deflated too, which is a tenth of the size but costs more than reading the XML.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from hub.model import Record

BLOCK = 5_000
"""Rows that are kept as they are; each full block beyond is packed."""

DEFLATED = 32 << 20
"""Bytes of JSON after which blocks are deflated."""


class Rows:
    """Rows in the order in which they came; `extend` while reading, iterate afterwards."""

    def __init__(self, block: int = BLOCK, deflated: int = DEFLATED) -> None:
        """Start empty; `block` rows are packed together, deflated once `deflated` bytes are packed."""
        self._block, self._deflated = block, deflated
        self._packed: list[bytes] = []
        self._size = 0
        self._open: list[Any] = []

    def append(self, row: Any) -> None:
        """Add one row (text, None, lists and dicts of them)."""
        self.extend([row])

    def extend(self, rows: Sequence[Any]) -> None:
        """Add rows in their order."""
        self._open += rows
        while len(self._open) > self._block:
            self._pack(self._open[: self._block])
            del self._open[: self._block]

    def _pack(self, rows: list[Any]) -> None:
        block = orjson.dumps(rows)
        if self._size + len(block) > self._deflated:
            block = zlib.compress(block, 1)
        self._size += len(block)
        self._packed.append(block)

    def __len__(self) -> int:
        return len(self._packed) * self._block + len(self._open)

    def __iter__(self) -> Iterator[Any]:
        for block in self._packed:
            yield from orjson.loads(block if block[:1] == b"[" else zlib.decompress(block))
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
