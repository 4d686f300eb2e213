"""The part of the page on receivables: what is open and overdue, who owes it, which order it is for."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from reconciler.payments.model import Receivable
from reconciler.payments.reports import ageing
from reconciler.payments.reports.ageing import Owed, by_currency, by_customer
from reconciler.payments.reports.anchors import Anchors
from reconciler.payments.reports.columns import document_no
from reconciler.payments.reports.figures import Figures
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.words import Words

LONGEST = 20
"""So many overdue invoices are shown; the workbook holds all."""

CUSTOMERS = 12
"""So many customers are shown for each currency."""

Part = dict[str, Any]


def owed(given: Given, told: Figures, words: Words, anchors: Anchors) -> Part:
    """Return what is open by currency, and the invoices that are overdue the longest."""
    every = by_currency(given, told.paid)
    overdue = [
        item
        for item in ageing.still_open(given)
        if item.open > 0 and ageing.class_of(item, given.overdue(item)) in ageing.OVERDUE
    ]
    classes = _used(every)
    return {
        "classes": [words.say(name) for name in classes],
        "rows": [_row(one, classes, words) | {"name": one.currency} for one in every],
        "overdue": [_invoice(item, given, words, anchors) for item in overdue[:LONGEST]],
        "capped": _capped(min(LONGEST, len(overdue)), len(overdue), words),
    }


def _used(every: Iterable[Owed]) -> list[str]:
    """Return the classes that a table needs: the usual ones, and those that anything is of."""
    rare, some = ("undated", "credit"), list(every)
    return [name for name in ageing.CLASSES if name not in rare or any(one.classes[name] for one in some)]


def _row(one: Owed, classes: Iterable[str], words: Words) -> Part:
    return {
        "name": one.name,
        "id": one.customer,
        "open": words.figure(one.open, one.currency),
        "classes": [
            {
                "figure": words.figure(one.classes[name], one.currency) if one.classes[name] else "–",
                "late": name in ageing.OVERDUE[2:],
            }
            for name in classes
        ],
        "overdue": words.number(one.overdue_count) if one.overdue_count else "–",
        "longest": words.number(one.longest) if one.longest else "–",
        "average": "–" if one.average_days is None else f"{one.average_days:.1f}",
        "collection": words.share(one.collection),
    }


def _invoice(item: Receivable, given: Given, words: Words, anchors: Anchors) -> Part:
    return {
        "anchor": anchors.document(item),
        "invoice": document_no(item),
        "order": item.order_no,
        "order_anchor": anchors.order(item.order_no),
        "customer": given.name(item),
        "due": words.day(item.due),
        "overdue": words.days(given.overdue(item) or 0),
        "open": words.money(item.open, item.currency),
    }


def unbilled(given: Given, words: Words) -> Part:
    """Return the orders that were shipped and are not invoiced, the oldest first, and their money."""
    every, sums = given.unbilled or (), dict[str, int]()
    for one in every:
        if one.amount is not None:
            sums[one.currency] = sums.get(one.currency, 0) + one.amount
    return {
        "count": words.number(len(every)),
        "sums": words.joined(words.sums(sums)),
        "rows": [
            {
                "order": one.order_no,
                "customer": one.name or "–",
                "shipped": words.day(one.shipped),
                "age": "–" if one.shipped is None else words.days(max(0, (given.day - one.shipped).days)),
                "amount": "–" if one.amount is None else words.money(one.amount, one.currency),
            }
            for one in every[:LONGEST]
        ],
        "capped": _capped(min(LONGEST, len(every)), len(every), words),
    }


def customers(given: Given, told: Figures, words: Words) -> list[Part]:
    """Return the customers of each currency who owe the most that is overdue."""
    tables = []
    for currency, some in groupby(by_customer(given, told.paid), key=lambda one: one.currency):
        every = [one for one in some if one.count]
        if every:
            classes = _used(every)
            rows = [_row(one, classes, words) for one in every[:CUSTOMERS]]
            capped = _capped(len(rows), len(every), words)
            heads = [words.say(name) for name in classes]
            tables.append({"currency": currency, "classes": heads, "rows": rows, "capped": capped})
    return tables


def orders(given: Given, words: Words, anchors: Anchors) -> list[Part]:
    """Return the orders of all documents that the page names: invoices, what paid them, shipments."""
    found = []
    for order_no, items in anchors.orders():
        invoices = [_document(item, given, words, anchors) for item in sorted(items, key=document_no)]
        shipments = words.joined(given.shipments.get(order_no, ()))
        told = {"order": order_no or "–", "anchor": anchors.order(order_no), "shipments": shipments or "–"}
        found.append({**told, "invoices": invoices})
    return found


def _document(item: Receivable, given: Given, words: Words, anchors: Anchors) -> Part:
    return {
        "anchor": anchors.document(item),
        "invoice": document_no(item),
        "customer": given.name(item),
        "due": words.day(item.due),
        "amount": words.money(item.amount, item.currency),
        "open": words.figure(item.open, item.currency) if item.open else "–",
        "paid": [
            {
                "id": one.entry.id,
                "anchor": anchors.payment(one.entry.id),
                "day": words.day(one.entry.value_date),
                "cash": words.money(one.cash, one.entry.currency),
            }
            for one in anchors.paid_by.get(item.id, ())
        ],
    }


def _capped(shown: int, every: int, words: Words) -> str:
    return words.say("capped", shown=words.number(shown), all=words.number(every)) if every > shown else ""
