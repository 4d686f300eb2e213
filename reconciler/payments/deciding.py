"""What people decided on a sheet, carried out: all that is still as it was shown, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.locale import text
from hub.store import audit, jsons
from hub.store.tables import audit as audit_table
from reconciler.payments.booking import Booked, Cashbook, Decided
from reconciler.payments.books import CLOSING
from reconciler.payments.money import to_major
from reconciler.payments.reports.lines import digests, ranked
from reconciler.payments.reports.reading import Decision

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Taken:
    """How much was confirmed, turned down, and known already (the same sheet once more)."""

    confirmed: int = 0
    rejected: int = 0
    known: int = 0


def take(book: Cashbook, decisions: Sequence[Decision], who: str, now: datetime) -> Taken:
    """Post what was accepted and note what was not; `who` decides where the sheet names nobody.

    ConfigError, and nothing is posted, if a candidate is another by now than the one that was shown.
    """
    found = book.run(now, dry=True)
    company_of = {outcome.entry.id: one for one in found for outcome in one.outcomes}
    asked = [one for one in decisions if one.bank_id in company_of]
    _require_fresh(asked, found)
    accepted = [one for one in asked if one.accepted]
    rejected: list[Decision] = []

    def reject(conn: sa.Connection) -> None:
        if len(accepted) < len(asked):
            rejected.extend(_reject(conn, [one for one in asked if not one.accepted], who, now))

    if asked:
        decided = [_decided(company_of[one.bank_id], one, who) for one in accepted]
        book.confirm_all(decided, now, reject)
    return Taken(len(accepted), len(rejected), len(decisions) - len(accepted) - len(rejected))


def _reject(
    conn: sa.Connection, decisions: Iterable[Decision], who: str, now: datetime
) -> Iterator[Decision]:
    """Note what was turned down; yield what was not noted before."""
    a = audit_table.c
    noted = set(conn.scalars(sa.select(a.details).where(a.what == _REJECTED)))
    for one in decisions:
        told = {"entry": one.bank_id, "rank": one.rank, "remark": one.remark, "candidate": one.digest}
        if jsons.dumps(told) not in noted:
            audit.append(conn, one.who or who, _REJECTED, told, now)
            yield one


_REJECTED = "payment.rejected"


def _require_fresh(decisions: Iterable[Decision], found: Iterable[Booked]) -> None:
    now = {key: digest for one in found for key, digest in digests(one.outcomes).items()}
    stale = [one for one in decisions if now.get((one.bank_id, one.rank)) != one.digest]
    if stale:
        said = ", ".join(f"{one.bank_id} ({one.line})" for one in stale[:_SHOWN])
        raise ConfigError("cash.stale", count=len(stale), entries=said)


def _decided(booked: Booked, decision: Decision, who: str) -> Decided:
    """Return what a person accepted: what the candidate pays, in the entry's currency."""
    outcome = next(one for one in booked.outcomes if one.entry.id == decision.bank_id)
    found = ((said, postings) for rank, said, postings in ranked(outcome) if rank == decision.rank)
    candidate, postings = next(found)
    currency = outcome.entry.currency
    return Decided(
        booked.company,
        decision.bank_id,
        {one.receivable.id: to_major(one.amount, currency) for one in postings},
        decision.who or who,
        decision.remark or text("cash.on_the_sheet", line=decision.line),
        candidate.rule in CLOSING,
    )
