"""What the parts of an order say beside status and quantities: extras and lines, by system. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.store import jsons
from hub.store.types import to_fixed, to_micros
from sync.ownership import PROMISES


@dataclass(slots=True)
class Sayings:
    """Extras (amounts and promise dates in the store's own form) and lines (JSON) of one order by system."""

    extras: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)


def extras_and_lines(rows: Sequence[tuple[Any, ...]]) -> Sayings | None:
    """Return what the observations of one order say, None if nothing.

    A row is company, order_no, system, part, seq, deleted, is_return, extras, lines; they come in this order.
    Lines of an order in several parts are put together; of extras the last part's count.
    """
    said: Sayings | None = None
    for _, _, system, _, _, deleted, is_return, extras, lines in _newest(rows):
        if deleted or is_return or (extras is None and lines is None):
            continue
        said = said or Sayings()
        if extras is not None:
            said.extras[system] = _typed(jsons.loads(extras))
        if lines is not None:
            earlier = said.lines.get(system)
            said.lines[system] = _joined(earlier, lines) if earlier is not None else lines
    return said


def _newest(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Return the newest word of each part: a row that says neither extras nor lines takes none away."""
    if len(rows) == 1:
        return rows
    newest = {}
    for row in rows:
        _, _, system, part, _, deleted, _, extras, lines = row
        if extras is not None or lines is not None or deleted:
            newest[system, part] = row
    return list(newest.values())


def _joined(lines: str, more: str) -> str:
    return jsons.dumps(jsons.loads(lines) + jsons.loads(more))


def _typed(extras: dict[str, Any]) -> dict[str, Any]:
    """Return extras as loaded from JSON with amounts in millionths, promise dates in microseconds."""
    if extras.get("amount") is not None:
        extras["amount"] = to_fixed(Decimal(extras["amount"]))
    for name in PROMISES:
        if extras.get(name) is not None:
            extras[name] = to_micros(datetime.fromisoformat(extras[name]))
    return extras
