"""Settings and connections: everything that Airflow takes, nothing secret in anything that is shown."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

from hub.config import Connection, Settings, connection
from hub.errors import ConfigError
from hub.redact import redact
from hub.store import make_key, read_key


def named(text: str | dict[str, Any], conn_id: str = "erp_main") -> Connection:
    value = text if isinstance(text, str) else json.dumps(text)
    return connection(conn_id, {"AIRFLOW_CONN_ERP_MAIN": value})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mappings").mkdir()
    return tmp_path


def test_the_home_is_where_the_mappings_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.load({"ORDERHUB_HOME": str(home)})
    assert (settings.home, settings.store_url) == (home, f"sqlite:///{home}/orderhub.db")
    monkeypatch.chdir(home)
    assert Settings.load({}).home == home
    with pytest.raises(ConfigError, match=r"no folder mappings/ in .*systems.*ORDERHUB_HOME"):
        Settings.load({"ORDERHUB_HOME": str(home / "systems")})


def test_store_and_key_come_from_the_environment_and_are_not_shown(home: Path) -> None:
    key = make_key()
    env = {
        "ORDERHUB_HOME": str(home),
        "ORDERHUB_STORE": "postgresql://hub:hunter22@db/orderhub",
        "ORDERHUB_KEY": key,
        "AIRFLOW_CONN_ERP": "http://u:hunter22@h",
    }
    settings = Settings.load(env)
    assert settings.store_url == env["ORDERHUB_STORE"]
    assert settings.key == read_key(key)
    assert settings.connection("erp").password == "hunter22"
    assert key not in repr(settings) and "hunter22" not in repr(settings)
    assert key not in redact(f"the key is {key}")


def test_a_lacking_or_malformed_key_says_how_to_make_one(home: Path) -> None:
    with pytest.raises(ConfigError, match="ORDERHUB_KEY is not set.*orderhub db key"):
        _ = Settings.load({"ORDERHUB_HOME": str(home)}).key
    with pytest.raises(ConfigError, match="orderhub db key") as caught:
        _ = Settings.load({"ORDERHUB_HOME": str(home), "ORDERHUB_KEY": "hunter22"}).key
    assert "hunter22" not in str(caught.value)


def test_a_uri_is_read_as_airflow_reads_it() -> None:
    one = named("my-http://lo%40gin:p%2Fw%3A%40%23@ERP.example:8443/sap%2Fbc?sap-client=100&empty=")
    assert (one.conn_type, one.login, one.password) == ("my_http", "lo@gin", "p/w:@#")
    assert (one.host, one.port, one.schema) == ("ERP.example", 8443, "sap/bc")
    assert one.extra == one.query == {"sap-client": "100", "empty": ""}


def test_extra_may_be_json_in_the_uri() -> None:
    one = named("http://h/?__extra__=%7B%22sap%22%3A%20%7B%22client%22%3A%20100%7D%7D")
    assert (one.extra, one.query) == ({"sap": {"client": 100}}, {})


@pytest.mark.parametrize("extra", [{"client": 100}, '{"client": 100}'])
def test_json_is_read_with_its_extra_as_object_or_text(extra: object) -> None:
    one = named(
        {"conn_type": "http", "host": "h", "port": "8000", "login": "u", "password": "p", "extra": extra}
    )
    assert (one.host, one.port, one.login, one.password, one.extra) == ("h", 8000, "u", "p", {"client": 100})
    assert named({"conn_type": "http"}).extra == {}


def test_a_lacking_connection_is_named_by_its_variable() -> None:
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_TMS-DROP") as caught:
        connection("tms-drop", {})
    assert "AIRFLOW_CONN_TMS-DROP" in caught.value.say("zh-CN")


@pytest.mark.parametrize(
    "text",
    [
        "hunter22",
        "://u:hunter22@h",
        "http://u:hunter22@h:port/",
        "http://u:hunter22@[::1/",
        '{"conn_type": "http", "password": "hunter22"',
        '{"password": "hunter22"}',
        '{"conn_type": "http", "password": "hunter22", "port": "eighty"}',
        '{"conn_type": "http", "password": "hunter22", "extra": "hunter22"}',
        '{"conn_type": "http", "password": "hunter22", "extra": ["hunter22"]}',
        "http://u:hunter22@h/?__extra__=hunter22",
    ],
)
def test_a_malformed_connection_is_not_quoted_even_in_the_traceback(text: str) -> None:
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_ERP_MAIN") as caught:
        named(text)
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    source = Path(__file__).name
    assert "hunter22" not in "".join(line for line in shown.splitlines() if source not in line)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_secrets_are_registered_wherever_they_stand() -> None:
    shown = named(
        {
            "conn_type": "http",
            "host": "h",
            "login": "erp",
            "password": "seCret-1",
            "extra": {
                "auth": {"client_secret": "seCret-2", "tokens": ["seCret-3"]},
                "sqlalchemy_url": "mssql+pyodbc://sa:seCret%204@db/x",
                "plant": "P100",
            },
        }
    )
    assert redact("seCret-1 seCret-2 seCret-3 seCret 4 seCret%204 P100") == "*** *** *** *** *** P100"
    assert "seCret" not in repr(shown) and "seCret" not in str(shown)
    assert "login='erp'" in repr(shown)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://u:p@erp.example:8000/sap%2Fbc%2Fsrt", "http://erp.example:8000/sap/bc/srt"),
        ("https://erp.example/", "https://erp.example"),
        ("http://erp.example:8443/https", "https://erp.example:8443"),
        ("sap_soap://u:p@erp.example", "https://erp.example"),
        ("http://https://erp.example:8443/api", "https://erp.example:8443/api"),
        ('{"conn_type": "soap", "host": "http://127.0.0.1", "port": 8000}', "http://127.0.0.1:8000"),
        ('{"conn_type": "soap", "host": "http://127.0.0.1:8000/sap/"}', "http://127.0.0.1:8000/sap"),
        ('{"conn_type": "http", "host": "h", "schema": "https"}', "https://h"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ('{"conn_type": "http", "host": "::1", "port": 80}', "http://[::1]:80"),
        ('{"conn_type": "http", "host": "http://u:p@h/a", "schema": "b"}', "http://h/a/b"),
        ('{"conn_type": "http", "host": "h", "schema": "httpd"}', "http://h/httpd"),
    ],
)
def test_the_http_address_is_whole_and_without_credentials(text: str, url: str) -> None:
    assert named(text).url() == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (
            "postgres://u:p%40@db:5433/wms?sslmode=require",
            "postgresql+psycopg://u:p%40@db:5433/wms?sslmode=require",
        ),
        ("postgresql://db/wms", "postgresql+psycopg://db/wms"),
        ("sqlite:////srv/WMS/wms.db", "sqlite:////srv/WMS/wms.db"),
        ("sqlite:///wms.db", "sqlite:///wms.db"),
        ("sqlite://%2Fsrv%2FWMS%2Fwms.db", "sqlite:////srv/WMS/wms.db"),
        ('{"conn_type": "sqlite", "host": "/srv/wms.db"}', "sqlite:////srv/wms.db"),
        ('{"conn_type": "sqlite", "schema": "/srv/wms.db"}', "sqlite:////srv/wms.db"),
        ("mssql+pyodbc://sa:p@db/wms", "mssql+pyodbc://sa:p@db/wms"),
        (
            '{"conn_type": "mssql", "extra": {"sqlalchemy_url": "mssql+pymssql://sa:p@db/wms"}}',
            "mssql+pymssql://sa:p@db/wms",
        ),
        (
            '{"conn_type": "x", "extra": {"sqlalchemy_url": "postgresql://u:p@db/wms"}}',
            "postgresql+psycopg://u:p@db/wms",
        ),
        (
            '{"conn_type": "postgres", "host": "db", "extra": {"x": "P1", "sqlalchemy_query": {"a": "b"}}}',
            "postgresql+psycopg://db?a=b",
        ),
    ],
)
def test_the_database_address(text: str, url: str) -> None:
    found = named(text).sqlalchemy_url()
    assert found.render_as_string(hide_password=False) == url
    assert not found.password or f":{found.password}@" not in repr(found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"conn_type": "orderhub_sql", "extra": {"kind": "postgresql"}}', "postgres"),
        ("orderhub-sql://u:p@db/wms?kind=mysql&charset=utf8", "mysql"),
        ('{"conn_type": "orderhub_files", "extra": {"kind": "sftp"}}', "sftp"),
        ('{"conn_type": "orderhub_files"}', "orderhub_files"),
        ('{"conn_type": "http", "host": "h", "extra": {"kind": "sftp"}}', "http"),
        ('{"conn_type": "orderhub_rest", "host": "h", "extra": {"kind": "sftp"}}', "orderhub_rest"),
    ],
)
def test_the_forms_for_several_kinds_say_which(text: str, kind: str) -> None:
    assert named(text).conn_type == kind


def test_what_a_form_asks_besides_is_no_parameter_of_the_address() -> None:
    asked = named("orderhub-sql://u:p@db/wms?kind=mysql&system=wms&charset=utf8")
    assert asked.sqlalchemy_url().query == {"charset": "utf8"}
    assert named("mysql://db/wms?kind=x").sqlalchemy_url().query == {"kind": "x"}
    assert named('{"conn_type": "orderhub_rest", "host": "h"}').url() == "https://h"
    assert named('{"conn_type": "orderhub_rest", "host": "h", "schema": "http"}').url() == "http://h"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///srv/TMS/drop", "/srv/TMS/drop"),
        ("file://drop/tms", "drop/tms"),
        ('{"conn_type": "fs", "extra": {"path": "/srv/drop"}}', "/srv/drop"),
        ('{"conn_type": "file", "host": "/srv/drop"}', "/srv/drop"),
        ('{"conn_type": "file", "host": "drop"}', "drop"),
        ('{"conn_type": "file", "schema": "/srv/drop"}', "/srv/drop"),
    ],
)
def test_the_folder_of_a_file_drop(text: str, path: str) -> None:
    assert named(text).path() == Path(path)


def test_what_a_connection_does_not_say_is_said() -> None:
    with pytest.raises(ConfigError, match="erp_main names no host"):
        named('{"conn_type": "http"}').url()
    with pytest.raises(ConfigError, match="erp_main names no path"):
        named('{"conn_type": "file"}').path()
    with pytest.raises(ConfigError, match="erp_main names no path"):
        named('{"conn_type": "sqlite"}').sqlalchemy_url()
    with pytest.raises(ConfigError, match="sqlalchemy_url") as caught:
        named('{"conn_type": "x", "extra": {"sqlalchemy_url": "hunter22"}}').sqlalchemy_url()
    assert "hunter22" not in str(caught.value)
    assert caught.value.__context__ is None
