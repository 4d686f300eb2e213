"""The part of the page on bank entries: matched, to be decided, unidentified, on account, aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from reconciler.payments.model import BankEntry, Explanation, Outcome, Posting
from reconciler.payments.reports import figures
from reconciler.payments.reports.anchors import Anchors
from reconciler.payments.reports.columns import document_no
from reconciler.payments.reports.figures import Figures, of_standing
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.lines import ranked
from reconciler.payments.reports.paid import DISCOUNT, FEE, Paid
from reconciler.payments.reports.words import Words

PAYMENTS = 100
"""So many matched payments are shown, the latest first; the workbook holds all."""

PROPOSALS = 60
"""So many entries are shown with their candidates, those with the most money of each currency first."""

LISTED = 40
"""So many rows of any other list are shown."""

LINES = 5
"""So many receivables of one candidate are shown."""

Part = dict[str, Any]


def latest(given: Given) -> list[Outcome]:
    """Return the matched payments that the page shows."""
    return of_standing(given.outcomes, "posted")[: -PAYMENTS - 1 : -1]


def _entry(entry: BankEntry, given: Given, words: Words) -> Part:
    return {
        "id": entry.id,
        "day": words.day(entry.value_date),
        "age": words.days(given.age(entry)),
        "payer": entry.payer_name or "–",
        "account": entry.payer_account,
        "text": entry.text,
        "amount": words.money(entry.amount, entry.currency),
    }


def _capped(rows: Sequence[object], every: Sequence[object], words: Words) -> str:
    if len(rows) == len(every):
        return ""
    return words.say("capped", shown=words.number(len(rows)), all=words.number(len(every)))


# to be decided


def proposals(given: Given, words: Words, anchors: Anchors) -> Part:
    """Return the entries to decide on, each with its candidates beside it."""
    every = by_money(of_standing(given.outcomes, "proposed"))
    shown = every[:PROPOSALS]
    rows = [_proposal(one, given, words, anchors) for one in shown]
    return {"rows": rows, "count": words.number(len(every)), "capped": _capped(shown, every, words)}


def by_money(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return outcomes with the largest of each currency first: sums of two currencies have no order."""
    places: dict[str, int] = defaultdict(int)
    keyed = []
    for one in sorted(outcomes, key=lambda one: -one.entry.amount):
        places[one.entry.currency] += 1
        keyed.append((places[one.entry.currency], one.entry.currency, one))
    return [one for *_, one in sorted(keyed, key=lambda row: row[:2])]


def _proposal(one: Outcome, given: Given, words: Words, anchors: Anchors) -> Part:
    return {
        "entry": _entry(one.entry, given, words),
        "candidates": [
            _candidate(one.entry, rank, said, postings, given, words, anchors)
            for rank, said, postings in ranked(one)
        ],
    }


def _candidate(
    entry: BankEntry,
    rank: int,
    said: Explanation,
    postings: Sequence[Posting],
    given: Given,
    words: Words,
    anchors: Anchors,
) -> Part:
    shown = postings[:LINES]
    return {
        "rank": rank,
        "rule": words.rule(said),
        "customers": words.joined(dict.fromkeys(given.name(one.receivable) for one in postings)),
        "lines": [_line(one, entry, given, words, anchors) for one in shown],
        "capped": words.say("more_lines", more=len(postings) - LINES) if len(postings) > LINES else "",
        "facts": words.facts(said),
        "doubts": words.doubts(said),
        "rest": words.say("rest_of", amount=words.money(said.rest, entry.currency)) if said.rest else "",
    }


def _line(one: Posting, entry: BankEntry, given: Given, words: Words, anchors: Anchors) -> Part:
    item, overdue = one.receivable, given.overdue(one.receivable)
    return {
        "anchor": anchors.document(item),
        "invoice": document_no(item),
        "order": item.order_no,
        "order_anchor": anchors.order(item.order_no),
        "due": words.say("due_on", day=words.day(item.due)) if item.due else words.say("undated"),
        "overdue": words.say("late_by", days=words.days(overdue)) if overdue and overdue > 0 else "",
        "pays": words.money(one.amount, entry.currency),
        "of": words.say("of_open", amount=words.money(item.open, item.currency)),
        "whole": item.currency == entry.currency and item.open == one.amount,
    }


# nobody can be named, or part of it


