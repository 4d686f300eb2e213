"""`orderhub match --report --sheet`: the page and the workbook of one run over files."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from cli.main import app
from hub.locale import LOCALES, text
from reconciler.payments import files
from reconciler.payments.reports import read_decisions

OWED = [
    "R1,C1,North Tools,SI-2026001,SO-1,,EUR,100.00,2026-01-05,2026-02-04,,",
    "R2,C1,North Tools,SI-2026002,SO-2,,EUR,250.00,2026-01-06,2026-02-05,,",
    "R3,C1,North Tools,SI-2026003,SO-3,,EUR,250.00,2026-01-07,2026-02-06,,",
]
BANK = ["B1,2026-02-10,100.00,EUR,North Tools,,SI-2026001", "B2,2026-02-11,250.00,EUR,North Tools,,goods"]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_run_with_page_and_workbook(tmp_path: Path, locale: str) -> None:
    def table(name: str, columns: tuple[str, ...], rows: list[str]) -> str:
        (tmp_path / name).write_text("\n".join([",".join(columns), *rows]), "utf-8")
        return str(tmp_path / name)

    page, sheet = tmp_path / "page.html", tmp_path / "book.xlsx"
    words = ["match", "--receivables", table("owed.csv", files.RECEIVABLES, OWED)]
    words += ["--bank", table("bank.csv", files.BANK, BANK)]
    words += ["--customers", table("customers.csv", files.CUSTOMERS, ["C1,North Tools Ltd,,,,"])]
    words += ["--matches", str(tmp_path / "m.csv"), "--proposals", str(tmp_path / "p.csv")]
    words += ["--report", str(page), "--sheet", str(sheet), "--locale", locale]
    result = CliRunner().invoke(app, words, env={"ORDERHUB_HOME": str(tmp_path)})
    assert result.exit_code == 0, result.output
    said = page.read_text("utf-8")
    assert text("payments.as_of", locale, day="2026-02-11") in said
    assert "North Tools Ltd" in said
    book = load_workbook(sheet)
    proposals = book[text("payments.sheet_proposals", locale)]
    assert [row[0] for row in proposals.iter_rows(min_row=2, values_only=True)] == ["B2", "B2"]
    proposals.cell(3, 3, text("payments.word_accept", locale))
    book.save(sheet)
    [one] = read_decisions(sheet, locale)
    assert (one.bank_id, one.rank, one.accepted) == ("B2", 2, True)
