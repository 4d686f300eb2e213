"""The provider in a real Airflow: metadata, forms, hooks, and connections from Airflow's own store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider.provider import get_provider_info
from airflow_provider.secrets import SENSITIVE_NAMES
from hub.config import connection
from simulators.practice import Practice, Setting
from tests.dags import homes

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

TYPES = {one["connection-type"]: one for one in get_provider_info()["connection-types"]}
NOW = datetime(2026, 6, 30, 10, 5, tzinfo=UTC)
SECRET = "sesame-0pen"


@pytest.fixture
def manager(airflow: None) -> Any:
    from airflow.providers_manager import ProvidersManager

    return ProvidersManager()


@pytest.fixture
def practice(airflow: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Practice systems that answer, their connections as JSON opens them, and a home with their mappings."""
    home = homes.practice(tmp_path / "home")
    monkeypatch.setenv("ORDERHUB_HOME", str(home))
    setting = Setting(orders=200, seed=7, now=NOW, out=tmp_path / "world")
    with Practice(setting, lambda *_: None) as running:
        said = running.connections()
        yield {name.removeprefix("AIRFLOW_CONN_").lower(): json.loads(one) for name, one in said.items()}


@pytest.fixture
def kept(airflow: None) -> Iterator[Any]:
    """What puts a connection into Airflow's own database."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    def keep(conn_id: str, said: dict[str, Any]) -> None:
        parts = said | {"extra": json.dumps(said.get("extra") or {})}
        with create_session() as session:
            session.add(Connection(conn_id=conn_id, **parts))

    yield keep
    with create_session() as session:
        session.query(Connection).filter(Connection.conn_id.in_(("erp", "wms", "tms"))).delete()


def own(said: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a practice connection in the hub's own type, as its form would make it."""
    extra: dict[str, Any] = dict(said.get("extra") or {})
    if kind == "files":
        extra["kind"] = "folder"
    said = said | ({"schema": "http"} if kind == "sap_soap" else {})
    return said | {"conn_type": f"orderhub_{kind}", "extra": extra}


def test_the_metadata_are_what_airflow_asks_for(airflow: None) -> None:
    import airflow as installed
    import jsonschema

    schema = Path(installed.__file__).with_name("provider_info.schema.json")
    jsonschema.validate(get_provider_info(), json.loads(schema.read_text("utf-8")))


def test_airflow_knows_the_provider_and_its_hooks(manager: Any) -> None:
    assert manager.providers["orderhub"].data["name"] == "OrderHub"
    for name, said in TYPES.items():
        hook = manager.hooks[name]
        assert hook is not None, name
        assert hook.hook_class_name == said["hook-class-name"]
        assert hook.hook_name == said["hook-name"]
        assert hook.connection_id_attribute_name == "orderhub_conn_id"
        assert hook.connection_testable


def test_airflow_offers_the_forms(manager: Any) -> None:
    widgets = manager.connection_form_widgets
    for name, said in TYPES.items():
        for field, one in said["conn-fields"].items():
            secret = one["schema"].get("format") == "password"
            assert widgets[f"extra__{name}__{field}"].is_sensitive is secret
        assert manager.field_behaviours[name]["relabeling"] == said["ui-field-behaviour"]["relabeling"]


def test_airflow_masks_every_secret_field_once_it_is_told(airflow: None) -> None:
    from airflow.sdk._shared.secrets_masker.secrets_masker import DEFAULT_SENSITIVE_FIELDS, SecretsMasker

    masker = SecretsMasker()
    masker.sensitive_variables_fields = [*DEFAULT_SENSITIVE_FIELDS, *SENSITIVE_NAMES]
    fields = {
        field
        for one in TYPES.values()
        for field, said in one["conn-fields"].items()
        if said["schema"].get("format") == "password"
    }
    assert all(masker.should_hide_value_for_key(one) for one in fields | {"app_key", "AppSecret", "ticket"})
    assert not any(masker.should_hide_value_for_key(one) for one in ("order_key", "side", "company"))


def test_the_test_button_asks_the_connector(practice: dict[str, Any]) -> None:
    """As Airflow does it: under a name of no meaning, with what stands in the form."""
    from airflow.models.connection import Connection

    for system, kind in (("erp", "sap_soap"), ("wms", "sql"), ("tms", "files")):
        for named in (True, False):
            said = own(practice[system], kind)
            said["extra"] |= {"system": system} if named else {}
            with pytest.MonkeyPatch.context() as patch:
                conn = Connection(conn_id="xyzzy", **said | {"extra": json.dumps(said["extra"])})
                patch.setenv("AIRFLOW_CONN_XYZZY", conn.get_uri())
                good, told = conn.test_connection()
            assert good, told
            assert told


def test_what_does_not_work_is_told_without_secrets(practice: dict[str, Any]) -> None:
    from airflow.models.connection import Connection

    extra = json.dumps({"system": "erp", "token": SECRET})
    parts = {"host": "http://127.0.0.1", "port": 1, "login": "u", "password": SECRET}
    with pytest.MonkeyPatch.context() as patch:
        conn = Connection(conn_id="xyzzy", conn_type="orderhub_sap_soap", extra=extra, **parts)
        patch.setenv("AIRFLOW_CONN_XYZZY", conn.get_uri())
        good, told = conn.test_connection()
    assert not good
    assert "127.0.0.1" in told
    assert SECRET not in told


def test_a_hook_hands_out_what_the_connectors_take(airflow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider.hooks import SqlHook

    said = {"conn_type": "orderhub_sql", "host": "db", "password": SECRET, "extra": {"kind": "mssql"}}
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps(said))
    found = SqlHook("ledger").get_conn()
    assert (found.conn_type, found.host, found.password) == ("mssql", "db", SECRET)


def test_connections_in_airflows_database_reach_the_hub(
    practice: dict[str, Any], kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider.connections import environment

    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    for system, kind in (("erp", "sap_soap"), ("wms", "sql"), ("tms", "files")):
        kept(system, own(practice[system], kind))
    found = environment()
    assert connection("erp", found).url().startswith("http://127.0.0.1")
    assert connection("wms", found).sqlalchemy_url().get_backend_name() == "sqlite"
    assert connection("tms", found).path() == Path(practice["tms"]["extra"]["path"])
