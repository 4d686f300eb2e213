"""The DAGs in a real Airflow: they parse, keep the house rules, survive a wrong mapping, and run."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.dags import homes
from tests.dags.conftest import Parse, run, states, use
from tests.house.code import ROOT
from tests.house.test_imports import HEAVY
from tests.sync.out.house import House

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
# Airflow and what it brings along warn about each other; our own warnings fail every other test.

SYSTEMS = {"erp", "wms", "tms"}
NOW = datetime(2026, 6, 30, 10, 5, tzinfo=UTC)
WATCHER = "nothing_failed"


@pytest.fixture
def bag(parse: Parse, tmp_path: Path) -> Any:
    return parse(homes.practice(tmp_path))


@pytest.fixture
def full(parse: Parse, tmp_path: Path) -> Any:
    """The DAGs of a home that asks for all kinds."""
    bag = parse(homes.full(tmp_path))
    assert not bag.import_errors
    return bag


def test_the_repository_gives_a_dag_for_each_system_and_those_of_the_whole_hub(bag: Any) -> None:
    assert not bag.import_errors
    systems = {f"sync_{system}" for system in SYSTEMS}
    assert set(bag.dags) == systems | {"sweep_erp", "sweep_wms", "reconcile", "housekeeping"}


def test_a_bank_a_shadow_and_a_live_system_ask_for_more(full: Any) -> None:
    assert {"sync_bank", "match_payments", "dual_run", "approvals"} <= set(full.dags)


def test_dags_keep_the_house_rules(full: Any) -> None:
    pools = json.loads((ROOT / "airflow_provider/pools.json").read_text())
    for dag in full.dags.values():
        assert dag.catchup is False
        assert dag.max_active_runs == (16 if dag.dag_id == "approvals" else 1)
        assert dag.start_date is not None
        assert dag.doc_md
        assert "orderhub" in dag.tags
        assert dag.deadline
        for task in dag.tasks:
            assert task.owner
            assert task.pool in {*pools, "default_pool"}
            assert timedelta() < task.execution_timeout <= timedelta(hours=6)
            assert (task.retries > 0 and task.retry_policy is not None) or task.task_id == WATCHER


def test_every_dag_has_a_watcher_behind_all_its_tasks(full: Any) -> None:
    """A last task that succeeds would hide that another one failed."""
    for dag in full.dags.values():
        watcher = dag.get_task(WATCHER)
        assert watcher.trigger_rule == "one_failed"
        assert watcher.upstream_task_ids == set(dag.task_ids) - {WATCHER}


def test_a_dag_says_what_its_mapping_says(full: Any) -> None:
    dag = full.dags["sync_bank"]
    assert dag.get_task("sync").owner == "finance-desk"
    assert {"sync", "bank", "read_only"} <= set(dag.tags)
    assert all(said in dag.doc_md for said in ("finance-desk", "`entries` (bank_entry)", "read only"))


def test_dags_speak_the_language_of_the_hub(parse: Parse, tmp_path: Path) -> None:
    rules = homes.practice(tmp_path) / "mappings/hub.yaml"
    rules.write_text(rules.read_text("utf-8").replace("locale: en", "locale: zh-CN", 1), "utf-8")
    assert "游标不移动" in parse(tmp_path).dags["sync_wms"].doc_md


def test_dags_survive_serialisation(full: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in full.dags.values():
        again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert again.dag_id == dag.dag_id
        assert again.task_ids == dag.task_ids


def outlets(dag: Any) -> set[str]:
    return {outlet.name for task in dag.tasks for outlet in task.outlets}


def waited_for(dag: Any) -> set[str]:
    """Any, not all: one system that is down must not stop the comparison of the others."""
    from airflow.sdk import AssetAny

    condition = dag.timetable.asset_condition
    assert isinstance(condition, AssetAny)
    return {asset.name for asset in condition.objects}


def test_what_was_read_starts_what_follows_of_it(full: Any) -> None:
    read = {name: outlets(full.dags[f"sync_{name}"]) for name in (*SYSTEMS, "bank")}
    assert waited_for(full.dags["reconcile"]) == set.union(*read.values())
    assert waited_for(full.dags["match_payments"]) == read["bank"]
    assert outlets(full.dags["sweep_wms"]) == read["wms"]


def test_a_wrong_mapping_loses_only_its_own_dags_and_is_shown(parse: Parse, tmp_path: Path) -> None:
    wms = homes.practice(tmp_path) / "mappings/systems/wms.yaml"
    wms.write_text(wms.read_text("utf-8").replace("streams:", "strems:", 1), "utf-8")
    bag = parse(tmp_path)
    assert set(bag.dags) == {"sync_erp", "sync_tms", "sweep_erp", "reconcile", "housekeeping"}
    ((file, error),) = bag.import_errors.items()
    assert file.endswith("orderhub_problems.py")
    assert "wms.yaml" in error
    assert "strems" in error


def test_wrong_rules_lose_no_dag_and_are_shown(parse: Parse, tmp_path: Path) -> None:
    rules = homes.practice(tmp_path) / "mappings/hub.yaml"
    rules.write_text(rules.read_text("utf-8").replace("unanswered: 7d", "unanswered: soon", 1), "utf-8")
    bag = parse(tmp_path)
    assert {"sync_erp", "reconcile"} <= set(bag.dags)
    (error,) = bag.import_errors.values()
    assert "hub.yaml" in error


PARSED = """
import json, socket, sys, time
import airflow_provider.dags, airflow_provider.approval, airflow.dag_processing.dagbag as bags
def refuse(*_, **__): raise AssertionError("a DAG must not reach out while it is parsed")
before = set(sys.modules)
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
began = time.process_time()
bag = bags.DagBag(sys.argv[1])
seconds = time.process_time() - began
assert not bag.import_errors, bag.import_errors
loaded = {name.partition(".")[0] for name in sys.modules} - {name.partition(".")[0] for name in before}
print("\\n" + json.dumps([len(bag.dags), seconds, sorted(loaded), sorted(sys.modules)]))
"""


def test_to_parse_all_dags_is_quick_loads_nothing_heavy_and_reaches_for_nothing(
    airflow: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow parses the DAGs every half minute."""
    monkeypatch.setenv("ORDERHUB_HOME", str(homes.full(tmp_path)))
    command = [sys.executable, "-W", "ignore", "-c", PARSED, str(ROOT / "dags")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    dags, seconds, loaded, modules = json.loads(done.stdout.splitlines()[-1])
    assert dags == 11
    assert seconds < 1
    heavy = (HEAVY - {"airflow"}) | {"rapidfuzz", "requests", "reconciler"}
    assert not heavy & set(loaded)
    assert not {"zeep", "playwright", "lxml", "openpyxl", "rapidfuzz"} & set(modules)


def test_the_dags_run(parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, against the practice systems, into a store of its own."""
    from hub.store import make_key, open_store, read_key
    from hub.store.tables import findings, orders
    from simulators.practice import Practice, Setting

    home = homes.practice(tmp_path / "home")
    bag = parse(home)
    url, key = f"sqlite:///{tmp_path / 'hub.db'}", make_key()
    use(monkeypatch, {"ORDERHUB_STORE": url, "ORDERHUB_KEY": key})
    store = open_store(url, read_key(key))
    store.upgrade()
    with Practice(Setting(orders=200, seed=7, now=NOW, out=tmp_path / "world"), lambda *_: None) as practice:
        use(monkeypatch, practice.connections())
        for dag_id in (*(f"sync_{system}" for system in sorted(SYSTEMS)), "sweep_wms", "reconcile"):
            done = run(bag.dags[dag_id])
            assert (done.state, states(done)[WATCHER]) == ("success", "skipped")
    assert run(bag.dags["housekeeping"], run_conf={"dry": True}).state == "success"
    with store.read() as conn:
        assert len(conn.execute(sa.select(orders.c.order_no)).all()) >= 200
        assert conn.execute(sa.select(findings.c.kind)).first()
    store.close()
    assert (home / "reports/report.en.html").exists()
    told = extras()
    assert {f"orderhub_{system}" for system in SYSTEMS} | {"orderhub_reconcile"} <= told.keys()
    assert told["orderhub_erp"]["records"] > 100
    assert told["orderhub_reconcile"]


def test_a_window_is_read_again_and_no_cursor_moves(
    parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_store: Any
) -> None:
    from hub.store.tables import cursors

    here = House(tmp_path / "house", sqlite_store)
    here.sync()
    here.adopt()
    here.born("S1")
    here.sync(2)
    use(monkeypatch, homes.env_of(here))
    bag = parse(here.home)
    with here.store.read() as conn:
        before = conn.execute(sa.select(cursors)).all()
    day = timedelta(days=1)
    window = {"from": (here.now - day).isoformat(), "to": (here.now + day).isoformat()}
    done = run(bag.dags["sync_shop"], run_conf=window)
    assert done.state == "success"
    with here.store.read() as conn:
        assert conn.execute(sa.select(cursors)).all() == before
    told = extras()["orderhub_shop"]
    assert told["records"] == 1
    assert {name: told[name] for name in window} == window
    here.close()


def test_what_fails_is_seen_and_what_a_person_must_mend_is_not_retried(
    parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_store: Any
) -> None:
    here = House(tmp_path / "house", sqlite_store)
    use(monkeypatch, {**homes.env_of(here), "AIRFLOW_CONN_SHOP": ""})
    bag = parse(here.home)
    dag = bag.dags["sync_shop"]
    dag.deadline = None
    done = dag.test()
    assert done.state == "failed"
    assert states(done) == {"sync": "failed", WATCHER: "failed"}
    (failed,) = (one for one in done.get_task_instances() if one.task_id == "sync")
    assert failed.try_number == 1
    here.close()


def test_what_another_worker_does_is_skipped(
    parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_store: Any
) -> None:
    from hub.store.leases import lease
    from hub.store.turns import LEASE, wall

    here = House(tmp_path / "house", sqlite_store)
    use(monkeypatch, homes.env_of(here))
    dag = parse(here.home).dags["sync_wms"]
    with lease(sqlite_store, "sync:wms", "elsewhere/1", wall(), LEASE):
        done = run(dag)
    assert (done.state, states(done)["sync"]) == ("success", "skipped")
    here.close()


def extras() -> dict[str, Any]:
    """What the runs said of their assets: the counts of the latest event, by the asset's name."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session

    events = sa.select(AssetModel.name, AssetEvent.extra).join(
        AssetModel, AssetModel.id == AssetEvent.asset_id
    )
    with create_session() as session:
        return dict(session.execute(events.order_by(AssetEvent.timestamp)).tuples().all())
