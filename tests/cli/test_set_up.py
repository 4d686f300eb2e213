"""`mapping`, `connector`, `db`: what an integrator uses."""

from __future__ import annotations

import json
import sqlite3

from hub.store import read_key
from hub.store.migrate import HEAD
from tests.cli.home import ERP, WMS, Home


def test_a_right_mapping_passes(fresh: Home) -> None:
    done = fresh.run("mapping", "check")
    assert done.exit_code == 0
    assert "2 mapping files checked: 0 errors" in done.stdout
    assert fresh.json("mapping", "check") == []


def test_a_typo_is_named_with_line_and_column(fresh: Home) -> None:
    erp = fresh.path / "mappings" / "systems" / "erp.yaml"
    erp.write_text(ERP.replace("    fields:", "    feilds:"), "utf-8")
    done = fresh.run("mapping", "check", "erp")
    assert done.exit_code == 2
    assert "erp.yaml:10:5" in done.stdout
    assert "fields" in done.stdout
    found = fresh.json("mapping", "check", code=2)
    assert (found[0]["line"], found[0]["column"], found[0]["severity"]) == (10, 5, "error")
    assert fresh.run("mapping", "check", "wms").exit_code == 0


def test_a_connector_that_is_none_is_named_with_its_place(fresh: Home) -> None:
    erp = fresh.path / "mappings" / "systems" / "erp.yaml"
    erp.write_text(ERP.replace("connector: files", "connector: flies"), "utf-8")
    done = fresh.run("mapping", "check")
    assert done.exit_code == 2
    assert "erp.yaml:3:" in done.stdout
    assert "flies" in done.stdout
    assert "files" in done.stdout.replace("flies", "")


def test_examples_are_run(fresh: Home) -> None:
    assert "wms: 3 of 3 examples hold." in fresh.run("mapping", "test").stdout
    wms = fresh.path / "mappings" / "systems" / "wms.yaml"
    wms.write_text(WMS.replace("gives: {status: allocated}", "gives: {status: shipped}"), "utf-8")
    done = fresh.run("mapping", "test", "wms")
    assert done.exit_code == 2
    assert "2 of 3" in done.stdout
    assert "allocated" in done.stdout
    found = fresh.json("mapping", "test", code=2)
    (bad,) = [one for one in found if not one["ok"]]
    assert bad["differences"] == [{"field": "status", "expected": "shipped", "got": "allocated"}]


def test_preview_shows_what_the_hub_would_understand(fresh: Home) -> None:
    shown = fresh.run("mapping", "preview", "erp", "--raw").stdout
    assert "SO1" in shown
    assert "would go to quarantine" in shown
    assert "customer" in shown
    found = fresh.json("mapping", "preview", "wms", "deliveries", "--records", "1")
    assert [one["fact"]["occurred_at"] for one in found] == ["2026-01-05T08:30:00Z"]
    assert fresh.json("explain", "SO1", code=1)  # nothing was written


def test_preview_of_an_unknown_stream(fresh: Home) -> None:
    done = fresh.run("mapping", "preview", "wms", "delivery")
    assert done.exit_code == 2
    assert "deliveries" in done.stderr


def test_the_schema_is_json(fresh: Home) -> None:
    done = fresh.run("mapping", "schema")
    assert done.exit_code == 0
    assert "streams" in json.loads(done.stdout)["properties"]


def test_connectors_are_listed(fresh: Home) -> None:
    found = fresh.json("connector", "list")
    kinds = {one["kind"]: one for one in found}
    assert {"sql", "files", "soap", "sap_soap"} <= kinds.keys()
    assert kinds["sql"]["source"] == "orderhub"
    assert not any(one["error"] for one in found)
    assert "sap_soap" in fresh.run("connector", "list").stdout


def test_connectors_are_checked(fresh: Home) -> None:
    found = fresh.json("connector", "check")
    assert [(one["system"], one["ok"]) for one in found] == [("erp", True), ("wms", True)]
    with sqlite3.connect(fresh.path / "wms.db") as wms:
        wms.execute("DROP TABLE delivery")
    wms.close()
    done = fresh.run("connector", "check", "wms")
    assert done.exit_code == 1
    assert "delivery" in done.stdout


def test_a_check_without_connection_is_wrong_set_up(fresh: Home) -> None:
    done = fresh.run("connector", "check", "wms", AIRFLOW_CONN_WMS="")
    assert done.exit_code == 2
    assert "AIRFLOW_CONN_WMS" in done.stdout


def test_no_password_is_ever_shown(fresh: Home) -> None:
    secret = "postgresql://reader:hidden-word@127.0.0.1:1/none"
    done = fresh.run("connector", "check", "wms", AIRFLOW_CONN_WMS=secret)
    assert done.exit_code != 0
    assert "hidden-word" not in done.output


def test_the_store_is_made_and_made_again(fresh: Home) -> None:
    other = f"sqlite:///{fresh.path / 'other.db'}"
    first = fresh.run("db", "upgrade", "--json", ORDERHUB_STORE=other)
    assert json.loads(first.stdout) == {"store": other, "before": None, "revision": HEAD}
    again = fresh.run("db", "upgrade", ORDERHUB_STORE=other)
    assert (again.exit_code, "already" in again.stdout) == (0, True)


def test_a_key_is_fresh_and_alone_on_stdout(fresh: Home) -> None:
    one, two = fresh.run("db", "key"), fresh.run("db", "key")
    assert len(read_key(one.stdout.strip())) == 32
    assert one.stdout != two.stdout
    assert "ORDERHUB_KEY" in one.stderr
    assert "***" not in one.stderr
