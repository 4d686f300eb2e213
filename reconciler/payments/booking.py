"""Matching on the store: the certain is posted to the ledger, people confirm the rest, all can be undone."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.locale import text
from hub.rules import Payments, Policies
from hub.store import Store, audit
from hub.store.leases import Lease, lease
from hub.store.turns import LEASE, holder, wall
from reconciler.payments import learned, ledger, shelf, standings
from reconciler.payments.confirming import CONFIRMED, Confirming, Decided
from reconciler.payments.ledger import Line, Place
from reconciler.payments.matcher import match
from reconciler.payments.model import Customer, Explanation, Outcome, Receivable
from reconciler.payments.money import to_major
from reconciler.payments.parties import plain_account
from reconciler.payments.standings import Posted, earlier, standings_of
from reconciler.payments.version import VERSION
from sync.out import postings


@dataclass(slots=True)
class Booked:
    """What one run came to, of one company: the outcomes of what was not settled, and how much was posted.

    `earlier` is what had been posted before, `faults` what was left aside of what systems said.
    """

    company: str
    outcomes: list[Outcome] = field(default_factory=list)
    receivables: list[Receivable] = field(default_factory=list)
    posted: int = 0
    earlier: list[Posted] = field(default_factory=list)
    faults: list[tuple[str, dict[str, object]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cashbook:
    """The money side of a store, as commands and tasks use it. `zone` is that of the company's days.

    `payments` is that section of hub.yaml: how customers pay by agreement, and how they are graded.
    """

    store: Store
    zone: ZoneInfo
    payments: Payments = Payments()

    def run(self, now: datetime, customers: Sequence[Customer] = (), *, dry: bool = False) -> list[Booked]:
        """Match what is not settled in each company, and post what is certain; with `dry` only look.

        What was posted before is not posted again; what a finance system shows as taken back is undone here
        too. LeaseBusy while another worker matches.
        """
        with self._alone() as held:
            with self.store.read() as conn:
                names = shelf.companies(conn, self.payments.receivables_from)
            found: list[Booked] = []
            for company in names:
                if not dry:
                    self._follow(company, held, now)
                with self.store.read() as conn:
                    here = self._shelf(conn, company)
                booked = matched(here, customers, self.payments.policies)
                if not dry:
                    with self.store.write() as conn:
                        held.check(conn)
                        booked.posted = ledger.post(conn, company, lines_of(here, booked), VERSION, now)
                        today = now.astimezone(self.zone).date()
                        stand = standings_of(here, booked.outcomes, today, self.payments.grades)
                        standings.keep(conn, self.store.seal, company, stand, now)
                found.append(booked)
            return found

    def confirm(
        self,
        company: str,
        entry: str,
        pays: Mapping[str, Decimal | None],
        who: str,
        reason: str,
        now: datetime,
        *,
        settles: bool = False,
    ) -> list[Line]:
        """Post what a person decided that `entry` pays (`Decided`).

        ConfigError if it cannot be (`Confirming.lines`), LeaseBusy while another worker matches. The payer's
        name and account are learned for the customer, if all is of one.
        """
        return self.confirm_all([Decided(company, entry, pays, who, reason, settles)], now)

    def confirm_all(
        self,
        decisions: Sequence[Decided],
        now: datetime,
        besides: Callable[[sa.Connection], object] | None = None,
    ) -> list[Line]:
        """Do as `confirm` for several decisions: all of them, or none, with what is written `besides`."""
        with self._alone() as held, self.store.write() as conn:
            held.check(conn)
            if besides is not None:
                besides(conn)
            by_company: dict[str, list[Decided]] = {}
            for one in decisions:
                by_company.setdefault(one.company, []).append(one)
            return [
                line for name, some in by_company.items() for line in self._confirm(conn, name, some, now)
            ]

    def _confirm(
        self, conn: sa.Connection, company: str, decisions: Sequence[Decided], now: datetime
    ) -> list[Line]:
        """Post what was decided in one company, and learn who its payers are."""
        here = self._shelf(conn, company)
        confirming = Confirming(here)
        taken = [(one, *confirming.lines(one)) for one in decisions]
        ledger.post(conn, company, [line for _, _, lines, _ in taken for line in lines], VERSION, now)
        done: list[Line] = []
        for one, bank, _, items in taken:
            stand = ledger.standing(conn, company, here.places[bank.id])
            done += stand
            if len({item.customer for item in items}) == 1:
                customer = items[0].customer, items[0].customer_name
                payer = bank.payer_name, bank.payer_account
                learned.teach(conn, self.store.seal, company, customer, payer, stand[-1].id, one.who, now)
            told = {"entry": one.entry, "pays": list(one.pays)}
            audit.append(conn, one.who, "payment.confirmed", told, now)
        return done

    def undo(self, company: str, entry: str, who: str, reason: str, now: datetime) -> list[Line]:
        """Undo what is posted of an entry, and forget what it taught; the receivables are open again."""
        with self._alone() as held, self.store.write() as conn:
            held.check(conn)
            lines = ledger.undo(conn, company, Place.of(entry), who, reason, VERSION, now)
            learned.forget(conn, company, [line.id for line in lines], who, now)
        return lines

    def shelves(self, conn: sa.Connection) -> list[shelf.Shelf]:
        """Return what is kept of each company."""
        return [self._shelf(conn, name) for name in shelf.companies(conn, self.payments.receivables_from)]

    def _shelf(self, conn: sa.Connection, company: str) -> shelf.Shelf:
        """Return what is kept of a company."""
        return shelf.load(conn, self.store.seal, company, self.zone, self.payments.receivables_from)

    def _alone(self) -> AbstractContextManager[Lease]:
        """Return the lease under which the ledger is written to: two at once could spend an entry twice."""
        return lease(self.store, "match", holder(), wall(), LEASE)

    def _follow(self, company: str, held: Lease, now: datetime) -> None:
        """Undo here what people took back in the finance system: its word counts for what it holds."""
        with self.store.read() as conn:
            back = postings.taken_back(conn, company)
            lines = [line for line in ledger.standing(conn, company) if line.posting in back] if back else []
        by_system: dict[str, list[Line]] = {}
        for line in lines:
            by_system.setdefault(line.receivable.system, []).append(line)
        for system, some in by_system.items():
            with self.store.write() as conn:
                held.check(conn)
                reason = text("cash.taken_back", system=system)
                ledger.take_back(conn, company, some, system, reason, VERSION, now)
                learned.forget(conn, company, [line.id for line in some], system, now)
                told = {"system": system, "postings": [line.posting for line in some]}
                audit.append(conn, system, "payment.taken_back", told, now)


def matched(
    here: shelf.Shelf, customers: Sequence[Customer] = (), policies: Policies | None = None
) -> Booked:
    """Return what the entries of a shelf that are not settled come to; nothing is posted."""
    settled = here.settled
    every = [entry for entry in here.entries if entry.id not in settled]
    moved = [entry for entry in every if plain_account(entry.payer_account) in here.own_accounts]
    rest = [entry for entry in every if plain_account(entry.payer_account) not in here.own_accounts]
    known = {one.id: one for one in here.customers}
    for one in customers:
        mine = known.get(one.id)
        if mine is not None:
            accounts, aliases = (*mine.accounts, *one.accounts), (*mine.aliases, mine.name, *one.aliases)
            one = replace(one, accounts=accounts, aliases=aliases)
        known[one.id] = one
    outcomes = [Outcome(entry, "own_transfer") for entry in moved]
    found = match(here.receivables, rest, known.values(), policies)
    outcomes += [_of_people(one, here.undone) for one in found]
    return Booked(here.company, outcomes, here.receivables, earlier=earlier(here), faults=here.faults)


def _of_people(outcome: Outcome, undone: Container[str]) -> Outcome:
    """Return an outcome; as a proposal what was posted before, and taken back: only people post it again."""
    if outcome.posted is None or outcome.entry.id not in undone:
        return outcome
    for posting in outcome.posted.postings:
        posting.receivable.open += outcome.closed[posting.receivable.id]
    doubted = replace(outcome.posted, doubts=(*outcome.posted.doubts, "match.undone_before"))
    return Outcome(outcome.entry, "proposed", proposals=[doubted])


def lines_of(here: shelf.Shelf, booked: Booked) -> list[Line]:
    """Return the ledger's lines of what was posted."""
    lines: list[Line] = []
    for outcome in booked.outcomes:
        if outcome.posted is None:
            continue
        for one in outcome.posted.postings:
            item, entry = one.receivable, outcome.entry
            closes = to_major(outcome.closed[item.id], item.currency)
            facts, rule = outcome.posted.facts, outcome.posted.rule
            cash = to_major(one.amount, entry.currency)
            places = here.places[entry.id], here.places[item.id]
            lines.append(Line(*places, entry.currency, cash, closes, rule, facts))
    return lines


__all__ = ["CONFIRMED", "VERSION", "Booked", "Cashbook", "Decided", "Explanation", "lines_of", "matched"]
