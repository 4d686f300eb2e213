"""What remittances say beside numbers and names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.payments import words

RETURNED = [
    "退汇",
    "账号不符退回",
    "冲正",
    "抹賬",
    "RETURNED PAYMENT",
    "Return: account closed",
    "STORNO",
    "Rückzahlung",
    "Rücklastschrift",
    "reversal of 03/12",
]
NOT_RETURNED = ["", "货款", "RETURNABLE PACKAGING", "撤展费", "INV-1001", "退火炉货款"]


@pytest.mark.parametrize("text", RETURNED)
def test_money_that_came_back(text: str) -> None:
    assert words.says_returned(text)


@pytest.mark.parametrize("text", NOT_RETURNED)
def test_money_that_did_not(text: str) -> None:
    assert not words.says_returned(text)


ON_ACCOUNT = [
    "预付款",
    "預付貨款",
    "定金",
    "结息",
    "工资",
    "ADVANCE PAYMENT",
    "down payment",
    "Anzahlung",
    "Vorauszahlung",
    "loan 12",
    "Gehalt März",
    "DEPOSIT",
]
NOT_ON_ACCOUNT = ["", "货款", "INV-1001", "ADVANCED MATERIALS LTD", "CURRENT INVOICE", "TAXI"]


@pytest.mark.parametrize("text", ON_ACCOUNT)
def test_something_else_than_an_invoice(text: str) -> None:
    assert words.says_on_account(text)


@pytest.mark.parametrize("text", NOT_ON_ACCOUNT)
def test_nothing_else_than_an_invoice(text: str) -> None:
    assert not words.says_on_account(text)


PART = [
    "质保金",
    "首付30%",
    "第二笔",
    "尾款",
    "part payment",
    "2nd instalment",
    "Teilzahlung",
    "1/3",
    "2 of 3",
]


@pytest.mark.parametrize("text", PART)
def test_a_part(text: str) -> None:
    assert words.says_part(text)
    assert not words.says_part("货款 INV-1001")


RATES = [
    ("汇率7.1234", "7.1234"),
    ("汇率：7.12", "7.12"),
    ("USD 1000 @ 7.1234", "7.1234"),
    ("Kurs 0,9215", "0.9215"),
    ("EX RATE 1.0832", "1.0832"),
    ("rate 7", None),
    ("separate 7.12", None),
    ("货款 7.12", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "rate"), RATES)
def test_rates(text: str, rate: str | None) -> None:
    assert words.rate_in(text) == (Decimal(rate) if rate else None)


MONTHS = [
    ("3月货款", (None, 3)),
    ("03月货款", (None, 3)),
    ("2026年3月货款", (2026, 3)),
    ("２０２６年３月", (2026, 3)),
    ("12月", (None, 12)),
    ("March invoices", (None, 3)),
    ("MAR 2026", (2026, 3)),
    ("Sept. 2026", None),
    ("2月和3月货款", None),
    ("3个月", None),
    ("13月", None),
    ("113月", None),
    ("Market", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "month"), MONTHS)
def test_months(text: str, month: tuple[int | None, int] | None) -> None:
    assert words.month_in(text) == month


AMOUNTS = [
    ("pays USD 1,300.50", "USD", {"1300.50"}),
    ("EUR1.300,50 rate 7.8", "EUR", {"1300.50"}),
    ("1300 美元", "USD", {"1300"}),
    ("Tel 02852387 EUR 130000", "EUR", {"2852387", "130000"}),
    ("USD 1300", "EUR", set()),
]


@pytest.mark.parametrize(("text", "currency", "amounts"), AMOUNTS)
def test_amounts_in_a_currency(text: str, currency: str, amounts: set[str]) -> None:
    assert words.amounts_in(text, currency) == {Decimal(one) for one in amounts}


def test_sums_are_amounts_with_their_cents() -> None:
    said = words.sums_in("INV-1001 1,300.50; 20260320 99.00 rate 7.1234 12")
    assert said == [Decimal("1300.50"), Decimal("99.00")]
