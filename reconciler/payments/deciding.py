"""What people decided on a sheet, carried out: all that is still as it was shown, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hub.errors import ConfigError
from hub.locale import text
from hub.store import audit
from reconciler.payments.booking import Booked, Cashbook
from reconciler.payments.model import Posting
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
    for one in accepted:
        booked = company_of[one.bank_id]
        pays = _cash(booked, one)
        reason = one.remark or text("cash.on_the_sheet", line=one.line)
        book.confirm(booked.company, one.bank_id, pays, one.who or who, reason, now)
    rejected = [one for one in asked if not one.accepted]
    if rejected:
        with book.store.write() as conn:
            for one in rejected:
                told = {"entry": one.bank_id, "rank": one.rank, "remark": one.remark}
                audit.append(conn, one.who or who, "payment.rejected", told, now)
    return Taken(len(accepted), len(rejected), len(decisions) - len(asked))


def _require_fresh(decisions: Iterable[Decision], found: Iterable[Booked]) -> None:
    now = {key: digest for one in found for key, digest in digests(one.outcomes).items()}
    stale = [one for one in decisions if now.get((one.bank_id, one.rank)) != one.digest]
    if stale:
        said = ", ".join(f"{one.bank_id} ({one.line})" for one in stale[:_SHOWN])
        raise ConfigError("cash.stale", count=len(stale), entries=said)


def _cash(booked: Booked, decision: Decision) -> dict[str, Decimal | None]:
    """Return what the accepted candidate pays, by receivable, in the entry's currency."""
    outcome = next(one for one in booked.outcomes if one.entry.id == decision.bank_id)
    postings: Sequence[Posting] = next(
        postings for rank, _, postings in ranked(outcome) if rank == decision.rank
    )
    currency = outcome.entry.currency
    return {one.receivable.id: to_major(one.amount, currency) for one in postings}
