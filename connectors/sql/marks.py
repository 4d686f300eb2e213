"""Where reading of a table stands: the last stamp and key, in the source's own type, kept as JSON."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hub.errors import ConfigError
from hub.mapping import TimeSpec, times

SLOT = "cursor"


@dataclass(frozen=True, slots=True)
class Mark:
    """A position: stamp (None where a stream has only keys) and key of the last row read."""

    stamp: Any
    key: Any


def save(mark: Mark, by: str) -> dict[str, Any]:
    """Return the state slot of a mark; `by` names the cursor's columns, so that another cursor starts anew."""
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
    "uuid": uuid.UUID,
}


def _json(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime | date):
        return {"datetime" if isinstance(value, datetime) else "date": value.isoformat()}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": bytes(value).hex()}
    return {type(value).__name__.lower(): repr(value) if isinstance(value, float) else str(value)}


def _value(kept: Any) -> Any:
    if isinstance(kept, Mapping):
        ((kind, text),) = kept.items()
        return _FROM_TEXT[kind](text)
    if kept is not None and not isinstance(kept, str | int):
        raise TypeError(kept)
    return kept


def earlier(stamp: Any, overlap: timedelta, time: TimeSpec) -> Any:
    """Return `stamp` less the overlap, in its own type.

    A date goes back whole days. A number is a count of seconds or milliseconds if the mapping's time
    format says so, else a sequence, which has no overlap. Raises ConfigError for text in no known format.
    """
    if not overlap:
        return stamp
    if isinstance(stamp, datetime):
        return stamp - overlap
    if isinstance(stamp, date):
        return stamp - timedelta(days=math.ceil(overlap / timedelta(days=1)))
    if isinstance(stamp, str):
        return _earlier_text(stamp, overlap, time)
    unit = {"epoch": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1)}.get(_first(time.format))
    if unit is None or isinstance(stamp, bytes | uuid.UUID):
        return stamp
    return stamp - type(stamp)(math.ceil(overlap / unit))


def like(sample: Any, moment: datetime, time: TimeSpec) -> Any:
    """Return an aware moment in the type of `sample`, a stamp of the source."""
    zone = ZoneInfo(time.zone) if time.zone else UTC
    if isinstance(sample, datetime):
        return moment if sample.tzinfo else moment.astimezone(zone).replace(tzinfo=None)
    if isinstance(sample, date):
        return moment.astimezone(zone).date()
    return times.send(moment, time)


def _first(formats: tuple[str, ...]) -> str:
    return formats[0] if formats else ""


def _earlier_text(stamp: str, overlap: timedelta, time: TimeSpec) -> str:
    """Take the overlap off a stamp stored as text, in the layout it has."""
    for layout in (*time.format, "iso"):
        try:
            if layout == "iso":
                return _iso_like(datetime.fromisoformat(stamp.strip()) - overlap, stamp)
            return (datetime.strptime(stamp.strip(), layout) - overlap).strftime(layout)  # noqa: DTZ007  # shifted only
        except ValueError:
            continue
    raise ConfigError("sql.stamp_without_format", stamp=stamp)
