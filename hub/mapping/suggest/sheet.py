"""The table within rows of cells: what stands above its header, and the row of totals that ends it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

_TOTAL = re.compile(
    r"(合\s*计|总\s*计|小\s*计|汇\s*总|共\s*计|sum|summe|(grand\s*)?total|trl|trailer|eof|end)\b.*", re.I
)
_GUARD = re.compile(r'="(.*)"')

Cells = Sequence[Any]


def header_at(rows: Sequence[Cells]) -> int:
    """Return which row names the columns: the first of texts only that is nearly as wide as the widest."""
    widest = max((_filled(row) for row in rows), default=0)
    return next((at for at, row in enumerate(rows) if _is_header(row, widest)), 0)


def _is_header(row: Cells, widest: int) -> bool:
    said = [cell for cell in row if cell not in (None, "")]
    return len(said) * 2 > widest and all(isinstance(cell, str) for cell in said)


def trailer_of(rows: Sequence[Cells]) -> dict[str, Any]:
    """Return what a call says of the last of `rows` if it counts those before it; else nothing."""
    last = rows[-1] if rows else ()
    first = str(last[0] or "").strip() if last else ""
    if len(rows) < 2 or not _TOTAL.fullmatch(first):
        return {}
    counting = [at for at, cell in enumerate(last, 1) if at > 1 and _number(cell) == len(rows) - 1]
    return {"trailer": {"first": first, **({"count": counting[0]} if counting else {})}}


def unguarded(cell: str) -> str:
    """Return a cell without its padding and without the guard that keeps a spreadsheet from guessing."""
    bare = cell.strip()
    guarded = _GUARD.fullmatch(bare)
    return guarded[1].strip() if guarded else bare


def _number(cell: Any) -> Decimal | None:
    try:
        return Decimal(str(cell).strip())
    except InvalidOperation:
        return None


def _filled(row: Cells) -> int:
    return sum(cell not in (None, "") for cell in row)
