"""`orderhub match` on the store: statements and receivables come in, money is matched once."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import openpyxl
import pytest

from tests.cli.home import Home, home_in

HUB = """
locale: en
zone: Asia/Shanghai
company: HS01
"""

FINANCE = """
system: finance
connector: sql
connection: finance
time: {zone: Asia/Shanghai, format: iso}
streams:
  receivables:
    yields: receivable
    read: {table: receivable, cursor: [changed, id]}
    key: id
    fields:
      company: {const: HS01}
      number: id
      order_no: order_no
      amount: amount
      open: left_open
      currency: {const: CNY}
      customer_no: customer
      customer_name: name
      invoice_no: invoice
      occurred_at: issued
      due_at: due
    examples:
      - record: {id: R1, order_no: SO1, amount: "100.00", left_open: "100.00", customer: K1, name: Ace,
                 invoice: FP20260001, issued: "2026-02-01", due: "2026-03-01", changed: "2026-02-01 08:00:00"}
        gives: {number: R1, amount: 100.00, customer_no: K1}
"""

BANK = (Path(__file__).parents[2] / "docs/examples/bank.yaml").read_text("utf-8")

RECEIVABLES = (
    ("R1", "SO1", "12000.00", "K1", "苏州华信机械有限公司", "FP20260001"),
    ("R2", "SO2", "8000.50", "K1", "苏州华信机械有限公司", "FP20260002"),
    ("R3", "SO3", "345.67", "K2", "北京启明电子股份有限公司", "FP20260003"),
    ("R4", "SO4", "700.00", "K3", "广州大洋贸易有限公司", "FP20260004"),
    ("R5", "SO5", "700.00", "K3", "广州大洋贸易有限公司", "FP20260005"),
)

STATEMENT = """:20:STMT{number}
:25:6222000011112222
:28C:{number}/1
:60F:C260210CNY1000,00
{entries}
:62F:C260212CNY{closing}
-
"""
ONE = """:61:2602110211C12000,00NTRFNONREF//B1
:86:/BENM//NAME/苏州华信机械有限公司/REMI/货款 FP20260001/"""
TWO = """:61:2602110211C345,67NTRFNONREF//B2
:86:/BENM//NAME/北京啟明電子股份有限公司/REMI/货款/"""
THREE = """:61:2602120212C700,00NTRFNONREF//B3
:86:/BENM//NAME/广州大洋贸易有限公司/REMI/货款/"""
FOUR = """:61:2602120212C8000,50NTRFNONREF//B4
:86:/BENM//NAME/李四/REMI/货款/"""


@pytest.fixture
def desk(tmp_path: Path) -> Home:
    systems = tmp_path / "mappings" / "systems"
    systems.mkdir(parents=True)
    (tmp_path / "mappings" / "hub.yaml").write_text(HUB, "utf-8")
    (systems / "finance.yaml").write_text(FINANCE, "utf-8")
    (systems / "bank.yaml").write_text(BANK, "utf-8")
    (tmp_path / "bank" / "statements").mkdir(parents=True)
    with sqlite3.connect(tmp_path / "finance.db") as finance:
        finance.execute(
            "CREATE TABLE receivable (id TEXT PRIMARY KEY, order_no TEXT, amount TEXT, left_open TEXT,"
            " customer TEXT, name TEXT, invoice TEXT, issued TEXT, due TEXT, changed TEXT)"
        )
        finance.executemany(
            "INSERT INTO receivable VALUES (?, ?, ?3, ?3, ?4, ?5, ?6, '2026-02-01', '2026-03-01',"
            " '2026-02-01 08:00:00')",
            RECEIVABLES,
        )
    finance.close()
    home = home_in(tmp_path)
    home.env["AIRFLOW_CONN_FINANCE"] = f"sqlite:///{tmp_path / 'finance.db'}"
    home.env["AIRFLOW_CONN_BANK"] = json.dumps(
        {"conn_type": "file", "extra": {"path": str(tmp_path / "bank")}}
    )
    assert home.run("db", "upgrade").exit_code == 0
    return home


