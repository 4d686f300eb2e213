"""What was found, and what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from hub.model import KINDS as KINDS


class State(StrEnum):
    """Where a finding stands in its life."""

    IN_FLIGHT = "in_flight"
    OPEN = "open"
    ASSIGNED = "assigned"
    EXPLAINED = "explained"
    CLOSED = "closed"


LIVE = (State.IN_FLIGHT, State.OPEN, State.ASSIGNED, State.EXPLAINED)
"""All states but closed."""

IS_LIVE = f"state IN ({', '.join(repr(str(state)) for state in LIVE)})"
"""That a finding is live, as SQL."""


@dataclass(frozen=True, slots=True)
class CauseFound:
    """What many findings share. All findings that name one cause in a run give it the same `details`."""

    kind: str
    company: str
    system: str
    slice: str
    details: Mapping[str, Any] = dataclass_field(default_factory=dict)
    id: str = dataclass_field(init=False)
    """The cause's identity over runs."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", identity("cause", self.kind, self.company, self.system, self.slice))


@dataclass(frozen=True, slots=True)
class Found:
    """One difference as the reconciler sees it now; `at_risk` in `currency`.

    `details` are the compared values and nothing that moves by itself (no ages, no counts of runs): whatever
    changes in them is a change of the finding. One that is `noted` is legal and asks for nothing: it is born
    explained. `owner` is to settle it `within` a time after it opens, else it goes to `deputy`.
    """

    kind: str
    company: str
    order_no: str
    system: str
    field: str = ""
    details: Mapping[str, Any] = dataclass_field(default_factory=dict)
    correct_in: str | None = None
    at_risk: Decimal | None = None
    currency: str | None = None
    cause: CauseFound | None = None
    in_flight: bool = False
    noted: bool = False
    owner: str | None = None
    deputy: str | None = None
    within: timedelta | None = None
    id: str = dataclass_field(init=False)
    """The finding's identity over runs."""

    def __post_init__(self) -> None:
        name = identity(self.kind, self.company, self.order_no, self.system, self.field)
        object.__setattr__(self, "id", name)

    @property
    def state(self) -> State:
        """The state in which it is born."""
        if self.in_flight:
            return State.IN_FLIGHT
        return State.EXPLAINED if self.noted else State.OPEN


@dataclass(slots=True)
class Counts:
    """What a settlement did to findings (causes are not counted); `live` is how many were found.

    `rows` are those that were found, as they stand now, by id.
    """

    new: int = 0
    opened: int = 0
    reopened: int = 0
    changed: int = 0
    closed: int = 0
    escalated: int = 0
    live: int = 0
    rows: Mapping[str, Mapping[str, Any]] = dataclass_field(default_factory=dict, compare=False, repr=False)

    @property
    def told(self) -> dict[str, int]:
        """How many by what was done, as the run keeps it."""
        names = ("new", "opened", "reopened", "changed", "closed", "escalated")
        return {name: getattr(self, name) for name in names}

    @property
    def written(self) -> int:
        """How many findings were written."""
        return sum(self.told.values())


@dataclass(frozen=True, slots=True)
class Event:
    """One turn in the life of a finding or cause.

    Opened, changed, assigned, explained, reopened, escalated or closed. `details` of a change hold [old, new]
    by the name of what changed, those of an end `after`: how many seconds it stood.
    """

    what: str
    at: datetime
    who: str | None
    run: int | None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as the store knows it; `due_at` of an explained one is when the explanation runs out.

    `events` are there only where one finding was asked for (`load_finding`).
    """

    id: str
    kind: str
    company: str
    order_no: str
    system: str
    field: str
    state: State
    cause: str | None
    details: Mapping[str, Any]
    correct_in: str | None
    at_risk: Decimal | None
    currency: str | None
    owner: str | None
    due_at: datetime | None
    first_seen: datetime
    changed_at: datetime
    closed_at: datetime | None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause as the store knows it, with the number of unclosed findings behind it."""

    id: str
    kind: str
    company: str
    system: str
    slice: str
    state: State
    details: Mapping[str, Any]
    first_seen: datetime
    changed_at: datetime
    closed_at: datetime | None
    findings: int


def identity(*parts: str) -> str:
    """Return the id that follows from `parts`, sixteen hex digits."""
    return hashlib.blake2b("\x1f".join(parts).encode()).hexdigest()[:16]