def unidentified(given: Given, told: Figures, words: Words) -> Part:
    """Return what nobody can be named for: by age, and the oldest entries."""
    every = figures.unidentified(given.outcomes)
    shown = every[:LISTED]
    return {
        "count": words.number(len(every)),
        "ages": [
            {
                "age": words.say(f"age_{at}"),
                "count": words.number(one.count) if one.count else "–",
                "sums": [
                    words.figure(one.money[code], code) if one.money.get(code) else "–"
                    for code in given.currencies
                ],
            }
            for at, one in enumerate(told.ages)
        ],
        "rows": [_entry(one.entry, given, words) for one in shown],
        "capped": _capped(shown, every, words),
    }


def on_account(given: Given, words: Words, anchors: Anchors) -> Part:
    """Return the matched payments of which a part pays nothing yet."""
    every = [one for one in of_standing(given.outcomes, "posted") if one.posted and one.posted.rest]
    shown = every[:LISTED]
    return {
        "count": words.number(len(every)),
        "rows": [
            _entry(one.entry, given, words)
            | {
                "rest": words.money(one.posted.rest if one.posted else 0, one.entry.currency),
                "candidates": [
                    {
                        "anchor": anchors.document(posting.receivable),
                        "invoice": document_no(posting.receivable),
                    }
                    for _, _, postings in ranked(one)
                    for posting in postings
                ],
                "anchor": anchors.payment(one.entry.id),
            }
            for one in shown
        ],
        "capped": _capped(shown, every, words),
    }


# matched


def kept(given: Given, told: Figures, words: Words, anchors: Anchors) -> list[Part]:
    """Return what was settled beyond the cash: bank fees and discounts, the largest first."""
    tables = []
    for why in (FEE, DISCOUNT):
        every = sorted((one for one in told.paid if one.why == why), key=lambda one: -one.kept)
        shown = every[:LISTED]
        tables.append(
            {
                "why": why,
                "title": words.say(why),
                "count": words.number(len(every)),
                "sums": words.joined(words.sums(told.standings[why].money)),
                "rows": [_kept(one, given, words, anchors) for one in shown],
                "capped": _capped(shown, every, words),
            }
        )
    return tables


def _kept(one: Paid, given: Given, words: Words, anchors: Anchors) -> Part:
    item, until = one.receivable, one.receivable.discount_until
    late = one.why == DISCOUNT and until is not None and one.entry.value_date > until
    return {
        "id": one.entry.id,
        "payment": anchors.payment(one.entry.id),
        "day": words.day(one.entry.value_date),
        "anchor": anchors.document(item),
        "invoice": document_no(item),
        "customer": given.name(item),
        "settled": words.money(one.settled, item.currency),
        "cash": words.money(one.cash, one.entry.currency),
        "kept": words.money(one.kept, item.currency),
        "until": words.day(until) if one.why == DISCOUNT else "",
        "late": words.say("late_by", days=words.days((one.entry.value_date - until).days))
        if late and until
        else "",
    }


def payments(given: Given, told: Figures, shown: Sequence[Outcome], words: Words, anchors: Anchors) -> Part:
    """Return the latest matched payments, each with what it pays."""
    lines: dict[str, list[Paid]] = defaultdict(list)
    for one in told.paid:
        lines[one.entry.id].append(one)
    count = told.standings["matched"].count + told.standings["agreed"].count
    return {
        "rows": [
            _entry(one.entry, given, words)
            | {
                "anchor": anchors.payment(one.entry.id),
                "rule": words.rule(one.posted) if one.posted else "",
                "facts": words.facts(one.posted) if one.posted else [],
                "lines": [
                    {
                        "anchor": anchors.document(line.receivable),
                        "invoice": document_no(line.receivable),
                        "order": line.receivable.order_no,
                        "order_anchor": anchors.order(line.receivable.order_no),
                        "shipments": words.joined(given.shipments.get(line.receivable.order_no, ())),
                        "cash": words.money(line.cash, line.entry.currency),
                    }
                    for line in lines[one.entry.id]
                ],
            }
            for one in shown
        ],
        "count": words.number(count),
        "capped": words.say("capped_latest", shown=words.number(len(shown)), all=words.number(count))
        if count > len(shown)
        else "",
    }


# aside


def aside(given: Given, words: Words, anchors: Anchors) -> list[Part]:
    """Return what pays nothing: money that came back or went out, and what had come before."""
    tables = []
    for standing in (*figures.ASIDE, "outgoing"):
        every = of_standing(given.outcomes, standing)
        shown = every[:LISTED]
        rows = [
            _entry(one.entry, given, words)
            | {"about": one.about or "", "anchor": anchors.payment(one.about or "")}
            for one in shown
        ]
        tables.append(
            {
                "title": words.say(standing),
                "about": words.say(f"about_{standing}"),
                "count": words.number(len(every)),
                "rows": rows,
                "capped": _capped(shown, every, words),
            }
        )
    return tables
