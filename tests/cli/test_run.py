"""`sync`, `reconcile`, `report`, `status`: the daily run."""

from __future__ import annotations

import csv
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.store import lease, open_store, read_key
from hub.store.migrate import HEAD
from tests.cli.home import Home


def test_sync_reads_every_system_and_says_what_came_of_it(fresh: Home) -> None:
    done = fresh.run("sync")
    assert done.exit_code == 0
    assert "Orders merged: 3 looked at, 3 new, 0 changed." in done.stdout
    assert "Total" in done.stdout
    assert "erp orders: 4" in done.stderr
    assert "wms deliveries: 2" in done.stderr


def test_sync_as_json(fresh: Home) -> None:
    found = fresh.json("sync")
    erp, wms = found["systems"]
    assert (erp["system"], erp["outcome"], erp["errors"]) == ("erp", "done", [])
    assert erp["counts"] | {"records": 4, "quarantined": 1} == erp["counts"]
    assert [(one["stream"], one["kind"]) for one in wms["streams"]] == [("deliveries", "since")]
    assert found["merged"]["born"] == 3
    again = fresh.json("sync")
    assert again["merged"].get("born", 0) == 0


def test_the_daily_run_on_postgresql(fresh: Home, postgres_url: str, tmp_path: Path) -> None:
    home = Home(fresh.path, {**fresh.env, "ORDERHUB_STORE": postgres_url})
    assert home.run("db", "upgrade").exit_code == 0
    home.read()
    assert len(home.json("findings", "list")) == 2
    sheet = str(tmp_path / "o.csv")
    home.run("orders", "export", sheet)
    found = home.json("orders", "import", sheet)
    assert (found["unchanged"], found["taken"]) == (3, 0)
    status = home.json("status")
    assert [one["orders"] for one in status["systems"]] == [3, 2]
    assert "N1/SO2" in home.run("explain", "D2").stdout


def test_sync_of_one_system(fresh: Home) -> None:
    found = fresh.json("sync", "wms")
    assert [one["system"] for one in found["systems"]] == ["wms"]


def test_an_unknown_system_names_the_nearest(home: Home) -> None:
    done = home.run("sync", "wsm")
    assert done.exit_code == 2
    assert "did you mean wms" in done.stderr


def test_a_system_that_fails_stops_no_other(fresh: Home) -> None:
    with sqlite3.connect(fresh.path / "wms.db") as wms:
        wms.execute("DROP TABLE delivery")
    wms.close()
    done = fresh.run("sync")
    assert done.exit_code in (1, 2)
    assert "wms" in done.stderr
    assert "3 new" in done.stdout
    found = fresh.json("sync", code=done.exit_code)
    assert [one["outcome"] for one in found["systems"]] == ["done", "failed"]


def test_a_wrong_mapping_stops_no_other_system(fresh: Home) -> None:
    broken = fresh.path / "mappings" / "systems" / "wms.yaml"
    broken.write_text(broken.read_text("utf-8").replace("connector: sql", "conector: sql"), "utf-8")
    done = fresh.run("sync")
    assert done.exit_code == 2
    assert "wms.yaml:3:1" in done.stderr
    assert "3 new" in done.stdout


def test_a_lacking_connection_stops_no_other_system(fresh: Home) -> None:
    done = fresh.run("sync", AIRFLOW_CONN_ERP="")
    assert done.exit_code == 2
    assert "AIRFLOW_CONN_ERP" in done.stderr
    assert "2 new" in done.stdout


def test_a_busy_system_is_skipped_which_is_no_failure(fresh: Home) -> None:
    store = open_store(fresh.env["ORDERHUB_STORE"], read_key(fresh.env["ORDERHUB_KEY"]))
    with lease(store, "sync:erp", "another worker", datetime.now(UTC), timedelta(minutes=5)):
        done = fresh.run("sync")
        found = fresh.json("sync")
    store.close()
    assert done.exit_code == 0
    assert "skipped" in done.stdout
    assert "another worker" in done.stderr
    assert [one["outcome"] for one in found["systems"]] == ["skipped", "done"]


