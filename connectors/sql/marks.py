"""Where reading of a table stands: the last stamp and key, in the source's own type, kept as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.sql.charsets import StoredText

SLOT = "cursor"


@dataclass(frozen=True, slots=True)
class Mark:
    """A position: stamp (None where a stream has only keys) and key of the last row read."""

    stamp: Any
    key: Any


def save(mark: Mark, by: str) -> dict[str, Any]:
    """Return the state slot of a mark; `by` names the cursor's columns: another cursor starts anew."""
    return {SLOT: {"by": by, "stamp": _json(mark.stamp), "key": _json(mark.key)}}


def load(state: Mapping[str, Any], by: str) -> Mark | None:
    """Return the mark kept in `state`; None if there is none, or it is of another cursor or unreadable."""
    kept = state.get(SLOT)
    if not isinstance(kept, Mapping) or kept.get("by") != by:
        return None
    try:
        return Mark(_value(kept["stamp"]), _value(kept["key"]))
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None


_FROM_TEXT: dict[str, Any] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "float": float,
    "bytes": bytes.fromhex,
    "stored": StoredText.fromhex,
    "uuid": uuid.UUID,
}


def _json(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime | date):
        return {"datetime" if isinstance(value, datetime) else "date": value.isoformat()}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"stored" if isinstance(value, StoredText) else "bytes": bytes(value).hex()}
    return {type(value).__name__.lower(): repr(value) if isinstance(value, float) else str(value)}


def _value(kept: Any) -> Any:
    if isinstance(kept, Mapping):
        ((kind, text),) = kept.items()
        return _FROM_TEXT[kind](text)
    if kept is not None and not isinstance(kept, str | int):
        raise TypeError(kept)
    return kept
