"""What a watch tells while it runs: one event a line, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.errors import HubError
from hub.redact import redact


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at` (aware): `kind`, the system where it is about one, counts, the error.

    Kinds: watching, listening, unheard, read, woken, busy, failed, well, refused, merged, sent, stopped,
    ended.
    """

    at: datetime
    kind: str
    system: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    error: HubError | None = None
    place: str = ""


Tell = Callable[[Event], None]
"""Hears of events, from several threads."""


class Fault(HubError):
    """Something that no error of ours names went wrong; the watch goes on."""

    @classmethod
    def of(cls, error: Exception) -> Fault:
        """Return what is to be told of an error, without secrets."""
        return cls("watch.fault", kind=type(error).__name__, reason=redact(str(error))[:500])


class Ended(BaseException):
    """The watch is to end: no error, and so past everything that handles errors, as from the keyboard."""
