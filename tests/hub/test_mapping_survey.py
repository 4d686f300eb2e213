from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.errors import MappingError
from hub.mapping.survey import survey
from tests.house.code import ROOT


@pytest.fixture
def systems(tmp_path: Path) -> Path:
    """The folder of the system files in a copy of the repository's mappings."""
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    return tmp_path / "mappings/systems"


def said(wrong: list[MappingError]) -> str:
    return "\n".join(error.say() for error in wrong)


def test_all_right(systems: Path) -> None:
    right, wrong = survey(systems.parents[1])
    assert list(right) == ["erp", "tms", "wms"]
    assert not wrong


def test_a_wrong_file_hides_no_right_one(systems: Path) -> None:
    wms = systems / "wms.yaml"
    wms.write_text(wms.read_text("utf-8").replace("streams:", "strems:", 1), "utf-8")
    (systems / "mes.yaml").write_text("system: [", "utf-8")
    right, wrong = survey(systems.parents[1])
    assert list(right) == ["erp", "tms"]
    assert len(wrong) == 2
    assert "wms.yaml" in said(wrong)
    assert "strems" in said(wrong)
    assert "mes.yaml" in said(wrong)


def test_a_system_described_twice_is_said(systems: Path) -> None:
    shutil.copy(systems / "wms.yaml", systems / "wms_old.yaml")
    right, wrong = survey(systems.parents[1])
    assert right["wms"].path == systems / "wms.yaml"
    assert "wms_old.yaml" in said(wrong)
    assert "twice" in said(wrong)


def test_a_home_without_systems_is_no_error(tmp_path: Path) -> None:
    assert survey(tmp_path) == ({}, [])
