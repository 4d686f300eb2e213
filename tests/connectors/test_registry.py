from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from connectors import registry
from connectors.contract import Capabilities, Connector
from connectors.files import FilesConnector
from hub.errors import ConfigError
from hub.locale import LOCALES, catalogue
from hub.mapping.grammar import SystemMapping

ENTRIES = {
    "files": "connectors.files:FilesConnector",
    "sql": "connectors.sql:SqlConnector",
    "acme": "no_such_module:Kind",
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the group as declared here: what happens to be installed beside must not decide a test."""

    def entries(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(name, value, group) for name, value in ENTRIES.items()]

    monkeypatch.setattr(registry, "entry_points", entries)


def mapping(kind: str, connection: str | None = "drop") -> SystemMapping:
    streams = {"events": {"read": {"file": "*.csv"}}}
    said = {"system": "tms", "connector": kind, "connection": connection, "streams": streams}
    return SystemMapping.model_validate(said)


def clock() -> datetime:
    return datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(("conn_id", "variable"), [("drop", "DROP"), (None, "TMS")])
def test_opens_the_connector_of_a_mapping(tmp_path: Path, conn_id: str | None, variable: str) -> None:
    env = {f"AIRFLOW_CONN_{variable}": json.dumps({"conn_type": "file", "extra": {"path": str(tmp_path)}})}
    connector = registry.open_connector(mapping("files", conn_id), env, clock)
    assert isinstance(connector, FilesConnector)
    assert isinstance(connector, Connector)
    assert connector.check().ok


def test_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'files'"):
        registry.open_connector(mapping("file"), {}, clock)
    with pytest.raises(ConfigError, match="Installed are: acme, files, sql"):
        registry.load_kind("zzz")


def test_a_kind_that_does_not_load_says_why() -> None:
    with pytest.raises(ConfigError, match="no_such_module"):
        registry.load_kind("acme")


def test_a_connection_that_is_not_set_is_named() -> None:
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_DROP"):
        registry.open_connector(mapping("files"), {}, clock)


def test_kinds_are_listed_broken_ones_too() -> None:
    found = {kind.name: kind for kind in registry.kinds()}
    assert sorted(found) == ["acme", "files", "sql"]
    assert found["acme"].capabilities is None
    assert "no_such_module" in found["acme"].error
    for name in ("files", "sql"):
        capabilities = found[name].capabilities
        assert isinstance(capabilities, Capabilities)
        assert all(capabilities.summary in catalogue(locale) for locale in LOCALES)


def test_entry_points_of_this_project_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    load: Callable[[str], registry.Kind] = registry.load_kind
    assert {"since"} <= load("sql").capabilities.asks
    assert {"since"} <= load("files").capabilities.asks
