"""OFX as banks write it, not as its DTD wants it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.statements.parse import parse
from tests.connectors.statements.samples import OFX, amounts, entries, keys, only


def ofx(*entries: str, head: str = "OFXHEADER:100\nENCODING:USASCII\n\n", tag: str = "STMTRS") -> bytes:
    body = "\n".join(f"<STMTTRN>{entry}</STMTTRN>" for entry in entries)
    return f"{head}<OFX><{tag}><CURDEF>EUR<BANKTRANLIST>{body}</BANKTRANLIST></{tag}></OFX>\n".encode()


def stmttrn(amount: str = "10.00", more: str = "", day: str = "20260202") -> str:
    return f"<TRNTYPE>CREDIT<DTPOSTED>{day}<TRNAMT>{amount}<FITID>F1{more}"


def test_a_statement() -> None:
    [statement] = parse(OFX).statements
    assert (statement.account, statement.currency, statement.closing) == ("12-345", "USD", Decimal("1209.50"))
    assert (statement.first_day, statement.last_day) == (date(2026, 2, 1), date(2026, 2, 28))
    first, second = statement.entries
    assert (first.amount, first.booked_on, first.reference) == (Decimal("250.00"), date(2026, 2, 2), "BANK-1")
    assert (first.payer_name, first.remittance_info) == ("NORTH TOOLS", "INVOICE 2026-0001")
    assert (second.amount, second.details["code"], second.line) == (Decimal("-40.50"), "FEE", 12)


def test_xml() -> None:
    content = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n<OFX><STMTRS>'
        b"<CURDEF>EUR</CURDEF>"
        b"<BANKACCTFROM><ACCTID>A</ACCTID></BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT</TRNTYPE>"
        b"<DTPOSTED>20260202</DTPOSTED><TRNAMT>-1.5</TRNAMT><FITID>F</FITID><NAME>A &amp; B</NAME>"
        b"<MEMO><![CDATA[x < y]]></MEMO></STMTTRN></BANKTRANLIST></STMTRS></OFX>"
    )
    found = only(content)
    assert (found.amount, found.payer_name, found.remittance_info) == (Decimal("-1.5"), "A & B", "x < y")


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("10.00", "10.00"), ("-10,5", "-10.5"), ("+7", "7"), ("$1,234.50", "1234.50"), ("-$5.00", "-5.00"),
        ("1.234,56", "1234.56"), ("12.345", "12.345"), ("EUR 3.00", "3.00"), ("-,5", "-0.5"),
    ],
)  # fmt: skip
def test_amounts(said: str, amount: str) -> None:
    assert amounts(ofx(stmttrn(said))) == [amount]


@pytest.mark.parametrize("said", ["", "null", "ten"])
def test_an_amount_that_cannot_be_read_is_noted(said: str) -> None:
    found = only(ofx(stmttrn(said)))
    assert (str(found.amount), found.note is not None) == ("0", True)


@pytest.mark.parametrize("day", ["", "null", "20269999"])
def test_an_entry_without_a_day_is_noted(day: str) -> None:
    found = only(ofx(stmttrn(day=day)))
    assert (found.booked_on, found.amount) == (None, Decimal("10.00"))
    assert found.note is not None
    assert found.note.key == "statements.no_day"


def test_another_day_may_stand_for_it() -> None:
    assert only(ofx(stmttrn(more="<DTUSER>20260201", day=""))).booked_on == date(2026, 2, 1)


def test_empty_tags() -> None:
    found = only(ofx(stmttrn(more="<CHECKNUM><NAME></NAME><MEMO/><MEMO>INV 7")))
    assert (found.payer_name, found.remittance_info) == ("", "INV 7")


def test_entries_that_are_never_closed() -> None:
    content = ofx(stmttrn("1"), stmttrn("2")).replace(b"</STMTTRN>", b"")
    assert amounts(content) == ["1", "2"]


def test_payees_and_accounts_of_their_own() -> None:
    more = "<PAYEE><NAME>P<CITY>X</PAYEE><BANKACCTTO><BANKID>B<ACCTID>77</BANKACCTTO><MEMO>M"
    found = only(ofx(stmttrn(more=more)))
    assert (found.payer_name, found.payer_account, found.details["payer_bank"]) == ("P", "77", "B")


def test_an_entry_in_another_currency() -> None:
    assert only(ofx(stmttrn(more="<CURRENCY><CURRATE>1.1<CURSYM>usd</CURRENCY>"))).currency == "USD"
    assert only(ofx(stmttrn(more="<ORIGCURRENCY><CURRATE>1.1<CURSYM>USD</ORIGCURRENCY>"))).currency == "EUR"


def test_several_accounts_and_cards() -> None:
    account = (
        b"<STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>A</BANKACCTFROM>"
        b"<STMTTRN><DTPOSTED>20260101<TRNAMT>1</STMTTRN></STMTRS>"
    )
    card = account.replace(b"STMTRS", b"CCSTMTRS").replace(b"BANKACCT", b"CCACCT").replace(b">A<", b">C<")
    parsed = parse(b"<OFX>" + account + card + b"</OFX>")
    assert [(one.account, len(one.entries)) for one in parsed.statements] == [("A", 1), ("C", 1)]


def test_cash_in_an_investment_account_counts_and_the_rest_is_said() -> None:
    content = (
        b"<OFX><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>X<ACCTID>I</INVACCTFROM><INVTRANLIST>"
        b"<BUYSTOCK><INVBUY><TOTAL>-9</INVBUY></BUYSTOCK><INVBANKTRAN><STMTTRN><DTPOSTED>20260101<TRNAMT>5<FITID>1"
        b"</STMTTRN><SUBACCTFUND>CASH</INVBANKTRAN></INVTRANLIST></INVSTMTRS></OFX>"
    )
    parsed = parse(content)
    assert ([str(one.amount) for one in entries(parsed)], keys(parsed.warnings)) == (["5"], ["trades"])


@pytest.mark.parametrize("head", ["CHARSET:1252\n", "ENCODING:UTF-8\n", "CHARSET:NONE\n", "CHARSET:99999\n"])
@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_charsets(head: str, charset: str) -> None:
    content = ofx(stmttrn(more="<NAME>Café Müller"), head=head).decode().encode(charset)
    assert only(content).payer_name == "Café Müller"


def test_an_answer_without_statements_is_an_error() -> None:
    parsed = parse(
        b"OFXHEADER:100\n\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15500</SONRS></SIGNONMSGSRSV1></OFX>"
    )
    assert keys(parsed.errors) == ["nothing"]


def test_an_answer_of_error_says_why() -> None:
    parsed = parse(
        b"OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>2000<SEVERITY>ERROR\n"
        b"<MESSAGE>General error</STATUS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    assert keys(parsed.errors) == ["refused"]
    assert all(word in str(parsed.errors[0]) for word in ("2000", "General error"))
    fine = OFX.replace(b"<STMTTRNRS>", b"<STMTTRNRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>")
    assert not parse(fine).errors


def test_names_of_values_beside_the_rules() -> None:
    found = only(ofx(stmttrn(more="<CHECKNUM>0<CHKNUM>1932<VALUEDATE>20260203")))
    assert (found.details["customer_reference"], found.value_date) == ("1932", date(2026, 2, 3))
    assert only(ofx(stmttrn().replace("CREDIT", "Credit"))).details["code"] == "CREDIT"
