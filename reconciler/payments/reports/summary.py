"""The first sheet of the workbook: the headline, and what became of the money, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.payments.reports import ageing
from reconciler.payments.reports.columns import Money, Share, Value
from reconciler.payments.reports.figures import Figures
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.words import Words

STANDINGS = (
    "receipts", "matched", "agreed", "on_account", "proposed", "unidentified", "returned", "duplicate",
    "outgoing", "fee", "discount",
)  # fmt: skip
"""The lines on money: the second to the sixth add up to the first; `lines` leaves out what does not apply."""

Line = tuple[str, list[Value]]
"""The style of a line's texts ("" for none of its own) and its cells."""


def summary(given: Given, told: Figures, words: Words) -> Iterator[Line]:
    """Yield the lines of the first sheet."""
    say = words.say
    yield "title", [say("title")]
    yield "", [say("as_of", day=words.day(given.day))]
    yield "bold", [headline(told, words)]
    yield "", []
    yield "note", [say("how_to_fill")]
    yield "", []
    yield "head", [say("became"), say("entries"), *given.currencies]
    for name in lines(told):
        one = told.standings[name]
        count = None if name == "on_account" else one.count
        yield "", [say(name), count, *(_money(one.money.get(code, 0), code) for code in given.currencies)]
    shares = [told.money_share(code) for code in given.currencies]
    every = (told.share, *shares)
    yield "", [say("straight_through"), *(None if one is None else Share(one) for one in every)]
    yield "", []
    yield from _ages(given, told, words)
    yield from _owed(given, told, words)
    yield from _accounts(given, words)


def lines(told: Figures) -> list[str]:
    """Return the lines on money that are shown: no line on agreements where there are none."""
    return [name for name in STANDINGS if name != "agreed" or told.standings[name].count]


def headline(told: Figures, words: Words) -> str:
    """Return how much was matched without a person, in a sentence."""
    receipts, matched = told.standings["receipts"].count, told.standings["matched"].count
    if told.share is None:
        return words.say("headline_none")
    said = words.say(
        "headline",
        matched=words.number(matched),
        receipts=words.number(receipts),
        share=words.share(told.share),
    )
    agreed = told.standings["agreed"].count
    more = words.say("headline_agreed", count=words.number(agreed)) if agreed else ""
    return said + ("" if words.locale == "zh-CN" or not more else " ") + more


def _money(minor: int, currency: str) -> Money | None:
    return Money(minor, currency) if minor else None


def _ages(given: Given, told: Figures, words: Words) -> Iterator[Line]:
    yield "head", [words.say("unidentified_by_age"), words.say("entries"), *given.currencies]
    for at, one in enumerate(told.ages):
        sums = (_money(one.money.get(code, 0), code) for code in given.currencies)
        yield "", [words.say(f"age_{at}"), one.count, *sums]
    yield "", []


def _owed(given: Given, told: Figures, words: Words) -> Iterator[Line]:
    every = ageing.by_currency(given, told.paid)
    yield "head", [words.say("owed"), "", *(one.currency for one in every)]
    yield "", [words.say("open_sum"), None, *(Money(one.open, one.currency) for one in every)]
    for name in ageing.CLASSES:
        yield "", [words.say(name), None, *(_money(one.classes[name], one.currency) for one in every)]
    yield "", [words.say("overdue_count"), None, *(one.overdue_count for one in every)]
    rates = (one.collection for one in every)
    yield "", [words.say("collection"), None, *(None if one is None else Share(one) for one in rates)]
    yield "", []


def _accounts(given: Given, words: Words) -> Iterator[Line]:
    say = words.say
    if given.accounts is None:
        yield "note", [say("accounts_none")]
        return
    names = ("account", "currency", "first_day", "last_day", "opening", "sum", "closing", "missing", "breaks")
    yield "head", [say(f"column_{name}") for name in names]
    for one in given.accounts:
        opening, closing = (
            None if minor is None else Money(minor, one.currency) for minor in (one.opening, one.closing)
        )
        money = [opening, Money(one.sum, one.currency), closing]
        head = [one.account, one.currency, one.first_day, one.last_day]
        yield "", [*head, *money, len(one.missing), len(one.breaks)]
