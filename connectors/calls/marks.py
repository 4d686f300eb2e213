"""How far a stream was read: the newest change stamp and key, as the source's clock says them.

A stamp is a moment. Where it is a whole number and no time format is declared it is a sequence of the
source's own (a change number, a row version) and is kept as such.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as midnight
from operator import itemgetter
from typing import Any

from hub.errors import RecordError
from hub.mapping import times
from hub.mapping.grammar import CallSpec, SystemMapping, TimeSpec
from hub.mapping.paths import compile_path
from hub.model import Record

SLOT = "cursor"
_DIRECTIVE = re.compile("%(.)")
_AHEAD = timedelta(days=1)  # a stamp later than this is a mistake and must not carry the cursor away


@dataclass(frozen=True, slots=True)
class Mark:
    """A position: aware UTC stamp or the source's own number, and key."""

    at: datetime | int
    key: str

    def after(self, other: Mark) -> bool:
        """Tell whether this position is later than another one of the same kind."""
        one, two = self.at, other.at
        if isinstance(one, int) or isinstance(two, int):
            return not (isinstance(one, int) and isinstance(two, int)) or (one, self.key) > (two, other.key)
        return (one, self.key) > (two, other.key)


class Marks:
    """Reads positions out of records and keeps the highest one."""

    def __init__(self, call: CallSpec, at: TimeSpec, state: Mapping[str, Any]) -> None:
        """Start from `state`; another cursor than the mapping's, or something unreadable, starts anew."""
        stamp, key = call.cursor or ("", "")
        self._by = f"{stamp},{key}"
        self._stamp, self._key = (compile_path(path or "@") for path in (stamp, key))
        self._spec, self._overlap = at, call.overlap or timedelta()
        self._time = times.compile_time(at.format, at.zone)
        self._plain = itemgetter(stamp) if stamp.isidentifier() else None
        self.active = call.cursor is not None
        self.mark = _load(state, self._by) if self.active else None

    def see(self, records: Sequence[Record], now: datetime) -> None:
        """Move on to the newest of `records`. Absent, unreadable and far-ahead stamps move nothing."""
        if not self.active or not records:
            return
        marks = self._quickly(records, now) or [self._mark(record, now) for record in records]
        for mark in marks:
            if mark is not None and (self.mark is None or mark.after(self.mark)):
                self.mark = mark

    def _mark(self, record: Record, now: datetime) -> Mark | None:
        stamp = self._stamp(record)
        number = self._number(stamp)
        at = self._moment(stamp, now) if number is None else number
        return None if at is None else Mark(at, str(self._key(record)))

    def _quickly(self, records: Sequence[Record], now: datetime) -> list[Mark | None]:
        """Return the newest alone, where stamps compare as they stand; nothing where each must be read."""
        stamps = self._stamps(records)
        if not sortable(stamps, self._spec.format):
            return []
        top = max(stamps)
        tied = [record for record, stamp in zip(records, stamps, strict=True) if stamp == top]
        newest = self._mark(max(tied, key=lambda record: str(self._key(record))), now)
        return [newest] if newest else []

    def _stamps(self, records: Sequence[Record]) -> list[Any]:
        if self._plain is not None:
            try:
                return list(map(self._plain, records))
            except (KeyError, TypeError):
                pass  # a record lacks it, or is none: the path says what that means
        return [self._stamp(record) for record in records]

    def since(self, start: Any = None) -> Any:
        """Return what to read from, as it is sent: the mark less the overlap, else `start`."""
        if self.mark is None:
            return start
        at = self.mark.at
        return at if isinstance(at, int) else times.ask(at - self._overlap, self._spec)

    @property
    def counts(self) -> bool:
        """Tell whether the stamps are numbers of the source's own, no moments."""
        return self.mark is not None and isinstance(self.mark.at, int)

    def begin(self) -> datetime | None:
        """Return the moment from which to read: the mark less the overlap; None before the first."""
        at = self.mark.at if self.mark else None
        return at - self._overlap if isinstance(at, datetime) else None

    def sent(self, record: Record) -> Any:
        """Return the stamp of a record as the source is asked for what comes after it; None without one.

        The source's own words where they are in the format that is sent, so that nothing is rounded off.
        """
        stamp = self._stamp(record) if self.active else None
        if stamp is None or len(self._spec.format) < 2:
            return stamp
        moment = self._time(stamp)
        return times.ask(moment.at, self._spec) if moment else None

    def within(self, records: Sequence[Record], start: datetime, end: datetime) -> Sequence[Record]:
        """Return the records without those whose stamp is known to lie outside of [start, end)."""
        if not self.active:
            return records
        latest = datetime.max.replace(tzinfo=UTC) - _AHEAD
        stamps = [self._moment(self._stamp(record), latest) for record in records]
        return [record for record, at in zip(records, stamps, strict=True) if at is None or start <= at < end]

    def state(self) -> dict[str, Any]:
        """Return the state slot of the position, {} before the first."""
        if self.mark is None:
            return {}
        at = self.mark.at
        said = {"number": at} if isinstance(at, int) else {"at": at.isoformat()}
        return {SLOT: {"by": self._by, **said, "key": self.mark.key}}

    def _number(self, stamp: Any) -> int | None:
        if self._spec.format or isinstance(stamp, bool):
            return None
        if isinstance(stamp, str) and stamp.isdecimal():
            return int(stamp)
        return stamp if isinstance(stamp, int) else None

    def _moment(self, stamp: Any, now: datetime) -> datetime | None:
        try:
            moment = self._time(stamp)
        except RecordError:
            return None
        return None if moment is None or moment.at > now + _AHEAD else moment.at


def sortable(stamps: Sequence[Any], formats: Sequence[str]) -> bool:
    """Tell whether raw stamps are in the order of time as texts (or numbers): one layout, one offset."""
    layout = formats[0] if formats else "iso"
    if layout in ("epoch", "epoch_ms"):
        return len(formats) == 1 and set(map(type, stamps)) == {int}
    if len(formats) > 1 or set(map(type, stamps)) != {str} or len(set(map(len, stamps))) != 1:
        return False
    if layout != "iso":
        directives = "".join(_DIRECTIVE.findall(layout))
        return layout.startswith("%Y") and len(directives) > 2 and "YmdHMSf".startswith(directives)
    if len(stamps[0]) <= len("2026-01-05 08:00:00"):
        return True
    ends = {stamp[-6:] for stamp in stamps if stamp[-1] != "Z"}
    return not ends or (len(ends) == 1 and stamps[0][-1] != "Z")


def begin(mapping: SystemMapping, at: TimeSpec) -> Any:
    """Return the day from which a system counts (`start`) as it is sent; None if there is none."""
    start = begin_of(mapping, at)
    return None if start is None else times.ask(start, at)


def begin_of(mapping: SystemMapping, at: TimeSpec) -> datetime | None:
    """Return the midnight with which a system begins to count, None if there is none."""
    if mapping.start is None:
        return None
    return datetime.combine(mapping.start, midnight(), times.zone_of(at.zone) if at.zone else UTC)


def _load(state: Mapping[str, Any], by: str) -> Mark | None:
    kept = state.get(SLOT)
    if not isinstance(kept, Mapping) or kept.get("by") != by:
        return None
    try:
        if "number" in kept:
            return Mark(int(kept["number"]), str(kept["key"]))
        at = datetime.fromisoformat(str(kept["at"]))
        return Mark(at, str(kept["key"])) if at.tzinfo else None
    except (KeyError, TypeError, ValueError):
        return None
