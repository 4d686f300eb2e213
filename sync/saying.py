"""What the parts of an order say beside status and quantities: extras and lines, by system. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from hub.store import jsons
from hub.store.types import fixed_of, to_micros
from sync.ownership import PROMISES


@dataclass(slots=True)
class Sayings:
    """Extras (amounts and promise dates in the store's own form) and lines (JSON) of one order by system."""

    extras: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)


def said_by(rows: Sequence[tuple[Any, ...]]) -> Sayings:
    """Return what the observations of one order say.

    A row is system, part, seq, deleted, is_return, extras, lines; they come in the order of the first three.
    Lines of an order in several parts are put together; of extras the last part's count.
    """
    said = Sayings()
    for system, _, _, deleted, is_return, extras, lines in _newest(rows):
        if deleted or is_return:
            continue
        if extras is not None:
            said.extras[system] = typed(extras)
        if lines is not None:
            earlier = said.lines.get(system)
            said.lines[system] = _joined(earlier, lines) if earlier is not None else lines
    return said


def _newest(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Return the newest word of each part: a row that says neither extras nor lines takes none away."""
    newest = {}
    for row in rows:
        system, part, _, deleted, _, extras, lines = row
        if extras is not None or lines is not None or deleted:
            newest[system, part] = row
    return list(newest.values())


def _joined(lines: str, more: str) -> str:
    return jsons.dumps(jsons.loads(lines) + jsons.loads(more))


def typed(extras: str | None) -> dict[str, Any]:
    """Return extras from their JSON with amounts in millionths, promise dates in microseconds."""
    if extras is None:
        return {}
    said: dict[str, Any] = orjson.loads(extras)
    if said.get("amount") is not None:
        said["amount"] = fixed_of(said["amount"])
    for name in PROMISES:
        if said.get(name) is not None:
            said[name] = to_micros(datetime.fromisoformat(said[name]))
    return said
