"""Airflow as it runs: scheduler, API server, DAG processor and triggerer over a market that is written to."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

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


def answered(person: Client, run: str, index: int) -> bool:
    """Approve what is asked, as often as it is asked; tell whether it is decided."""
    for one in person.waiting(run):
        if one["task_instance"]["map_index"] == index:
            person.answer(one, "Approve")
    place = f"/api/v2/dags/approvals/dagRuns/{run}/taskInstances/ask/{index}"
    return bool(person.get(place)["state"] == "success")


def test_what_is_held_is_approved_in_airflow_and_written(whole: Running, market: Market) -> None:
    """Sync → reconcile → a change is held → the director approves it in Airflow → it is in the ERP."""
    director = person(whole, "director-chen")
    assert director.done("sync_crm") == "success"
    until(lambda: director.get("/api/v2/dags/reconcile/dagRuns?state=success")["total_entries"], "reconcile")
    orders = set(market.ask("holds", system="crm"))
    assert orders > set(market.ask("holds", system="erp")), "the dear ones wait"
    run = director.start("approvals")
    asked = until(lambda: [one for one in director.waiting(run) if "→ ERP" in one["subject"]], "approvals")
    order = asked[0]["subject"].split("/")[1].split(" ")[0]
    assert order not in market.ask("holds", system="erp")
    assert director.done("sync_wms") == "success"  # Airflow asks again who answers within its next heartbeat
    assert until(lambda: answered(director, run, asked[0]["task_instance"]["map_index"]), "the answer")
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
