"""Which content of which file was answered; one slot of the stream's state a file."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.files.drops import Found, Looked

AGAIN = timedelta(minutes=5)
"""After so long an answer that is not final is given anew."""

_PREFIX = "answer:"
_LONGEST = 250


def slot_of(name: str) -> str:
    """Return the slot of a file; a very long name by its digest."""
    whole = f"{_PREFIX}{name}"
    if len(whole) <= _LONGEST:
        return whole
    return f"{_PREFIX}{hashlib.blake2b(name.encode('utf-8', 'surrogateescape'), digest_size=16).hexdigest()}"


def answered(state: Mapping[str, Any], found: Found, looked: Looked, now: datetime) -> bool:
    """Tell whether a file was answered as it looks now, and that answer lies beside it.

    An answer that is not final counts for a while, so that what fails each time is not tried all the time.
    """
    kept = state.get(slot_of(found.name))
    if not isinstance(kept, dict) or kept.get("looks") != _looks(found):
        return False
    if not kept.get("final") and abs(now - datetime.fromisoformat(kept["at"])) >= AGAIN:
        return False
    return kept.get("answer") in looked.answers(found)


def same(state: Mapping[str, Any], found: Found, digest: str, looked: Looked) -> dict[str, Any] | None:
    """Return the state that a file moves which was only touched since its answer; None if it is another."""
    kept = state.get(slot_of(found.name))
    if not isinstance(kept, dict) or kept.get("digest") != digest or not kept.get("final"):
        return None
    if kept.get("answer") not in looked.answers(found):
        return None
    return {slot_of(found.name): {**kept, "looks": _looks(found)}}


def said(state: Mapping[str, Any], found: Found) -> str | None:
    """Return the digest of what was answered last, if the file looked as it does now."""
    kept = state.get(slot_of(found.name))
    return kept.get("said") if isinstance(kept, dict) and kept.get("looks") == _looks(found) else None


def waits(state: Mapping[str, Any], found: Found) -> bool:
    """Tell whether the answer to a file may be another by now: days were missing, or it was not final."""
    kept = state.get(slot_of(found.name))
    return isinstance(kept, dict) and bool(kept.get("gaps") or not kept.get("final"))


def note(
    found: Found, digest: str, answer: str, said: str, now: datetime, *, final: bool, gaps: bool
) -> dict[str, Any]:
    """Return the state that an answer to a content moves; one not `final` is given anew after a while."""
    kept: dict[str, Any] = {"looks": _looks(found), "digest": digest, "answer": answer, "said": said}
    kept |= {"final": final, "gaps": gaps}
    kept["at"] = now.isoformat()
    return {slot_of(found.name): kept}


def outdated(state: Mapping[str, Any], there: Collection[Found]) -> dict[str, None]:
    """Return the slots to be dropped: of files that are gone."""
    present = {slot_of(one.name) for one in there}
    return {slot: None for slot in state if slot.startswith(_PREFIX) and slot not in present}


def _looks(found: Found) -> list[int]:
    return [found.size, found.changed]
