"""Tables that no profile knows: read by the names of their columns, and never by a guess about money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.statements.exports import read_export
from connectors.statements.model import Parsed, Statement
from tests.connectors.exports.containers import page, xlsx


def read(content: bytes | str) -> Parsed:
    parsed = read_export(content.encode() if isinstance(content, str) else content)
    assert parsed is not None
    return parsed


def only(content: bytes | str) -> Statement:
    (statement,) = read(content).statements
    return statement


def keys(parsed: Parsed) -> set[str]:
    return {one.key for one in parsed.warnings}


LAYOUTS: dict[str, tuple[str, list[str]]] = {
    "in and out with totals": (
        "账号：6222000011112222 户名：某公司 币种：人民币\n"
        "日期,摘要,借方金额(元),贷方金额(元),余额(元),对方户名\n"
        '20260105,货款,,"1,000.00","11,000.00",客户甲\n'
        '20260106,手续费,10.00,,"10,990.00",\n'
        '合计,,10.00,"1,000.00",,\n',
        ["1000.00", "-10.00"],
    ),
    "semicolons and words": (
        "交易日;金额;借贷标志;余额;对方单位;用途\n"
        "2026/1/5;500.00;贷;600.00;甲;货款\n"
        "2026/1/6;100.00;借;500.00;乙;材料\n",
        ["500.00", "-100.00"],
    ),
    "tabs and signs": (
        "入账日期\t发生额\t账户余额\t对方名称\t备注\n"
        "2026年1月5日\t+20.00\t120.00\t甲\t\n"
        "2026年1月6日\t-20.00\t100.00\t乙\t\n",
        ["20.00", "-20.00"],
    ),
    "pipes and a frame": (
        "|记账日|收入|支出|结余|余额|摘要|\n|2026-01-05|7.00||1|7.00|甲|\n|2026-01-06||2.00|1|5.00|乙|\n",
        ["7.00", "-2.00"],
    ),
    "both sides have their columns": (
        "交易日期,付款人名称,付款人账号,收款人名称,收款人账号,借方发生额,贷方发生额,余额,用途\n"
        "2026-01-05,客户甲,111111,本公司,999999,,80.00,180.00,货款\n"
        "2026-01-06,本公司,999999,供应商乙,222222,30.00,,150.00,材料\n",
        ["80.00", "-30.00"],
    ),
    "two languages in one cell": (
        "交易日期 Transaction Date,借方发生额 Debit,贷方发生额 Credit,余额 Balance,摘要 Description\n"
        "20260105,0.00,90.00,90.00,甲\n20260106,40.00,0.00,50.00,乙\n",
        ["90.00", "-40.00"],
    ),
    "money in brackets": (
        "日期,发生额(借方),发生额(贷方),余额,附言\n"
        "2026.01.05,--,66.00,66.00,甲\n"
        "2026.01.06,6.00,--,60.00,乙\n",
        ["66.00", "-6.00"],
    ),
    "full-width": (
        "日期，，\n"
        "日期,收入金额（元）,支出金额（元）,余额（元）\n"
        "２０２６－０１－０５,１２．５０,,１２．５０\n"
        "２０２６－０１－０６,,２．５０,１０．００\n",
        ["12.50", "-2.50"],
    ),
    "English in two columns": (
        "Account number: 12-3456789\nDate,Description,Debit,Credit,Balance,Reference\n"
        "05 Jan 2026,Payment,,100.00,1100.00,R1\n06 Jan 2026,Fee,5.00,,1095.00,R2\n",
        ["100.00", "-5.00"],
    ),
    "English with Dr and Cr": (
        "Posting Date,Amount,Dr/Cr,Payer,Narrative\n"
        "2026-01-05,100.00,Cr,Acme Ltd,INV-1\n"
        "2026-01-06,5.00,Dr,Bank,Fee\n",
        ["100.00", "-5.00"],
    ),
    "English, signed, brackets": (
        "Booking Date;Value Date;Amount;Currency;Counterparty;Details\n"
        "05/13/2026;05/14/2026;1,250.50;EUR;Acme;INV\n"
        "05/14/2026;05/14/2026;(50.50);EUR;Bank;Fee\n",
        ["1250.50", "-50.50"],
    ),
    "decimals by comma": (
        "Date;Amount;Balance;Payee;Reference\n"
        "13.01.2026;1.250,50;2.250,50;Acme;R1\n"
        "14.01.2026;-50,50;2.200,00;Bank;R2\n",
        ["1250.50", "-50.50"],
    ),
    "type says which way": (
        "Transaction Date,Type,Amount,Running Balance,Memo\n"
        "2026-01-05,Credit,10.00,10.00,a\n"
        "2026-01-06,Debit,4.00,6.00,b\n",
        ["10.00", "-4.00"],
    ),
    "money out below zero": (
        "日期,收入,支出,余额\n2026-01-05,10.00,,10.00\n2026-01-06,,-4.00,6.00\n2026-01-07,,-1.00,5.00\n",
        ["10.00", "-4.00", "-1.00"],
    ),
    "fen": (
        "日期,金额(分),余额(分),摘要\n2026-01-05,12345,12345,甲\n2026-01-06,-45,12300,乙\n",
        ["123.45", "-0.45"],
    ),
    "dollars in the header": (
        "日期,金额(美元),摘要\n2026-01-05,12.00,甲\n2026-01-06,-2.00,乙\n",
        ["12.00", "-2.00"],
    ),
    "coming and going": (
        "日期,往来,金额,对方\n2026-01-05,来,12.00,甲\n2026-01-06,往,2.00,乙\n",
        ["12.00", "-2.00"],
    ),
    "a serial number for a day": (
        "日期,收入,支出,备注\n46027,12.00,,甲\n46028.5,,2.00,乙\n",
        ["12.00", "-2.00"],
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_an_unknown_table_is_read_by_its_names(name: str, charset: str) -> None:
    text, wanted = LAYOUTS[name]
    parsed = read(text.encode(charset))
    assert not parsed.errors
    (statement,) = parsed.statements
    assert [entry.amount for entry in statement.entries] == [Decimal(one) for one in wanted]
    assert all(
        entry.booked_on and entry.booked_on.year == 2026 and not entry.note for entry in statement.entries
    )
    assert parsed.form == "export:unknown"
    assert keys(parsed) == {"exports.unknown_header"}


CORPORATE: dict[str, tuple[str, str | None, list[str]]] = {
    "both columns and a word": (
        "[HISTORYDETAIL]\n"
        "凭证号,本方账号,对方账号,交易时间,借/贷,借方发生额,贷方发生额,对方行号,摘要,对方单位名称,余额\n"
        '0,1102020900000000001\t,622201\t,2026-01-05 10:00:00,贷,,"1,000.00",102,货款,甲公司,"2,000.00"\n'
        '0,1102020900000000001\t,622202\t,2026-01-06 10:00:00,借,100.00,,102,材料,乙公司,"1,900.00"\n',
        "1102020900000000001",
        ["甲公司 622201", "乙公司 622202"],
    ),
    "two languages in square brackets": (
        "交易类型[ Transaction Type ],付款人名称[ Payer's Name ],付款人账号[ Debit Account No. ],"
        "收款人账号[ Payee's Account Number ],收款人名称[ Payee's Name ],交易日期[ Transaction Date ],"
        "交易金额[ Trade Amount ],交易后余额[ After-transaction balance ],用途[ Purpose ]\n"
        '来账,甲公司,622201,999999,本公司,20260105,"1,000.00","2,000.00",货款\n'
        '往账,本公司,999999,622202,乙公司,20260106,"-100.00","1,900.00",材料\n',
        None,
        ["甲公司 622201", "乙公司 622202"],
    ),
    "comments around": (
        "# 账号:\t[人民币 755900000010101 某公司]\n# 起始日期:\t[20260101]   终止日期:\t[20260131]\n"
        "交易日,交易时间,起息日,交易类型,借方金额,贷方金额,余额,摘要,流水号,收(付)方名称,收(付)方账号\n"
        "20260105,10:10:10,20260105,汇入,,1000.00,2000.00,货款,C001,甲公司,622201\n"
        "20260106,10:10:10,20260106,转账,100.00,,1900.00,材料,C002,乙公司,622202\n"
        "# 借方笔数合计:1\n# 贷方笔数合计:1\n# 借方金额合计:100.00\n# 贷方金额合计:1000.00\n# 完\n",
        "755900000010101",
        ["甲公司 622201", "乙公司 622202"],
    ),
    "sums in a row of cells": (
        "账号,10500000000000001,户名,某公司\n"
        "交易时间,收入金额,支出金额,账户余额,交易行名,对方省市,对方账号,对方户名,交易用途\n"
        "2026-01-05 10:10:10,1000.00,,2000.00,,,622201,甲公司,货款\n"
        "2026-01-06 10:10:10,,100.00,1900.00,,,622202,乙公司,材料\n"
        "总收入笔数,1,总收入金额,1000.00,总支出笔数,1,总支出金额,100.00\n",
        "10500000000000001",
        ["甲公司 622201", "乙公司 622202"],
    ),
}


@pytest.mark.parametrize("name", CORPORATE)
def test_corporate_exports_without_a_profile(name: str) -> None:
    text, account, parties = CORPORATE[name]
    statement = only(text.encode("gb18030"))
    assert [str(entry.amount) for entry in statement.entries] == ["1000.00", "-100.00"]
    assert [f"{entry.payer_name} {entry.payer_account}" for entry in statement.entries] == parties
    assert (statement.account, str(statement.opening), str(statement.closing)) == (
        account,
        "1000.00",
        "1900.00",
    )


def test_the_warning_says_what_was_taken_for_what() -> None:
    (warning,) = read(LAYOUTS["semicolons and words"][0]).warnings
    assert "交易日 = date, 金额 = amount, 借贷标志 = direction" in str(warning)
    assert warning.line == 1


def test_the_other_side_is_whoever_is_not_the_holder() -> None:
    entries = only(LAYOUTS["both sides have their columns"][0]).entries
    assert [(one.payer_name, one.payer_account) for one in entries] == [
        ("客户甲", "111111"),
        ("供应商乙", "222222"),
    ]


def test_currency_of_the_header_and_of_the_column() -> None:
    assert only(LAYOUTS["dollars in the header"][0]).entries[0].currency == "USD"
    assert only(LAYOUTS["English, signed, brackets"][0]).entries[0].currency == "EUR"


def test_a_header_in_two_rows() -> None:
    rows = [
        ["账号", "62220001", "币种", "人民币"],
        ["日期", "摘要", "发生额", "", "余额", "对方", ""],
        ["", "", "借方", "贷方", "", "户名", "账号"],
        ["2026-01-05", "货款", "", "100.00", "200.00", "甲", "6222"],
        ["2026-01-06", "材料", "40.00", "", "160.00", "乙", "6223"],
    ]
    for content in (xlsx(rows, merged="C2:D2"), page(rows).encode()):
        statement = only(content)
        assert [str(entry.amount) for entry in statement.entries] == ["100.00", "-40.00"]
        assert [entry.payer_account for entry in statement.entries] == ["6222", "6223"]
        assert statement.account == "62220001"


def test_spans_of_a_page_move_no_cell() -> None:
    body = (
        "<table><tr><th rowspan=2>日期</th><th colspan=2>发生额</th><th rowspan=2>余额</th></tr>"
        "<tr><th>借方</th><th>贷方</th></tr>"
        "<tr><td>2026-01-05</td><td></td><td>5.00</td><td>5.00</td></tr></table>"
    )
    assert [str(entry.amount) for entry in only(body).entries] == ["5.00"]


def test_a_header_that_comes_again_is_no_row() -> None:
    text = (
        "日期,收入,支出,余额\n"
        "2026-01-05,1.00,,1.00\n"
        "本页小计,1.00,,\n"
        "第1页\n"
        "\n"
        "日期,收入,支出,余额\n"
        "2026-01-06,2.00,,3.00\n"
        "合计,3.00,0.00,\n"
    )
    statement = only(text)
    assert [str(entry.amount) for entry in statement.entries] == ["1.00", "2.00"]
    assert statement.declared.credit_sum == Decimal("3.00")


def test_another_account_begins_another_statement() -> None:
    text = (
        "账号：11112222,\n"
        "日期,收入,支出,余额\n"
        "2026-01-05,1.00,,1.00\n"
        "\n"
        "账号：33334444,\n"
        "日期,收入,支出,余额\n"
        "2026-01-06,2.00,,9.00\n"
    )
    parsed = read(text)
    assert [(one.account, len(one.entries)) for one in parsed.statements] == [
        ("11112222", 1),
        ("33334444", 1),
    ]


def test_a_column_of_accounts_parts_the_statements() -> None:
    text = (
        "账号,日期,币种,收入,支出,余额\n"
        "1111,2026-01-05,CNY,1.00,,1.00\n"
        "2222,2026-01-05,CNY,2.00,,9.00\n"
        "1111,2026-01-06,CNY,,0.50,0.50\n"
    )
    parsed = read(text)
    assert [(one.account, len(one.entries), str(one.closing)) for one in parsed.statements] == [
        ("1111", 2, "0.50"),
        ("2222", 1, "9.00"),
    ]


def test_carried_balances_are_no_entries() -> None:
    text = (
        "日期,摘要,收入,支出,余额\n"
        "2026-01-01,期初余额,,,100.00\n"
        "2026-01-05,货款,1.00,,101.00\n"
        "2026-01-31,期末余额,,,101.00\n"
    )
    statement = only(text)
    assert (len(statement.entries), statement.opening, statement.closing) == (
        1,
        Decimal("100.00"),
        Decimal("101.00"),
    )


def test_trailers_are_declared() -> None:
    text = (
        "日期,借方,贷方\n"
        "2026-01-05,,1.00\n"
        "2026-01-06,2.00,\n"
        "借方笔数：1 借方合计：2.00 贷方笔数：1 贷方合计：1.00\n"
        "总笔数：2\n"
        "期末余额：5.00\n"
    )
    statement = only(text)
    declared = statement.declared
    assert (declared.entries, declared.debits, declared.credits) == (2, 1, 1)
    assert (declared.debit_sum, declared.credit_sum) == (Decimal("2.00"), Decimal("1.00"))
    assert statement.closing == Decimal("5.00")


def test_a_comment_of_many_lines_is_one_cell() -> None:
    text = '日期,收入,支出,备注\n2026-01-05,1.00,,"a\nb, ""c"""\n2026-01-06,,2.00,d\n'
    first, second = only(text).entries
    assert (first.remittance_info, second.amount, second.line) == ('a b, "c"', Decimal("-2.00"), 4)


