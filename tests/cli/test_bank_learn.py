"""`orderhub bank learn`: a person says once what the columns of a download are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

RIVALS = "日期,金额,发生额,摘要\n2026-01-05,1.00,2.00,a\n2026-01-06,-3.00,2.00,b\n"


def run(home: Path, *words: str | Path, answer: str | None = None) -> Result:
    env = {"ORDERHUB_HOME": str(home), "COLUMNS": "200"}
    return CliRunner().invoke(app, ["bank", *map(str, words)], env=env, input=answer)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "download.csv"
    path.write_bytes(RIVALS.encode("gb18030"))
    return path


def test_a_header_is_learned_and_then_known(tmp_path: Path, file: Path) -> None:
    assert run(tmp_path, "parse", file).exit_code == 1
    done = run(tmp_path, "learn", file, "--as", "mine", "--column", "金额=amount", "--yes")
    assert done.exit_code == 0, done.output
    assert "2 entries, 1.00 in and 3.00 out" in done.output
    assert (tmp_path / "mappings" / "downloads" / "mine.yaml").exists()
    [read] = json.loads(run(tmp_path, "parse", file, "--json").stdout)
    assert (read["format"], read["warnings"], read["errors"]) == ("export:mine", [], [])
    again = run(tmp_path, "learn", file)
    assert "nothing to learn" in again.output


def test_a_person_is_asked_and_may_say_no(tmp_path: Path, file: Path) -> None:
    words = ("learn", file, "--as", "mine", "--column", "金额=amount")
    no = run(tmp_path, *words, answer="n\n")
    assert (no.exit_code, (tmp_path / "mappings").exists()) == (1, False)
    assert "Nothing was remembered" in no.output
    assert run(tmp_path, *words, answer="y\n").exit_code == 0


def test_what_is_not_decided_is_not_remembered(tmp_path: Path, file: Path) -> None:
    done = run(tmp_path, "learn", file, "--yes")
    assert done.exit_code == 2
    assert "金额, 发生额" in done.output
    assert not (tmp_path / "mappings").exists()


def test_a_column_needs_its_role(tmp_path: Path, file: Path) -> None:
    done = run(tmp_path, "learn", file, "--column", "金额", "--yes")
    assert done.exit_code == 2
    assert "NAME=ROLE" in done.output


def test_a_file_that_cannot_be_read_so_is_not_remembered(tmp_path: Path, file: Path) -> None:
    file.write_bytes(b"Date,Amount\n01/02/2026,1.00\n03/04/2026,2.00\n")
    done = run(tmp_path, "learn", file, "--as", "mine", "--yes")
    assert done.exit_code == 1
    assert "--dates" in done.output
    assert run(tmp_path, "learn", file, "--as", "mine", "--dates", "dmy", "--yes").exit_code == 0
