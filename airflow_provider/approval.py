"""The fuse's door in Airflow: one task for each approval that is asked, beside `orderhub approve`.

A task waits in Airflow's own state for it, without a worker. Whoever answers, here or there, decides through
`sync.out.approvals` and under the reference that stands for exactly what was shown: what is no longer held,
or has changed, is left alone. A time-out is no answer: the task is skipped, and what is held still is asked
again by the next run. So that nobody is asked twice at a time, what waits is noted in Airflow's store of the
asset; a note goes with its answer, or when its time is up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.exceptions import HITLTimeoutError
from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk import Asset, task
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

if TYPE_CHECKING:
    from airflow.sdk import Context

WAIT = timedelta(hours=24)
"""How long an answer is waited for before it is asked again."""

PATIENCE = 120
"""For so many seconds an answer is kept while the store of the hub cannot be reached."""

AT_ONCE = 100
"""So many approvals are asked by one run; the next run asks the rest. Airflow maps at most 1,024."""

WAITING = Asset(name="orderhub_approvals", uri="x-orderhub://approvals")
"""Keeps, by reference, in which run each approval waits for its answer, and until when."""


# mypy does not follow Airflow
@task(inlets=[WAITING])  # type: ignore[untyped-decorator]
def look(*, run_id: str, asset_state_store: Any) -> list[dict[str, str]]:
    """Return what is to be asked now: all that is held but what waits for an answer in another run."""
    from reconciler.tasks import asked

    store = asset_state_store[WAITING]
    fresh = [one for one in asked() if not _waits_elsewhere(store.get(one["ref"]), run_id)][:AT_ONCE]
    for one in fresh:
        store.set(one["ref"], _note(run_id))
    return fresh


def _note(run_id: str) -> dict[str, str]:
    return {"run": run_id, "until": (datetime.now(UTC) + WAIT).isoformat()}


def _waits_elsewhere(note: Any, run_id: str) -> bool:
    """Tell whether a note is another run's whose time is not up: a task that is cleared asks again."""
    if note is None or note["run"] == run_id:
        return False
    return datetime.fromisoformat(note["until"]) > datetime.now(UTC)


class HeldChange(ApprovalOperator):  # type: ignore[misc]  # Airflow is not followed by mypy
    """Asks one approval and decides by the answer. `ref` stands for exactly what is shown."""

    template_fields = ()  # what systems say is shown as it is, never taken for a template

    def __init__(self, *, ref: str, **kwargs: Any) -> None:
        """Take the reference beside what the operator shows."""
        super().__init__(**kwargs)
        self.ref = ref

    def execute(self, context: Context) -> Any:
        """Ask, and wait for the answer."""
        context["asset_state_store"][WAITING].set(self.ref, _note(context["run_id"]))
        try:
            return super().execute(context)
        except TaskAwaitingInput:
            raise
        except BaseException:
            self._forget(context)
            raise

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str]:
        """Decide by the answer; skipped if there is none. ConfigError if he who answered may not decide."""
        try:
            answer = HITLOperator.execute_complete(self, context, event)
        except HITLTimeoutError:
            raise AirflowSkipException("nobody answered: asked again while it is held") from None
        finally:
            self._forget(context)
        who = answer["responded_by_user"]
        if who is None:
            raise AirflowSkipException("nobody answered: asked again while it is held")
        granting = answer["chosen_options"] == [self.APPROVE]
        decided = decide(self.ref, granting, who["name"] or who["id"], answer["responded_at"])
        self.log.info("%s", decided.told)
        return {"ref": self.ref, "outcome": decided.outcome, "told": decided.told}

    def _forget(self, context: Context) -> None:
        context["asset_state_store"][WAITING].delete(self.ref)


def decide(ref: str, granting: bool, who: str, at: datetime) -> Any:
    """Decide as `who` answered; patient while the store cannot be reached, for an answer must not be lost."""
    from sqlalchemy.exc import OperationalError
    from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

    from sync import tasks

    patient = Retrying(
        retry=retry_if_exception_type(OperationalError),
        stop=stop_after_delay(PATIENCE),
        wait=wait_random_exponential(max=15),
        reraise=True,
    )
    return patient(tasks.answer, ref, granting=granting, who=who, at=at)


def ask_all() -> None:
    """Make the tasks: look for what is held, then one approval each."""
    HeldChange.partial(
        task_id="ask",
        inlets=[WAITING],
        response_timeout=WAIT,
        map_index_template="{{ task.ref }}",
        pool="default_pool",
    ).expand_kwargs(look())
