"""The test button's answers: of a connector where a mapping is known, else whether anybody answers."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider.reach import language, reached
from simulators.practice import Practice, Setting
from tests.house.code import ROOT

SECRET = "sesame-0pen"
NOW = datetime(2026, 6, 30, 10, 5, tzinfo=UTC)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    shutil.copytree(ROOT / "mappings", tmp_path / "home" / "mappings")
    return {"ORDERHUB_HOME": str(tmp_path / "home")}


def variable(name: str, conn_type: str, **parts: Any) -> dict[str, str]:
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps({"conn_type": conn_type, **parts})}


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Any:
    setting = Setting(orders=200, seed=7, now=NOW, out=tmp_path_factory.mktemp("world"))
    with Practice(setting, lambda *_: None) as running:
        yield running.connections()


@pytest.mark.parametrize(("system", "kind"), [("erp", "sap_soap"), ("wms", "sql"), ("tms", "files")])
def test_the_connector_looks_where_a_mapping_uses_the_connection(
    env: dict[str, str], practice: dict[str, str], system: str, kind: str
) -> None:
    good, told = reached(system, kind, env | practice)
    assert good, told
    assert "System" not in told  # no mere answer


def test_a_form_that_is_tested_has_another_id_and_names_its_system(
    env: dict[str, str], practice: dict[str, str]
) -> None:
    said = json.loads(practice["AIRFLOW_CONN_WMS"])
    said["extra"]["system"] = "wms"
    good, told = reached("xyzzy", "sql", env | variable("xyzzy", **said))
    assert good, told
    assert told == reached("wms", "sql", env | practice)[1]


@pytest.mark.parametrize(
    ("named", "word"), [("wsm", "erp, tms, wms"), ("tms", "files")], ids=["unknown", "another kind"]
)
def test_a_system_that_cannot_be_meant_is_told(env: dict[str, str], named: str, word: str) -> None:
    good, told = reached("x", "sql", env | variable("x", "sqlite", host="/x.db", extra={"system": named}))
    assert not good
    assert named in told
    assert word in told


def test_somebody_who_listens_answers_and_nobody_does_not(env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        mine = env | variable("x", "orderhub_rest", host="http://127.0.0.1", port=port, password=SECRET)
        assert reached("x", "rest", mine) == (
            True,
            f"127.0.0.1:{port} answers. Name a system in the field System to try login and streams as well.",
        )
    good, told = reached("x", "rest", mine)
    assert not good
    assert f"Nobody answers at 127.0.0.1:{port}" in told
    assert SECRET not in told


def test_a_place_is_tried_by_what_it_is(env: dict[str, str], tmp_path: Path) -> None:
    folder = {"kind": "folder", "path": str(tmp_path)}
    assert reached("x", "files", env | variable("x", "orderhub_files", extra=folder))[0]
    folder["path"] = str(tmp_path / "away")
    good, told = reached("x", "files", env | variable("x", "orderhub_files", extra=folder))
    assert not good
    assert "away" in told
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = {"host": "127.0.0.1", "port": server.getsockname()[1], "extra": {"kind": "sftp"}}
        assert reached("x", "files", env | variable("x", "orderhub_files", **there))[0]


def test_a_database_lets_us_in_or_not(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    mine = env | variable("x", "orderhub_sql", host=str(file), extra={"kind": "sqlite"})
    good, told = reached("x", "sql", mine)
    assert not good
    assert str(file) in told
    assert not file.exists()  # to connect would have made it
    sqlite3.connect(file).close()
    assert reached("x", "sql", mine)[0]


def test_no_secret_is_told(env: dict[str, str]) -> None:
    parts = {"host": "127.0.0.1", "port": 1, "login": "u", "password": SECRET, "extra": {"kind": "postgres"}}
    good, told = reached("x", "sql", env | variable("x", "orderhub_sql", **parts))
    assert not good
    assert "postgresql" in told
    assert SECRET not in told


def test_what_cannot_be_read_is_told(env: dict[str, str]) -> None:
    good, told = reached("x", "rest", env | {"AIRFLOW_CONN_X": "no connection"})
    assert not good
    assert "AIRFLOW_CONN_X" in told


def test_answers_are_in_the_language_of_the_hub(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "home" / "mappings" / "hub.yaml"
    file.write_text(file.read_text("utf-8").replace("locale: en", "locale: zh-CN"), "utf-8")
    good, told = reached("x", "files", env | variable("x", "fs", extra={"path": str(tmp_path)}))
    assert good
    assert "存在" in told
    assert language({"ORDERHUB_HOME": str(tmp_path / "nowhere")}) == "en"
    assert language(env | {"ORDERHUB_LOCALE": "en"}) == "en"
