"""What downloads of others taught: whose view a column is, cells that hold two things, the small print."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.statements.exports import read_export
from connectors.statements.model import Parsed


def read(text: str) -> Parsed:
    parsed = read_export(text.encode())
    assert parsed is not None
    return parsed


def keys(parsed: Parsed) -> set[str]:
    return {one.key for one in parsed.warnings}


def amounts(parsed: Parsed) -> list[str]:
    return [str(entry.amount) for statement in parsed.statements for entry in statement.entries]


@pytest.mark.parametrize(
    "names", ["收入,支出", "Deposit,Withdrawal", "Paid in,Paid out", "贷方发生额(收入),借方发生额(支出)"]
)
def test_income_is_income_whatever_the_balances_say(names: str) -> None:
    rows = "2026-01-05,5.00,,10.00\n2026-01-06,2.00,,8.00\n2026-01-07,1.00,,7.00\n"
    parsed = read(f"日期,{names},余额\n{rows}")
    assert amounts(parsed) == ["5.00", "2.00", "1.00"]
    assert "exports.balance_jumps" in keys(parsed)
    assert "exports.turned" not in keys(parsed)


def test_words_against_signs_are_said() -> None:
    spent = "交易日期,摘要,金额\n2026-01-05,（消费）某店,15.90\n2026-01-06,还款,-30.00\n"
    parsed = read(spent)
    assert "exports.sign_contrary" in keys(parsed)
    assert amounts(parsed) == ["15.90", "-30.00"]
    agreeing = spent.replace("15.90", "-15.90").replace("-30.00", "30.00")
    assert "exports.sign_contrary" not in keys(read(agreeing))
    assert "exports.sign_contrary" not in keys(read(spent.replace("消费", "其他").replace("还款", "其他")))


@pytest.mark.parametrize(
    ("cell", "name", "account"),
    [
        ("6222020000000009/周甲", "周甲", "6222020000000009"),
        ("Z******0010/*某公司", "*某公司", "Z******0010"),
        ("周甲/6222020000000009", "周甲", "6222020000000009"),
        ("周甲(z***@example.com)", "周甲", "z***@example.com"),
        ("某某(苏州)有限公司", "某某(苏州)有限公司", ""),
        ("XXX/某产品户", "XXX/某产品户", ""),
    ],
)
def test_account_and_name_in_one_cell(cell: str, name: str, account: str) -> None:
    parsed = read(f"交易日期,金额,余额,对方账号与户名\n2026-01-05,1.00,2.00,{cell}\n")
    [entry] = parsed.statements[0].entries
    assert (entry.payer_name, entry.payer_account) == (name, account)


def test_the_small_print_is_no_row() -> None:
    legal = "This is provided for information only and should not be used in place of your statements"
    parsed = read(
        f"Run Date,Action,Amount ($)\n01/27/2026,DEPOSIT,5.00\n{legal},,\nDate downloaded 01/28/2026,,\n"
    )
    assert amounts(parsed) == ["5.00"]
    spoken = read(f"Run Date,Action,Amount ($)\n01/27/2026,DEPOSIT,5.00\n{legal} 7.00,,\n")
    assert amounts(spoken) == ["5.00", "0"]


def test_names_of_columns_that_others_use() -> None:
    hk = read("Date,Description,Billing amount,Billing currency,Balance\n24/03/2026,POS,-1.00,HKD,9.00\n")
    [entry] = hk.statements[0].entries
    assert (entry.amount, entry.currency) == (Decimal("-1.00"), "HKD")
    card = read("交易日,银行记账日,交易描述,存入,支出,币种\n2026-01-05,2026-01-06,某店,,5.00,CNY\n")
    [entry] = card.statements[0].entries
    assert (entry.amount, entry.remittance_info, str(entry.booked_on)) == (
        Decimal("-5.00"),
        "某店",
        "2026-01-06",
    )


def test_sums_of_a_bill_of_funds_are_held_against_its_rows() -> None:
    text = (
        "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号\n"
        "`2026-01-05 10:00:00,`42,`100,`交易,`交易,`收入,`5.00,`5.00,`system,`,`\n"
        "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`2.0,`2.0,`7.00,`0.0,`0.00\n"
    )
    [statement] = read(text).statements
    assert (statement.declared.entries, statement.declared.credit_sum) == (2, Decimal("7.00"))
