"""The workbook: real numbers and dates, filters, cells to fill in, nothing that runs as a formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from hub.errors import ConfigError
from hub.locale import LOCALES, text
from reconciler.payments.reports import Given, write_book
from reconciler.payments.reports.columns import SHEETS
from tests.reconciler.payments.reports.house import DAY, EVIL, a_month, accounts, came, owed, posted, table

RISKY = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_book(tmp_path / "book.xlsx", a_month(accounts=accounts(), shipments={"SO-1": ["DN-1"]}))
    return tmp_path / "book.xlsx"


@pytest.mark.parametrize("locale", LOCALES)
def test_sheets_with_frozen_heads_and_filters(tmp_path: Path, locale: str) -> None:
    write_book(tmp_path / "book.xlsx", a_month(locale))
    book = load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == [text(f"payments.sheet_{name}", locale) for name in ("summary", *SHEETS)]
    for name, columns in SHEETS.items():
        sheet = book[text(f"payments.sheet_{name}", locale)]
        assert sheet.freeze_panes in ("B2", "D2")
        assert sheet.auto_filter.ref == f"A1:{get_column_letter(len(columns))}{sheet.max_row}"
        heads = [cell.value for cell in sheet[1]]
        assert heads == [text(f"payments.column_{column}", locale) for column in columns]
        assert len(set(heads)) == len(heads)


def test_nothing_runs_as_a_formula(path: Path) -> None:
    cells = [cell for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    risky = [cell.value for cell in cells if str(cell.value)[:1] in RISKY and cell.data_type == "s"]
    assert not risky
    assert f"'{EVIL}" in {cell.value for cell in cells}


def test_money_is_a_number_and_an_id_is_text(path: Path) -> None:
    sheet = load_workbook(path)["Matched"]
    cells = dict(zip([cell.value for cell in sheet[1]], sheet[3], strict=True))
    cash, day = cells["Cash for it"], cells["Value date"]
    assert (cash.value, cash.number_format, cash.data_type) == (195, "#,##0.00", "n")
    assert (str(day.value), day.number_format) == ("2026-06-25 00:00:00", "yyyy-mm-dd")
    assert (sheet.cell(3, 1).value, sheet.cell(3, 1).data_type) == ("B2", "s")


def test_what_was_matched(path: Path) -> None:
    rows = {row["Bank entry"]: row for row in table(path, "matched")}
    assert list(rows) == ["B1", "B2", "B3", "B4", "B5"]
    assert (rows["B1"]["Order"], rows["B1"]["Shipments"]) == ("SO-1", "DN-1")
    assert (rows["B2"]["Kept by the bank"], rows["B2"]["Discount"]) == (5, None)
    assert (rows["B3"]["Discount"], rows["B3"]["Settled"]) == (6, 300)
    assert (rows["B4"]["Cash for it"], rows["B4"]["Settled"], rows["B4"]["Owed in"]) == (370, 400, "USD")


def test_proposals_have_one_row_for_each_line(path: Path) -> None:
    rows = table(path, "proposals")
    lines = [
        (row["Bank entry"], row["Rank"], row["Receivable"], row["Would pay"], row["Line"]) for row in rows
    ]
    assert lines == [
        ("B7", 1, "R8", 70, "1 of 2"),
        ("B7", 1, "R9", 60, "2 of 2"),
        ("B7", 2, "R7", 70, "1 of 1"),
        ("B6", 1, "R7", 70, "1 of 1"),
        ("B6", 2, "R8", 70, "1 of 1"),
        ("B5", 1, "R6", 25, "1 of 1"),  # on account: what is posted is not proposed once more
    ]
    assert [row["To assign"] for row in rows] == [130, 130, 130, 70, 70, 25]
    assert {row["Decision"] for row in rows} == {None}


@pytest.mark.parametrize("locale", LOCALES)
def test_decisions_are_chosen_from_a_list(tmp_path: Path, locale: str) -> None:
    write_book(tmp_path / "book.xlsx", a_month(locale))
    sheet = load_workbook(tmp_path / "book.xlsx")[text("payments.sheet_proposals", locale)]
    [choice] = sheet.data_validations.dataValidation
    words = ",".join(text(f"payments.word_{word}", locale) for word in ("accept", "reject"))
    assert (choice.formula1, str(choice.sqref), choice.errorStyle) == (f'"{words}"', "C2:C7", None)
    hidden = {sheet.cell(1, one.min or 0).value for one in sheet.column_dimensions.values() if one.hidden}
    assert text("payments.column_signed", locale) in hidden


def test_the_other_sheets(path: Path) -> None:
    [unidentified] = table(path, "unidentified")
    assert (unidentified["Bank entry"], unidentified["Days old"], unidentified["Age"]) == (
        "B8",
        100,
        "> 90 days",
    )
    [on_account] = table(path, "on_account")
    assert (on_account["Bank entry"], on_account["On account"], on_account["Paid beside"]) == (
        "B5",
        25,
        "SI-5",
    )
    assert [(row["Bank entry"], row["Belongs to"]) for row in table(path, "returned")] == [
        ("B9", "B10"), ("B10", "B9"), ("B11", "B1"), ("B12", None),
    ]  # fmt: skip
    receivables = [(row["Invoice"], row["Days overdue"], row["Open"]) for row in table(path, "receivables")]
    assert receivables == [
        ("SI-8", 100, 70), ("SI-7", 45, 70), ("SI-6", 10, 25), ("SI-9", -5, 90), ("SI-10", 10, -10),
    ]  # fmt: skip
    customers = {(row["Customer no."], row["Owed in"]): row for row in table(path, "customers")}
    assert customers["C1", "EUR"]["Overdue invoices"] == 3
    assert customers["C1", "EUR"]["Average days to pay"] == 35
    assert customers["C2", "EUR"]["Credit notes"] == -10


def test_the_summary_adds_up(path: Path) -> None:
    rows: dict[Any, tuple[Any, ...]] = {}
    for row in load_workbook(path)["Summary"].iter_rows(values_only=True):
        rows.setdefault(row[0], row[1:])
    assert rows["receipts"][:2] == (8, 1684.99)
    parts = [rows[name][1] for name in ("matched without a person", "to be decided", "unidentified")]
    assert round(sum(parts) + rows["of the matched, on account"][1], 2) == 1684.99
    assert rows["CN622"][0] == "CNY"


def test_a_currency_without_cents(tmp_path: Path) -> None:
    item = owed("1", 5_000, currency="JPY")
    write_book(
        tmp_path / "book.xlsx",
        Given([posted(came(1, 5_000, currency="JPY"), "party", (item, 5_000))], [item], DAY),
    )
    sheet = load_workbook(tmp_path / "book.xlsx")["Matched"]
    received = sheet["F2"]
    assert (received.value, received.number_format) == (5000, "#,##0")


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no workbook"):
        write_book(tmp_path / "book.csv", a_month())
    with pytest.raises(ConfigError, match="nowhere"):
        write_book(tmp_path / "nowhere" / "book.xlsx", a_month())
