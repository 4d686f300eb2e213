"""`orderhub match` from files into files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from reconciler.payments import files

RECEIVABLES = """\
R1,K1,上海宏达电子有限公司,INV-1001,,,CNY,500.17,2026-03-02,2026-04-01,,
R2,K1,上海宏达电子有限公司,INV-1002,,,CNY,300.11,2026-03-02,2026-04-01,,
R3,K2,Nordsee Möbel GmbH,INV-2001,,,EUR,90.00,2026-03-02,2026-04-01,,
"""
BANK = """\
B1,2026-03-20,500.17,CNY,上海宏达电子有限公司,,INV-1001
B2,2026-03-20,100.00,EUR,NORDSEE MOEBEL GMBH,,INV-2001
B3,2026-03-21,250.00,CNY,王小明,6222001,货款
B4,2026-03-21,-42.00,CNY,电力公司,,电费
B5,2026-03-22,500.17,CNY,上海宏达电子有限公司,,INV-1001
B6,2026-03-22,9.99,USD,nobody,,
"""
CUSTOMERS = "K1,上海宏达电子有限公司,,6222001,,\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name, columns, rows in (
        ("r.csv", files.RECEIVABLES, RECEIVABLES),
        ("b.csv", files.BANK, BANK),
        ("c.csv", files.CUSTOMERS, CUSTOMERS),
    ):
        (tmp_path / name).write_text(f"{','.join(columns)}\n{rows}", encoding="utf-8")
    return tmp_path


def run(desk: Path, *more: str, customers: bool = True) -> Result:
    words = [
        "match",
        "--receivables",
        "r.csv",
        "--bank",
        "b.csv",
        "--matches",
        "m.csv",
        "--proposals",
        "p.csv",
    ]
    words += ["--customers", "c.csv"] if customers else []
    words = [str(desk / word) if word.endswith(".csv") else word for word in words]
    env = {"ORDERHUB_HOME": str(desk), "COLUMNS": "200"}
    return CliRunner().invoke(app, [*words, *more], env=env)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_from_files_into_files(desk: Path) -> None:
    result = run(desk)
    assert result.exit_code == 0, result.output
    assert [(row["bank_id"], row["receivable_id"], row["amount"]) for row in rows(desk / "m.csv")] == [
        ("B1", "R1", "500.17"),
        ("B2", "R3", "90.00"),
    ]
    [proposal] = rows(desk / "p.csv")
    assert (proposal["bank_id"], proposal["rank"], proposal["receivable_id"]) == ("B3", "1", "R2")
    for said in ("matched", "proposed", "paid before", "went out", "unidentified", "500.17 CNY", "50.0 %"):
        assert said in result.output


def test_json(desk: Path) -> None:
    result = run(desk, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said.pop("seconds") >= 0
    assert said["entries"] == 6
    assert said["postings"] == 2
    assert {name: count for name, count in said["counts"].items() if count} == {
        "posted": 2, "proposed": 1, "unidentified": 1, "duplicate": 1, "outgoing": 1,
    }  # fmt: skip
    assert said["rules"] == {"document": 1, "document_over": 1}
    assert said["sums"]["posted"] == {"CNY": "500.17", "EUR": "90.00"}
    assert said["sums"]["on_account"] == {"EUR": "10.00"}
    assert said["sums"]["outgoing"] == {"CNY": "-42.00"}


def test_without_customers_the_names_of_the_receivables_serve(desk: Path) -> None:
    assert run(desk, customers=False).exit_code == 0
    assert [row["bank_id"] for row in rows(desk / "m.csv")] == ["B1", "B2"]
    assert rows(desk / "p.csv") == []  # the account of B3 is nobody's now


def test_twice_gives_the_same_files(desk: Path) -> None:
    run(desk)
    before = [(desk / name).read_bytes() for name in ("m.csv", "p.csv")]
    run(desk)
    assert [(desk / name).read_bytes() for name in ("m.csv", "p.csv")] == before


def test_a_file_with_faults_matches_nothing(desk: Path) -> None:
    bank = desk / "b.csv"
    bank.write_text(bank.read_text(encoding="utf-8").replace("250.00", "25O.00"), encoding="utf-8")
    result = run(desk)
    assert result.exit_code == 2
    assert "b.csv:4: amount '25O.00'" in result.output
    assert not (desk / "m.csv").exists()


def test_a_file_that_is_not_there(desk: Path) -> None:
    (desk / "r.csv").unlink()
    result = run(desk)
    assert result.exit_code == 2
    assert "r.csv" in result.output
    assert "Traceback" not in result.output


def test_an_option_that_does_not_exist(desk: Path) -> None:
    assert run(desk, "--certain").exit_code == 2