def test_a_stray_quote_costs_no_other_row() -> None:
    text = '日期,收入,支出,备注\n2026-01-05,1.00,,"a\n2026-01-06,,2.00,b\n2026-01-07,,3.00,"c\n'
    assert [str(entry.amount) for entry in only(text).entries] == ["1.00", "-2.00", "-3.00"]


def test_the_newest_first() -> None:
    statement = only("日期,金额,余额\n2026-01-07,-1.00,7.00\n2026-01-06,5.00,8.00\n2026-01-05,3.00,3.00\n")
    assert (statement.opening, statement.closing) == (Decimal("0.00"), Decimal("7.00"))
    assert statement.entries[0].booked_on == date(2026, 1, 7)


def test_the_newest_day_first_with_days_in_order() -> None:
    text = (
        "日期,金额,余额\n"
        "2026-01-06,1.00,7.00\n"
        "2026-01-06,2.00,9.00\n"
        "2026-01-05,1.00,4.00\n"
        "2026-01-05,2.00,6.00\n"
    )
    parsed = read(text)
    assert keys(parsed) == {"exports.unknown_header"}
    assert (parsed.statements[0].opening, parsed.statements[0].closing) == (Decimal("3.00"), Decimal("9.00"))


def test_the_balance_turns_signs_that_are_all_wrong() -> None:
    parsed = read(
        "日期,借方,贷方,余额\n2026-01-05,100.00,,100.00\n2026-01-06,50.00,,150.00\n2026-01-07,,30.00,120.00\n"
    )
    assert [str(entry.amount) for entry in parsed.statements[0].entries] == ["100.00", "50.00", "-30.00"]
    assert parsed.statements[0].opening == 0
    assert "exports.turned" in keys(parsed)


