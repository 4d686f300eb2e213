"""What the store holds of the money side, as the matcher takes it: receivables, bank entries, customers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store import Seal, jsons
from hub.store.tables import documents
from reconciler.payments import learned, ledger
from reconciler.payments.ledger import Place
from reconciler.payments.model import BankEntry, Customer, Receivable
from reconciler.payments.money import to_minor
from reconciler.payments.parties import plain_account
from sync.out import postings

RECEIVABLE, INVOICE, BANK_ENTRY = "receivable", "invoice", "bank_entry"
PROVISIONAL = "provisional"
"""The status of an entry that a bank has shown during the day, and may show otherwise at its end."""


@dataclass(slots=True)
class Shelf:
    """All that matching works on, of one company.

    Receivables and entries are known to the matcher by `SYSTEM/NUMBER`; `places` leads back. `standing` are
    the postings that hold, `settled` the entries that have some; of those `undone` somebody took a posting
    back, and only a person may post them again. `own_accounts` are those that statements are
    of: what comes from one of them was only moved, and pays nothing. `billed` are the numbers of receivables,
    of their invoices and their orders. `said` is what of a receivable is open by the word of its own system,
    in minor units, where that says so. `faults` are message keys, with values, of what was left aside.
    """

    company: str
    receivables: list[Receivable] = field(default_factory=list)
    entries: list[BankEntry] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    standing: list[ledger.Line] = field(default_factory=list)
    undone: set[str] = field(default_factory=set)
    own_accounts: set[str] = field(default_factory=set)
    billed: set[str] = field(default_factory=set)
    said: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    @property
    def settled(self) -> set[str]:
        """The entries of which something is posted."""
        return {line.entry.ref for line in self.standing}


def companies(conn: sa.Connection, owing: Sequence[str] = (RECEIVABLE,)) -> list[str]:
    """Return the companies that have bank entries or receivables; `owing` is as for `load`."""
    kinds = documents.c.kind.in_((*owing, BANK_ENTRY))
    query = sa.select(documents.c.company).distinct().where(kinds).order_by(documents.c.company)
    return list(conn.scalars(query))


def load(
    conn: sa.Connection, seal: Seal, company: str, zone: ZoneInfo, owing: Sequence[str] = (RECEIVABLE,)
) -> Shelf:
    """Return what is kept of a company; what is posted is taken off the receivables.

    `owing` are the kinds of documents that count as receivables: an invoice only where neither it nor its
    order has a receivable of its own. A receivable whose own system says less open than what is posted leaves
    counts as that: it was paid past the hub. What that system has not been told of yet is taken off what it
    says.
    """
    undone = {place.ref for place in ledger.undone(conn, company)}
    shelf = Shelf(company, standing=ledger.standing(conn, company), undone=undone)
    d = documents.c
    asked = sa.select(documents).where(d.company == company, d.deleted.is_(False))
    takes = {RECEIVABLE: _receivable, INVOICE: _invoice, BANK_ENTRY: _entry}
    for kind, take in takes.items():
        if kind not in (*owing, BANK_ENTRY):
            continue
        for found in conn.execute(asked.where(d.kind == kind).order_by(d.system, d.number)):
            row = dict(found._mapping)
            take(shelf, row, _fields(seal, row), zone)
    _take_off(shelf, postings.on_their_way(conn, company))
    shelf.customers = _customers(shelf.receivables, learned.known(conn, seal, company))
    return shelf


def _fields(seal: Seal, row: Mapping[str, Any]) -> dict[str, Any]:
    if row["fields"] is None:
        return {}
    place = "/".join(row[name] for name in ("system", "kind", "company", "number"))
    found: dict[str, Any] = jsons.loads(seal.decrypt(bytes(row["fields"]), place)) or {}
    return found


def _invoice(shelf: Shelf, row: Mapping[str, Any], fields: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Take an invoice as a receivable, unless there is one for it; those were taken before."""
    ref = Place(row["system"], row["number"]).ref
    named = {ref, row["number"], row["order_no"], fields.get("receivable_no")}
    if not named & shelf.billed:
        _receivable(shelf, row, fields, zone)


