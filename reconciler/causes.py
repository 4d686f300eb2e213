"""Causes before rows: what many verdicts share becomes one line that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import sqlalchemy as sa

from hub.model import Status
from hub.store import driver, tables
from reconciler.case import Cause, Verdict

FEWEST = 10
"""Fewer orders than this are no batch."""

_SHARE = 0.9
_DAY = timedelta(days=1)
_LATE = timedelta(days=90)
"""What was posted last longer ago than this is not late: it is not posted at all."""

_UNREAD = ("missing", "status", "quantity")
_QUARANTINED = (
    "SELECT system, company, order_no, record, reason FROM quarantine WHERE solved_at IS NULL ORDER BY id"
)

Posted = Callable[[str, str, Status, datetime], datetime | None]
"""(company, system, status, until) -> the newest moment at which the system said that status of any order.

None if it never did, or did so after `until`.
"""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record in quarantine that may be what an order lacks."""

    system: str
    company: str | None
    number: str
    reason: str


def load_quarantined(conn: sa.Connection) -> list[Quarantined]:
    """Return the unsolved quarantine entries, under the order number and the record's own key."""
    entries = []
    for system, company, order_no, record, reason in driver.fetch(conn, _QUARANTINED):
        numbers = [order_no] if order_no else [record, *record.split("|")]
        entries += [Quarantined(system, company, number, reason) for number in dict.fromkeys(numbers)]
    return entries


def newest_posted(conn: sa.Connection) -> Posted:
    """Return the look-up that `late_posting` needs, over `views`."""
    v = tables.views.c

    def posted(company: str, system: str, status: Status, until: datetime) -> datetime | None:
        said = v.company == company, v.system == system, v.lo == int(status)
        # the newest orders come last: one that was posted since is soon found from there
        later = sa.select(v.order_no).where(*said, v.occurred_at > until).order_by(v.order_no.desc())
        if conn.execute(later.limit(1)).first() is not None:
            return None
        moment: datetime | None = conn.execute(sa.select(sa.func.max(v.occurred_at)).where(*said)).scalar()
        return moment

    return posted


def unread(verdicts: Iterable[Verdict]) -> list[Cause]:
    """Return a cause for each system that is silent or could not be read."""
    causes = []
    for verdict in verdicts:
        if verdict.kind == "not_compared":
            kind = "silent_system" if verdict.details["why"] == "silent" else "failed_read"
            cause = Cause(kind, verdict.company, verdict.system, details=dict(verdict.details))
            verdict.cause = cause
            causes.append(cause)
    return causes


def unknown_codes(verdicts: Iterable[Verdict]) -> list[Cause]:
    """Return a cause for each code that no mapping knows."""
    causes = []
    for verdict in verdicts:
        if verdict.kind == "unknown_code":
            cause = Cause("unknown_code", verdict.company, verdict.system, verdict.field)
            cause.count(verdict.details["orders"], verdict.at_risk, verdict.currency)
            verdict.cause = cause
            causes.append(cause)
    return causes


def mistyped_references(verdicts: Iterable[Verdict]) -> list[Cause]:
    """Return a cause for each system and company in which orders stand under a mistyped number."""
    causes: dict[tuple[str, str], Cause] = {}
    for verdict in verdicts:
        if "found_as" in verdict.details:
            key = verdict.company, verdict.system
            causes.setdefault(key, Cause("mistyped_reference", *key)).add(verdict)
    return list(causes.values())


def quarantined_records(verdicts: Iterable[Verdict], entries: Sequence[Quarantined]) -> list[Cause]:
    """Return a cause for each reason for which records of missing or lagging orders lie in quarantine."""
    by_number = {(entry.system, entry.number): entry for entry in entries}
    causes: dict[tuple[str, str, str], Cause] = {}
    for verdict in verdicts:
        entry = by_number.get((verdict.system, verdict.order_no))
        if verdict.cause or verdict.kind not in _UNREAD or entry is None:
            continue
        if entry.company in (None, verdict.company):
            key = verdict.company, verdict.system, entry.reason
            cause = causes.setdefault(key, Cause("quarantined_record", *key, {"reason": entry.reason}))
            cause.add(verdict)
    return list(causes.values())


def late_posting(verdicts: Iterable[Verdict], posted: Posted, as_of: datetime) -> list[Cause]:
    """Return a cause for each system that stopped to say one status at some moment, for all its orders.

    At least ten orders lag behind, and nearly all of them came to that status elsewhere after the newest
    moment at which this system said it of any order.
    """
    lagging: dict[tuple[str, str, Status], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.kind == "status" and verdict.behind and not verdict.cause and verdict.since:
            key = verdict.company, verdict.system, Status.of(verdict.details["owed"])
            lagging.setdefault(key, []).append(verdict)
    causes = []
    for (company, system, status), late in sorted(lagging.items()):
        least = max(FEWEST, ceil(_SHARE * len(late)))
        if len(late) < least:
            continue
        until = sorted((verdict.since for verdict in late if verdict.since), reverse=True)[least - 1] + _DAY
        last = posted(company, system, status, until) if until > as_of - _LATE else None
        if last is None:
            continue
        details = {"status": status.word, "since": last}
        cause = Cause("late_posting", company, system, status.word, details)
        for verdict in late:
            if verdict.since and verdict.since >= last - _DAY:
                cause.add(verdict)
        causes.append(cause)
    return causes