def test_equal_amounts_do_not_turn_signs() -> None:
    parsed = read(
        "日期,借方,贷方,余额\n2026-01-05,,5.00,5.00\n2026-01-05,,5.00,10.00\n2026-01-05,,5.00,15.00\n"
    )
    assert sum(entry.amount for entry in parsed.statements[0].entries) == 15
    assert "exports.turned" not in keys(parsed)


def test_a_balance_that_jumps_is_named() -> None:
    parsed = read(
        "日期,金额,余额\n"
        "2026-01-05,3.00,3.00\n"
        "2026-01-06,5.00,8.00\n"
        "2026-01-07,1.00,99.00\n"
        "2026-01-08,1.00,100.00\n"
    )
    (jump,) = [one for one in parsed.warnings if one.key == "exports.balance_jumps"]
    assert (jump.line, jump.values["count"]) == (4, 1)


def test_amounts_without_any_sign_are_doubted() -> None:
    assert "exports.sign_unproven" in keys(read("日期,金额,摘要\n2026-01-05,3.00,a\n2026-01-06,5.00,b\n"))


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [
        ("日期,金额,发生额,摘要\n2026-01-05,1.00,2.00,a\n", "exports.rivals", "金额, 发生额"),
        ("日期,余额,摘要,对方户名\n2026-01-05,1.00,a,b\n", "exports.no_amount_column", "余额 = balance"),
        ("收入,支出,摘要,对方户名\n1.00,,a,b\n", "exports.no_date_column", "收入 = in"),
        ("日期,支出,摘要,对方户名\n2026-01-05,1.00,a,b\n", "exports.one_side", "支出"),
        ("Date,Amount,Details\n01/02/2026,1.00,a\n03/04/2026,2.00,b\n", "exports.day_or_month", "Date"),
    ],
)
def test_what_cannot_be_decided_is_an_error(text: str, key: str, named: str) -> None:
    parsed = read("银行流水\n" + text)
    (error,) = parsed.errors
    assert (error.key, error.line) == (key, 2)
    assert named in str(error)
    assert "orderhub bank learn" in str(error)
    assert not parsed.statements


