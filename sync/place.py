"""Where records come in: what an inlet knows of itself."""

from __future__ import annotations

from typing import Protocol

from hub.mapping import Reader
from hub.store import Seal


class Place(Protocol):
    """One stream of one system, with what reads its records and what seals what is kept of them."""

    @property
    def system(self) -> str:
        """The system's name."""
        ...

    @property
    def stream(self) -> str:
        """The stream's name."""
        ...

    @property
    def reader(self) -> Reader:
        """What reads its records."""
        ...

    @property
    def seal(self) -> Seal:
        """What encrypts what is kept."""
        ...

    @property
    def event(self) -> bool:
        """Whether the stream says what happened, rather than what is."""
        ...
