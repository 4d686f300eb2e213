"""`orderhub bank parse`: what statement files say."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.connectors.statements.samples import CAMT, MT940


def run(*words: str | Path, home: Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(
        app,
        ["bank", "parse", *map(str, words)],
        env={"ORDERHUB_HOME": str(home), "COLUMNS": "200"},
        input=stdin,
    )


def told(*words: str | Path, home: Path, code: int = 0) -> list[dict[str, Any]]:
    result = run(*words, "--json", home=home)
    assert result.exit_code == code, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


@pytest.fixture
def mt940(tmp_path: Path) -> Path:
    path = tmp_path / "february.sta"
    path.write_bytes(MT940)
    return path


def test_json(mt940: Path, tmp_path: Path) -> None:
    [one] = told(mt940, home=tmp_path)
    assert (one["file"], one["format"], one["warnings"], one["errors"]) == (str(mt940), "mt940", [], [])
    [statement] = one["statements"]
    entries = statement.pop("entries")
    assert statement == {
        "account": "DE02120300000000202051", "currency": "EUR", "opening": "1000.00", "closing": "1219.50",
    }  # fmt: skip
    assert entries[0] == {
        "booked_on": "2026-02-02",
        "value_date": "2026-02-02",
        "amount": "250.00",
        "currency": "EUR",
        "reference": "BANK-1",
        "payer_name": "NORTH TOOLS GMBH",
        "payer_account": "DE44500105175407324931",
        "remittance_info": "INVOICE 2026-0001",
        "reversal": False,
        "note": None,
    }
    assert [entry["amount"] for entry in entries] == ["250.00", "-40.50", "10.00"]


def test_a_row_that_cannot_be_read_is_an_entry_of_nothing(mt940: Path, tmp_path: Path) -> None:
    mt940.write_bytes(MT940.replace(b"D40,50", b"40,50"))
    [one] = told(mt940, home=tmp_path)
    entry = one["statements"][0]["entries"][1]
    assert (entry["amount"], entry["booked_on"]) == ("0", None)
    assert entry["note"].startswith("Line 8 ")
    assert len(one["warnings"]) == 2


def test_several_files_of_which_one_is_none(mt940: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear customer,")
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.xml", CAMT)
    first, second, third, fourth = told(mt940, letter, packed, tmp_path / "gone", home=tmp_path, code=1)
    assert len(first["statements"]) == 1
    assert (second["statements"], len(second["errors"]), second["format"]) == ([], 1, "")
    assert (third["file"], third["format"]) == (f"{packed}!inner.xml", "camt.053.001.02")
    assert "No such file" in fourth["errors"][0]


def test_half_a_file_is_no_success(mt940: Path, tmp_path: Path) -> None:
    mt940.write_bytes(MT940[:300])
    [one] = told(mt940, home=tmp_path, code=1)
    assert [entry["amount"] for entry in one["statements"][0]["entries"]] == ["250.00"]
    assert "torn" in one["errors"][0]


def test_table(mt940: Path, tmp_path: Path) -> None:
    mt940.write_bytes(MT940.replace(b"1219,50", b"1219,60"))
    result = run(mt940, home=tmp_path)
    assert result.exit_code == 0
    for said in ("mt940", "DE02120300000000202051 EUR", "2026-01-30 – 2026-02-03", "250.00", "-40.50",
                 "NORTH TOOLS GMBH", "INVOICE 2026-0001", "(difference 0.10)"):  # fmt: skip
        assert said in result.output


def test_in_chinese(mt940: Path, tmp_path: Path) -> None:
    result = run(mt940, "--locale", "zh-CN", home=tmp_path)
    assert "期初余额" in result.output
    assert "对方" in result.output


def test_stdin(tmp_path: Path) -> None:
    result = run("-", "--json", home=tmp_path, stdin=MT940)
    assert json.loads(result.stdout)[0]["format"] == "mt940"


def test_a_profile_that_is_not_there(mt940: Path, tmp_path: Path) -> None:
    result = run(mt940, "--profile", "no_such", home=tmp_path)
    assert result.exit_code == 2
    assert "no_such" in result.output


def test_cut_anywhere(mt940: Path, tmp_path: Path) -> None:
    out = io.StringIO()
    for end in range(0, len(MT940), 61):
        mt940.write_bytes(MT940[:end])
        result = run(mt940, "--json", home=tmp_path)
        assert result.exit_code == 1
        out.write(result.output)
    assert "Traceback" not in out.getvalue()
