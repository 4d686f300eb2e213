"""The sheets of the accountant's workbook: their columns, and rows of plain values for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from reconciler.payments.model import BankEntry, Explanation, Outcome, Posting, Receivable
from reconciler.payments.money import to_major
from reconciler.payments.reports import ageing, figures, lines
from reconciler.payments.reports.figures import Figures, of_standing
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.paid import DISCOUNT, FEE
from reconciler.payments.reports.words import Words


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as a cell shows it: with the decimals of its currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Share:
    """A share (0 to 1) as a cell shows it: per cent."""

    share: Decimal


Value = str | int | Decimal | date | Money | Share | None
Row = Mapping[str, Value]

ENTRY = ("bank_id", "value_date", "payer", "payer_account", "text", "received", "currency")
DOCUMENT = ("receivable_id", "invoice_no", "order_no", "customer_id", "customer")
FILL = ("decision", "who", "remark")
HIDDEN = ("signed", "digest")

PROPOSALS = (
    "bank_id", "rank", *FILL, "value_date", "payer", "payer_account", "text", "received", "currency",
    "to_assign", *DOCUMENT, "due", "overdue_days", "open", "owed_in", "pays", "rest", "rule", "facts",
    "doubts", "lines", *HIDDEN,
)  # fmt: skip

SHEETS: Mapping[str, tuple[str, ...]] = {
    "matched": (*ENTRY, *DOCUMENT, "shipments", "cash", "settled", "owed_in", "fee", "discount", "rule",
                "facts"),
    "proposals": PROPOSALS,
    "unidentified": (*ENTRY, "age_days", "age"),
    "on_account": (*ENTRY, "rest", "customer_id", "customer", "paid_beside", "candidates"),
    "returned": (*ENTRY, "became", "about"),
    "receivables": (*DOCUMENT, "contract_no", "issued", "due", "overdue_days", "class", "owed_in", "amount",
                    "open", "shipments"),
    "customers": ("customer_id", "customer", "owed_in", "open_sum", *ageing.CLASSES, "overdue_count",
                  "longest", "average_days", "collection"),
    "unbilled": ("order_no", "customer_id", "customer", "shipped", "age_days", "owed_in", "amount"),
}  # fmt: skip
"""The columns of each sheet but the summary, in their order."""


def rows_of(given: Given, told: Figures, words: Words) -> dict[str, Iterator[Row]]:
    """Return the rows of every sheet of `SHEETS`; none on orders where nobody looked at them."""
    makers: dict[str, Callable[[Given, Figures, Words], Iterator[Row]]] = {
        "matched": _matched,
        "proposals": _proposals,
        "unidentified": _unidentified,
        "on_account": _on_account,
        "returned": _returned,
        "receivables": _receivables,
        "customers": _customers,
        "unbilled": _unbilled,
    }
    names = [name for name in SHEETS if name != "unbilled" or given.unbilled is not None]
    return {name: makers[name](given, told, words) for name in names}


def _entry(entry: BankEntry) -> dict[str, Value]:
    return {
        "bank_id": entry.id,
        "value_date": entry.value_date,
        "payer": entry.payer_name,
        "payer_account": entry.payer_account,
        "text": entry.text,
        "received": Money(entry.amount, entry.currency),
        "currency": entry.currency,
    }


def _document(item: Receivable, given: Given) -> dict[str, Value]:
    return {
        "receivable_id": item.id,
        "invoice_no": item.invoice_no,
        "order_no": item.order_no,
        "customer_id": item.customer,
        "customer": given.name(item),
        "shipments": ", ".join(given.shipments.get(item.order_no, ())),
        "owed_in": item.currency,
        "due": item.due,
        "overdue_days": given.overdue(item),
        "open": Money(item.open, item.currency),
    }


def _matched(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for one in told.paid:
        kept = Money(one.kept, one.receivable.currency)
        yield (
            _entry(one.entry)
            | _document(one.receivable, given)
            | {
                "cash": Money(one.cash, one.entry.currency),
                "settled": Money(one.settled, one.receivable.currency),
                "fee": kept if one.why == FEE else None,
                "discount": kept if one.why == DISCOUNT else None,
                "rule": words.rule(one.said),
                "facts": words.joined(words.facts(one.said)),
            }
        )


def _proposals(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for outcome in sorted(given.outcomes, key=lambda one: (one.entry.value_date, one.entry.id)):
        for rank, candidate, postings in lines.ranked(outcome):
            yield from _candidate(given, outcome, (rank, candidate, postings), words)


def _candidate(
    given: Given, outcome: Outcome, ranked: tuple[int, Explanation, list[Posting]], words: Words
) -> Iterator[Row]:
    rank, candidate, postings = ranked
    entry, currency = outcome.entry, outcome.entry.currency
    signed = lines.lines(outcome, rank, postings)
    digest = lines.digest(signed)
    to_assign = outcome.posted.rest if outcome.posted else entry.amount
    for at, (line, one) in enumerate(zip(signed, postings, strict=True), 1):
        yield (
            _entry(entry)
            | _document(one.receivable, given)
            | {
                "rank": rank,
                "to_assign": Money(to_assign, currency),
                "pays": Money(one.amount, currency),
                "rest": Money(candidate.rest, currency),
                "rule": words.rule(candidate),
                "facts": words.joined(words.facts(candidate)),
                "doubts": words.joined(words.doubts(candidate)),
                "lines": words.say("line_of", at=at, all=len(signed)),
                "signed": line.signed,
                "digest": digest,
            }
        )


def _unidentified(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for one in figures.unidentified(given.outcomes):
        days = given.age(one.entry)
        yield _entry(one.entry) | {"age_days": days, "age": words.say(f"age_{figures.age_class(days)}")}


def _on_account(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for one in of_standing(given.outcomes, "posted"):
        if one.posted is None or not one.posted.rest:
            continue
        items = [posting.receivable for posting in one.posted.postings]
        yield _entry(one.entry) | {
            "rest": Money(one.posted.rest, one.entry.currency),
            "customer_id": ", ".join(dict.fromkeys(item.customer for item in items)),
            "customer": words.joined(dict.fromkeys(given.name(item) for item in items)),
            "paid_beside": ", ".join(document_no(item) for item in items),
            "candidates": len(one.proposals),
        }


def _returned(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for standing in (*figures.ASIDE, "outgoing"):
        for one in of_standing(given.outcomes, standing):
            yield _entry(one.entry) | {"became": words.say(standing), "about": one.about}


def _receivables(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for item in ageing.still_open(given):
        yield _document(item, given) | {
            "contract_no": item.contract_no,
            "issued": item.issued,
            "class": words.say(ageing.class_of(item, given.overdue(item))),
            "amount": Money(item.amount, item.currency),
        }


def _customers(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for one in ageing.by_customer(given, told.paid):
        classes = {name: Money(one.classes[name], one.currency) for name in ageing.CLASSES}
        yield {
            "customer_id": one.customer,
            "customer": one.name,
            "owed_in": one.currency,
            "open_sum": Money(one.open, one.currency),
            **classes,
            "overdue_count": one.overdue_count,
            "longest": one.longest or None,
            "average_days": None if one.average_days is None else round(one.average_days, 1),
            "collection": None if one.collection is None else Share(one.collection),
        }


def _unbilled(given: Given, told: Figures, words: Words) -> Iterator[Row]:
    for one in given.unbilled or ():
        yield {
            "order_no": one.order_no,
            "customer_id": one.customer,
            "customer": one.name,
            "shipped": one.shipped,
            "age_days": None if one.shipped is None else max(0, (given.day - one.shipped).days),
            "owed_in": one.currency,
            "amount": None if one.amount is None else Money(one.amount, one.currency),
        }


def document_no(item: Receivable) -> str:
    """Return the number by which people know a receivable."""
    return item.invoice_no or item.contract_no or item.order_no or item.id


def number_of(value: Money) -> Any:
    """Return an amount as the number that a cell holds."""
    return to_major(value.minor, value.currency)


def heads(columns: Iterable[str], words: Words) -> list[str]:
    """Return the heads of columns."""
    return [words.say(f"column_{name}") for name in columns]
