"""camt.052, 053 and 054: versions, batches, parties, and files that are not what they should be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.statements.model import Entry, Parsed
from connectors.statements.parse import parse
from tests.connectors.statements.samples import CAMT, amounts, entries, keys, only

KINDS = {
    "camt.052.001.01": ("BkToCstmrAcctRptV01", "Rpt"),
    "camt.052.001.08": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053.001.02": ("BkToCstmrStmt", "Stmt"),
    "camt.054.001.04": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}


def camt(*inner: str, version: str = "camt.053.001.08", prefix: str = "") -> bytes:
    root, account = KINDS.get(version, KINDS["camt.053.001.02"])
    space = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    body = "".join(inner).replace("</", "\0").replace("<", f"<{prefix}").replace("\0", f"</{prefix}")
    return (
        f'<{prefix}Document {space}="urn:iso:std:iso:20022:tech:xsd:{version}"><{prefix}{root}>\n'
        f"<{prefix}{account}>\n{body}\n</{prefix}{account}>\n</{prefix}{root}></{prefix}Document>"
    ).encode()


def ntry(
    *inner: str, amount: str = "100.00", mark: str = "CRDT", status: str = "<Sts><Cd>BOOK</Cd></Sts>"
) -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>2026-02-02</Dt></BookgDt>{''.join(inner)}</Ntry>"
    )


def details(*inner: str) -> str:
    return f"<NtryDtls><TxDtls>{''.join(inner)}</TxDtls></NtryDtls>"


def batch(*amounts: str, own: str = "EUR") -> str:
    inner = (
        f'<TxDtls><Refs><EndToEndId>E{number}</EndToEndId></Refs><Amt Ccy="{own}">{amount}</Amt>'
        f"<RmtInf><Ustrd>INV {number}</Ustrd></RmtInf></TxDtls>"
        for number, amount in enumerate(amounts, 1)
    )
    return f"<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls>{''.join(inner)}</NtryDtls>"


def of(*inner: str, **more: str) -> Entry:
    return only(camt(ntry(*inner, **more)))


def read(*inner: str) -> Parsed:
    return parse(camt(*inner))


def test_a_statement() -> None:
    parsed = parse(CAMT)
    [statement] = parsed.statements
    assert (parsed.form, statement.account) == ("camt.053.001.02", "DE02120300000000202051")
    assert (statement.opening, statement.closing) == (Decimal("1000.00"), Decimal("1209.50"))
    first, second = statement.entries
    assert (first.payer_name, first.payer_account) == ("North Tools GmbH", "DE44500105175407324931")
    assert (first.reference, first.details["end_to_end"], first.line) == ("BANK-1", "SO-1001", 11)
    assert (second.amount, second.remittance_info) == (Decimal("-40.50"), "ACCOUNT FEE JANUARY")


@pytest.mark.parametrize("version", KINDS)
@pytest.mark.parametrize("prefix", ["", "ns2:"])
def test_every_message_and_namespace(version: str, prefix: str) -> None:
    parsed = parse(camt(ntry(status="<Sts>BOOK</Sts>"), version=version, prefix=prefix))
    assert (parsed.form, [str(one.amount) for one in entries(parsed)]) == (version, ["100.00"])


def test_without_a_namespace() -> None:
    assert amounts(CAMT.replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"', b"")) == [
        "250.00",
        "-40.50",
    ]


class TestBatches:
    def test_details_that_add_up_are_entries(self) -> None:
        parsed = read("<TxsSummry><TtlNtries><NbOfNtries>1</NbOfNtries></TtlNtries></TxsSummry>",
                      ntry(batch("30.00", "70.00")))  # fmt: skip
        assert [(str(one.amount), one.details["end_to_end"]) for one in entries(parsed)] == [
            ("30.00", "E1"), ("70.00", "E2"),
        ]  # fmt: skip
        assert {one.details["batch"] for one in entries(parsed)} == {"B1"}
        assert not parsed.warnings

    def test_a_debited_batch(self) -> None:
        parsed = read(ntry(batch("30.00", "70.00"), mark="DBIT"))
        assert [str(one.amount) for one in entries(parsed)] == ["-30.00", "-70.00"]

    @pytest.mark.parametrize(
        "inner", [batch("30.00", "60.00"), batch("0.00", "0.00"), batch("30.00", "70.00", own="USD")]
    )
    def test_details_that_do_not_add_up_are_not_trusted(self, inner: str) -> None:
        found = of(inner)
        assert (found.amount, found.remittance_info) == (Decimal("100.00"), "INV 1 INV 2")
        assert found.note is not None
        assert found.note.key == "statements.details_differ"

    def test_one_detail_tells_who_but_not_how_much(self) -> None:
        found = of(details('<Amt Ccy="USD">0</Amt><RmtInf><Ustrd>INV 7</Ustrd></RmtInf>'))
        assert (found.amount, found.currency, found.remittance_info) == (Decimal("100.00"), "EUR", "INV 7")

    def test_one_detail_of_many_says_nothing_of_the_whole(self) -> None:
        one = "<Btch><NbOfTxs>5</NbOfTxs></Btch><TxDtls><RmtInf><Ustrd>INV 7</Ustrd></RmtInf></TxDtls>"
        found = of(f"<NtryDtls>{one}</NtryDtls>")
        assert (str(found.amount), found.note is not None) == ("100.00", True)

    def test_amounts_below_amount_details(self) -> None:
        inner = "".join(
            f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls></TxDtls>'
            for amount in ("30.00", "70.00")
        )
        assert [str(one.amount) for one in entries(read(ntry(f"<NtryDtls>{inner}</NtryDtls>")))] == [
            "30.00",
            "70.00",
        ]


class TestDirection:
    @pytest.mark.parametrize(("mark", "amount"), [("CRDT", "100.00"), ("DBIT", "-100.00")])
    def test_a_reversal_does_not_turn_it_round(self, mark: str, amount: str) -> None:
        found = of("<RvslInd>true</RvslInd>", mark=mark)
        assert (str(found.amount), found.reversal) == (amount, True)

    def test_a_return_is_a_reversal(self) -> None:
        found = of(details("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"), mark="DBIT")
        assert (found.reversal, found.details["return_reason"]) == (True, "AC04")

    @pytest.mark.parametrize("mark", ["", "CREDIT"])
    def test_none_is_noted(self, mark: str) -> None:
        found = of(mark=mark)
        assert (str(found.amount), str(found.note)[:7]) == ("0", "Line 3:")


@pytest.mark.parametrize("status", ["<Sts>PDNG</Sts>", "<Sts><Cd>PDNG</Cd></Sts>", "<Sts>INFO</Sts>"])
def test_what_is_not_booked_is_said_and_not_counted(status: str) -> None:
    parsed = read(ntry(status=status), ntry(amount="7.00"))
    assert [str(one.amount) for one in entries(parsed)] == ["7.00"]
    assert keys(parsed.warnings) == ["not_booked"]


class TestParties:
    OLD = (
        "<RltdPties><Dbtr><Nm>D</Nm></Dbtr><DbtrAcct><Id><IBAN>DE 1</IBAN></Id></DbtrAcct>"
        "<Cdtr><Nm>C</Nm></Cdtr></RltdPties>"
    )
    NEW = (
        "<RltdPties><Dbtr><Pty><Nm>D</Nm></Pty></Dbtr>"
        "<UltmtDbtr><Pty><Nm>U</Nm></Pty></UltmtDbtr></RltdPties>"
    )

    def test_of_a_credit_it_is_the_debtor(self) -> None:
        found = of(details(self.OLD))
        assert (found.payer_name, found.payer_account) == ("D", "DE1")

    def test_of_a_debit_it_is_the_creditor(self) -> None:
        assert of(details(self.OLD), mark="DBIT").payer_name == "C"

    def test_on_whose_behalf(self) -> None:
        found = of(details(self.NEW))
        assert (found.payer_name, found.details["ultimate_payer"]) == ("D", "U")
        assert of(details(self.NEW.replace("<Dbtr><Pty><Nm>D</Nm></Pty></Dbtr>", ""))).payer_name == "U"

    def test_our_own_account_is_never_the_other_side(self) -> None:
        inner = self.OLD.replace("DE 1", "DE02120300000000202051")
        parsed = read("<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>", ntry(details(inner)))
        assert entries(parsed)[0].payer_name == "C"

    def test_the_bank(self) -> None:
        agent = "<RltdAgts><DbtrAgt><FinInstnId><BICFI>DEUTDEFF</BICFI></FinInstnId></DbtrAgt></RltdAgts>"
        assert of(details(agent)).details["payer_bank"] == "DEUTDEFF"


def test_structured_and_plain_remittance() -> None:
    inner = (
        "<RmtInf><Ustrd>INV 7</Ustrd><Ustrd>INV 8</Ustrd><Strd><RfrdDocInf><Nb>9</Nb></RfrdDocInf>"
        "<CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf>"
    )
    found = of(details(inner))
    assert (found.remittance_info, found.details["structured"]) == ("INV 7 INV 8 RF18 9", "RF18")


def test_references() -> None:
    assert of("<NtryRef>1</NtryRef>").reference == ""  # a number on the page
    assert of("<NtryRef>20260202-77</NtryRef>").reference == "20260202-77"
    found = of(details("<Refs><EndToEndId>NOTPROVIDED</EndToEndId><TxId>T</TxId></Refs>"))
    assert (found.reference, found.details) == ("", {"transaction": "T"})


@pytest.mark.parametrize(
    "charges",
    ['<Chrgs><TtlChrgsAndTaxAmt>9</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy="EUR">2.50</Amt></Rcrd></Chrgs>',
     '<Chrgs><Amt Ccy="EUR">2.50</Amt></Chrgs>'],
)  # fmt: skip
def test_charges(charges: str) -> None:
    assert of(details(charges)).details["fee"] == Decimal("2.50")


def test_days() -> None:
    found = of("<ValDt><DtTm>2026-02-03T23:30:00-05:00</DtTm></ValDt>")
    assert found.value_date == date(2026, 2, 3)
    found = only(camt(ntry().replace("2026-02-02", "2026-02-30")))
    assert (found.booked_on, str(found.note)[:7]) == (date(2026, 2, 28), "Line 3:")
    found = only(camt(ntry().replace("2026-02-02", "soon")))
    assert (found.booked_on, found.note is None) == (None, False)


def test_interim_balances() -> None:
    balance = (
        '<Bal><Tp><CdOrPrtry><Cd>ITBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><DtTm>2026-02-02T10:00:00</DtTm></Dt></Bal>"
    )
    [statement] = read(balance.format("1.00"), balance.format("101.00"), ntry()).statements
    assert (statement.opening, statement.closing) == (Decimal("1.00"), Decimal("101.00"))
    [statement] = read(balance.format("101.00"), ntry()).statements
    assert (statement.opening, statement.closing) == (None, Decimal("101.00"))


def test_declared_sums() -> None:
    credits = "<TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>90</Sum></TtlCdtNtries>"
    said = f"<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries>{credits}</TxsSummry>"
    assert keys(read(said, ntry()).warnings) == ["differs_entries", "differs_credit_sum"]


def test_a_message_in_another_charset_than_it_says() -> None:
    told = CAMT.decode().replace("North", "Nörd")
    for charset in ("cp1252", "utf-16", "utf-8"):
        assert entries(parse(told.encode(charset)))[0].payer_name == "Nörd Tools GmbH"
    latin = told.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').encode("iso-8859-1")
    assert entries(parse(latin))[0].payer_name == "Nörd Tools GmbH"


def test_entities_are_not_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
    parsed = parse(CAMT.replace(b"<Document", bomb + b"<Document").replace(b"North", b"&a;&b;"))
    assert (parsed.statements, keys(parsed.errors)) == ([], ["xml_with_dtd"])


def test_a_fault_in_the_midst_keeps_what_is_whole_before() -> None:
    parsed = parse(CAMT.replace(b"<AddtlNtryInf>", b"<AddtlNtryInf><"))
    assert ([str(one.amount) for one in entries(parsed)], keys(parsed.errors)) == (["250.00"], ["bad_xml"])
    assert parsed.errors[0].line == 19


def test_a_declared_count_tells_what_a_torn_file_lacks() -> None:
    parsed = parse(CAMT[: CAMT.index(b"<AddtlNtryInf>")])
    assert (len(entries(parsed)), keys(parsed.errors)) == (1, ["torn"])
    assert "differs_entries" in keys(parsed.warnings)


def bal(code: str, amount: str, currency: str = "EUR", day: str = "2026-02-02") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def test_balances_in_a_second_currency_are_not_those_of_the_account() -> None:
    parsed = read(bal("OPBD", "0"), bal("CLBD", "100.00"), bal("CLBD", "93.00", "CHF"), ntry())
    [statement] = parsed.statements
    assert (statement.closing, parsed.warnings) == (Decimal("100.00"), [])


def test_entries_without_a_day_have_that_of_a_statement_of_one_day() -> None:
    bare = ntry().replace("<BookgDt><Dt>2026-02-02</Dt></BookgDt>", "")
    parsed = read(bal("OPBD", "0"), bal("CLBD", "100.00"), bare)
    [found] = entries(parsed)
    assert (found.booked_on, found.note, keys(parsed.warnings)) == (date(2026, 2, 2), None, ["day_taken"])
    [other] = entries(read(bal("OPBD", "0", day="2026-02-01"), bal("CLBD", "100.00"), bare))
    assert (other.booked_on, other.note is not None) == (None, True)