def test_two_balances_are_no_balance() -> None:
    parsed = read("日期,收入,支出,余额,账户余额\n2026-01-05,1.00,,1.00,7.00\n2026-01-06,,2.00,-1.00,9.00\n")
    assert [str(entry.amount) for entry in parsed.statements[0].entries] == ["1.00", "-2.00"]
    assert parsed.statements[0].closing is None


@pytest.mark.parametrize("words", ["查询费", "本月工资", "转账 账号:6222", "Total Energies", "说明"])
def test_a_row_that_has_lost_its_day_is_not_taken_for_a_remark(words: str) -> None:
    statement = only(f"日期,摘要,收入,支出\n2026-01-05,a,1.00,\n,{words},5000.00,\n2026-01-06,b,,2.00\n")
    assert [entry.line for entry in statement.entries if entry.note] == [3]


def test_columns_that_say_the_same_are_no_rivals() -> None:
    assert [
        str(entry.amount)
        for entry in only("日期,金额,发生额\n2026-01-05,1.00,1.00\n2026-01-06,-2.00,-2.00\n").entries
    ] == [
        "1.00",
        "-2.00",
    ]


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("2026-02-30,1.00,,9.00,a", "exports.bad_date"),
        ("soon,1.00,,9.00,a", "exports.bad_date"),
        (",1.00,,9.00,a", "exports.bad_date"),
        ("2026-01-06,1.0.0,,9.00,a", "exports.bad_amount"),
        ("2026-01-06,many,,9.00,a", "exports.bad_amount"),
        ("2026-01-06,,,9.00,a", "exports.no_amount"),
        ("2026-01-06,1,000.00,,9.00,a", "exports.field_count"),
        ("2026-01-06,1", "exports.field_count"),
    ],
)
def test_a_row_that_cannot_be_read_is_an_entry_of_nothing(row: str, key: str) -> None:
    statement = only(f"日期,收入,支出,余额,摘要\n2026-01-05,5.00,,5.00,x\n{row}\n2026-01-07,,1.00,8.00,y\n")
    assert [str(entry.amount) for entry in statement.entries if entry.amount] == ["5.00", "-1.00"]
    (bad,) = [entry for entry in statement.entries if not entry.amount]
    assert bad.note is not None
    assert (bad.note.key, bad.note.line, bad.line) == (key, 3, 3)
    assert "line 3" in str(bad.note)


