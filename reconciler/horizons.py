"""How far each system is known: what it may be asked for, and since when it is silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import driver
from hub.store.types import from_micros
from reconciler.case import EVERY, Horizon, Verdict

_READS = (
    "SELECT system, complete_at, newest_at, failed_at, error FROM reads WHERE kind = 'since'"
    " ORDER BY system, stream"
)


@dataclass(frozen=True, slots=True)
class Read:
    """How far one stream of a system was read (a row of `reads`)."""

    system: str
    complete_at: datetime | None = None
    newest_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = None


def load_horizons(
    conn: sa.Connection, rules: Rules, as_of: datetime, starts: Mapping[str, datetime] | None = None
) -> dict[str, Horizon]:
    """Return the horizon of every system that a route names or that was ever read."""
    reads: dict[str, list[Read]] = {system: [] for system in routed(rules)}
    for system, *stamps, error in driver.fetch(conn, _READS):
        complete_at, newest_at, failed_at = (None if one is None else from_micros(one) for one in stamps)
        reads.setdefault(system, []).append(Read(system, complete_at, newest_at, failed_at, error))
    starts = starts or {}
    return {
        system: horizon(system, streams, rules, as_of, starts.get(system))
        for system, streams in reads.items()
    }


def routed(rules: Rules) -> list[str]:
    """Return the systems that the routes name, in the routes' order."""
    names: dict[str, None] = {}
    for route in rules.routes:
        names |= dict.fromkeys(route.systems)
    return list(names)


def horizon(
    system: str, streams: Iterable[Read], rules: Rules, as_of: datetime, start: datetime | None = None
) -> Horizon:
    """Return how far `system` is known at `as_of`, by its least known stream.

    A system that answers but says nothing new for longer than its quiet time is known only up to the
    newest thing that it said: an empty answer proves nothing.
    """
    streams = list(streams)
    complete = [read.complete_at for read in streams]
    complete_at = None if not complete or None in complete else min(at for at in complete if at)
    newest_at = max((read.newest_at for read in streams if read.newest_at), default=None)
    failed = max((read for read in streams if read.failed_at), key=lambda read: read.failed_at, default=None)  # type: ignore[arg-type,return-value]  # only failed ones are asked
    until, why = _known(complete_at, newest_at, failed, rules, system, as_of)
    return Horizon(
        system,
        until=min(until, as_of) if until else None,
        why=why,
        complete_at=complete_at,
        newest_at=newest_at,
        failed_at=failed.failed_at if failed else None,
        error=failed.error if failed and why == "failed" else None,
        start=start,
    )


def _known(
    complete_at: datetime | None,
    newest_at: datetime | None,
    failed: Read | None,
    rules: Rules,
    system: str,
    as_of: datetime,
) -> tuple[datetime | None, str]:
    if complete_at is None:
        return None, "never"
    if newest_at is not None and newest_at < complete_at - rules.quiet(system):
        return newest_at, "silent"
    if failed and failed.failed_at and failed.failed_at > complete_at:
        return complete_at, "failed"
    if complete_at < as_of - rules.quiet(system):  # nobody has read it since: no failure told of that
        return complete_at, "failed"
    return complete_at, ""


def not_compared(horizons: Iterable[Horizon]) -> list[Verdict]:
    """Return one verdict for each system that is known only up to some moment in the past."""
    return [
        Verdict(
            "not_compared",
            EVERY,
            EVERY,
            known.system,
            details={"why": known.why, "since": known.until, "error": known.error},
            correct_in=known.system,
        )
        for known in horizons
        if known.why
    ]
