"""The lines of an MT file as fields, whatever headers and wrappers stand around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.statements.charset import lines_of

END = "-"
"""The tag of a field that ends a message: a line of `-` or `-}`."""

_TAGS = "12|13[CD]?|20|21|25P?|28C?|34F|60[FM]?|61|62[FM]?|6[45][FM]?|86|90[CD]|NS"
_BALANCE = "[CD][0-9]{6}[A-Z]{3}[0-9]"
"""How a balance begins: some programs leave out the colon before it."""

_TAG = re.compile(rf"\s{{0,2}}:(?P<tag>{_TAGS})(?::|(?={_BALANCE}))(?P<rest>.*)", re.S)
_WRAPPED = re.compile(r"\s*-?\}?(?:\{[0-9S]:(?:[^{}]|\{[^{}]*\})*\})*\{4:")
_END = re.compile(r"\s*-(?:\}.*)?\s*$", re.S)


@dataclass(slots=True)
class Field:
    """One field: its tag, its lines (without line ends), and the line of the file at which it begins."""

    tag: str
    line: int
    rows: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The first line, trimmed."""
        return self.rows[0].strip() if self.rows else ""


def fields_of(text: str) -> Iterator[Field]:
    """Yield the fields of a file; lines that belong to none (headers of banks' programs) are left out."""
    current: Field | None = None
    for number, row in enumerate(lines_of(text), 1):
        bare, wrapped = _unwrapped(row)
        if current is not None and (wrapped or _END.match(row)):
            yield current
            current = None
        if _END.match(row) or (wrapped and row.lstrip().startswith("-")):
            yield Field(END, number)
        found = _TAG.match(bare)
        if found is not None:
            if current is not None:
                yield current
            current = Field(found["tag"], number, [found["rest"]])
        elif current is not None and bare.strip():
            current.rows.append(bare)
    if current is not None:
        yield current


def _unwrapped(row: str) -> tuple[str, bool]:
    """Return a line without the blocks that SWIFT puts in front of a message, and whether there were any."""
    found = _WRAPPED.match(row)
    if found:
        return row[found.end() :], True
    return row, bool(re.match(r"\s*\{[1-5]:", row))