def test_a_word_of_direction_that_is_unknown() -> None:
    (_, second) = only("日期,金额,借贷,对方\n2026-01-05,1.00,贷,a\n2026-01-06,2.00,转,b\n").entries
    assert second.amount == 0
    assert second.note is not None
    assert second.note.key == "exports.no_direction"


def test_both_columns_filled_give_the_difference_with_a_note() -> None:
    (entry,) = only("日期,收入,支出,摘要\n2026-01-05,10.00,4.00,a\n").entries
    assert entry.amount == 6
    assert entry.note is not None
    assert entry.note.key == "exports.both_columns"


@pytest.mark.parametrize("word", ["冲正", "抹账", "退汇", "红字冲销", "撤销"])
def test_words_of_reversal(word: str) -> None:
    (entry,) = only(f"日期,收入,支出,摘要\n2026-01-05,10.00,,{word}\n").entries
    assert entry.reversal


def test_money_out_in_red_comes_back() -> None:
    entries = only("日期,收入,支出,余额\n2026-01-05,,10.00,90.00\n2026-01-06,,-10.00,100.00\n").entries
    assert [(str(one.amount), one.reversal) for one in entries] == [("-10.00", False), ("10.00", True)]


def test_a_torn_row_is_an_error_with_its_line() -> None:
    for tail in ("2026-01-07,,3", "2026-01-07,,3.0", "2026"):
        parsed = read(f"日期,收入,支出\n2026-01-05,1.00,2.00\n2026-01-06,2.00,1.00\n{tail}")
        assert [(one.key, one.line) for one in parsed.errors] == [("exports.torn", 4)]
        assert len(parsed.statements[0].entries) == 2


