"""Airflow as it runs: scheduler, API server, DAG processor and triggerer over a market that is written to."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.airflow.client import Client, until
from cli.airflow_run import Running, running
from cli.airflow_worlds import Market

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(seed=7)


@pytest.fixture(scope="module")
def whole(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(market, tmp_path_factory.mktemp("whole") / "airflow", port, lambda *_: None) as here:
        yield here


def person(whole: Running, name: str) -> Client:
    return Client(whole.home.url, name, whole.home.password)


def held(asked: list[dict[str, Any]], system: str) -> dict[str, Any]:
    return next(one for one in asked if f"→ {system.upper()}" in one["subject"])


def test_what_is_held_is_approved_in_airflow_and_written(whole: Running, market: Market) -> None:
    """Sync → reconcile → a change is held → the director approves it in Airflow → it is in the ERP."""
    director = person(whole, "director-chen")
    assert director.done("sync_crm") == "success"
    until(lambda: director.get("/api/v2/dags/reconcile/dagRuns?state=success")["total_entries"], "reconcile")
    orders = set(market.ask("holds", system="crm"))
    assert orders > set(market.ask("holds", system="erp")), "the dear ones wait"
    run = director.start("approvals")
    asked = until(lambda: director.waiting(run), "approvals")
    chosen = held(asked, "erp")
    order = chosen["subject"].split("/")[1].split(" ")[0]
    assert order not in market.ask("holds", system="erp")
    director.answer(chosen, "Approve")
    task = chosen["task_instance"]
    place = f"/api/v2/dags/approvals/dagRuns/{run}/taskInstances/ask/{task['map_index']}"
    until(lambda: director.get(place)["state"] == "success", "the answer")
    assert director.done("sync_crm") == "success"
    assert len(market.ask("holds", system="erp")[order]) == 1
    assert market.ask("doubled", system="erp") == []


def test_secrets_are_in_no_log(whole: Running) -> None:
    logs = [path.read_text("utf-8", "replace") for path in Path(whole.home.folder, "logs").rglob("*.log")]
    secrets = [json.loads(value)["password"] for name, value in whole.home.env.items()
               if name.startswith("AIRFLOW_CONN_") and "password" in json.loads(value)]  # fmt: skip
    assert len(logs) > 6
    assert secrets
    assert not [one for one in [*secrets, whole.home.env["ORDERHUB_KEY"]] for log in logs if one in log]
