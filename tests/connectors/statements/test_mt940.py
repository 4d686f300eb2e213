"""MT940 and MT942: each dialect as a small statement of its own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.statements.model import Entry
from connectors.statements.parse import parse
from tests.connectors.statements.samples import MT940, MT942, amounts, entries, keys, only


def mt(*lines: str, opening: str = "C260201EUR0,00", charset: str = "utf-8") -> bytes:
    """A statement around some lines, closed by `-`."""
    return "\n".join([":20:X", ":25:ACCOUNT", f":60F:{opening}", *lines, "-", ""]).encode(charset)


def entry(line61: str, *rows: str) -> Entry:
    return only(mt(line61, *rows))


def test_a_statement() -> None:
    [statement] = parse(MT940).statements
    assert (statement.account, statement.currency) == ("DE02120300000000202051", "EUR")
    assert (statement.opening, statement.closing) == (Decimal("1000.00"), Decimal("1219.50"))
    assert (statement.first_day, statement.last_day) == (date(2026, 1, 30), date(2026, 2, 3))
    first = statement.entries[0]
    assert (first.booked_on, first.value_date) == (date(2026, 2, 2), date(2026, 2, 2))
    assert (first.amount, first.currency, first.reference) == (Decimal("250.00"), "EUR", "BANK-1")
    assert (first.payer_name, first.payer_account) == ("NORTH TOOLS GMBH", "DE44500105175407324931")
    assert (first.remittance_info, first.details["end_to_end"]) == ("INVOICE 2026-0001", "SO-1001")
    assert (first.details["payer_bank"], first.details["code"], first.line) == ("DEUTDEFF", "166", 5)


@pytest.mark.parametrize(
    ("line", "amount", "reversal"),
    [
        (":61:260201C10,00NTRFNONREF", "10.00", False),
        (":61:260201D10,00NTRFNONREF", "-10.00", False),
        (":61:260201RC10,00NTRFNONREF", "-10.00", True),
        (":61:260201RD10,00NTRFNONREF", "10.00", True),
        (":61:260201DR10,00NTRFNONREF", "-10.00", False),  # the R of EUR
        (":61:260201RCR10,00NTRFNONREF", "-10.00", True),
        (":61:260201DD10,00NTRFNONREF", "-10.00", False),
        (":61:2602010201CK1234,5NTRFNONREF", "1234.5", False),
        (":61:260201    C10,00NTRFNONREF", "10.00", False),  # an empty entry date
        (":61:2602010201C,5NTRFNONREF", "0.5", False),
        (":61:2602010201C1.234,56NTRFNONREF", "1234.56", False),
        (":61:2602010201C1234.56NTRFNONREF", "1234.56", False),
        (":61:2602010201D050,97NIC MARK", "-50.97", False),  # a type of less than four
        (":61:2602010201D7,N//REF", "-7", False),
        (":61:2602010201D7,", "-7", False),
    ],
)
def test_signs_and_amounts(line: str, amount: str, reversal: bool) -> None:
    found = entry(line)
    assert (f"{found.amount:f}", found.reversal, found.note) == (amount, reversal, None)


def test_reversed_credits_close_the_statement() -> None:
    lines = [
        ":61:260201C30,00NTRFA",
        ":61:260201RC10,00NTRFA",
        ":61:260201RD5,00NTRFB",
        ":62F:C260201EUR25,00",
    ]
    parsed = parse(mt(*lines))
    assert not parsed.warnings + parsed.errors
    assert [str(one.amount) for one in entries(parsed)] == ["30.00", "-10.00", "5.00"]


def test_announced_entries_are_not_booked() -> None:
    parsed = parse(mt(":61:260201EC30,00NTRFA", ":61:260201C5,00NTRFA", ":62F:C260201EUR5,00"))
    assert [str(one.amount) for one in entries(parsed)] == ["5.00"]
    assert keys(parsed.warnings) == ["not_booked"]


@pytest.mark.parametrize(
    ("days", "booked", "value"),
    [
        ("2512310102", date(2026, 1, 2), date(2025, 12, 31)),
        ("2601021231", date(2025, 12, 31), date(2026, 1, 2)),
        ("2402290229", date(2024, 2, 29), date(2024, 2, 29)),
        ("260201", date(2026, 2, 1), date(2026, 2, 1)),
    ],
)
def test_the_entry_date_has_no_year(days: str, booked: date, value: date) -> None:
    found = entry(f":61:{days}C1,00NTRFX")
    assert (found.booked_on, found.value_date, found.note) == (booked, value, None)


def test_a_day_that_does_not_exist_is_the_last_of_its_month() -> None:
    found = entry(":61:2602300230C1,00NTRFX")
    assert (found.booked_on, found.amount) == (date(2026, 2, 28), Decimal("1.00"))
    assert found.note is not None
    assert found.note.key == "statements.no_such_day"


def test_a_day_that_is_none_leaves_the_entry_without() -> None:
    found = entry(":61:269900C1,00NTRFX")
    assert (found.booked_on, found.amount) == (None, Decimal("1.00"))
    assert found.note is not None
    assert found.note.key == "statements.no_day"


def test_a_row_that_cannot_be_read_is_noted() -> None:
    parsed = parse(mt(":61:2602010201X12,00NTRF", ":86:TEXT", ":61:2602010201C1,00NTRF"))
    first, second = entries(parsed)
    assert (str(first.amount), str(second.amount), first.line) == ("0", "1.00", 4)
    assert first.note is not None
    assert "X12,00" in str(first.note)
    assert keys(parsed.warnings) == ["without_amount"]


def test_references() -> None:
    assert entry(":61:260201C1,00NTRFCUST/1//BANK 7").details == {
        "bank_reference": "BANK 7", "customer_reference": "CUST/1", "code": "NTRF",
    }  # fmt: skip
    assert entry(":61:260201C1,00NTRFNONREF").reference == ""
    assert entry(":61:260201C1,00NTRFKREF+//B", ":86:166?20KREF+K1").reference == "B"


def test_an_iban_in_the_tail_is_the_other_account() -> None:
    found = entry(":61:260201C500,00NOVBNL91ABNA0417164300\nJ. JANSEN", ":86:PAYMENT 12")
    assert (found.payer_account, found.payer_name) == ("NL91ABNA0417164300", "J. JANSEN")
    assert (found.remittance_info, found.reference) == ("PAYMENT 12", "")


def test_lines_below_61_are_kept_and_tell_charges() -> None:
    found = entry(":61:260201C88,00NTRFX//B\n/OCMT/USD100,00/CHGS/EUR2,00", ":86:INVOICE 7")
    assert (found.remittance_info, found.details["fee"]) == ("INVOICE 7", Decimal("2.00"))
    assert (
        entry(":61:260201C88,00NTRFX\nBOOKED TEXT", ":86:INVOICE 7").remittance_info
        == "INVOICE 7 BOOKED TEXT"
    )


class TestGerman:
    def test_keywords_break_across_fields(self) -> None:
        found = entry(
            ":61:260201C1,00NTRFX",
            ":86:166?00SEPA CREDIT?109310?20EREF+A-LONG-REFERENCE-00012?2134 MREF+M1SV",
            "?22WZ+PAYMENT FOR INV 2026-000?23123 AND 2026-0124?30DEUTDEFF?31DE445001",
            "05175407324931?32A NAME OF SEVEN AND TWENTY ??33S",
        )
        assert found.details["end_to_end"] == "A-LONG-REFERENCE-0001234"
        assert found.remittance_info.startswith("PAYMENT FOR INV 2026-000")
        assert found.payer_account == "DE44500105175407324931"
        assert found.payer_name.startswith("A NAME OF SEVEN AND TWENTY")

    def test_full_fields_run_on_and_short_ones_do_not(self) -> None:
        full = "SVWZ+INVOICE 2026-000000001"
        found = entry(":61:260201C1,00NTRFX", f":86:166?20{full}?212?22NEXT")
        assert len(full) == 27
        assert found.remittance_info == "INVOICE 2026-0000000012 NEXT"

    @pytest.mark.parametrize("sign", ["?", "~", "^", "<", "@"])
    def test_any_sign_parts_the_fields(self, sign: str) -> None:
        text = "020?00TRANSFER?20INVOICE 7?21AND 8?30BANK?31ACCOUNT?32NAME?33MORE?60LAST".replace("?", sign)
        found = entry(":61:260201C1,00NTRFX", f":86:{text}")
        assert (found.remittance_info, found.payer_name) == ("INVOICE 7 AND 8 LAST", "NAME MORE")
        assert (found.payer_account, found.details["payer_bank"]) == ("ACCOUNT", "BANK")

    def test_on_whose_behalf(self) -> None:
        found = entry(":61:260201C1,00NTRFX", ":86:166?20SVWZ+INV 1?21ABWA+MOTHER AG?32DAUGHTER GMBH")
        assert (found.payer_name, found.details["ultimate_payer"]) == ("DAUGHTER GMBH", "MOTHER AG")

    def test_returns(self) -> None:
        assert entry(":61:260201D1,00NRTI", ":86:109?20SVWZ+RETURNED").reversal
        assert entry(":61:260201D1,00NTRF", ":86:177?20SVWZ+X?34914").reversal
        assert not entry(":61:260201D1,00NTRF", ":86:177?20SVWZ+X?34997").reversal

    def test_not_provided_is_no_reference(self) -> None:
        assert (
            "end_to_end" not in entry(":61:260201C1,00NTRFX", ":86:166?20EREF+NOTPROVIDED?21SVWZ+X").details
        )


class TestWords:
    def test_counterparty_in_one(self) -> None:
        found = entry(
            ":61:260201C1,00NTRFEREF//9001",
            ":86:/EREF/ORDER-7//CNTP/NL91ABNA0417164300/ABNANL2A/J. JAN",
            "SEN B.V.///REMI/USTD//INVOICE 2026/7//",
        )
        assert (found.payer_account, found.details["payer_bank"]) == ("NL91ABNA0417164300", "ABNANL2A")
        assert (found.payer_name, found.remittance_info) == ("J. JANSEN B.V.", "INVOICE 2026/7")
        assert (found.details["end_to_end"], found.reference) == ("ORDER-7", "9001")

    def test_parties_with_names_of_their_own(self) -> None:
        found = entry(":61:260201C1,00NTRFX", ":86:/EREF/E1/ORDP//NAME/JANSEN/REMI/INV 7/ISDT/2026-02-01")
        assert (found.payer_name, found.remittance_info) == ("JANSEN", "INV 7")
        found = entry(":61:260201D1,00NTRFX", ":86:/PREF/P/BENM//NAME/PIET/REMI/INV 8")
        assert (found.payer_name, found.remittance_info) == ("PIET", "INV 8")

    def test_transfer_words(self) -> None:
        found = entry(
            ":61:260201C1,00NTRFX",
            ":86:/TRTP/SEPA TRANSFER/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/JANSEN",
            " B.V./REMI/INV 9/EREF/NOTPROVIDED",
        )
        assert (found.payer_account, found.payer_name) == ("NL91ABNA0417164300", "JANSEN B.V.")
        assert (found.remittance_info, "end_to_end" in found.details) == ("INV 9", False)

    def test_american_words(self) -> None:
        found = entry(":61:260201CD1,00NTRFX", ":86:/PT/FT/PY/INVOICE 4711/BO/ACME INC")
        assert (found.remittance_info, found.payer_name) == ("INVOICE 4711", "ACME INC")


def test_polish_words() -> None:
    found = entry(":61:260201C1,00NTRFX", ":86:TRANSFER; OD: 11114020040000300201355387 KOWALSKI SP. Z O.O.;",
                  "TYT.: FAKTURA 7/2026; TNR: 123.456")  # fmt: skip
    assert (found.payer_account, found.payer_name) == ("11114020040000300201355387", "KOWALSKI SP. Z O.O.")
    assert found.remittance_info == "FAKTURA 7/2026"


def test_dutch_words() -> None:
    found = entry(":61:260201C1,00N196NONREF", ":86:SEPA IDEAL               IBAN: NL91ABNA0417164300",
                  "BIC: ABNANL2A                    NAAM: J. JANSEN",
                  "OMSCHRIJVING: INVOICE 7          KENMERK: 01-02-2026 12:00 77")  # fmt: skip
    assert (found.payer_account, found.payer_name) == ("NL91ABNA0417164300", "J. JANSEN")
    assert (found.remittance_info, found.details["payer_bank"]) == ("INVOICE 7", "ABNANL2A")
    assert found.details["end_to_end"] == "01-02-2026 12:00 77"


def test_the_account_may_stand_below_the_entry() -> None:
    found = entry(
        ":61:260201D000000000050,97NIC MARF\nNL91ABNA0417164300", ":86:/BENM//NAME/JANSEN/REMI/INV 7"
    )
    assert (found.payer_account, found.payer_name, found.reference) == ("NL91ABNA0417164300", "JANSEN", "")
    assert (found.remittance_info, str(found.amount)) == ("INV 7", "-50.97")


def test_zeros_are_no_day_and_no_reference() -> None:
    found = entry(":61:2602010000C1,00NTRF0000000000//00000")
    assert (found.booked_on, found.reference, found.note) == (date(2026, 2, 1), "", None)


def test_free_text() -> None:
    found = entry(":61:260201C1,00NTRFX", ":86:PAYMENT FOR   INVOICE 7", "  AND INVOICE 8 ")
    assert (found.remittance_info, found.payer_name) == ("PAYMENT FOR INVOICE 7 AND INVOICE 8", "")
    found = entry(":61:260201C1,00NTRFX", ":86:NL91ABNA0417164300 J. JANSEN", "INVOICE 7")
    assert (found.payer_account, found.payer_name) == ("NL91ABNA0417164300", "J. JANSEN")


def test_text_before_the_first_entry_belongs_to_the_statement() -> None:
    parsed = parse(
        mt(":86:OUR ADDRESS", ":61:260201C1,00NTRFA", ":86:INV 1", ":62F:C260201EUR1,00", ":86:SUM/1")
    )
    assert [one.remittance_info for one in entries(parsed)] == ["INV 1"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("", "-"),
        ("{1:F01BANKDEFFXXXX0000000000}{2:O9400600260204BANKDEFFXXXX0}{4:", "-}"),
        ("{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{3:{108:X}}{4:", "-}{5:{CHK:123456789ABC}}"),
        ("BANKDEFF\n940\nBANKDEFF", "-"),
        ("\n  \n", "\n\n"),
    ],
)
def test_headers_and_wrappers(before: str, after: str, end: str) -> None:
    body = MT940.decode().removesuffix("-\n")
    content = "\n".join([before, body + after]).replace("\n", end).encode()
    assert amounts(content) == ["250.00", "-40.50", "10.00"]
    assert not parse(content).warnings


def test_several_accounts_and_statements() -> None:
    second = MT940.replace(b"202051", b"999999").replace(b"EUR", b"USD")
    found = parse(MT940 + second + MT940)
    assert [one.account for one in found.statements] == [
        "DE02120300000000202051", "DE02120300000000999999", "DE02120300000000202051",
    ]  # fmt: skip
    assert [one.currency for one in found.statements] == ["EUR", "USD", "EUR"]
    assert [len(one.entries) for one in found.statements] == [3, 3, 3]


def test_accounts_without_a_reference_of_their_own() -> None:
    content = (
        b":20:ALL\n:25:A1\n:60F:C260201EUR0,00\n:61:260201C1,00NTRF\n:62F:C260201EUR1,00\n"
        b":25:A2\n:60F:C260201USD0,00\n:61:260201C2,00NTRF\n:62F:C260201USD2,00\n"
    )
    assert [(one.account, str(one.closing)) for one in parse(content).statements] == [
        ("A1", "1.00"),
        ("A2", "2.00"),
    ]


def test_pages_of_one_statement() -> None:
    content = (
        b":20:P1\n:25:A\n:28C:7/1\n:60F:C260201EUR0,00\n:61:260201C1,00NTRF\n:62M:C260201EUR1,00\n-\n"
        b":20:P2\n:25:A\n:28C:7/2\n:60M:C260201EUR1,00\n:61:260201C2,00NTRF\n:62M:C260201EUR3,00\n-\n"
        b":20:P3\n:25:A\n:28C:7/3\n:60M:C260201EUR3,00\n:61:260201D1,00NTRF\n:62F:C260201EUR2,00\n-\n"
    )
    parsed = parse(content)
    [statement] = parsed.statements
    assert (str(statement.opening), str(statement.closing), len(statement.entries)) == ("0.00", "2.00", 3)
    assert not parsed.warnings + parsed.errors


def test_a_page_that_is_missing_is_said() -> None:
    first = b":20:P1\n:25:A\n:60F:C260201EUR0,00\n:61:260201C1,00NTRF\n:62M:C260201EUR1,00\n-\n"
    second = b":20:P2\n:25:A\n:60M:C260201EUR1,00\n:61:260201C2,00NTRF\n:62F:C260201EUR3,00\n-\n"
    assert keys(parse(first).warnings) == ["page_missing"]
    assert keys(parse(second).warnings) == ["page_missing"]
    assert keys(parse(first + second).warnings) == []
    other = second.replace(b":25:A", b":25:B")
    assert keys(parse(first + other).warnings) == ["page_missing", "page_missing"]


def test_a_torn_statement_before_a_whole_one_is_said() -> None:
    parsed = parse(MT940[: MT940.index(b":62F:")] + MT940)
    assert ([len(one.entries) for one in parsed.statements], keys(parsed.warnings)) == ([3, 3], ["cut_short"])


@pytest.mark.parametrize("balance", ["null", "", "C260201EURnull"])
def test_balances_that_say_nothing(balance: str) -> None:
    parsed = parse(mt(":61:260201C1,00NTRF", ":62F:C260201EUR1,00", opening=balance))
    [statement] = parsed.statements
    assert (statement.opening, str(statement.closing), len(statement.entries)) == (None, "1.00", 1)
    assert not parsed.errors


def test_a_statement_without_balances() -> None:
    parsed = parse(b":20:X\n:25:A\n:61:260201C1,00NTRF\n:86:INV 1\n:61:260201D2,00NTRF\n:86:INV 2\n")
    assert [str(one.amount) for one in entries(parsed)] == ["1.00", "-2.00"]
    assert (keys(parsed.warnings), parsed.errors) == (["not_closed"], [])


def test_an_overdrawn_account() -> None:
    parsed = parse(mt(":61:260201C30,00NTRF", ":62F:C260201EUR20,00", opening="D260201EUR10,00"))
    assert (parsed.statements[0].opening, parsed.warnings) == (Decimal("-10.00"), [])


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("utf-8", "Müller & Søn"),
        ("cp1252", "Müller Übersee AG"),
        ("cp1252", "Société Générale à Besançon"),
        ("iso-8859-2", "Żółta Łódź Spółka"),
        ("cp852", "Żółta Łódź Spółka"),
        ("cp1250", "Příliš žluťoučký kůň"),
        ("gb18030", "北京某某科技有限公司"),
        ("cp1251", "ООО Ромашка"),
    ],
)
def test_charsets(charset: str, name: str) -> None:
    content = mt(":61:260201C1,00NTRF", f":86:166?20SVWZ+X?32{name}", charset=charset)
    assert only(content).payer_name == name


class TestIntraday:
    def test_a_report(self) -> None:
        parsed = parse(MT942)
        [statement] = parsed.statements
        assert (parsed.form, statement.currency, statement.opening) == ("mt942", "EUR", None)
        assert (statement.declared.credits, statement.declared.credit_sum) == (1, Decimal("250.00"))
        assert [str(one.amount) for one in statement.entries] == ["250.00"]

    def test_sums_that_differ_are_said(self) -> None:
        parsed = parse(MT942.replace(b":90C:1EUR250,00", b":90C:2EUR260,00"))
        assert keys(parsed.warnings) == ["differs_credits", "differs_credit_sum"]


def test_a_wrong_closing_balance_is_a_warning() -> None:
    parsed = parse(MT940.replace(b"1219,50", b"1219,60"))
    assert (keys(parsed.warnings), len(entries(parsed)), parsed.errors) == (["balance_differs"], 3, [])
    assert "0.10" in str(parsed.warnings[0])
