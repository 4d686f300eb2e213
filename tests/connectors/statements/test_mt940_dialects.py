"""MT940 as banks' programs write it beside the rules: own fields, torn ends, lines cut at a width."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.statements.identity import identities
from connectors.statements.parse import parse
from tests.connectors.statements.samples import entries, keys, only
from tests.connectors.statements.test_mt940 import entry, mt

HEAD = ":20:X\n:25:ACCOUNT\n:60F:C260201EUR0,00\n"
NUMBERED = ":61:260201C5,00NTRFNONREF//BANK-9\n:86:INVOICE 7\n"


class TestTheLastStatementIsNotClosed:
    """Beside one that is: so the file may be torn."""

    before = mt(":61:260131C1,00NTRFNONREF//BANK-1", ":62F:C260131EUR1,00").decode()

    def test_an_entry_that_the_bank_numbers_is_kept_and_said(self) -> None:
        parsed = parse((self.before + HEAD + NUMBERED).encode())
        assert [str(one.amount) for one in entries(parsed)] == ["1.00", "5.00"]
        assert (keys(parsed.warnings), keys(parsed.errors)) == (["last_kept"], ["torn"])
        assert parsed.warnings[0].line == 10

    def test_it_is_the_same_entry_when_the_file_comes_whole(self) -> None:
        torn = parse((self.before + HEAD + NUMBERED).encode()).statements[1]
        whole = parse(
            (self.before + HEAD + NUMBERED + "AND MORE\n:62F:C260201EUR5,00\n-\n").encode()
        ).statements[1]
        assert identities(torn) == identities(whole)

    @pytest.mark.parametrize(
        "last",
        [
            ":61:260201C5,00NTRFNONREF\n:86:INVOICE 7\n",  # the text is part of what it is known by
            ":61:260201C5,00NTRFNONREF//BANK-9\n",  # its text is still to come
            ":61:260201C5,00NTRFNONREF//BANK-9\n:86:INVOICE 7",  # may be INVOICE 77
            ":61:260201C5,00NTRFNONREF//BANK-9\n:86:" + "INVOICES " * 7 + "\n",  # a full line goes on
        ],
    )
    def test_one_that_may_be_cut_is_not(self, last: str) -> None:
        parsed = parse((self.before + HEAD + last).encode())
        assert ([str(one.amount) for one in entries(parsed)], keys(parsed.errors)) == (["1.00"], ["torn"])

    @pytest.mark.parametrize("tag", ["64", "65", "65F"])
    def test_a_later_balance_closes_it(self, tag: str) -> None:
        last = f":61:260201C5,00NTRFNONREF\n:86:INVOICE 7\n:{tag}:C260202EUR5,00\n"
        parsed = parse((self.before + HEAD + last).encode())
        assert ([str(one.amount) for one in entries(parsed)], parsed.errors) == (["1.00", "5.00"], [])
        assert keys(parsed.warnings) == ["not_closed"]

    def test_an_entry_behind_the_end_is_cut_with_its_line(self) -> None:
        parsed = parse(self.before.encode() + b":61:260201C5,00NTRFNONREF//BAN")
        assert (len(entries(parsed)), keys(parsed.errors)) == (1, ["torn"])


def test_a_balance_without_its_colon() -> None:
    parsed = parse(mt(":61:260201C5,00NTRF", ":86:166?20INV 7?32NORTH", ":62FC260201EUR5,00"))
    [statement] = parsed.statements
    assert (statement.closing, statement.entries[0].payer_name) == (Decimal("5.00"), "NORTH")
    assert not parsed.warnings


def test_a_programs_own_field_tells_who_and_why() -> None:
    own = (":NS:01ORDER SO-1001", "02SECOND LINE", "15NORTH TOOLS AND MACHINES LTD", "16D", "17CREDIT",
           "3310918001", "340000004279070017")  # fmt: skip
    found = entry(":61:260201C5,00NTRFNONREF", *own)
    assert (found.payer_name, found.payer_account) == ("NORTH TOOLS AND MACHINES LTDD", "0000004279070017")
    assert (found.remittance_info, found.details["payer_bank"]) == ("ORDER SO-1001 SECOND LINE", "10918001")
    assert entry(":61:260201C5,00NTRFNONREF", ":NS:17CREDIT").remittance_info == "CREDIT"


def test_field_86_comes_before_a_programs_own_field() -> None:
    found = entry(":61:260201C5,00NTRFNONREF", ":NS:01My Street 7", ":86:>20INVOICE 7>32NORTH")
    assert (found.remittance_info, found.payer_name) == ("INVOICE 7", "NORTH")


class TestLinesThatAreCut:
    def test_a_full_line_runs_on(self) -> None:
        first = "PAYMENT OF THE ORDERS SO-1001 SO-1002 SO-1003 SO-1004 AND INV-202"
        assert len(first) == 65
        found = entry(":61:260201C5,00NTRF", f":86:{first}", "60077 THANK YOU")
        assert found.remittance_info.endswith("AND INV-20260077 THANK YOU")

    def test_not_where_lines_end_with_their_words(self) -> None:
        rows = ("PAYMENT OF THE ORDERS SO-1001 SO-1002 SO-1003 SO-1004 AND ALSO OF",
                "TWO THAT CAME LATER, NAMELY THOSE OF THE SECOND FULL WEEK OF",
                "FEBRUARY, NUMBERED")  # fmt: skip
        assert len(rows[0]) == 65
        assert "ALSO OF TWO" in entry(":61:260201C5,00NTRF", f":86:{rows[0]}", *rows[1:]).remittance_info

    def test_a_short_line_ends(self) -> None:
        assert entry(":61:260201C5,00NTRF", ":86:INVOICE", "7").remittance_info == "INVOICE 7"


class TestWords:
    def test_the_first_may_be_one_of_the_banks_own(self) -> None:
        found = entry(
            ":61:260201C5,00NTRF", ":86:/INSB//100924 NORTH BANK", "/ORDP/NORTH TOOLS", "/REMI/INVOICE 7"
        )
        assert (found.payer_name, found.remittance_info) == ("NORTH TOOLS", "INVOICE 7")

    def test_a_type_of_bai(self) -> None:
        found = entry(
            ":61:260201C5,00NTRF", ":86:/BAI/399/MISCELLANEOUS CREDIT", "/ORDP/NORTH", "/ACNO/12-30-77"
        )
        assert (found.payer_name, found.payer_account, found.details["code"]) == ("NORTH", "12-30-77", "399")
        assert found.remittance_info == "MISCELLANEOUS CREDIT"

    def test_dutch_account_and_name_in_one_line(self) -> None:
        found = entry(":61:260201C5,00NTRF", ":86:FACTUUR 7, 8", "REK: NL91ABNA0417164300/NAAM: JANSEN")
        assert (found.payer_account, found.payer_name) == ("NL91ABNA0417164300", "JANSEN")
        assert found.remittance_info.startswith("FACTUUR 7, 8")

    def test_swiss_words(self) -> None:
        found = entry(":61:260201C5,00NTRF", ":86:GIRO AUFTRAGGEBER: NORTH TOOLS MITTEILUNGEN: INVOICE 7")
        assert (found.payer_name, found.remittance_info) == ("NORTH TOOLS", "INVOICE 7")


def test_a_code_before_free_text() -> None:
    found = entry(":61:260201C5,00NTRF", ":86:Z46?North Tools AG", "INVOICE 7")
    assert (found.payer_name, found.details["code"]) == ("North Tools AG", "Z46")
    assert found.remittance_info == "North Tools AG INVOICE 7"
    alone = entry(":61:260201D5,00NTRF", ":86:Y92?Balance of prices")
    assert (alone.payer_name, alone.remittance_info) == ("", "Balance of prices")
    plain = entry(":61:260201C5,00NTRF", ":86:999Invoice 7")
    assert (plain.remittance_info, plain.details["code"]) == ("Invoice 7", "999")


def test_the_account_may_stand_where_the_name_goes_on() -> None:
    found = entry(
        ":61:260201C5,00NTRF", ":86:035~20INVOICE 7~32NORTH TOOLS    ~33RO49AAAA1B31007593840000~60   ~61 ~"
    )
    assert (found.payer_name, found.payer_account) == ("NORTH TOOLS", "RO49AAAA1B31007593840000")
    assert found.remittance_info == "INVOICE 7"
    assert entry(":61:260201C5,00NTRF", ":86:000+20X+32NORTH+33/").payer_name == "NORTH"


def test_code_words_behind_the_banks_reference_are_not_part_of_it() -> None:
    found = entry(":61:260201D5,00NCOMNONREF          //BANK-9/CHGS/EUR0,50/", ":86:FEE")
    assert (found.details["bank_reference"], found.details["fee"]) == ("BANK-9", Decimal("0.50"))


def test_a_row_that_moves_no_money_says_so() -> None:
    found = only(mt(":61:260201C0,00NCHGNONREF//BANK-9", ":86:CLOSING"))
    assert found.note is not None
    assert (str(found.amount), found.note.key) == ("0.00", "exports.no_amount")