def drop(desk: Home, name: str, *entries: str, number: int = 1, cut: int | None = None) -> None:
    """Put a statement into the bank's folder, whole or cut after so many characters."""
    came = sum(int(entry.split("C", 1)[1].split("N", 1)[0].replace(",", "")) for entry in entries)
    closing = f"{(100000 + came) // 100},{came % 100:02}"
    content = STATEMENT.format(number=number, entries="\n".join(entries), closing=closing)
    (desk.path / "bank" / "statements" / name).write_text(content[:cut], "utf-8")


def read(desk: Home) -> None:
    done = desk.run("sync")
    assert done.exit_code == 0, done.output


def ref(desk: Home, text: str) -> str:
    """Return the entry that waits and holds `text`."""
    (found,) = [row for row in desk.json("match", "list") if text in f"{row['payer']} {row['text']}"]
    assert re.fullmatch(r"bank/\w+(-\d+)?", found["entry"])
    return str(found["entry"])


def posted(desk: Home) -> dict[str, str]:
    return {row["receivable"]: row["amount"] for row in desk.json("match", "list", "--posted")}


def test_what_is_certain_is_posted_once_and_the_rest_waits(desk: Home) -> None:
    drop(desk, "one.sta", ONE, TWO, THREE)
    read(desk)
    (told,) = desk.json("match")
    assert (told["added"], told["counts"]["posted"], told["counts"]["proposed"]) == (2, 2, 1)
    assert posted(desk) == {"finance/R1": "12000.00", "finance/R3": "345.67"}
    (again,) = desk.json("match")
    assert again["added"] == 0
    (waits,) = desk.json("match", "list")
    assert [set(one["pays"]) for one in waits["candidates"]] == [{"finance/R4"}, {"finance/R5"}]


def test_overlapping_statements_and_one_sent_again_double_nothing(desk: Home) -> None:
    drop(desk, "one.sta", ONE, TWO)
    read(desk)
    desk.json("match")
    drop(desk, "again.sta", ONE, TWO)
    drop(desk, "longer.sta", ONE, TWO, THREE, number=2)
    read(desk)
    (told,) = desk.json("match")
    assert (told["added"], told["entries"]) == (0, 1)
    assert len(posted(desk)) == 2


def test_a_statement_cut_in_half_loses_nothing_once_it_comes_whole(desk: Home) -> None:
    drop(desk, "half.sta", ONE, TWO, THREE, cut=200)
    desk.run("sync")
    desk.json("match")
    drop(desk, "half.sta", ONE, TWO, THREE)
    read(desk)
    desk.json("match")
    assert posted(desk) == {"finance/R1": "12000.00", "finance/R3": "345.67"}
    assert len(desk.json("match", "list")) == 1


def test_a_person_confirms_and_the_payer_is_known_from_the_second_voice_on(desk: Home) -> None:
    drop(desk, "one.sta", FOUR)
    read(desk)
    desk.json("match")
    entry = ref(desk, "李四")
    confirmed = ("match", "confirm", entry, "--pays", "finance/R2", "--reason", "he called", "--who", "Wang")
    (line,) = desk.json(*confirmed)
    assert (line["amount"], line["rule"], line["who"]) == ("8000.50", "confirmed", "Wang")
    assert desk.run(*confirmed).exit_code != 0
    assert not desk.json("match", "list")
    drop(desk, "two.sta", ONE.replace("苏州华信机械有限公司", "李四").replace(" FP20260001", ""), number=2)
    read(desk)
    (told,) = desk.json("match")
    assert told["added"] == 0, "one voice does not make a third party known"


def test_undone_is_open_again_and_left_to_people(desk: Home) -> None:
    drop(desk, "one.sta", ONE)
    read(desk)
    desk.json("match")
    (row,) = desk.json("match", "list", "--posted")
    (undone,) = desk.json("match", "undo", row["entry"], "--reason", "wrong invoice", "--who", "Wang")
    assert undone["receivable"] == "finance/R1"
    assert posted(desk) == {}
    done = desk.run("match", "undo", row["entry"], "--reason", "twice")
    assert done.exit_code != 0
    assert row["entry"] in done.output
    (told,) = desk.json("match")
    assert told["added"] == 0
    (waits,) = [one for one in desk.json("match", "list") if one["entry"] == row["entry"]]
    assert "it was posted before, and somebody took that back" in waits["candidates"][0]["reasons"]


