"""What is remembered of each file that was read: one slot of the stream's state a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from connectors.files.discovery import Found

PREFIX = "file:"
KEPT = timedelta(days=400)
"""A file that is gone is remembered so long: it may come again, under another name, and change nothing."""

_LONGEST = 250


def slot_of(name: str) -> str:
    """Return the slot of a file; a very long name by its digest."""
    whole = f"{PREFIX}{name}"
    if len(whole) <= _LONGEST:
        return whole
    return f"{PREFIX}{hashlib.blake2b(name.encode('utf-8', 'surrogateescape'), digest_size=16).hexdigest()}"


class Memory:
    """The slots of one stream, as they were and as this read moves them."""

    def __init__(self, state: Mapping[str, Any], at: datetime | None = None) -> None:
        """Take the stream's state; slots that are none of ours, or unreadable, are left alone.

        `at` is when this read began.
        """
        self._at = at and at.isoformat()
        self._slots = {
            slot: kept for slot, kept in state.items() if slot.startswith(PREFIX) and isinstance(kept, dict)
        }
        self._rows = {kept.get("digest"): kept.get("rows") for kept in self._slots.values()}

    def unchanged(self, files: Sequence[Found]) -> bool:
        """Tell whether a file (and its siblings) looks as when it was read: then it need not be opened."""
        kept = self._slots.get(slot_of(files[0].name))
        return kept is not None and kept.get("looks") == _looks(files)

    def knows(self, digest: str) -> bool:
        """Tell whether a file of this content was read before, under whatever name."""
        return digest in self._rows

    def take(self, files: Sequence[Found], digest: str, rows: int | None = None) -> dict[str, Any]:
        """Return the state that a file moves which was read, or whose content was; remember it from now on.

        `rows` need not be said of a content that is known.
        """
        first = files[0]
        rows = self._rows.setdefault(digest, rows)
        kept = {
            "name": first.name,
            "digest": digest,
            "rows": rows,
            "mtime": first.changed,
            "looks": _looks(files),
        }
        if self._at:
            kept["at"] = self._at
        self._slots[slot_of(first.name)] = kept
        return {slot_of(first.name): kept}

    def stems(self) -> list[str]:
        """Return the names of all files that were read, without folder and ending."""
        return [PurePosixPath(str(kept.get("name", ""))).stem for kept in self._slots.values()]

    def outdated(self, there: Sequence[Found], now: datetime) -> dict[str, None]:
        """Return the slots to be dropped: of files long gone."""
        present = {slot_of(one.name) for one in there}
        oldest = int((now - KEPT).timestamp()) * 1_000_000_000
        return {
            slot: None
            for slot, kept in self._slots.items()
            if slot not in present and isinstance(kept.get("mtime"), int) and kept["mtime"] < oldest
        }


def _looks(files: Sequence[Found]) -> list[list[Any]]:
    return [[one.name, one.size, one.changed] for one in files]
