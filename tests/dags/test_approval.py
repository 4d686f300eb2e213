"""The fuse's door in Airflow: asked once, answered here or there, decided once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from hub.store import Store
from hub.store.tables import approvals as decisions
from sync.out import approvals
from tests.dags import homes
from tests.dags.conftest import Parse, run, states, use
from tests.sync.out.house import House

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

_PATIENCE = 20


@pytest.fixture
def house(tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house with one dear order that waits for its director in two systems."""
    here = House(tmp_path / "house", sqlite_store, hub_yaml=homes.FUSED)
    here.sync()
    here.adopt()
    here.born("S1", worth=6000, customer="{{ 7 * 7 }} *Ace*")
    here.sync(2)
    use(monkeypatch, homes.env_of(here))
    yield here
    here.close()


@pytest.fixture
def approving(parse: Parse, house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The DAG, and what answers its tasks while it waits."""
    dag = parse(house.home).dags["approvals"]
    forget(dag)
    return lambda answer: run_answered(dag, answer, monkeypatch)


def forget(dag: Any) -> None:
    """Take away what earlier tests left in Airflow's store."""
    from airflow.models.asset_state_store import AssetStateStoreModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.execute(sa.delete(AssetStateStoreModel))
    assert dag.dag_id == "approvals"


def run_answered(dag: Any, answer: Callable[[Any, Any], None], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the DAG; each time that it would wait a second, `answer` is called with what is asked."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    rounds = iter(range(_PATIENCE))

    def instead_of_waiting(_: float) -> None:
        assert next(rounds, None) is not None, "the run waits for ever"
        with create_session() as session:
            parked = TaskInstance.state == "awaiting_input"
            for one in session.scalars(sa.select(TaskInstance).where(parked)).all():
                answer(one, session)

    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", instead_of_waiting)
        return run(dag)


def says(choice: str, who: str) -> Callable[[Any, Any], None]:
    """Answer as the page of required actions does."""

    def answer(task: Any, session: Any) -> None:
        from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
        from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail

        user: Any = SimpleNamespace(get_id=lambda: who, get_name=lambda: who)
        payload = UpdateHITLDetailPayload(chosen_options=[choice], params_input={})
        update_hitl_detail(task.dag_id, task.run_id, task.task_id, payload, user, session, task.map_index)

    return answer


def nobody(task: Any, session: Any) -> None:
    """Let the time be up, as the scheduler sees it."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    task.trigger_timeout -= timedelta(days=2)
    session.flush()
    SchedulerJobRunner(Job()).check_awaiting_input_timeouts(session=session)


def by_command(house: House, *, granting: bool) -> None:
    """Decide as `orderhub approve` does."""
    with house.store.write() as conn:
        rules, held = house.hub().rules, approvals.held(conn)
        approvals.decide(
            conn, held, granting=granting, who="chen", reason="by hand", rules=rules, now=house.now
        )


def said(house: House) -> list[tuple[bool, str, str]]:
    with house.store.read() as conn:
        found = conn.execute(sa.select(decisions).order_by(decisions.c.id)).all()
    return [(row.granted, row.who, row.reason) for row in found]


def shown(dag_run: Any) -> list[Any]:
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        mine = sa.select(HITLDetail).join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
        found = session.scalars(mine.where(TaskInstance.run_id == dag_run.run_id)).all()
        session.expunge_all()
    return sorted(found, key=lambda one: str(one.subject))


def outcomes(dag_run: Any, outcome: str) -> list[str]:
    """Return in words what came of the approvals, which all had this outcome."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    x = XComModel
    mine = (x.run_id == dag_run.run_id, x.task_id == "ask", x.key == "return_value")
    with create_session() as session:
        found = session.scalars(sa.select(x.value).where(*mine)).all()
    assert {one["outcome"] for one in found} == {outcome}
    return [one["told"] for one in found]


def test_who_grants_in_airflow_has_it_written(house: House, approving: Any) -> None:
    done = approving(says("Approve", "chen"))
    assert states(done) == {
        "look": "success",
        "ask0": "success",
        "ask1": "success",
        "nothing_failed": "skipped",
    }
    assert said(house) == [(True, "chen", "answered in Airflow")] * 2
    with house.store.read() as conn:
        times = set(conn.scalars(sa.select(decisions.c.at)))
    assert times == {one.responded_at for one in shown(done)}
    house.sync(2)
    assert house.holds("wms", "S1") is not None
    assert house.holds("ledger", "S1") is not None


def test_what_is_asked_says_all_that_decides_it(house: House, approving: Any) -> None:
    done = approving(says("Reject", "chen"))
    one = shown(done)[-1]
    assert "C1/S1 → WMS" in one.subject
    for text in ("6,000", "sales\\_director: chen", "≥ 5,000", r"\{\{ 7 \* 7 \}\} \*Ace\*", "since"):
        assert text.casefold() in one.body.casefold(), one.body


def test_who_rejects_in_airflow_denies(house: House, approving: Any) -> None:
    assert approving(says("Reject", "chen")).state == "success"
    assert {granted for granted, _, _ in said(house)} == {False}
    house.sync(2)
    assert house.holds("wms", "S1") is None
    assert states(approving(says("Approve", "chen")))["ask"] == "skipped"


def test_a_time_out_is_no_answer_and_it_is_asked_again(house: House, approving: Any) -> None:
    done = approving(nobody)
    assert (done.state, states(done)["ask0"]) == ("success", "skipped")
    assert said(house) == []
    assert len(house.changes(state="held")) == 2
    again = approving(says("Approve", "chen"))
    assert states(again)["ask1"] == "success"
    assert len(said(house)) == 2


def test_what_was_decided_by_command_meanwhile_is_left_alone(house: House, approving: Any) -> None:
    def too_late(task: Any, session: Any) -> None:
        if house.changes(state="held"):
            by_command(house, granting=False)
        says("Approve", "chen")(task, session)

    done = approving(too_late)
    assert (done.state, states(done)["ask0"]) == ("success", "success")
    assert said(house) == [(False, "chen", "by hand")] * 2
    assert all("has changed since" in told for told in outcomes(done, "gone"))
    house.sync(2)
    assert house.holds("wms", "S1") is None


def test_what_was_decided_in_airflow_is_over_for_the_command(house: House, approving: Any) -> None:
    from sync.out.asks import Gone, find

    refs = [str(row["id"]) for row in house.changes(state="held")]
    approving(says("Approve", "chen"))
    with house.store.read() as conn:
        found = [find(conn, ref, house.hub().rules, house.now) for ref in refs]
    assert all(isinstance(one, Gone) and one.state == "pending" for one in found)


def test_what_has_changed_since_it_was_shown_is_left_alone(house: House, approving: Any) -> None:
    def changed(task: Any, session: Any) -> None:
        if not house.changes(state="superseded"):
            house.edit("shop", "S1", qty=12)
            house.sync(2)
        says("Approve", "chen")(task, session)

    assert len(outcomes(approving(changed), "gone")) == 2
    assert said(house) == []
    assert len(house.changes(state="held")) == 2


def test_who_may_not_fails_clearly_and_it_is_asked_again(
    house: House, approving: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    done = approving(says("Approve", "somebody"))
    assert done.state == "failed"
    assert states(done)["ask0"] == "failed"
    assert "somebody may not grant change" in "".join(capfd.readouterr())
    assert said(house) == []
    again = approving(says("Approve", "chen"))
    assert again.state == "success"


def test_what_waits_for_an_answer_is_not_asked_twice(house: House, approving: Any, parse: Parse) -> None:
    """A run that begins while another one waits asks only for what is new."""
    inner: list[dict[str, str]] = []

    def meanwhile(task: Any, session: Any) -> None:
        if inner == [{}]:
            return  # the second run is under way
        if not inner:
            inner.append({})
            session.commit()
            inner[0] = states(run(parse(house.home).dags["approvals"]))
        says("Approve", "chen")(task, session)

    assert approving(meanwhile).state == "success"
    assert inner[0]["ask"] == "skipped"
    assert len(said(house)) == 2
