"""What need not be looked at again: answers that came as at the last read, rows whose details are known.

Both gates live in slots of the stream's state whose names begin with `GATE`; the engine withholds these once
the mapping reads records differently. They are committed with the page that they speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from connectors.calls import jsons
from connectors.contract import GATE, State
from hub.model import Record

ROWS = f"{GATE}rows"
REMEMBERED = 2_000
"""Rows of a stream with cursor whose digests are remembered: more than an overlap usually holds."""

Seen = Mapping[str, Any]
"""What tells an answer from another without parsing it: a digest of its body, the server's validators."""


class PageGate:
    """The answers of a stream that is read as a whole each time, by their number from 1."""

    def __init__(self, state: State) -> None:
        """Take what the last read left; what is unreadable counts as never seen."""
        self._kept = {slot: kept for slot, kept in state.items() if _is_answer(slot) and _is_whole(kept)}

    def seen(self, number: int) -> Seen | None:
        """Return what is known of an answer, None if it was never seen."""
        kept = self._kept.get(f"{GATE}{number}")
        return kept["seen"] if kept else None

    def kept(self, number: int) -> Mapping[str, Any]:
        """Return what was kept of an answer that came again: count, more, pager, took."""
        kept: Mapping[str, Any] = self._kept[f"{GATE}{number}"]
        return kept

    def keep(self, number: int, seen: Seen | None, **said: Any) -> dict[str, Any]:
        """Return the slot of an answer; nothing, if what is to be remembered cannot be kept as JSON."""
        kept = {"seen": seen, **said}
        slot = f"{GATE}{number}"
        if seen is None or jsons.read(jsons.written(kept)) != kept:
            return {slot: None} if slot in self._kept else {}
        return {slot: kept}

    def beyond(self, number: int) -> dict[str, None]:
        """Return the slots of answers after the last one, to be dropped."""
        return {slot: None for slot in self._kept if int(slot.removeprefix(GATE)) > number}


def _is_answer(slot: str) -> bool:
    return slot.startswith(GATE) and slot.removeprefix(GATE).isdecimal()


def _is_whole(kept: Any) -> bool:
    return isinstance(kept, Mapping) and {"seen", "count", "more", "pager", "took"} <= kept.keys()


class RowGate:
    """Digests of list rows by key, so that details are asked for only where a row changed."""

    def __init__(self, state: State, key: Callable[[Record], str], *, whole: bool) -> None:
        """Take what was remembered; `whole`: the stream is read as a whole, so its rows stand by answer."""
        self._key, self._whole = key, whole
        self._known: dict[str, str] = {}
        for slot, kept in state.items():
            if isinstance(kept, Mapping) and (slot == ROWS or _is_answer(slot)):
                rows = kept if slot == ROWS else kept.get("rows")
                self._known.update(rows if isinstance(rows, Mapping) else {})

    def part(self, records: Sequence[Record]) -> tuple[list[Record], dict[str, str]]:
        """Return the records that are new or changed, and the digests of all by key."""
        digests = [_digest(record) for record in records]
        keys = [self._key(record) for record in records]
        changed = [
            record
            for record, key, digest in zip(records, keys, digests, strict=True)
            if self._known.get(key) != digest
        ]
        return changed, dict(zip(keys, digests, strict=True))

    def keep(self, rows: Mapping[str, str]) -> dict[str, Any]:
        """Return the slot of rows that were read completely; nothing where they stand by answer."""
        self._known = {**{key: one for key, one in self._known.items() if key not in rows}, **rows}
        if self._whole:
            return {}
        return {ROWS: dict(list(self._known.items())[-REMEMBERED:])}


def _digest(record: Record) -> str:
    return blake2b(jsons.written(record), digest_size=8).hexdigest()
