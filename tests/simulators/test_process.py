from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from simulators.process import PracticeFailed, PracticeProcess
from simulators.wms_database import outbound
from tests.simulators.worlds import NOW


def test_the_three_systems_come_up_answer_and_go(tmp_path: Path) -> None:
    stages: list[str] = []
    systems = PracticeProcess(
        orders=200, seed=7, now=NOW, out=tmp_path, progress=lambda stage, done, total: stages.append(stage)
    )
    with systems:
        assert set(systems.connections) == {"AIRFLOW_CONN_ERP", "AIRFLOW_CONN_WMS", "AIRFLOW_CONN_TMS"}
        assert systems.orders["wms"] > 200
        erp = json.loads(systems.connections["AIRFLOW_CONN_ERP"])
        address = f"http://{erp['host']}:{erp['port']}/sap/bc/soap/wsdl11?services=BAPI_SALESORDER_GETLIST"
        assert requests.get(address, auth=(erp["login"], erp["password"]), timeout=10).status_code == 200
        engine = sa.create_engine(
            json.loads(systems.connections["AIRFLOW_CONN_WMS"])["extra"]["sqlalchemy_url"]
        )
        with engine.connect() as conn:
            assert conn.scalar(sa.select(sa.func.count()).select_from(outbound)) == systems.orders["wms"]
        engine.dispose()
        drop = Path(json.loads(systems.connections["AIRFLOW_CONN_TMS"])["extra"]["path"])
        assert list(drop.glob("*.ok"))
        truth = systems.truth()
        assert truth == systems.truth()
        assert {"class", "company", "order_no", "system"} == set(truth[0])
        assert_told_nowhere(truth, tmp_path)
    assert {"wms", "tms"} <= set(stages)
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=1)
    with pytest.raises(PracticeFailed):
        systems.truth()
    systems.stop()  # twice is harmless


def assert_told_nowhere(truth: list[dict[str, str]], folder: Path) -> None:
    """The truth is neither in a file that the hub could read nor in the environment."""
    assert {path.name for path in folder.iterdir()} == {"wms.db", "tms"}
    for path in folder.rglob("*.csv"):
        assert b"truth" not in path.read_bytes()
    assert not any(
        one["class"] in value for one in truth for value in os.environ.values() if "order_no" in value
    )


def test_without_faults_there_is_nothing_to_tell(tmp_path: Path) -> None:
    with PracticeProcess(orders=60, seed=1, now=NOW, out=tmp_path, faults=False) as systems:
        assert systems.truth() == []


def test_what_cannot_start_says_why(tmp_path: Path) -> None:
    systems = PracticeProcess(orders=60, seed=1, now=NOW, out=tmp_path, wms_url="nosuchengine://x")
    with pytest.raises(PracticeFailed, match="nosuchengine"):
        systems.start()