def _receivable(shelf: Shelf, row: Mapping[str, Any], fields: Mapping[str, Any], zone: ZoneInfo) -> None:
    if row["amount"] is None or row["currency"] is None:
        return  # the mapping says that it needs them; without a sum nothing can pay it
    place = Place(row["system"], row["number"])
    item = Receivable(
        id=place.ref,
        customer=fields.get("customer_no") or f"={fields.get('customer_name') or place.ref}",
        customer_name=fields.get("customer_name") or "",
        currency=row["currency"],
        amount=_minor(place, "amount", row["amount"], row["currency"]),
        invoice_no=fields.get("invoice_no") or row["number"],
        order_no=row["order_no"] or "",
        contract_no=fields.get("contract_no") or "",
        issued=_day(row["occurred_at"], zone),
        due=_day(row["due_at"], zone),
        discount_until=_day(fields.get("discount_until"), zone),
    )
    if (discount := fields.get("discount")) is not None and row["amount"]:
        item.discount_rate = _rate(shelf, place, Decimal(str(discount)), row["amount"])
    if (still := fields.get("open")) is not None:
        shelf.said[item.id] = _minor(place, "open", Decimal(str(still)), item.currency)
        item.open = _nearer_nothing(item.open, shelf.said[item.id])
    if row["kind"] == RECEIVABLE:
        shelf.billed |= {place.ref, row["number"], item.invoice_no, item.order_no} - {""}
    shelf.receivables.append(item)
    shelf.places[item.id] = place


def _entry(shelf: Shelf, row: Mapping[str, Any], fields: Mapping[str, Any], zone: ZoneInfo) -> None:
    if row["amount"] is None or row["currency"] is None or row["occurred_at"] is None:
        return
    if row["status"] == PROVISIONAL:
        return  # the bank may still sum it up with others; it comes again when it is final
    place = Place(row["system"], row["number"])
    if account := plain_account(fields.get("account") or ""):
        shelf.own_accounts.add(account)
    texts = (fields.get("reference"), fields.get("purpose"))
    shelf.entries.append(
        BankEntry(
            id=place.ref,
            value_date=_day(fields.get("value_at"), zone) or row["occurred_at"].astimezone(zone).date(),
            amount=_minor(place, "amount", row["amount"], row["currency"]),
            currency=row["currency"],
            payer_name=fields.get("payer") or "",
            payer_account=fields.get("payer_account") or "",
            text=" ".join(text for text in texts if text),
        )
    )
    shelf.places[place.ref] = place


def _minor(place: Place, field: str, amount: Decimal, currency: str) -> int:
    """Return an amount in minor units; ConfigError if it has more decimals than its currency."""
    try:
        return to_minor(amount, currency)
    except ValueError:
        raise ConfigError(
            "cash.too_fine",
            system=place.system,
            number=place.number,
            field=field,
            amount=f"{amount} {currency}",
        ) from None


def _rate(shelf: Shelf, place: Place, discount: Decimal, amount: Decimal) -> Decimal | None:
    """Return which share of an amount a discount is; one that is none is left aside, and named as a fault."""
    rate = discount / amount
    if 0 <= rate <= 1:
        return rate
    told = {"system": place.system, "number": place.number, "discount": discount, "amount": amount}
    shelf.faults.append(("cash.bad_discount", told))
    return None


def _take_off(shelf: Shelf, coming: Container[str]) -> None:
    """Take off the receivables what is posted, unless their own system knows of it: not yet of `coming`."""
    paid: dict[str, Decimal] = {}
    untold: dict[str, Decimal] = {}
    for line in shelf.standing:
        ref = line.receivable.ref
        paid[ref] = paid.get(ref, Decimal(0)) + line.closes
        if line.posting in coming:
            untold[ref] = untold.get(ref, Decimal(0)) + line.closes
    for item in shelf.receivables:
        if item.id in paid:
            left = item.amount - to_minor(paid[item.id], item.currency)
            said = item.open - to_minor(untold.get(item.id, Decimal(0)), item.currency)
            item.open = _nearer_nothing(left, said if said * item.amount > 0 else 0)


def _nearer_nothing(one: int, other: int) -> int:
    return min(one, other, key=abs)


def _customers(
    receivables: Iterable[Receivable], taught: Mapping[str, Sequence[learned.Payer]]
) -> list[Customer]:
    """Return the customers that receivables name, with what people taught of their payers."""
    names: dict[str, str] = {}
    for item in receivables:
        names.setdefault(item.customer, item.customer_name)
    return [
        Customer(
            id=number,
            name=name,
            accounts=tuple(one.value for one in taught.get(number, ()) if one.kind == learned.ACCOUNT),
            aliases=tuple(one.value for one in taught.get(number, ()) if one.kind == learned.ALIAS),
        )
        for number, name in names.items()
    ]


def _day(moment: datetime | str | None, zone: ZoneInfo) -> date | None:
    if moment is None:
        return None
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(zone).date()
