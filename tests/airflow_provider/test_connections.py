"""Airflow's connections as the hub reads them. No Airflow here: it is a stand-in that hands them out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider.connections import as_json, environment
from hub.config import PREFIX, connection
from hub.errors import ConfigError
from hub.redact import redact
from tests.house.code import ROOT


def kept(conn_type: str, extra: str | None = None, **parts: Any) -> SimpleNamespace:
    """A connection as Airflow hands it out."""
    empty = dict.fromkeys(("host", "port", "login", "password", "schema"))
    return SimpleNamespace(conn_type=conn_type, extra=extra, **{**empty, **parts})


def read(conn: SimpleNamespace) -> Any:
    return connection("it", {PREFIX + "IT": as_json(conn)})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    return tmp_path


def test_every_part_reaches_the_hub() -> None:
    asked = kept("http", '{"a": 1}', host="h", port=81, login="u", password="p w/:", schema="https")
    found = read(asked)
    assert (found.url(), found.login, found.password) == ("https://h:81", "u", "p w/:")
    assert found.extra == {"a": 1}


def test_fields_that_were_left_empty_are_not_there() -> None:
    found = read(kept("orderhub_rest", '{"token": "", "header": null, "verify": false}', host="h", login=""))
    assert found.extra == {"verify": False}
    assert found.login is None


@pytest.mark.parametrize("extra", [None, "", "no json", "[1]"])
def test_an_extra_that_says_nothing_breaks_nothing(extra: str | None) -> None:
    assert read(kept("http", extra, host="h")).extra == {}


def test_a_secret_is_known_to_the_hub_once_it_was_read() -> None:
    read(kept("http", '{"app_secret": "r0se-bud"}', host="h", password="sesame-0pen"))
    assert redact("sesame-0pen and r0se-bud") == "*** and ***"


def test_connections_of_airflow_join_the_environment(home: Path) -> None:
    known = {"erp": kept("http", host="erp.example"), "tms": kept("fs", '{"path": "/drop"}')}
    env = {"ORDERHUB_HOME": str(home), "AIRFLOW_CONN_TMS": '{"conn_type": "fs", "host": "/own"}'}
    found = environment(env=env, ask=known.get)
    assert json.loads(found["AIRFLOW_CONN_ERP"])["host"] == "erp.example"
    assert json.loads(found["AIRFLOW_CONN_TMS"])["host"] == "/own"  # a variable wins
    assert "AIRFLOW_CONN_WMS" not in found  # the hub names it where it needs it
    assert env.keys() < found.keys()


def test_only_the_systems_that_are_asked_for(home: Path) -> None:
    asked: list[str] = []
    environment(["erp"], {"ORDERHUB_HOME": str(home)}, lambda conn_id: asked.append(conn_id))
    assert asked == ["erp"]


def test_without_a_hub_there_is_nothing_to_connect(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mappings"):
        environment(env={"ORDERHUB_HOME": str(tmp_path)}, ask=lambda _: None)
