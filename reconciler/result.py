"""What a reconciliation came to: everything that the reports show, and nothing that they must compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.case import EVERY
from reconciler.totals import Late, Total


@dataclass(frozen=True, slots=True)
class SystemState:
    """How one system stands: known up to `until`, orders held, compared and not compared.

    `why` is silent, failed, never or empty; `error` is the source's own text.
    """

    system: str
    until: datetime | None
    why: str
    error: str | None
    held: int
    compared: int
    not_compared: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference with its life, as people read it."""

    id: str
    kind: str
    company: str
    order_no: str
    system: str
    field: str
    details: Mapping[str, Any]
    correct_in: str
    owner: str | None
    at_risk: Decimal | None
    currency: str | None
    cause: str | None
    state: str
    first_seen: datetime
    due_at: datetime | None = None

    @property
    def whole_system(self) -> bool:
        """Return whether it speaks of a whole system and not of one order."""
        return self.order_no == EVERY


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One cause with what lies behind it: orders, new and closed findings, money, who does what."""

    id: str
    kind: str
    company: str
    system: str
    slice: str
    details: Mapping[str, Any]
    orders: int
    new: int
    closed: int
    at_risk: Mapping[str, Decimal]
    owner: str | None
    deputy: str | None
    correct_in: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of the day: what it did to whom."""

    id: int
    kind: str
    system: str | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    counts: Mapping[str, Any]
    error: str | None


@dataclass(frozen=True, slots=True)
class GraceLine:
    """How long one system may lag behind another before a status (or side) word is missed, in seconds.

    `declared` by hub.yaml, `measured` over `count` orders, `granted` what counts.
    """

    leader: str
    system: str
    word: str
    declared: int
    measured: int
    granted: int
    count: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Looked:
    """A look in numbers: how many orders were looked at (None: all), and what settling wrote."""

    looked_at: int | None
    changes: Mapping[str, int]


@dataclass(slots=True)
class Result:
    """The whole, once. Times are aware UTC, money and quantities Decimal.

    `zone` is the one in which people read times, `changes` what settling wrote. `findings` ask for somebody;
    `accepted` are explained: by a person, or legal from the start. `judged` says how long who may lag.
    `looked_at` counts the orders that were looked at, None if all were.
    """

    as_of: datetime
    zone: str
    settled: bool
    looked_at: int | None = None
    orders: int = 0
    systems: list[SystemState] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    accepted: list[Finding] = field(default_factory=list)
    causes: list[CauseLine] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    late: Late = field(default_factory=Late)
    judged: list[GraceLine] = field(default_factory=list)
    in_flight: dict[tuple[str, str], int] = field(default_factory=dict)
    quarantine: dict[tuple[str, str], int] = field(default_factory=dict)
    unlinked: dict[str, int] = field(default_factory=dict)
    runs: list[RunLine] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each kind."""
        counts: dict[str, int] = {}
        for finding in self.findings:
            counts[finding.kind] = counts.get(finding.kind, 0) + 1
        return counts

    @property
    def differing(self) -> int:
        """Return how many orders have a finding of their own."""
        return len({(one.company, one.order_no) for one in self.findings if not one.whole_system})

    @property
    def rate(self) -> Decimal:
        """Return the share of orders that differ, 0 to 1."""
        return Decimal(self.differing) / self.orders if self.orders else Decimal(0)
