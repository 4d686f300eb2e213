"""`sync_<system>` for every right mapping file, and `reconcile` whenever one of them has read its system."""

from datetime import UTC, datetime, timedelta
from functools import partial

from airflow.sdk import DAG, Asset, AssetAny, task

from hub.config import Settings
from hub.mapping.survey import survey

RETRY = {"retries": 3, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0}
HABITS = {**RETRY, "owner": "orderhub", "execution_timeout": timedelta(hours=2)}
START = datetime(2026, 1, 1, tzinfo=UTC)
dag = partial(DAG, start_date=START, catchup=False, max_active_runs=1, tags=["orderhub"], default_args=HABITS)


@task
def read(system: str, *, outlet_events: dict) -> None:
    from sync.tasks import sync_system

    outlet_events[assets[system]].extra = sync_system(system)


@task
def compare() -> object:
    from reconciler.tasks import reconcile_all

    return reconcile_all()


mappings, _ = survey(Settings.load().home)  # what is wrong is shown by orderhub_problems.py
assets = {name: Asset(name=f"orderhub_{name}", uri=f"x-orderhub://systems/{name}") for name in mappings}
for name, asset in assets.items():
    with dag(f"sync_{name}", schedule=timedelta(minutes=5), doc_md=f"Reads what is new in **{name}**."):
        read.override(outlets=[asset])(name)
if assets:
    with dag("reconcile", schedule=AssetAny(*assets.values()), doc_md="Compares what the systems say."):
        compare()