def test_more_than_is_left_cannot_be_confirmed(desk: Home) -> None:
    drop(desk, "one.sta", THREE)
    read(desk)
    desk.json("match")
    entry = ref(desk, "广州大洋")
    for pays in ("finance/R3=345.68", "finance/R4=700.01", "finance/R9"):
        done = desk.run("match", "confirm", entry, "--pays", pays, "--reason", "x")
        assert done.exit_code != 0
        assert pays.partition("=")[0] in done.output
    assert posted(desk) == {}


def test_what_is_moved_between_own_accounts_pays_nothing(desk: Home) -> None:
    own = ONE.replace("/BENM//NAME/苏州华信机械有限公司/", "/CNTP/6222000011113333/X/苏州华信机械有限公司///")
    drop(desk, "one.sta", own)
    content = (desk.path / "bank/statements/one.sta").read_text("utf-8")
    other = content.replace("6222000011112222", "6222000011113333").replace(own, TWO)
    other = other.replace("CNY13000,00", "CNY1345,67")
    (desk.path / "bank/statements/two.sta").write_text(other, "utf-8")
    read(desk)
    (told,) = desk.json("match")
    assert (told["counts"]["own_transfer"], told["counts"]["posted"]) == (1, 1)
    assert posted(desk) == {"finance/R3": "345.67"}


def test_a_dry_run_posts_nothing(desk: Home) -> None:
    drop(desk, "one.sta", ONE)
    read(desk)
    (told,) = desk.json("match", "--dry-run")
    assert told["counts"]["posted"] == 1
    assert posted(desk) == {}


def test_a_filled_in_sheet_is_taken_once(desk: Home) -> None:
    drop(desk, "one.sta", ONE, THREE)
    read(desk)
    sheet, page = desk.path / "decide.xlsx", desk.path / "report.html"
    assert desk.run("match", "--sheet", str(sheet), "--report", str(page)).exit_code == 0
    assert "广州大洋" in page.read_text("utf-8")
    decide(sheet, "finance/R5", "accept")
    assert desk.json("match", "import", str(sheet), "--who", "Wang") == {
        "confirmed": 1, "rejected": 0, "known": 0,
    }  # fmt: skip
    assert posted(desk) == {"finance/R1": "12000.00", "finance/R5": "700.00"}
    assert desk.json("match", "import", str(sheet), "--who", "Wang")["known"] == 1


def test_a_sheet_that_is_outdated_is_refused_whole(desk: Home) -> None:
    drop(desk, "one.sta", THREE, FOUR)
    read(desk)
    sheet = desk.path / "decide.xlsx"
    desk.run("match", "--sheet", str(sheet))
    decide(sheet, "finance/R4", "accept")
    desk.json("match", "confirm", ref(desk, "李四"), "--pays", "finance/R4=0.50", "--reason", "part")
    done = desk.run("match", "import", str(sheet))
    assert done.exit_code != 0
    assert "bank/" in done.output
    assert posted(desk) == {"finance/R4": "0.50"}


def decide(sheet: Path, receivable: str, word: str) -> None:
    """Fill a decision in beside the candidate that pays `receivable`."""
    book = openpyxl.load_workbook(sheet)
    rows = book["Proposals"]
    names = [str(cell.value) for cell in rows[1]]
    at = next(n for n, name in enumerate(names) if name.startswith("Decision"))
    (row,) = [row for row in rows.iter_rows(min_row=2) if receivable in [cell.value for cell in row]]
    row[at].value = word
    book.save(sheet)


def test_files_and_store_are_not_mixed(desk: Home) -> None:
    done = desk.run("match", "--bank", "b.csv")
    assert done.exit_code == 2
    assert "--receivables" in done.output
