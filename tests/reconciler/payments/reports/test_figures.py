"""What the first page counts: shares, what banks kept, ages, what is overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from reconciler.payments.reports.ageing import by_currency, by_customer, class_of
from reconciler.payments.reports.figures import age_class, figures
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.paid import paid
from tests.reconciler.payments.reports.house import DAY, a_month, accounts, came, owed, posted


def test_what_came_back_or_came_twice_is_no_receipt() -> None:
    told = figures(a_month())
    assert told.standings["receipts"].count == 8  # B1 to B8
    assert told.share == Decimal(5) / 8
    assert {name: told.standings[name].count for name in ("returned", "duplicate", "outgoing")} == {
        "returned": 1, "duplicate": 1, "outgoing": 1,
    }  # fmt: skip


def test_what_receipts_come_to_adds_up_to_them() -> None:
    told = figures(a_month())
    parts = ("matched", "on_account", "proposed", "unidentified")
    whole = sum(told.standings[name].money["EUR"] for name in parts)
    assert whole == told.standings["receipts"].money["EUR"] == 168_499
    assert told.money_share("EUR") == Decimal(145_900) / 168_499
    assert told.money_share("USD") is None


def test_no_receipts_have_no_share() -> None:
    assert figures(Given([], [], DAY)).share is None


def test_what_a_bank_kept_and_a_discount_are_open_less_cash() -> None:
    given = a_month()
    kept = {one.receivable.id: (one.why, one.kept) for one in paid(given) if one.why}
    assert kept == {"R2": ("fee", 500), "R3": ("discount", 600)}
    told = figures(given).standings
    assert (told["fee"].money, told["discount"].money) == ({"EUR": 500}, {"EUR": 600})


def test_what_was_paid_before_was_kept_by_nobody() -> None:
    item = owed("1", 10_000)
    part = posted(came(1, 4_000), "document_part_payment", (item, 4_000))
    rest = posted(came(2, 5_990), "document_fee", (item, 5_990))
    assert [(one.settled, one.kept) for one in paid(Given([part, rest], [item], DAY))] == [
        (4_000, 0),
        (6_000, 10),
    ]
    before = Given([rest], [item], DAY, before={item.id: 6_000})
    assert [(one.settled, one.kept) for one in paid(before)] == [(6_000, 10)]


def test_a_receivable_abroad_is_settled_whole_and_keeps_nothing() -> None:
    [abroad] = [one for one in paid(a_month()) if one.abroad]
    assert (abroad.cash, abroad.settled, abroad.kept) == (37_000, 40_000, 0)


@pytest.mark.parametrize(
    ("days", "place"), [(0, 0), (7, 0), (8, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)]
)
def test_ages_of_the_unidentified(days: int, place: int) -> None:
    assert age_class(days) == place


@pytest.mark.parametrize(
    ("overdue", "name"),
    [(-1, "not_due"), (0, "not_due"), (1, "overdue_30"), (30, "overdue_30"), (31, "overdue_60")]
    + [(60, "overdue_60"), (90, "overdue_90"), (91, "overdue_more"), (None, "undated")],
)
def test_classes_of_what_is_owed(overdue: int | None, name: str) -> None:
    assert class_of(owed("1", 100), overdue) == name
    assert class_of(owed("1", -100), overdue) == "credit"


def test_the_ageing_of_a_customer() -> None:
    given = a_month()
    ageing = {(one.customer, one.currency): one for one in by_customer(given, paid(given))}
    first, second = ageing["C1", "EUR"], ageing["C2", "EUR"]
    assert {name: minor for name, minor in first.classes.items() if minor} == {
        "overdue_30": 2_500, "overdue_60": 7_000, "overdue_more": 7_000,
    }  # fmt: skip
    assert (first.open, first.overdue_count, first.longest) == (16_500, 3, 100)
    assert (first.due, first.collected) == (96_500, 80_000)
    assert first.average_days == 35  # due 30 days after the invoice, 10 days ago; paid 5 days ago
    assert {name: minor for name, minor in second.classes.items() if minor} == {
        "not_due": 9_000, "credit": -1_000,
    }  # fmt: skip
    assert second.open == 8_000
    assert second.collection == 1


def test_each_currency_is_the_sum_of_its_customers() -> None:
    given = a_month()
    every = paid(given)
    [euro, dollar] = by_currency(given, every)
    some = [one for one in by_customer(given, every) if one.currency == "EUR"]
    assert euro.open == sum(one.open for one in some) == 24_500
    assert dollar.open == 0
    assert dollar.collection == 1


def test_what_is_paid_before_its_date_counts_from_its_invoice() -> None:
    item = owed("1", 100)
    item.issued = None
    entry = replace(came(1, 100), value_date=DAY - timedelta(days=1))
    [one] = by_currency(Given([posted(entry, "party", (item, 100))], [item], DAY), [])
    assert one.average_days is None


def test_accounts_that_add_up() -> None:
    assert [one.adds_up for one in accounts()] == [True, False]
    assert replace(accounts()[0], opening=None).adds_up is None
