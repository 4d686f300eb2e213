"""What banks write into BAI2 beside its rules: words of their own in the text, padding, commas, zeros."""

from __future__ import annotations

import pytest

from connectors.statements.bai2_text import told_by
from connectors.statements.parse import parse
from tests.connectors.statements.samples import entries
from tests.connectors.statements.test_bai2 import bai, of


@pytest.mark.parametrize(
    ("text", "name", "account"),
    [
        ("RTP IN, EREF: E-7 CRNM: US LLC DBNM: NORTH TOOLS INC DACT: 02122", "NORTH TOOLS INC", "02122"),
        ("ACC NUM:=77; SENDER ACC NUM:=0123; ORG:=North Inc ; BNF NAME:=US;", "North Inc", "0123"),
        ("ORIG CO NAME:NORTH TOOLS ORIG ID:9 CO ENTRY DESCR:PAY SEC:CCD IND NAME:US", "NORTH TOOLS", ""),
        ("WIRE ORG:/0077 NORTH TOOLS OBI:INV 7", "NORTH TOOLS", "0077"),
        ("PY:INV 7 OB:111111 OB3:A BANK BO:222222 BO1:NORTH TOOLS", "NORTH TOOLS", "222222"),
        ("DEPOSIT, FROM: THE COUNTER", "", ""),
        ("INVOICE 2026-0001", "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_who_paid(text: str, name: str, account: str) -> None:
    told = told_by(text, incoming=True)
    assert (told.name, told.account) == (name, account)


def test_who_was_paid() -> None:
    told = told_by("ACH OUT DBNM: US LLC CRNM: SUPPLIER CACT: 881 CABA: 0210 EREF: E-7", incoming=False)
    assert (told.name, told.account, told.bank, told.end_to_end) == ("SUPPLIER", "881", "0210", "E-7")


def test_the_entry_has_both_the_name_and_the_whole_text() -> None:
    found = of("16,195,500,,R7,C7,Wire In,-", "88,EREF: E-7", "88,DBNM: NORTH TOOLS")
    assert (found.payer_name, found.details["end_to_end"]) == ("NORTH TOOLS", "E-7")
    assert found.remittance_info == "Wire In,- EREF: E-7 DBNM: NORTH TOOLS"


def test_zeros_are_no_reference() -> None:
    found = of("16,158,500,,0,000/", "88,PAYMENT")
    assert (found.reference, "bank_reference" in found.details, found.remittance_info) == (
        "",
        False,
        "PAYMENT",
    )


def test_several_records_in_a_line() -> None:
    parsed = parse(
        b"01,B,C,260204,0600,1,,,2/   02,C,B,1,260203,,USD,2/\n03,77,,010,0,,,015,700,,/\n"
        b"16,142,500,Z,,,TRANSFER A/B    PPD/ 16,142,300,Z,,,TRANSFER TWO/\n"
        b"16,451,100,Z,,,FEE/  49,1600,5/  98,1600,1,7/\n99,1600,1,9/\n"
    )
    assert [(str(one.amount), one.remittance_info) for one in entries(parsed)] == [
        ("5.00", "TRANSFER A/B PPD"), ("3.00", "TRANSFER TWO"), ("-1.00", "FEE"),
    ]  # fmt: skip
    assert not parsed.warnings
    assert not parsed.errors


def test_a_comma_too_many_before_a_continuation_shifts_nothing() -> None:
    content = bai("16,195,500,,R,C,T/").replace(
        b"03,77,,,,,/", b"03,77,USD,010,0,,,015,500,,,/\n88,100,500,1,,400,0,0,/"
    )
    parsed = parse(content)
    [statement] = parsed.statements
    assert (str(statement.closing), statement.declared.credits) == ("5.00", 1)
