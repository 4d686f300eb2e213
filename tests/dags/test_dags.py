"""The DAGs in a real Airflow: they parse, keep the house rules, survive a wrong mapping, and run."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.house.code import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
# Airflow and what it brings along warn about each other; our own warnings fail every other test.

SYSTEMS = {"erp", "wms", "tms"}
NOW = datetime(2026, 6, 30, 10, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's home with the mappings of the repository."""
    home = tmp_path_factory.mktemp("hub")
    shutil.copytree(ROOT / "mappings", home / "mappings")
    return home


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[None]:
    """A fresh Airflow; its settings are read at its first import, which is why no test imports it above."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(ROOT / "dags"))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.setenv("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
        patch.setenv("ORDERHUB_HOME", str(home))
        from airflow.utils.db import initdb

        initdb()
        yield


def parse() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(ROOT / "dags")


@pytest.fixture(scope="module")
def bag(airflow: None) -> Any:
    return parse()


def test_every_file_parses(bag: Any) -> None:
    assert not bag.import_errors


def test_one_dag_for_each_system_and_one_to_reconcile(bag: Any) -> None:
    assert set(bag.dags) == {f"sync_{system}" for system in SYSTEMS} | {"reconcile"}


def test_dags_keep_the_house_rules(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        assert dag.start_date is not None
        assert dag.doc_md
        assert "orderhub" in dag.tags
        for task in dag.tasks:
            assert task.owner == "orderhub"
            assert task.retries > 0
            assert timedelta() < task.execution_timeout <= timedelta(hours=2)


def test_dags_survive_serialisation(bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in bag.dags.values():
        again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert again.dag_id == dag.dag_id
        assert again.task_ids == dag.task_ids


def test_reconcile_runs_after_any_system_was_read(bag: Any) -> None:
    """Any, not all: one system that is down must not stop the comparison of the others."""
    from airflow.sdk import AssetAny

    condition = bag.dags["reconcile"].timetable.asset_condition
    made = {
        outlet for system in SYSTEMS for task in bag.dags[f"sync_{system}"].tasks for outlet in task.outlets
    }
    assert isinstance(condition, AssetAny)
    assert {asset.name for asset in condition.objects} == {asset.name for asset in made}
    assert len(made) == len(SYSTEMS)


def test_a_wrong_mapping_loses_only_its_own_dag_and_is_shown(
    airflow: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    wms = tmp_path / "mappings/systems/wms.yaml"
    wms.write_text(wms.read_text("utf-8").replace("streams:", "strems:", 1), "utf-8")
    monkeypatch.setenv("ORDERHUB_HOME", str(tmp_path))
    bag = parse()
    assert set(bag.dags) == {"sync_erp", "sync_tms", "reconcile"}
    ((file, error),) = bag.import_errors.items()
    assert file.endswith("orderhub_problems.py")
    assert "wms.yaml" in error
    assert "strems" in error


def test_the_dags_run(bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, against the practice systems, into a store of its own."""
    import sqlalchemy as sa

    from hub.store import make_key, open_store, read_key
    from hub.store.tables import findings, orders
    from simulators.practice import Practice, Setting

    url, key = f"sqlite:///{tmp_path / 'hub.db'}", make_key()
    monkeypatch.setenv("ORDERHUB_STORE", url)
    monkeypatch.setenv("ORDERHUB_KEY", key)
    store = open_store(url, read_key(key))
    store.upgrade()
    with Practice(Setting(orders=200, seed=7, now=NOW, out=tmp_path / "world"), lambda *_: None) as practice:
        for name, value in practice.connections().items():
            monkeypatch.setenv(name, value)
        for system in sorted(SYSTEMS):
            assert run(bag.dags[f"sync_{system}"]) == "success"
        assert run(bag.dags["reconcile"]) == "success"
    with store.read() as conn:
        assert len(conn.execute(sa.select(orders.c.order_no)).all()) >= 200
        assert conn.execute(sa.select(findings.c.kind)).first()
    store.close()
    assert extras().keys() == {f"orderhub_{system}" for system in SYSTEMS}
    assert all(extras().values())


def run(dag: Any) -> str:
    """Run a DAG here and now, without the minutes of patience that its retries have; return its state."""
    for task in dag.tasks:
        task.retries = 0
    return str(dag.test().state)


def extras() -> dict[str, Any]:
    """What the runs said of their assets: the counts of the latest event, by the asset's name."""
    import sqlalchemy as sa
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session

    events = sa.select(AssetModel.name, AssetEvent.extra).join(
        AssetModel, AssetModel.id == AssetEvent.asset_id
    )
    with create_session() as session:
        return dict(session.execute(events.order_by(AssetEvent.timestamp)).tuples().all())
