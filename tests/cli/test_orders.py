"""`orders import | export`: sheets in and out."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from tests.cli.home import Home

TABLES = (
    "observations",
    "views",
    "orders",
    "order_history",
    "ledger",
    "links",
    "quarantine",
    "runs",
    "reads",
)


def sheet(path: Path, *rows: str) -> str:
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return str(path)


def rows_of(home: Home) -> dict[str, int]:
    with sqlite3.connect(home.path / "hub.db") as store:
        counts = {table: store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    store.close()
    return counts


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_and_imported_again_changes_nothing(home: Home, tmp_path: Path, ending: str) -> None:
    file = str(tmp_path / f"orders.{ending}")
    assert home.run("orders", "export", file).exit_code == 0
    before = rows_of(home)
    found = home.json("orders", "import", file)
    assert (found["rows"], found["unchanged"], found["taken"], found["bad"]) == (3, 3, 0, 0)
    assert rows_of(home) == before


def test_no_cell_is_a_formula(home: Home, tmp_path: Path) -> None:
    home.run("orders", "export", str(tmp_path / "o.csv"))
    with (tmp_path / "o.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["customer_name"] for row in rows] == ["Ada", "'=Bob", "Eve"]
    assert rows[2]["amount"] == "-3"
    home.run("orders", "export", str(tmp_path / "o.xlsx"))
    cells = [cell for row in load_workbook(tmp_path / "o.xlsx")["orders"].iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or str(cell.value).startswith("=")]
    assert [cell.value for cell in cells if cell.coordinate.startswith("F")][1:] == [10, 5, 7]


def test_export_is_filtered(home: Home, tmp_path: Path) -> None:
    file = str(tmp_path / "o.csv")
    for args, count in (
        (("--company", "N1"), 2),
        (("--status", "shipped"), 1),
        (("--type", "rush"), 0),
        (("--customer", "C1"), 0),
        (("--changed-since", "2026-01-01T00:00:00Z"), 3),
        (("--changed-since", "2990-01-01T00:00:00Z"), 0),
    ):
        found = home.json("orders", "export", file, *args)
        assert found["orders"] == count, args


def test_export_refuses_what_it_cannot_write(home: Home, tmp_path: Path) -> None:
    kind = home.run("orders", "export", str(tmp_path / "o.pdf"))
    assert (kind.exit_code, "CSV" in kind.stderr) == (2, True)
    assert home.run("orders", "export", str(tmp_path / "none" / "o.csv")).exit_code == 2
    word = home.run("orders", "export", str(tmp_path / "o.csv"), "--status", "shiped")
    assert (word.exit_code, "did you mean shipped" in word.stderr) == (2, True)


BAD = (
    "company,order_no,status,ordered,occurred_at,amount,remark",
    "N1,SO21,shiped,5,,1,",
    "N1,SO22,confirmed,-5,,1,",
    ",SO23,confirmed,5,,1,",
    "N1,SO24,已确认,5,2026-01-06 08:00,1,",
    "N1,SO25,confirmed,5,,abc,good but for the amount",
    "N1,SO25,confirmed,6,,1,",
    "N1,SO26,Partly shipped,5,2026-01-06T08:00:00+08:00,1,good",
)


def test_a_half_bad_file_brings_its_good_rows_and_lists_the_bad_ones(home: Home, tmp_path: Path) -> None:
    file = sheet(tmp_path / "bad.csv", *BAD)
    done = home.run("orders", "import", file)
    assert done.exit_code == 1
    assert "7 rows read: 2 taken in, 0 already known, 5 bad." in done.stdout
    assert "Orders: 2 new" in done.stdout
    assert "remark" in done.stderr
    assert "did you mean" in done.stdout
    assert home.json("quarantine", "list", "--system", "sheet") == []
    (order,) = home.json("explain", "SO26")["orders"]
    assert order["order"]["status"] == "partly_shipped"
    assert order["views"][0]["occurred_at"] == "2026-01-06T00:00:00+00:00"


def test_problems_name_row_column_and_what_to_do(home: Home, tmp_path: Path) -> None:
    found = home.json("orders", "import", sheet(tmp_path / "bad.csv", *BAD), "--dry-run", code=1)
    told = [(one["row"], one["column"], one["dropped"]) for one in found["problems"]]
    assert told == [
        (2, "status", False),
        (3, "ordered", False),
        (4, "company", False),
        (5, "occurred_at", False),
        (6, "amount", True),
        (7, "order_no", False),
    ]
    assert all(one["says"] and one["todo"] and "{" not in one["says"] for one in found["problems"])
    assert home.json("explain", "SO26", code=1)  # a dry run


def test_zone_and_company_may_be_given_once(home: Home, tmp_path: Path) -> None:
    file = sheet(
        tmp_path / "z.csv", "order_no,status,ordered,occurred_at", "SO31,confirmed,5,2026-01-06 08:00"
    )
    assert home.run("orders", "import", file).exit_code == 2
    done = home.run("orders", "import", file, "--company", "N3", "--zone", "Asia/Shanghai")
    assert done.exit_code == 0, done.output
    found = home.json("explain", "SO31", "--company", "N3")
    assert found["orders"][0]["views"][0]["occurred_at"] == "2026-01-06T00:00:00+00:00"
    assert home.run("orders", "import", file, "--company", "N3", "--zone", "Asia/Shangai").exit_code == 2


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("company,order_no,ordered", "N1,SO1,5"), "status"),
        (("company,order_no,status", "N1,SO1,shipped"), "ordered"),
        (("company,order_no,statuss,ordered", "N1,SO1,shipped,5"), "did you mean status"),
        (("",), "no rows|header"),
    ],
)
def test_a_file_that_is_no_sheet_of_orders_is_refused(
    home: Home, tmp_path: Path, rows: Sequence[str], says: str
) -> None:
    done = home.run("orders", "import", sheet(tmp_path / "x.csv", *rows))
    assert done.exit_code in (1, 2)
    assert any(one in done.stderr for one in says.split("|")), done.stderr


def test_files_that_are_not_there_or_no_sheets(home: Home, tmp_path: Path) -> None:
    assert home.run("orders", "import", str(tmp_path / "none.csv")).exit_code == 2
    assert home.run("orders", "import", sheet(tmp_path / "x.txt", "a")).exit_code == 2
    broken = home.run("orders", "import", sheet(tmp_path / "x.xlsx", "no workbook"))
    assert broken.exit_code == 1
    assert "x.xlsx" in broken.stderr


def test_a_mapped_system_is_no_sheet(home: Home, tmp_path: Path) -> None:
    file = sheet(tmp_path / "x.csv", "company,order_no,status,ordered", "N1,SO1,shipped,5")
    done = home.run("orders", "import", file, "--system", "erp")
    assert done.exit_code == 2
    assert "erp" in done.stderr


def test_a_correction_in_a_narrow_sheet_keeps_what_stood_before(home: Home, tmp_path: Path) -> None:
    wide = sheet(
        tmp_path / "w.csv", "company,order_no,status,ordered,shipped,side", "N4,SO1,shipped,9,9,on_hold"
    )
    assert home.run("orders", "import", wide).exit_code == 0
    narrow = sheet(tmp_path / "n.csv", "company,order_no,status,ordered", "N4,SO1,shipped,10")
    assert home.run("orders", "import", narrow).exit_code == 0
    found = home.json("explain", "SO1", "--company", "N4")
    (view,) = found["orders"][0]["views"]
    assert (view["ordered"], view["shipped"], view["side"]) == ("10", "9", ["on_hold"])
    again = home.json("orders", "import", narrow)
    assert again["unchanged"] == 1


def test_a_sheet_that_cannot_say_cancelled_does_not_say_the_opposite(home: Home, tmp_path: Path) -> None:
    file = sheet(tmp_path / "x.csv", "company,order_no,status,ordered", "N4,SO2,shipped,9")
    home.run("orders", "import", file)
    found = home.json("explain", "SO2", "--company", "N4")
    assert found["orders"][0]["views"][0]["side_known"] == []


def test_a_word_against_another_system_is_a_finding_and_can_be_taken_back(home: Home, tmp_path: Path) -> None:
    file = sheet(tmp_path / "x.csv", "company,order_no,status,ordered,shipped", "N1,SO1,shipped,8,10")
    home.run("orders", "import", file)
    home.run("reconcile")
    assert len(home.json("findings", "list", "--order", "SO1", "--company", "N1")) == 1
    file = sheet(tmp_path / "x.csv", "company,order_no,status,ordered,shipped", "N1,SO1,shipped,10,10")
    home.run("orders", "import", file)
    home.run("reconcile")
    assert home.json("findings", "list", "--order", "SO1", "--company", "N1") == []


def test_numbers_and_dates_of_a_workbook(home: Home, tmp_path: Path) -> None:
    from datetime import datetime

    book = Workbook()
    page = book.active
    assert page is not None
    page.append(["company", "order_no", "status", "ordered", "occurred_at", "amount"])
    page.append([1000, 4711, "confirmed", 1.5, datetime(2026, 1, 6, 8, 0), 0.1])  # noqa: DTZ001 - as Excel has it
    book.save(tmp_path / "o.xlsx")
    done = home.run("orders", "import", str(tmp_path / "o.xlsx"), "--zone", "Asia/Shanghai")
    assert done.exit_code == 0, done.output
    (order,) = home.json("explain", "4711", "--company", "1000")["orders"]
    assert (order["order"]["ordered"], order["order"]["amount"]) == ("1.5", "0.1")
    assert order["order"]["occurred_at"] == "2026-01-06T00:00:00+00:00"


def test_a_joined_sheet_order_is_taken_in_again(home: Home, tmp_path: Path) -> None:
    file = sheet(tmp_path / "x.csv", "company,order_no,status,ordered", "N1,S-O2,confirmed,5")
    home.run("orders", "import", file)
    done = home.run("link", "N1", "S-O2", "SO2", "--who", "li.na")
    assert done.exit_code == 0, done.output
    found = home.json("explain", "SO2")
    assert "sheet" in {view["system"] for view in found["orders"][0]["views"]}