def test_a_page_that_breaks_off() -> None:
    whole = page([["日期", "收入", "支出"], ["2026-01-05", "1.00", ""], ["2026-01-06", "2.00", ""]])
    parsed = read(whole[: whole.rindex("2.00") + 3].encode())
    assert [one.key for one in parsed.errors] == ["exports.torn"]
    assert len(parsed.statements[0].entries) == 1


def test_a_last_row_without_a_line_end_is_mentioned() -> None:
    parsed = read("日期,收入,支出,摘要\n2026-01-05,1.00,,货款\n2026-01-06,1.00,,货")
    assert "exports.no_line_end" in keys(parsed)
    assert len(parsed.statements[0].entries) == 2


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"hello", b"a,b,c\n1,2,3\n", b"<html><p>x</p></html>", b"\xff\xfe\x00"]
)
def test_what_is_no_table_of_entries_is_none(content: bytes) -> None:
    assert read_export(content) is None


@pytest.mark.parametrize("content", [b"PK\x03\x04junk", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)])
def test_a_broken_workbook_is_an_error(content: bytes) -> None:
    assert [one.key for one in read(content).errors] == ["exports.damaged_workbook"]


def test_a_locked_workbook_is_an_error() -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert [one.key for one in read(content).errors] == ["exports.locked_workbook"]


def test_the_xml_of_an_old_excel() -> None:
    text = (
        '<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">\n<Worksheet ss:Name="a"><Table>\n'
        "<Row><Cell><Data>日期</Data></Cell><Cell><Data>收入</Data></Cell><Cell><Data>支出</Data></Cell></Row>\n"
        '<Row><Cell><Data>2026-01-05</Data></Cell><Cell ss:Index="3"><Data>4.00</Data></Cell></Row>\n'
        "</Table></Worksheet></Workbook>"
    )
    assert [str(entry.amount) for entry in only(text).entries] == ["-4.00"]
