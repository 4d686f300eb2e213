"""What is wrong between hub.yaml and the mapping files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.mapping import check

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    return tmp_path


def test_a_route_with_a_misspelt_system_is_an_error_that_names_the_nearest(home: Path) -> None:
    hub = home / "mappings" / "hub.yaml"
    text = hub.read_text("utf-8")
    hub.write_text(text.replace("tms: never", "tmss: never"), "utf-8")
    problems = [one for one in check(home) if one.key == "rules.system_unmapped_near"]
    (problem,) = problems
    line = next(at for at, said in enumerate(text.splitlines(), 1) if "tms: never" in said)
    assert (problem.line, problem.severity) == (line, "error")
    assert problem.values == {"name": "tmss", "nearest": "tms"}


def test_a_route_may_name_a_system_that_is_still_to_come_but_not_silently(home: Path) -> None:
    hub = home / "mappings" / "hub.yaml"
    hub.write_text(hub.read_text("utf-8").replace("tms: never", "tms: never, finance: never"), "utf-8")
    (problem,) = check(home)
    assert (problem.key, problem.severity) == ("rules.system_unmapped", "warning")


def test_a_file_that_cannot_be_read_still_counts_as_its_system(home: Path) -> None:
    (home / "mappings" / "systems" / "tms.yaml").write_text("system: tms\nconnectr: files\n", "utf-8")
    assert not [one for one in check(home) if one.key.startswith("rules.")]
