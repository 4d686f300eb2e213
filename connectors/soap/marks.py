"""How far a stream was read: the newest change stamp and key, as the source's clock says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.errors import RecordError
from hub.mapping.grammar import CallSpec, TimeSpec
from hub.mapping.paths import compile_path
from hub.mapping.times import compile_time
from hub.model import Record

SLOT = "cursor"
_AHEAD = timedelta(days=1)  # a stamp later than this is a mistake and must not carry the cursor away


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A position: aware UTC stamp and key."""

    at: datetime
    key: str


class Marks:
    """Reads positions out of records and keeps the highest one."""

    def __init__(self, call: CallSpec, at: TimeSpec, state: Mapping[str, Any]) -> None:
        """Start from `state`; another cursor than the mapping's, or something unreadable, starts anew."""
        stamp, key = call.cursor or ("", "")
        self._by = f"{stamp},{key}"
        self._stamp, self._key = (compile_path(path or "@") for path in (stamp, key))
        self._time = compile_time(at.format, at.zone)
        self._active = call.cursor is not None
        self.mark = _load(state, self._by) if self._active else None

    def see(self, records: list[Record], now: datetime) -> None:
        """Move on to the newest of `records`. Absent, unreadable and far-ahead stamps move nothing."""
        for record in records if self._active else ():
            try:
                moment = self._time(self._stamp(record))
            except RecordError:
                continue  # its mapping says what is wrong with it
            if moment is None or moment.at > now + _AHEAD:
                continue
            mark = Mark(moment.at, str(self._key(record)))
            if self.mark is None or mark > self.mark:
                self.mark = mark

    def state(self) -> dict[str, Any]:
        """Return the state slot of the position, {} before the first."""
        if self.mark is None:
            return {}
        return {SLOT: {"by": self._by, "at": self.mark.at.isoformat(), "key": self.mark.key}}


def _load(state: Mapping[str, Any], by: str) -> Mark | None:
    kept = state.get(SLOT)
    if not isinstance(kept, Mapping) or kept.get("by") != by:
        return None
    try:
        at = datetime.fromisoformat(str(kept["at"]))
        return Mark(at, str(kept["key"])) if at.tzinfo else None
    except (KeyError, ValueError):
        return None
