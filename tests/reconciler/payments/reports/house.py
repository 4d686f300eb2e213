"""A small month of payments in which everything happens once, and ways to fill in its workbook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from hub.locale import text
from reconciler.payments.model import BankEntry, Explanation, Outcome, Posting, Receivable
from reconciler.payments.reports import AccountDays, Break, Given, Unbilled, write_book

DAY = date(2026, 6, 30)
EVIL = '=HYPERLINK("http://x","click")<script>alert(\'x\')</script>'


def owed(
    number: str, amount: int, customer: str = "C1", currency: str = "EUR", late: int = 10, **more: Any
) -> Receivable:
    due = DAY - timedelta(days=late)
    return Receivable(
        id=f"R{number}",
        customer=customer,
        customer_name=f"Firm {customer}",
        currency=currency,
        amount=amount,
        invoice_no=f"SI-{number}",
        order_no=f"SO-{number}",
        issued=due - timedelta(days=30),
        due=due,
        **more,
    )


def came(number: int, amount: int, age: int = 5, currency: str = "EUR", text: str = "") -> BankEntry:
    day = DAY - timedelta(days=age)
    return BankEntry(f"B{number}", day, amount, currency, "Payer Ltd", "DE021", text)


def posted(
    entry: BankEntry, rule: str, *pays: tuple[Receivable, int], rest: int = 0, facts: str = "document sum"
) -> Outcome:
    """Post as the books do: what a discount or a fee is taken off is closed."""
    for item, amount in pays:
        closing = rule.endswith(("_fee", "_discount")) or item.currency != entry.currency
        item.open = 0 if closing else item.open - amount
    postings = [Posting(item, amount) for item, amount in pays]
    return Outcome(entry, "posted", Explanation(rule, postings, tuple(facts.split()), (), rest))


def proposed(entry: BankEntry, *candidates: Explanation) -> Outcome:
    return Outcome(entry, "proposed", proposals=list(candidates))


def candidate(*pays: tuple[Receivable, int], doubts: tuple[str, ...] = (), rest: int = 0) -> Explanation:
    return Explanation("candidate", [Posting(item, amount) for item, amount in pays], ("sum",), doubts, rest)


def a_month(locale: str = "en", text: str = EVIL, **more: Any) -> Given:
    """B1 pays a document, B2 less a fee, B3 less a discount, B4 abroad, B5 too much; B6 and B7 wait."""
    whole, fee, discounted, abroad, over, extra = (
        owed("1", 10_000), owed("2", 20_000), owed("3", 30_000, "C2"), owed("4", 40_000, "C2", "USD"),
        owed("5", 50_000), owed("6", 2_500),
    )  # fmt: skip
    twin, other, part = owed("7", 7_000, late=45), owed("8", 7_000, late=100), owed("9", 9_000, "C2", late=-5)
    credit = owed("10", -1_000, "C2")
    twice = proposed(
        came(6, 7_000, 20, text=text),
        candidate((twin, 7_000), doubts=("match.several_with_sum",)),
        candidate((other, 7_000), doubts=("match.several_with_sum",)),
    )
    several = proposed(
        came(7, 13_000, 40), candidate((other, 7_000), (part, 6_000)), candidate((twin, 7_000), rest=6_000)
    )
    rest = posted(came(5, 52_500), "document_over", (over, 50_000), rest=2_500)
    assert rest.posted
    rest.proposals = [candidate((over, 50_000), (extra, 2_500))]
    rest.proposals[0] = Explanation("document_over", [*rest.posted.postings, Posting(extra, 2_500)], ("sum",))
    outcomes = [
        posted(came(1, 10_000, text="SI-1"), "document", (whole, 10_000)),
        posted(came(2, 19_500), "document_fee", (fee, 19_500)),
        posted(came(3, 29_400), "party_discount", (discounted, 29_400)),
        posted(came(4, 37_000), "document_exchange", (abroad, 37_000)),
        rest,
        twice,
        several,
        Outcome(came(8, 99, 100, text=text), "unidentified"),
        Outcome(came(9, 500, 15), "returned", about="B10"),
        Outcome(came(10, -500, 14), "returned", about="B9"),
        Outcome(came(11, 10_000, 2), "duplicate", about="B1"),
        Outcome(came(12, -800, 1), "outgoing"),
    ]
    items = [whole, fee, discounted, abroad, over, extra, twin, other, part, credit]
    return Given(outcomes, items, DAY, locale, **{"unbilled": unbilled()} | more)


def unbilled() -> list[Unbilled]:
    return [
        Unbilled("SO-21", "C2", "Firm C2", DAY - timedelta(days=9), "EUR", 123_456),
        Unbilled("SO-22", "", "", None, "", None),
    ]


def accounts() -> list[AccountDays]:
    first = DAY - timedelta(days=29)
    return [
        AccountDays("DE021", "EUR", first, DAY, 1_000, 3_000, 2_000, 7),
        AccountDays(
            "CN622", "CNY", first, DAY, 1_000, 3_001, 2_000, 9, [first], [Break(first, 500, 600)]
        ),
    ]  # fmt: skip


def table(path: Path, name: str, locale: str = "en") -> list[dict[str, Any]]:
    """The rows of a sheet by the names of its columns."""
    sheet = load_workbook(path)[text(f"payments.sheet_{name}", locale)]
    heads, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, heads), row, strict=True)) for row in rows]


def filled(path: Path, cells: Mapping[tuple[int, str], str | float], locale: str = "en") -> Path:
    """The workbook of `a_month` with cells of its proposals changed, by row and name of column."""
    write_book(path, a_month(locale))
    book = load_workbook(path)
    sheet = book[text("payments.sheet_proposals", locale)]
    heads = [cell.value for cell in sheet[1]]
    for (row, name), value in cells.items():
        sheet.cell(row, heads.index(text(f"payments.column_{name}", locale)) + 1, value)
    book.save(path)
    return path
