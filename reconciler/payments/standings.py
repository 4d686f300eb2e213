"""How each customer stands with what he owes: overdue, collected, how long he takes to pay, a grade.

The figures are those of the report (`reports.ageing`), counted on the store's own day. Pure, but for `keep`
and `kept`. What has no customer number belongs to nobody here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.fuse import GRADES
from hub.rules import Grades
from hub.store import Seal, bulk, jsons
from hub.store.tables import standings
from reconciler.payments.model import BankEntry, Outcome, Receivable
from reconciler.payments.money import to_major, to_minor
from reconciler.payments.reports.ageing import Owed, by_customer
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.words import Words
from reconciler.payments.shelf import Shelf

_MONEY = ("open", "overdue")

_LONGEST = 128
"""A longer customer number is none that an order could have."""


class Posted(NamedTuple):
    """A posting that stands, of this run or an earlier one."""

    entry: BankEntry
    receivable: Receivable


@dataclass(frozen=True, slots=True)
class Standing:
    """One customer in one currency as of `day`; money in major units.

    `overdue_days` are those of the oldest overdue document, `weighted_days` those of all, each by its money.
    `collection` is the share of what was due that is settled, `average_days` how long he took to pay; None
    where nothing was. `classes` is what is open by age (`reports.ageing.CLASSES`).
    """

    customer: str
    name: str
    currency: str
    day: str
    open: Decimal
    classes: dict[str, Decimal]
    overdue: Decimal
    overdue_count: int
    overdue_days: int
    weighted_days: Decimal
    collection: Decimal | None
    average_days: Decimal | None
    grade: str


def standings_of(here: Shelf, outcomes: Iterable[Outcome], day: date, grades: Grades) -> list[Standing]:
    """Return how customers stand once `outcomes` are posted, by currency, the most overdue first."""
    given = Given((), here.receivables, day, earlier=earlier(here))
    now = [
        Posted(one.entry, pays.receivable) for one in outcomes if one.posted for pays in one.posted.postings
    ]
    found = by_customer(given, now)
    return [_standing(one, day, grades) for one in found if _is_number(one.customer)]


def _is_number(customer: str) -> bool:
    """Tell whether a customer is known by a number, and not just by a name (`shelf`)."""
    return not customer.startswith("=") and len(customer) <= _LONGEST


def earlier(here: Shelf) -> list[Posted]:
    """Return what was posted before, as far as both ends are still there."""
    entries = {one.id: one for one in here.entries}
    owed = {item.id: item for item in here.receivables}
    return [
        Posted(entries[line.entry.ref], owed[line.receivable.ref])
        for line in here.standing
        if line.entry.ref in entries and line.receivable.ref in owed
    ]


def grade(owed: Owed, grades: Grades) -> str:
    """Return the best grade of which a customer keeps all: the only place where that is decided."""
    for letter, asked in grades.named():
        if owed.longest <= asked.overdue_days and _collected(owed) >= (asked.collection or 0):
            return letter
    return GRADES[-1]


def _collected(owed: Owed) -> Decimal:
    """Return which share of what was due is settled; all of it where nothing was."""
    return Decimal(1) if owed.collection is None else owed.collection


def _standing(owed: Owed, day: date, grades: Grades) -> Standing:
    return Standing(
        customer=owed.customer,
        name=owed.name,
        currency=owed.currency,
        day=day.isoformat(),
        open=to_major(owed.open, owed.currency),
        classes={name: to_major(minor, owed.currency) for name, minor in owed.classes.items() if minor},
        overdue=to_major(owed.overdue, owed.currency),
        overdue_count=owed.overdue_count,
        overdue_days=owed.longest,
        weighted_days=round(owed.weighted_days, 1),
        collection=None if owed.collection is None else round(owed.collection, 4),
        average_days=None if owed.average_days is None else round(owed.average_days, 1),
        grade=grade(owed, grades),
    )


def note(one: Standing, words: Words) -> str:
    """Return a credit note in words: what he owes, how late he is, how he has paid, and his grade."""

    def money(amount: Decimal) -> str:
        return words.money(to_minor(amount, one.currency), one.currency)

    said = [words.say("credit.owes", open=money(one.open)) if one.open else words.say("credit.owes_nothing")]
    if one.overdue_count:
        late = {"overdue": money(one.overdue), "count": words.number(one.overdue_count)}
        weighted = words.number(round(one.weighted_days))
        days = {"days": words.days(one.overdue_days), "weighted": weighted}
        said.append(words.say("credit.overdue", **late, **days))
    if one.collection is not None:
        said.append(words.say("credit.collection", share=words.share(one.collection)))
    if one.average_days is not None:
        said.append(words.say("credit.pays_after", days=f"{one.average_days:.1f}"))
    said.append(words.say("credit.grade", grade=one.grade, day=one.day))
    return ("" if words.locale == "zh-CN" else " ").join(said)


# kept in the store


def keep(conn: sa.Connection, seal: Seal, company: str, found: Iterable[Standing], now: datetime) -> None:
    """Replace the standings of a company."""
    conn.execute(sa.delete(standings).where(standings.c.company == company))
    bulk.insert(conn, standings, [_row(seal, company, one, now) for one in found])


def _row(seal: Seal, company: str, one: Standing, now: datetime) -> dict[str, Any]:
    told = {name: str(money) for name, money in one.classes.items()}
    name = seal.encrypt(one.name.encode(), _place(company, one.customer)) if one.name else None
    said = {"classes": jsons.dumps(told), "name": name}
    return {"company": company} | asdict(one) | said | {"at": now}


def kept(conn: sa.Connection, seal: Seal, company: str, customer: str | None = None) -> list[Standing]:
    """Return how the customers of a company stood when money was matched last, most overdue first."""
    s = standings.c
    asked = sa.select(standings).where(s.company == company)
    if customer is not None:
        asked = asked.where(s.customer == customer)
    asked = asked.order_by(s.currency, s.overdue.desc(), s.open.desc(), s.customer)
    return [_read(seal, dict(row._mapping)) for row in conn.execute(asked)]


def _read(seal: Seal, row: dict[str, Any]) -> Standing:
    sealed, place = row["name"], _place(row["company"], row["customer"])
    row["name"] = seal.decrypt(bytes(sealed), place).decode() if sealed else ""
    row["classes"] = {name: Decimal(money) for name, money in jsons.loads(row["classes"]).items()}
    row |= {name: to_major(to_minor(row[name], row["currency"]), row["currency"]) for name in _MONEY}
    return Standing(**{one.name: row[one.name] for one in fields(Standing)})


def _place(company: str, customer: str) -> str:
    return f"standings/{company}/{customer}"
