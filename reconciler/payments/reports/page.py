"""The page that people read, as plain data in their language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.payments.reports import entries, owed
from reconciler.payments.reports.ageing import by_currency
from reconciler.payments.reports.anchors import Anchors
from reconciler.payments.reports.figures import Figures, Sum, figures
from reconciler.payments.reports.given import AccountDays, Given
from reconciler.payments.reports.summary import headline, lines
from reconciler.payments.reports.words import Words

PARTS = ("matched", "agreed", "on_account", "proposed", "unidentified")
"""What receipts come to: together they are all of them."""

_GAPS = 6
"""So many days or breaks of an account are named."""

Page = dict[str, Any]


def build(given: Given) -> Page:
    """Return everything that the page shows."""
    words, told = Words(given.locale), figures(given)
    payments = entries.latest(given)
    anchors = Anchors([one.entry.id for one in payments], told.paid)
    page = {
        "lang": words.locale,
        "head": _head(given, told, words),
        "tiles": _tiles(given, told, words),
        "money": _money(given, told, words),
        "accounts": _accounts(given, words),
        "owed": owed.owed(given, told, words, anchors),
        "unbilled": owed.unbilled(given, words),
        "customers": owed.customers(given, told, words),
        "proposals": entries.proposals(given, words, anchors),
        "unidentified": entries.unidentified(given, told, words),
        "on_account": entries.on_account(given, words, anchors),
        "rules": _rules(given, told, words),
        "kept": entries.kept(given, told, words, anchors),
        "aside": entries.aside(given, words, anchors),
        "payments": entries.payments(given, told, payments, words, anchors),
    }
    return page | {"orders": owed.orders(given, words, anchors)}  # last: all documents are named by now


def _head(given: Given, told: Figures, words: Words) -> Page:
    shares = (
        f"{code} {words.share(share)}"
        for code in given.currencies
        if (share := told.money_share(code)) is not None
    )
    return {
        "headline": headline(told, words),
        "sub": words.say("headline_money", shares=said) if (said := words.joined(shares)) else "",
        "as_of": words.say("as_of", day=words.day(given.day)),
    }


def _tiles(given: Given, told: Figures, words: Words) -> list[Page]:
    overdue = sum(one.overdue_count for one in by_currency(given, told.paid))
    tiles = [
        ("receipts", told.standings["receipts"].count, ""),
        ("matched", told.standings["matched"].count, "good"),
        ("proposed", told.standings["proposed"].count, "wait"),
        ("unidentified", told.standings["unidentified"].count, "bad"),
        ("tile_overdue", overdue, "bad"),
        ("tile_gaps", None if given.accounts is None else sum(map(_gaps, given.accounts)), "bad"),
    ]
    return [
        {"label": words.say(key), "value": words.number(count), "tone": tone if count else ""}
        for key, count, tone in tiles
    ]


def _money(given: Given, told: Figures, words: Words) -> Page:
    return {
        "currencies": given.currencies,
        "rows": [
            {
                "name": name,
                "label": words.say(name),
                "count": "–" if name == "on_account" else words.number(told.standings[name].count),
                "sums": figures_of(told.standings[name], given, words),
            }
            for name in lines(told)
        ],
        "shares": [
            words.share(told.share),
            *(words.share(told.money_share(one)) for one in given.currencies),
        ],
        "bars": [bar for code in given.currencies if (bar := _bar(code, told, words))],
        "legend": [{"name": name, "label": words.say(name)} for name in PARTS if name in lines(told)],
    }


def figures_of(one: Sum, given: Given, words: Words) -> list[str]:
    """Return the money of each currency, "–" for none."""
    return [
        words.figure(minor, code) if (minor := one.money.get(code, 0)) else "–" for code in given.currencies
    ]


def _bar(currency: str, told: Figures, words: Words) -> Page | None:
    """Return one bar: the parts of what came in, in thousandths of it."""
    whole = told.standings["receipts"].money.get(currency, 0)
    if whole <= 0:
        return None
    parts, left = [], 0
    for name in PARTS:
        minor = told.standings[name].money.get(currency, 0)
        width = max(0, 1000 * minor // whole)
        told_as = f"{words.say(name)} {words.money(minor, currency)}"
        parts.append({"name": name, "left": left, "width": width, "said": told_as})
        left += width
    return {"currency": currency, "share": words.share(told.money_share(currency)), "parts": parts}


def _rules(given: Given, told: Figures, words: Words) -> list[Page]:
    return [
        {
            "rule": words.rule_named(name),
            "count": words.number(one.count),
            "sums": figures_of(one, given, words),
        }
        for name, one in told.rules.items()
    ]


def _gaps(one: AccountDays) -> int:
    return len(one.missing) + len(one.breaks) + int(one.adds_up is False)


def _accounts(given: Given, words: Words) -> Page:
    if given.accounts is None:
        return {"said": words.say("accounts_none"), "good": False, "rows": []}
    gaps = sum(map(_gaps, given.accounts))
    key = "accounts_gaps" if gaps else "accounts_whole"
    return {
        "said": words.say(key, accounts=words.number(len(given.accounts)), gaps=words.number(gaps)),
        "good": not gaps,
        "rows": [_account(one, words) for one in given.accounts],
    }


def _account(one: AccountDays, words: Words) -> Page:
    def figure(minor: int | None) -> str:
        return "–" if minor is None else words.figure(minor, one.currency)

    faults = [words.say("does_not_add_up")] if one.adds_up is False else []
    if one.missing:
        faults.append(words.say("days_missing", days=_some([words.day(day) for day in one.missing], words)))
    breaks = [
        words.say("break_at", day=words.day(b.day), expected=figure(b.expected), said=figure(b.said))
        for b in one.breaks
    ]
    faults += [*breaks[:_GAPS], *([f"… {len(breaks) - _GAPS}"] if len(breaks) > _GAPS else [])]
    cells: Mapping[str, str] = {
        "account": one.account,
        "currency": one.currency,
        "days": f"{words.day(one.first_day)} – {words.day(one.last_day)}",
        "entries": words.number(one.entries),
        "opening": figure(one.opening),
        "sum": figure(one.sum),
        "closing": figure(one.closing),
    }
    return {**cells, "faults": faults, "well": words.say("account_well")}


def _some(days: list[str], words: Words) -> str:
    more = f" … (+{len(days) - _GAPS})" if len(days) > _GAPS else ""
    return words.joined(days[:_GAPS]) + more
