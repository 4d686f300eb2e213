"""What all DAGs of the hub share: retries, time-outs, pools, the watcher, the deadline.

The pools stand in `pools.json`: `airflow pools import` makes them. A task whose pool is not there never runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, TriggerRule, task
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider.deadlines import missed
from airflow_provider.retries import policy

OWNER = "orderhub"
START = datetime(2026, 1, 1, tzinfo=UTC)
SYSTEMS, STORE = "orderhub_systems", "orderhub_store"
"""The pools: of tasks that talk to systems, and of those that go over the whole store."""

HOUR = timedelta(hours=1)
WATCHER = "nothing_failed"


def dag(
    dag_id: str,
    schedule: Any,
    doc: str,
    locale: str,
    *,
    pool: str,
    timeout: timedelta = HOUR,
    late: timedelta = 2 * HOUR,
    tags: Sequence[str] = (),
    owner: str = OWNER,
    **more: Any,
) -> DAG:
    """Return an empty DAG with the habits of the house.

    `timeout` is that of each task; a run that has not ended `late` after it was queued is told of.
    """
    habits = {
        "owner": owner,
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "retry_policy": policy(),
        "execution_timeout": timeout,
        "pool": pool,
    }
    told = {"dag": dag_id, "minutes": late // timedelta(minutes=1), "locale": locale}
    alert = DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, late, AsyncCallback(missed, kwargs=told))
    return DAG(
        dag_id,
        schedule=schedule,
        start_date=START,
        catchup=False,
        doc_md=doc,
        tags=["orderhub", *tags],
        default_args=habits,
        deadline=alert,
        **{"max_active_runs": 1, **more},
    )


def watch(made: DAG) -> DAG:
    """Let a task fail if any other did, and return the DAG: no last task that succeeds may hide a failure."""
    with made:
        others = list(made.tasks)
        watcher = nothing_failed()
        for other in others:
            other.set_downstream(watcher.operator)
    return made


# mypy does not follow Airflow
@task(task_id=WATCHER, trigger_rule=TriggerRule.ONE_FAILED, retries=0)  # type: ignore[untyped-decorator]
def nothing_failed() -> None:
    """Fail: something before it did."""
    raise AirflowFailException("a task of this run failed; its own log says why")
