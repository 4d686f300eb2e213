"""BAI2: types, funds, continuations, sums."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.statements.model import Entry
from connectors.statements.parse import parse
from tests.connectors.statements.samples import BAI2, entries, keys, only


def bai(*records: str, currency: str = "USD") -> bytes:
    head = ("01,B,C,260204,0600,1,,,2/", f"02,C,B,1,260203,,{currency},2/", "03,77,,,,,/")
    return "\n".join([*head, *records, "49,,3/", "98,,1,5/", "99,,1,7/", ""]).encode()


def of(*lines: str, currency: str = "USD") -> Entry:
    return only(bai(*lines, currency=currency))


def test_a_statement() -> None:
    [statement] = parse(BAI2).statements
    assert (statement.account, statement.currency) == ("0012345", "USD")
    assert (statement.opening, statement.closing) == (Decimal("1000.00"), Decimal("1209.50"))
    assert (statement.declared.credits, statement.declared.debit_sum) == (1, Decimal("40.50"))
    first, second = statement.entries
    assert (first.amount, first.booked_on, first.reference) == (Decimal("250.00"), date(2026, 2, 3), "BANK-1")
    assert (first.remittance_info, first.details["code"]) == ("NORTH TOOLS INVOICE 2026-0001", "195")
    assert (second.amount, second.remittance_info) == (Decimal("-40.50"), "ACCOUNT FEE JANUARY")


@pytest.mark.parametrize(
    ("kind", "sign"),
    [("100", 1), ("399", 1), ("400", -1), ("699", -1), ("721", 1), ("760", -1), ("930", 1), ("965", -1)],
)
def test_signs(kind: str, sign: int) -> None:
    assert of(f"16,{kind},1234,,R,C,T/").amount == Decimal("12.34") * sign


@pytest.mark.parametrize("kind", ["890", "901", "", "X"])
def test_a_type_without_a_sign_is_noted(kind: str) -> None:
    found = of(f"16,{kind},1234,,R,C,T/")
    assert (str(found.amount), found.note is not None) == ("0", True)


@pytest.mark.parametrize(
    ("record", "value"),
    [
        ("16,195,5000,S,1,2,3,R1,C1,TEXT/", None),
        ("16,195,5000,V,260205,1200,R1,C1,TEXT/", date(2026, 2, 5)),
        ("16,195,5000,D,2,0,1000,1,4000,R1,C1,TEXT/", None),
        ("16,195,5000,Z,R1,C1,TEXT", None),
        ("16,195,5000,,R1,C1,TEXT/", None),
    ],
)
def test_funds(record: str, value: date | None) -> None:
    found = of(record)
    assert (found.reference, found.details["customer_reference"], found.remittance_info) == (
        "R1",
        "C1",
        "TEXT",
    )
    assert (found.amount, found.value_date) == (Decimal("50.00"), value)


@pytest.mark.parametrize(
    "lines",
    [
        ("16,195,5000,S,1,2,3,R1,C1,A/B, C D",),
        ("16,195,5000,S,1,2/", "88,3,R1,C1,A/B, C D/"),
        ("16,195,5000,S,1,2,3,R1,C1/", "88,A/B, C D"),
        ("16,195,5000,S,1,2,3,R1,C1,A/B, C", "88,D"),
        ("16,195,5000,S,1,2,3,R1,C1,A/B,", "88,C", "88,D/"),
    ],
)
def test_continuations_anywhere(lines: tuple[str, ...]) -> None:
    found = of(*lines)
    assert (found.reference, found.details["customer_reference"], found.remittance_info) == (
        "R1",
        "C1",
        "A/B, C D",
    )


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", "5000"), ("KWD", "5.000"), ("EUR", "50.00"), ("", "50.00")]
)
def test_minor_units(currency: str, amount: str) -> None:
    found = of("16,195,5000,,R,C,T/", currency=currency)
    assert (str(found.amount), found.currency) == (amount, currency or "USD")


def test_an_amount_that_cannot_be_read_is_noted() -> None:
    found = of("16,195,12X4,,R,C,T/")
    assert (str(found.amount), found.note is not None) == ("0", True)
    assert of("16,195,12.34,,R,C,T/").amount == Decimal("12.34")


def test_sums_that_differ_are_said() -> None:
    parsed = parse(BAI2.replace(b"49,279050", b"49,279051").replace(b"99,279050", b"99,1"))
    assert keys(parsed.warnings) == ["control_differs", "control_differs"]
    assert [one.line for one in parsed.warnings] == [8, 10]
    parsed = parse(BAI2.replace(b"100,25000,1", b"100,25000,2"))
    assert "differs_credits" in keys(parsed.warnings)


def test_several_accounts() -> None:
    parsed = parse(bai("16,195,1,,R,C,T/", "49,,2/", "03,88,EUR,015,5,,/", "16,495,1,,R,C,T/"))
    assert [(one.account, one.currency, one.closing) for one in parsed.statements] == [
        ("77", "USD", None), ("88", "EUR", Decimal("0.05")),
    ]  # fmt: skip
    assert [str(one.amount) for one in entries(parsed)] == ["0.01", "-0.01"]
