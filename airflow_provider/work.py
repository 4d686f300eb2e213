"""What the tasks do. Each calls a function that knows nothing of Airflow, imported when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider.connections import environment

Counts = dict[str, Any]


@task
def sync(system: str, *, params: Mapping[str, Any], outlet_events: Any, outlets: Any) -> Counts:
    """Read what is new in a system, or again what changed between `from` and `to`; merge and send."""
    from sync.tasks import sync_system, sync_window

    start, end = params.get("from"), params.get("to")
    if start or end:
        counts: Counts = {**sync_window(system, start or "", end, environment()), "from": start, "to": end}
    else:
        counts = dict(sync_system(system, environment()))
    return _told(counts, outlet_events, outlets)


@task
def sweep(system: str, *, outlet_events: Any, outlets: Any) -> Counts:
    """Sweep a system now."""
    from sync.tasks import sweep_system

    return _told(dict(sweep_system(system, environment())), outlet_events, outlets)


@task
def compare(*, outlet_events: Any, outlets: Any) -> Counts:
    """Compare what the systems say, and write the report."""
    from reconciler.tasks import reconcile_all

    return _told(dict(reconcile_all()), outlet_events, outlets)


@task
def match(*, outlet_events: Any, outlets: Any) -> Counts:
    """Match bank entries with receivables, and write page and workbook."""
    from reconciler.tasks import match_payments

    return _told(dict(match_payments()), outlet_events, outlets)


@task
def dual_run() -> Counts:
    """Compare what the hub would have written with what people entered."""
    from reconciler.tasks import dual_run_figures

    return dict(dual_run_figures())


@task
def tidy(*, params: Mapping[str, Any]) -> Counts:
    """Give up what nobody answered, and remove what is over."""
    from sync.tasks import tidy

    return dict(tidy(dry=bool(params["dry"])))


def _told(counts: Counts, events: Any, outlets: Any) -> Counts:
    """Give the counts to the assets of the task; a task that another worker does is skipped, which tells."""
    if counts.get("busy"):
        raise AirflowSkipException("another worker is at it")
    for asset in outlets:
        events[asset].extra = counts
    return counts