def test_reconcile_counts_and_keeps_findings(fresh: Home) -> None:
    fresh.run("sync")
    done = fresh.run("reconcile")
    assert done.exit_code == 0
    assert "1 of 3 orders agree." in done.stdout
    assert "2 new findings" in done.stdout
    assert "nothing was written" in fresh.run("reconcile").stdout


def test_a_brief_look_says_what_came_of_it_and_how_much_stands(fresh: Home) -> None:
    fresh.read()
    assert fresh.run("reconcile", "--brief").stdout.splitlines() == [
        "Looked at 0 orders.",
        "Nothing new since the last time; nothing was written.",
        "2 findings stand. Show them: orderhub findings list",
    ]
    assert fresh.run("reconcile", "--brief", "--fail-on-findings").exit_code == 3
    found = fresh.json("reconcile", "--brief")
    assert (found["looked_at"], sum(found["counts"].values())) == (0, 2)
    both = fresh.run("reconcile", "--brief", "--as-of", "2026-11-01T00:00:00Z")
    assert both.exit_code == 2
    assert "--as-of is a look that keeps none" in both.stderr


def test_reconcile_as_json(home: Home) -> None:
    found = home.json("reconcile")
    assert found["counts"] == {"missing": 1, "quantity": 1}
    assert found["orders"] == 3


def test_findings_can_fail_a_run(home: Home) -> None:
    assert home.run("reconcile", "--fail-on-findings").exit_code == 3
    assert home.run("reconcile", "--fail-on-findings", "--json").exit_code == 3


def test_a_look_at_another_moment_writes_nothing(fresh: Home) -> None:
    fresh.run("sync")
    done = fresh.run("reconcile", "--as-of", "2026-11-01T00:00:00Z")
    assert done.exit_code == 0
    assert "another moment" in done.stdout
    assert fresh.json("findings", "list", "--state", "all") == []


def test_a_moment_needs_its_offset(home: Home) -> None:
    naive = home.run("reconcile", "--as-of", "2026-01-05T08:00:00")
    assert (naive.exit_code, "offset" in naive.stderr) == (2, True)
    none = home.run("reconcile", "--as-of", "yesterday")
    assert (none.exit_code, "yesterday" in none.stderr) == (2, True)


def test_report_writes_what_is_asked_for(home: Home, tmp_path: Path) -> None:
    found = home.json("report", "--out", str(tmp_path / "r"), "--format", "csv, json")
    assert set(found) == {"csv", "json"}
    with Path(found["csv"]).open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 3
    chinese = home.run("report", "--out", str(tmp_path / "r"), "--format", "html", "--locale", "zh-CN")
    assert chinese.stdout.strip().endswith("report.zh-CN.html")
    assert "订单" in Path(chinese.stdout.strip()).read_text("utf-8")


def test_an_unknown_format_is_wrong_use(home: Home, tmp_path: Path) -> None:
    done = home.run("report", "--out", str(tmp_path), "--format", "pdf")
    assert done.exit_code == 2
    assert "html" in done.stderr


def test_status_shows_how_fresh_every_system_is(home: Home) -> None:
    shown = home.run("status").stdout
    assert "3 orders in the hub." in shown
    assert "Findings: open 2" in shown
    assert f"revision {HEAD}" in shown
    assert "+08:00" in shown


def test_status_as_json(home: Home) -> None:
    found = home.json("status")
    erp, wms = found["systems"]
    assert (erp["system"], erp["orders"], erp["quarantined"], erp["error"]) == ("erp", 3, 1, None)
    assert wms["newest_at"] == "2026-01-05T09:00:00+00:00"
    assert found["findings"] == {"open": 2}
    assert found["revision"] == HEAD


def test_status_shows_the_last_error_until_it_is_mended(home: Home) -> None:
    with sqlite3.connect(home.path / "wms.db") as wms:
        wms.execute("ALTER TABLE delivery RENAME TO elsewhere")
    wms.close()
    home.run("sync")
    assert "wms" in home.run("status").stderr
    with sqlite3.connect(home.path / "wms.db") as wms:
        wms.execute("ALTER TABLE elsewhere RENAME TO delivery")
    wms.close()
    home.run("sync")
    assert home.run("status").stderr == ""
