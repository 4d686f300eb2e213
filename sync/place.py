"""Where records come in: what an inlet knows of itself, and what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from connectors.contract import BadRecord
from hub.mapping import Reader
from hub.mapping.documents import DocumentReader
from hub.rules import Rules
from hub.store import Seal
from hub.store.runs import Run

if TYPE_CHECKING:
    from sync.batch import Incoming


@dataclass(slots=True)
class Taken:
    """What one page came to. `newest` is its newest stamp by the source's clock (aware UTC)."""

    counts: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    newest: datetime | None = None


class Stream(Protocol):
    """One stream of one system."""

    @property
    def system(self) -> str:
        """The system's name."""
        ...

    @property
    def stream(self) -> str:
        """The stream's name."""
        ...


class Place(Stream, Protocol):
    """One stream of one system, with what reads its records and what seals what is kept of them."""

    @property
    def reader(self) -> Reader | DocumentReader:
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


class Intake(Place, Protocol):
    """A place that takes records in, page by page: orders and events, or documents."""

    @property
    def rules(self) -> Rules:
        """The company's rules."""
        ...

    def take(
        self,
        conn: sa.Connection,
        incoming: Iterable[Incoming],
        *,
        read_at: datetime,
        run: Run,
        bad: Sequence[BadRecord] = (),
        again: bool = False,
        first: bool = False,
    ) -> Taken:
        """Take one page in the caller's transaction; `again` passes the digest gate (a replay)."""
        ...


IntakeOf = Callable[[str, str], Intake]
"""Gives the intake of (system, stream)."""
