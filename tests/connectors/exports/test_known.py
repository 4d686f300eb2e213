"""Exports that OrderHub knows, in every container and charset that they come in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.statements.exports import built_in, read_export
from connectors.statements.model import Parsed
from tests.connectors.exports.containers import SAMPLES, TEXTS, page, table, xls, xlsx

AMOUNTS = {
    "icbc_personal": ["12500.00", "-88.50", "300.00"],
    "ccb_corporate": ["50000.00", "-1200.00", "1200.00"],
    "ccb_personal": ["800.00", "-45.60"],
    "ccb_personal_xls": ["800.00", "-45.60"],
    "cgb_credit": ["300.00", "-18.80"],
    "cmb_personal": ["5000.00", "-20.00"],
    "boc_personal": ["300.00", "-12.80"],
    "abc_personal": ["2000.00", "0.50", "-99.90"],
    "bocom_personal": ["700.00", "-50.00"],
    "spdb_personal": ["1100.00", "-100.00"],
    "alipay_personal": ["-35.50", "200.00", "0", "0"],
    "alipay_personal_old": ["-12.00", "0", "80.00"],
    "wechat_personal": ["-18.00", "18.00", "100.00", "0"],
    "alipay_merchant": ["100.00", "250.00", "-40.00"],
    "alipay_account": ["100.00", "-0.60", "-40.00"],
    "alipay_moves": ["100.00", "-0.60", "-40.00"],
    "wechat_fundflow": ["100.00", "-0.60", "-100.00"],
    "wechat_merchant": ["100.00", "50.00", "-20.00"],
    "wechat_merchant_24": ["100.00", "-20.00"],
}
BALANCES = {
    "icbc_personal": ("1000.00", "13711.50"),
    "ccb_corporate": ("100000.00", "150000.00"),
    "ccb_personal": ("100.00", "854.40"),
    "ccb_personal_xls": ("100.00", "854.40"),
    "cmb_personal": ("1000.00", "5980.00"),
    "boc_personal": ("1000.00", "1287.20"),
    "abc_personal": ("100.50", "2001.10"),
    "bocom_personal": ("100.00", "750.00"),
    "spdb_personal": ("100.00", "1100.00"),
    "alipay_account": ("50.00", "109.40"),
    "alipay_moves": ("50.00", "109.40"),
    "wechat_fundflow": ("50.00", "49.40"),
}


def read(content: bytes) -> Parsed:
    parsed = read_export(content)
    assert parsed is not None
    return parsed


def amounts(parsed: Parsed) -> list[Decimal]:
    return [entry.amount for statement in parsed.statements for entry in statement.entries]


def test_every_profile_has_a_sample() -> None:
    assert {profile.name for profile in built_in()} == SAMPLES.keys() | {"alipay_merchant_summary"}


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_text_is_read_in_every_charset(name: str, charset: str) -> None:
    parsed = read(SAMPLES[name].encode(charset))
    assert parsed.form == f"export:{name}"
    assert amounts(parsed) == [Decimal(one) for one in AMOUNTS[name]]
    assert not parsed.errors
    assert not parsed.warnings


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("name", SAMPLES)
def test_line_ends_do_not_matter(name: str, end: str) -> None:
    parsed = read(SAMPLES[name].replace("\n", end).encode("gb18030"))
    assert amounts(parsed) == [Decimal(one) for one in AMOUNTS[name]]


@pytest.mark.parametrize("name", BALANCES)
def test_opening_and_closing_come_from_the_running_balance(name: str) -> None:
    (statement,) = read(SAMPLES[name].encode()).statements
    assert (str(statement.opening), str(statement.closing)) == BALANCES[name]


@pytest.mark.parametrize("name", BALANCES)
def test_the_same_table_in_any_container(name: str) -> None:
    rows = table(SAMPLES[name])
    wanted = [Decimal(one) for one in AMOUNTS[name]]
    for content in (xlsx(rows), xls(rows), page(rows).encode("gb18030")):
        parsed = read(content)
        assert parsed.form == f"export:{name}"
        assert amounts(parsed) == wanted
        assert not parsed.errors


def test_cells_of_a_workbook_are_dates_and_numbers() -> None:
    head: list[Any] = ["记账日期", "货币", "交易金额", "联机余额", "交易摘要", "对手信息", "客户摘要"]
    rows: list[list[Any]] = [
        head,
        [date(2026, 1, 5), "CNY", 0.1, 1000.1, "汇款", "", ""],
        [date(2026, 1, 6), "CNY", -1000.07, 0.03, "转出", "", ""],
    ]
    for content in (xlsx(rows), xls(rows)):
        (statement,) = read(content).statements
        assert [entry.booked_on for entry in statement.entries] == [date(2026, 1, 5), date(2026, 1, 6)]
        assert [str(entry.amount) for entry in statement.entries] == ["0.1", "-1000.07"]
        assert str(statement.opening) == "1000.0"


def test_numbers_that_a_workbook_has_cut_are_named() -> None:
    rows = table(SAMPLES["ccb_corporate"])
    rows[3][6] = 1102020900000000001
    parsed = read(xlsx(rows))
    assert [(one.key, one.line) for one in parsed.warnings] == [("exports.cut_number", 4)]


def test_two_sheets_are_two_statements() -> None:
    parsed = read(xlsx(table(SAMPLES["boc_personal"]), table(SAMPLES["cmb_personal"])))
    assert [statement.account for statement in parsed.statements] == ["6216000000000002", "6214****6666"]


def test_the_corporate_export_tells_account_party_and_reference() -> None:
    (statement,) = read(SAMPLES["ccb_corporate"].encode("gb18030")).statements
    assert (statement.account, statement.currency) == ("32050100000000000001", "CNY")
    first, _, third = statement.entries
    assert first.booked_on == date(2026, 1, 5)
    assert (first.payer_name, first.payer_account) == ("无锡精工有限公司", "1102020900000000001")
    assert first.remittance_info == "货款 合同HT2026001"
    assert first.reference == "1001-320501A1"
    assert (third.amount, third.reversal) == (Decimal("1200.00"), True)


def test_the_older_header_of_the_corporate_export() -> None:
    parsed = read(TEXTS["ccb_corporate_old"].encode("gb18030"))
    assert parsed.form == "export:ccb_corporate"
    assert amounts(parsed) == [Decimal("50000.00"), Decimal("-1200.00")]
    assert parsed.statements[0].account == "32050100000000000001"


def test_name_and_account_that_run_together_are_parted() -> None:
    (statement,) = read(SAMPLES["cmb_personal"].encode()).statements
    first, second = statement.entries
    assert (first.payer_name, first.payer_account) == ("苏州恒泰机械有限公司", "512900000010101")
    assert (second.payer_name, second.payer_account) == ("某某超市", "")


def test_declared_sums_come_from_the_trailer() -> None:
    (statement,) = read(SAMPLES["icbc_personal"].encode("gb18030")).statements
    declared = statement.declared
    assert (declared.credit_sum, declared.debit_sum) == (Decimal("12800.00"), Decimal("88.50"))
    assert (statement.first_day, statement.last_day) == (date(2026, 1, 1), date(2026, 1, 31))


def test_platform_bills_declare_their_rows() -> None:
    (alipay,) = read(SAMPLES["alipay_personal"].encode("gb18030")).statements
    assert (alipay.declared.entries, alipay.declared.credits, alipay.declared.debits) == (4, 1, 1)
    assert (alipay.declared.credit_sum, alipay.declared.debit_sum) == (Decimal("200.00"), Decimal("35.50"))
    (wechat,) = read(SAMPLES["wechat_merchant"].encode()).statements
    assert (wechat.declared.entries, wechat.declared.credit_sum) == (3, Decimal("150.00"))
    assert (wechat.account, wechat.declared.debit_sum) == ("1900000001", Decimal("20.00"))


def test_rows_that_move_nothing_say_so() -> None:
    (statement,) = read(SAMPLES["alipay_personal"].encode("gb18030")).statements
    notes = [entry.note.key if entry.note else "" for entry in statement.entries]
    assert notes == ["", "", "exports.neutral", "exports.void"]
    (wechat,) = read(SAMPLES["wechat_personal"].encode()).statements
    assert [bool(entry.note) for entry in wechat.entries] == [False, False, False, True]


@pytest.mark.parametrize(
    ("name", "fees"),
    [
        ("alipay_merchant", ["0.60", "1.50", "-0.24"]),
        ("wechat_merchant", ["0.60000", "0.30000", "-0.12000"]),
    ],
)
def test_fees_stand_in_the_details_and_give_the_settlement(name: str, fees: list[str]) -> None:
    (statement,) = read(SAMPLES[name].encode("gb18030")).statements
    assert [str(entry.details["fee"]) for entry in statement.entries] == fees
    net = sum(entry.amount - entry.details["fee"] for entry in statement.entries)
    assert net == {"alipay_merchant": Decimal("308.14"), "wechat_merchant": Decimal("129.22")}[name]


def test_fees_are_costs_whatever_sign_the_bill_gives_them() -> None:
    turned = SAMPLES["alipay_merchant"].replace(",-0.60,", ",0.60,").replace(",0.24,", ",-0.24,")
    (statement,) = read(turned.encode("gbk")).statements
    assert [str(entry.details["fee"]) for entry in statement.entries] == ["0.60", "1.50", "-0.24"]


def test_refunds_are_numbered_by_themselves_and_name_the_order() -> None:
    for name, number, order in (
        ("alipay_merchant", "RF-77", "SO-1001"),
        ("wechat_merchant", "50300000001", "SO-2001"),
    ):
        (statement,) = read(SAMPLES[name].encode()).statements
        refund = statement.entries[-1]
        assert (refund.reference, refund.details["order_no"]) == (number, order)
        assert refund.details["bank_reference"] == statement.entries[0].reference


def test_a_refund_that_failed_moves_nothing() -> None:
    failed = SAMPLES["wechat_merchant_24"].replace("`PROCESSING", "`FAIL")
    (statement,) = read(failed.encode()).statements
    assert statement.entries[1].amount == 0
    assert statement.entries[1].note is not None


def test_the_summary_of_a_bill_has_no_entries_and_says_so() -> None:
    parsed = read(TEXTS["alipay_merchant_summary"].encode("gbk"))
    assert parsed.form == "export:alipay_merchant_summary"
    assert not amounts(parsed)
    assert {one.key for one in parsed.warnings} == {"exports.summary", "exports.no_rows"}
    assert not parsed.errors


def test_a_download_without_rows_says_so() -> None:
    head = SAMPLES["spdb_personal"].splitlines(keepends=True)[:3]
    parsed = read("".join(head).encode("gb18030"))
    assert [one.key for one in parsed.warnings] == ["exports.no_rows"]
    assert parsed.statements[0].account == "6217****2222"
