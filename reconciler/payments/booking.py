"""Matching on the store: the certain is posted to the ledger, people confirm the rest, all can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.errors import ConfigError
from hub.store import Store, audit
from hub.store.leases import lease
from hub.store.turns import LEASE, holder, wall
from reconciler.payments import learned, ledger, shelf
from reconciler.payments.ledger import Line, Place
from reconciler.payments.matcher import match
from reconciler.payments.model import BankEntry, Customer, Explanation, Outcome, Receivable
from reconciler.payments.money import to_major, to_minor
from reconciler.payments.parties import plain_account

CONFIRMED = "confirmed"
"""The rule of a posting that a person has decided."""


@dataclass(slots=True)
class Booked:
    """What one run came to, of one company: the outcomes of what was not settled, and how much was posted."""

    company: str
    outcomes: list[Outcome] = field(default_factory=list)
    receivables: list[Receivable] = field(default_factory=list)
    posted: int = 0


@dataclass(frozen=True, slots=True)
class Cashbook:
    """The money side of a store, as commands and tasks use it. `zone` is that of the company's days."""

    store: Store
    zone: ZoneInfo

    def run(self, now: datetime, customers: Sequence[Customer] = (), *, dry: bool = False) -> list[Booked]:
        """Match what is not settled in each company, and post what is certain; with `dry` only look.

        What was posted before is not posted again. LeaseBusy while another worker matches.
        """
        with lease(self.store, "match", holder(), wall(), LEASE) as held:
            with self.store.read() as conn:
                names = shelf.companies(conn)
            found: list[Booked] = []
            for company in names:
                with self.store.read() as conn:
                    here = shelf.load(conn, self.store.seal, company, self.zone)
                booked = matched(here, customers)
                if not dry:
                    with self.store.write() as conn:
                        held.check(conn)
                        booked.posted = ledger.post(conn, company, lines_of(here, booked), VERSION, now)
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
    ) -> list[Line]:
        """Post what a person decided that `entry` pays: receivables with the cash each, None for all of it.

        ConfigError if the entry or a receivable is not there, is settled, or would be paid more than is left.
        The payer's name and account are learned for the customer, if all is of one.
        """
        with self.store.write() as conn:
            here = shelf.load(conn, self.store.seal, company, self.zone)
            bank = _entry(here, entry)
            lines, items = _decided(here, bank, pays, who, reason)
            ledger.post(conn, company, lines, VERSION, now)
            done = ledger.standing(conn, company, here.places[bank.id])
            if len({item.customer for item in items}) == 1:
                customer = items[0].customer, items[0].customer_name
                payer = bank.payer_name, bank.payer_account
                learned.teach(conn, self.store.seal, company, customer, payer, done[-1].id, who, now)
            audit.append(conn, who, "payment.confirmed", {"entry": entry, "pays": list(pays)}, now)
        return done

    def undo(self, company: str, entry: str, who: str, reason: str, now: datetime) -> list[Line]:
        """Undo what is posted of an entry, and forget what it taught; the receivables are open again."""
        with self.store.write() as conn:
            lines = ledger.undo(conn, company, Place.of(entry), who, reason, VERSION, now)
            learned.forget(conn, company, [line.id for line in lines], who, now)
        return lines


def matched(here: shelf.Shelf, customers: Sequence[Customer] = ()) -> Booked:
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
    outcomes += match(here.receivables, rest, known.values())
    return Booked(here.company, outcomes, here.receivables)


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


def _entry(here: shelf.Shelf, ref: str) -> BankEntry:
    entry = next((one for one in here.entries if one.id == ref), None)
    if entry is None:
        raise ConfigError("cash.no_entry", entry=ref)
    if entry.amount <= _spent(here, entry):
        raise ConfigError("cash.settled", entry=ref)
    return entry


def _spent(here: shelf.Shelf, entry: BankEntry) -> int:
    """Return how much of an entry is posted, in minor units."""
    mine = (line.amount for line in here.standing if line.entry.ref == entry.id)
    return to_minor(sum(mine, Decimal(0)), entry.currency)


def _decided(
    here: shelf.Shelf, entry: BankEntry, pays: Mapping[str, Decimal | None], who: str, reason: str
) -> tuple[list[Line], list[Receivable]]:
    """Return the lines of a decision and its receivables; ConfigError if it cannot be."""
    by_ref = {item.id: item for item in here.receivables}
    left, lines, items = entry.amount - _spent(here, entry), [], []
    for ref, asked in pays.items():
        item = by_ref.get(ref)
        if item is None:
            raise ConfigError("cash.no_receivable", receivable=ref)
        same = item.currency == entry.currency
        most = min(left, item.open) if same else left
        cash = most if asked is None else to_minor(asked, entry.currency)
        closes = cash if same else item.open
        if not item.open or cash > left or abs(closes) > abs(item.open):
            raise ConfigError(
                "cash.too_much", entry=entry.id, receivable=ref, most=to_major(most, entry.currency)
            )
        left -= cash
        items.append(item)
        said = Line(
            entry=here.places[entry.id],
            receivable=here.places[ref],
            currency=entry.currency,
            amount=to_major(cash, entry.currency),
            closes=to_major(closes, item.currency),
            rule=CONFIRMED,
            facts=("person",),
            who=who,
            reason=reason,
        )
        lines.append(said)
    return lines, items


_RULES = (
    "by_document",
    "by_party",
    "matcher",
    "names",
    "numbers",
    "parties",
    "rates",
    "sieve",
    "sums",
    "words",
)


def _version() -> str:
    """Return a mark of the rules: what the modules that decide say."""
    state = blake2b(digest_size=8)
    folder = Path(__file__).parent
    for name in (
        "by_document",
        "by_party",
        "matcher",
        "names",
        "numbers",
        "parties",
        "sieve",
        "sums",
        "words",
    ):
        state.update((folder / f"{name}.py").read_bytes())
    return state.hexdigest()


VERSION = _version()
"""The version of the rules that ledger lines carry: 16 hex, another whenever the rules change."""

__all__ = ["CONFIRMED", "VERSION", "Booked", "Cashbook", "Explanation", "lines_of", "matched"]
