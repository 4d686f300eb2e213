"""Amounts, days and charsets on their own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.statements.charset import last_line, text_of
from connectors.statements.values import amount_of, day_of, long_day, month_day, short_day


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("1,234.56", "1234.56"), ("1.234,56", "1234.56"), ("1'234.56", "1234.56"), ("1 234,56", "1234.56"),
        ("1,234", "1234"), ("1,234,567", "1234567"), ("0,123", "0.123"), ("12,5", "12.5"), ("5.00-", "-5.00"),
        ("(5.00)", "-5.00"), ("¥ 3.10", "3.10"), ("CNY7", "7"), ("−4", "-4"),
    ],
)  # fmt: skip
def test_amounts(said: str, amount: str) -> None:
    assert amount_of(said) == Decimal(amount)


@pytest.mark.parametrize("said", ["", "-", "abc", ".", "1-2", "12X", "１２", "--1", "N/A"])
def test_what_is_no_amount(said: str) -> None:
    assert amount_of(said) is None


@given(st.decimals(0, 10**15, places=2, allow_nan=False))
def test_every_amount_is_read_as_it_was_written(amount: Decimal) -> None:
    assert amount_of(f"{amount:,f}") == amount
    assert amount_of(f"{amount:f}".replace(".", ","), decimal=",") == amount
    assert amount_of(f"-{amount:f}", grouped=False) == -amount


@given(st.text(max_size=30))
def test_no_text_breaks_it(said: str) -> None:
    found = amount_of(said)
    assert found is None or found.is_finite()
    assert short_day(said)[0] is None or len(said) == 6
    assert long_day(said)[0] is None or len(said) >= 8


def test_days() -> None:
    assert short_day("260230") == (date(2026, 2, 28), False)
    assert short_day("991231") == (date(1999, 12, 31), True)
    assert long_day("2026-02-03T10:00:00") == (date(2026, 2, 3), True)
    assert long_day("20260203") == (date(2026, 2, 3), True)
    assert day_of(2026, 13, 1) == (None, False)
    assert month_day("0229", date(2024, 3, 1)) == (date(2024, 2, 29), True)
    assert month_day("1301", date(2024, 3, 1)) == (None, False)


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("cp1252", "Überweisung an Café Zoé, Jönköping, 5 €"),
        ("iso-8859-2", "Wpłata gotówkowa: Zażółć Sp. z o.o., Kraków"),
        ("cp852", "Przelew własny: Żabka Łódź, Wrocław"),
        ("cp850", "Müller & Söhne GmbH, Köln"),
        ("gb18030", "货款 深圳市有限公司"),
        ("utf-16", "Müller"),
        ("utf-16-be", "Mueller and sons, a longer text"),
    ],
)
def test_charsets(charset: str, text: str) -> None:
    assert text_of(text.encode(charset)).removeprefix("\ufeff") == text


def test_a_declared_charset_counts_unless_it_is_wrong() -> None:
    assert text_of("Łódź".encode("iso-8859-2"), "ISO-8859-2") == "Łódź"
    assert text_of("Müller".encode(), "ISO-8859-1") == "Müller"
    assert text_of("Müller".encode("cp1252"), "UTF-8") == "Müller"
    assert text_of("Müller".encode("cp1252"), "no-such-charset") == "Müller"
    assert text_of("Müller 货款".encode("gb18030"), "gb2312") == "Müller 货款"


@given(st.binary(max_size=200))
def test_any_bytes_are_some_text(content: bytes) -> None:
    assert last_line(text_of(content)) >= 1


def test_lines() -> None:
    assert last_line("a\r\nb\rc\nd\x0be\n\n") == 4
