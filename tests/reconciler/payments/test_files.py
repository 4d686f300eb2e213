"""CSV in and out: every fault is said with file, line and column, before anything is matched."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hub.errors import ConfigError
from reconciler.payments import files
from reconciler.payments.matcher import match
from reconciler.payments.money import in_hundredths, to_major

RECEIVABLES = ",".join(files.RECEIVABLES)
BANK = ",".join(files.BANK)
CUSTOMERS = ",".join(files.CUSTOMERS)
GOOD = "R1,K1,上海宏达电子有限公司,INV-1001,PO-1,HT-1,CNY,500.17,2026-03-02,2026-04-01,0.02,2026-03-12"
ENTRY = "B1,2026-03-20,500.17,CNY,上海宏达电子有限公司,6222001100220033,INV-1001"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str) -> Path:
        path = tmp_path / "r.csv"
        path.write_text(content, encoding="utf-8")
        return path

    return write


def faults(error: ConfigError) -> list[str]:
    return str(error).splitlines()[1:]


def test_a_receivable(write: Write) -> None:
    [one] = files.read_receivables(write(f"{RECEIVABLES}\n{GOOD}\n"))
    assert (one.id, one.customer, one.currency, one.amount, one.open) == ("R1", "K1", "CNY", 50_017, 50_017)
    assert (one.invoice_no, one.order_no, one.contract_no) == ("INV-1001", "PO-1", "HT-1")
    assert (one.issued, one.due) == (date(2026, 3, 2), date(2026, 4, 1))
    assert (one.discount_rate, one.discount_until) == (Decimal("0.02"), date(2026, 3, 12))


def test_what_may_be_empty(write: Write) -> None:
    [one] = files.read_receivables(write(f"{RECEIVABLES}\nR1,K1,,,,,cny,-5,,,,\n"))
    assert (one.currency, one.amount, one.issued, one.discount_rate) == ("CNY", -500, None, None)


def test_a_bank_entry(write: Write) -> None:
    [one] = files.read_bank(write(f"{BANK}\n{ENTRY}\n"))
    assert (one.id, one.value_date, one.amount, one.currency) == ("B1", date(2026, 3, 20), 50_017, "CNY")
    assert (one.payer_account, one.text) == ("6222001100220033", "INV-1001")


def test_a_customer_with_several_accounts_and_aliases(write: Write) -> None:
    [one] = files.read_customers(write(f"{CUSTOMERS}\nK1,宏达,Hongda,6222001; 6222002,宏达厂；老宏达,蓝天\n"))
    assert one.accounts == ("6222001", "6222002")
    assert one.aliases == ("宏达厂", "老宏达")
    assert (one.name, one.name_en, one.parent_name) == ("宏达", "Hongda", "蓝天")


def test_a_mark_at_the_beginning_and_more_columns_in_another_order(write: Write) -> None:
    path = write("\ufeffnote,name,customer_id,name_en,known_account,known_alias,parent_name\nx,宏达,K1,,,,\n")
    assert files.read_customers(path)[0].id == "K1"


def test_decimals_are_those_of_the_currency(write: Write) -> None:
    rows = ["B1,2026-03-20,500,JPY,,,", "B2,2026-03-20,500.00,JPY,,,", "B3,2026-03-20,1.234,KWD,,,"]
    found = files.read_bank(write("\n".join([BANK, *rows])))
    assert [one.amount for one in found] == [500, 500, 1234]


WRONG = [
    ("amount,", "500.17,CNY", "abc,CNY", ("amount", "'abc'")),
    ("an amount with commas anywhere", "500.17,CNY", '"15,00.17",CNY', ("amount", "'15,00.17'")),
    ("an amount in other digits", "500.17,CNY", "1e3,CNY", ("amount", "'1e3'")),
    ("too fine for yuan", "500.17,CNY", "500.175,CNY", ("amount", "500.175 CNY")),
    ("too fine for yen", "500.17,CNY", "500.5,JPY", ("amount", "500.5 JPY")),
    ("no amount", "500.17,CNY", ",CNY", ("amount", "empty")),
    ("no currency", "500.17,CNY", "500.17,", ("currency", "empty")),
    ("no day", "2026-03-20", "2026-02-30", ("value_date", "'2026-02-30'")),
    ("a day or a month first", "2026-03-20", "05/03/2026", ("value_date", "'05/03/2026'")),
    ("no time of a day", "2026-03-20", "2026-03-20 x", ("value_date", "'2026-03-20 x'")),
    ("an empty day", "2026-03-20", "", ("value_date", "empty")),
    ("no identity", "B1,", ",", ("bank_id", "empty")),
]


@pytest.mark.parametrize(("old", "new", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_faults_are_said_with_their_place(write: Write, old: str, new: str, said: tuple[str, str]) -> None:
    other = ENTRY.replace("B1", "B2")
    with pytest.raises(ConfigError) as caught:
        files.read_bank(write(f"{BANK}\n{other}\n{ENTRY.replace(old, new, 1)}\n"))
    [fault] = faults(caught.value)
    assert fault.startswith("r.csv:3: ")
    assert all(part in fault for part in said)


DAYS = [
    "20260320", "2026/3/20", "2026/03/20", "2026.03.20", "2026年3月20日", "20.3.2026", "2026-03-20 00:00:00",
    "2026-03-20T08:15:00+08:00",
]  # fmt: skip


@pytest.mark.parametrize("said", DAYS)
def test_days_that_can_be_read_in_one_way(write: Write, said: str) -> None:
    [one] = files.read_bank(write(f"{BANK}\n{ENTRY.replace('2026-03-20', said)}\n"))
    assert one.value_date == date(2026, 3, 20)


AMOUNTS = [("1,500.17", 150_017), ("1.500,17", 150_017), ("1500,17", 150_017), ("-1,234,567", -123_456_700)]


@pytest.mark.parametrize(("said", "amount"), AMOUNTS)
def test_amounts_as_people_write_them(write: Write, said: str, amount: int) -> None:
    [one] = files.read_bank(write(f'{BANK}\nB1,2026-03-20,"{said}",CNY,,,\n'))
    assert one.amount == amount


@pytest.mark.parametrize(
    ("said", "share"), [("0.02", "0.02"), ("2", "0.02"), ("2%", "0.02"), ("2.5 %", "0.025"), ("0", None)]
)
def test_a_discount_as_a_share_or_in_percent(write: Write, said: str, share: str | None) -> None:
    [one] = files.read_receivables(write(f"{RECEIVABLES}\n{GOOD.replace('0.02', said)}\n"))
    assert one.discount_rate == (Decimal(share) if share else None)


@pytest.mark.parametrize("said", ["100", "-2", "2 percent"])
def test_a_discount_that_cannot_be_meant(write: Write, said: str) -> None:
    with pytest.raises(ConfigError, match="discount_rate"):
        files.read_receivables(write(f"{RECEIVABLES}\n{GOOD.replace('0.02', said)}\n"))


def test_yuan_by_their_other_names(write: Write) -> None:
    rows = [f"B{at},2026-03-20,5,{name},,," for at, name in enumerate(("RMB", "rmb", "人民币", "cny"))]
    assert {one.currency for one in files.read_bank(write("\n".join([BANK, *rows])))} == {"CNY"}


def test_a_customer_in_several_rows(write: Write) -> None:
    found = files.read_customers(write(f"{CUSTOMERS}\nK1,宏达,,6222001,,\nK1,宏达,,6222002,,\n"))
    assert [one.accounts for one in found] == [("6222001",), ("6222002",)]


def test_yen_that_a_book_keeps_to_the_hundredth(write: Write) -> None:
    path = write(f"{BANK}\nB1,2026-03-20,500.5,JPY,,,\nB2,2026-03-20,7,KRW,,,\n")
    finer = files.without_cents(path)
    assert finer == {"JPY"}
    with in_hundredths(finer):
        assert [one.amount for one in files.read_bank(path)] == [50_050, 7]
        assert to_major(50_050, "JPY") == Decimal("500.50")
    assert to_major(500, "JPY") == Decimal(500)


def test_all_faults_are_said_at_once(write: Write) -> None:
    bad = GOOD.replace("500.17", "x").replace("2026-03-02", "y").replace("0.02", "z")
    with pytest.raises(ConfigError) as caught:
        files.read_receivables(write(f"{RECEIVABLES}\n{GOOD}\n{bad}\n"))
    found = faults(caught.value)
    assert len(found) == 4
    for column in ("amount", "issue_date", "discount_rate"):
        assert any(fault.startswith("r.csv:3: ") and column in fault for fault in found)
    assert any("'R1'" in fault and "line 2" in fault for fault in found)


def test_an_identity_twice(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"r\.csv:3: bank_id 'B1' stands in line 2 already"):
        files.read_bank(write(f"{BANK}\n{ENTRY}\n{ENTRY}\n"))


def test_of_very_many_faults_the_first_are_shown_and_all_counted(write: Write) -> None:
    rows = [f"B{at},2026-03-20,x,CNY,,," for at in range(50)]
    with pytest.raises(ConfigError, match=r"^50 cells") as caught:
        files.read_bank(write("\n".join([BANK, *rows])))
    assert len(faults(caught.value)) == 20


def test_a_column_that_is_missing(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"r\.csv lacks the columns amount, payer_account"):
        files.read_bank(write("bank_id,value_date,currency,payer_name,remittance_info\n"))


def test_an_empty_file(write: Write) -> None:
    with pytest.raises(ConfigError, match="bank_id, value_date"):
        files.read_bank(write(""))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv"):
        files.read_bank(tmp_path / "gone.csv")


def test_another_charset(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(f"{BANK}\n{ENTRY}\n".encode("gb18030"))
    with pytest.raises(ConfigError, match=r"r\.csv cannot be read as CSV in UTF-8"):
        files.read_bank(path)


def test_a_row_that_ends_early(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        files.read_bank(write(f"{BANK}\nB1,2026-03-20\n"))
    assert [fault.split()[1] for fault in faults(caught.value)] == ["currency", "amount"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_matches_and_proposals(write: Write, tmp_path: Path) -> None:
    other = GOOD.replace("R1", "R2").replace("1001", "1002")
    receivables = files.read_receivables(write(f"{RECEIVABLES}\n{GOOD}\n{other}\n"))
    entries = files.read_bank(write(f"{BANK}\n{ENTRY}\nB2,2026-03-21,77.00,CNY,上海宏达电子有限公司,,\n"))
    outcomes = match(receivables, entries, [])
    files.write_matches(tmp_path / "m.csv", outcomes)
    files.write_proposals(tmp_path / "p.csv", outcomes)
    [posted] = rows(tmp_path / "m.csv")
    assert posted == {
        "bank_id": "B1", "receivable_id": "R1", "amount": "500.17", "rule": "document",
        "facts": "document+party+sum",
    }  # fmt: skip
    [proposal] = rows(tmp_path / "p.csv")
    assert proposal == {
        "bank_id": "B2", "rank": "1", "receivable_id": "R2", "amount": "77.00", "rule": "candidate",
        "facts": "party", "reasons": "only one fact speaks for it",
    }  # fmt: skip


def test_nothing_to_write_leaves_the_first_line(tmp_path: Path) -> None:
    files.write_matches(tmp_path / "m.csv", [])
    files.write_proposals(tmp_path / "p.csv", [])
    assert (tmp_path / "m.csv").read_text(encoding="utf-8").strip() == ",".join(files.MATCHES)
    assert (tmp_path / "p.csv").read_text(encoding="utf-8").strip() == ",".join(files.PROPOSALS)
