"""One Airflow for all tests of the DAGs: to import it and to make its database takes seconds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house.code import ROOT

Parse = Callable[[Path], Any]


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A fresh Airflow; its settings are read at its first import, which is why no test imports it above."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(ROOT / "dags"))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.setenv("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
        from airflow.utils.db import initdb

        initdb()
        yield


@pytest.fixture
def parse(airflow: None, monkeypatch: pytest.MonkeyPatch) -> Parse:
    """What gives the bag of DAGs of a home, which counts as the hub's from then on."""

    def parsed(home: Path) -> Any:
        from airflow.dag_processing.dagbag import DagBag

        monkeypatch.setenv("ORDERHUB_HOME", str(home))
        return DagBag(ROOT / "dags")

    return parsed


def run(dag: Any, **given: Any) -> Any:
    """Run a DAG here and now, without the minutes of patience that its retries have; return the run.

    A deadline cannot be kept by a run that no scheduler knows.
    """
    dag.deadline = None
    for task in dag.tasks:
        task.retries = 0
    return dag.test(**given)


def states(dag_run: Any) -> dict[str, str]:
    """Return how the tasks of a run ended."""
    return {
        f"{one.task_id}{one.map_index if one.map_index >= 0 else ''}": str(one.state)
        for one in dag_run.get_task_instances()
    }


def use(monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    """Let tasks find these in their environment."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)


__all__ = ["Parse", "run", "states", "use"]
