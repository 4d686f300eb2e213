"""A finding's life over runs: it is told once, changes with its values, and ends when it is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import HubError
from hub.findings import (
    LIVE,
    CauseFound,
    Counts,
    Finding,
    Found,
    State,
    assign,
    explain,
    list_causes,
    list_findings,
    load_finding,
    settle,
)
from hub.store import Store, audit, runs
from hub.store.tables import metadata
from tests.hub.rows import NOW

SHORT = Found(
    "quantity", "suzhou", "SO-1", "wms", "shipped",
    {"erp": Decimal("120"), "wms": Decimal("118.5")},
    correct_in="wms", at_risk=Decimal("4200.50"), currency="CNY",
)  # fmt: skip
LOST = Found("missing", "suzhou", "SO-2", "tms", details={"seen": NOW}, in_flight=True)
CLOCK = CauseFound("clock_offset", "suzhou", "wms", "all", {"seconds": 480})
DAY = timedelta(days=1)


def settled(store: Store, found: Iterable[Found], at: int = 0, complete: bool = True, **scope: Any) -> Counts:
    with store.write() as conn:
        return settle(conn, found, NOW + at * DAY, 7, complete, **scope)


def loaded(store: Store, found: Found) -> Finding:
    with store.read() as conn:
        one = load_finding(conn, found.id)
    assert one is not None
    return one


def life(store: Store, found: Found) -> list[str]:
    return [event.what for event in loaded(store, found).events]


def everything(store: Store) -> dict[str, list[Any]]:
    with store.read() as conn:
        return {name: list(conn.execute(sa.select(table))) for name, table in metadata.tables.items()}


def test_a_new_finding_has_its_row_and_no_event(store: Store) -> None:
    assert settled(store, [SHORT, LOST]) == Counts(new=2, live=2)
    one = loaded(store, SHORT)
    assert (one.state, one.first_seen, one.changed_at, one.closed_at) == (State.OPEN, NOW, NOW, None)
    assert (one.details, one.at_risk, one.currency) == (
        {"erp": "120", "wms": "118.5"},
        Decimal("4200.5"),
        "CNY",
    )
    assert one.events == ()
    assert loaded(store, LOST).state is State.IN_FLIGHT
    assert len(SHORT.id) == 16


def test_identity_is_of_what_and_where_and_not_of_the_values() -> None:
    assert SHORT.id == replace(SHORT, details={}, at_risk=None, in_flight=True).id
    others = [
        replace(SHORT, kind="x"),
        replace(SHORT, company="x"),
        replace(SHORT, order_no="x"),
        replace(SHORT, system="x"),
        replace(SHORT, field="x"),
    ]
    assert len({one.id for one in [SHORT, *others]}) == 6
    assert replace(SHORT, company="a", order_no="bc").id != replace(SHORT, company="ab", order_no="c").id


def test_equal_input_again_writes_nothing_at_all(store: Store) -> None:
    found = [replace(SHORT, cause=CLOCK), LOST]
    settled(store, found)
    before = everything(store)
    run = runs.start("reconcile", None, NOW)
    with store.write() as conn:
        assert settle(conn, reversed(found), NOW + DAY, run, complete=True) == Counts(live=2)
    assert run.number is None
    assert everything(store) == before


def test_the_run_is_entered_when_something_is_written(store: Store) -> None:
    run = runs.start("reconcile", None, NOW)
    with store.write() as conn:
        settle(conn, [SHORT], NOW, run, complete=True)
        settle(conn, [], NOW, run, complete=True)
    assert loaded(store, SHORT).events[0].run == run.number is not None


def test_what_is_in_flight_opens_and_does_not_fly_again(store: Store) -> None:
    settled(store, [LOST])
    assert settled(store, [replace(LOST, in_flight=False)], 1) == Counts(opened=1, live=1)
    assert settled(store, [LOST], 2).written == 0
    assert loaded(store, LOST).state is State.OPEN
    assert life(store, LOST) == ["opened"]


def test_what_changes_says_what_changed(store: Store) -> None:
    settled(store, [SHORT])
    moved = replace(SHORT, details={"erp": 120, "tms": 1}, at_risk=Decimal(9))
    assert settled(store, [moved], 1).changed == 1
    one = loaded(store, SHORT)
    assert (one.changed_at, one.first_seen) == (NOW + DAY, NOW)
    assert one.events[0].details == {
        "at_risk": ["4200.5", "9"], "erp": ["120", 120], "tms": [None, 1], "wms": ["118.5", None]
    }  # fmt: skip


def test_what_is_gone_is_closed_and_reopens_without_its_old_owner(store: Store) -> None:
    settled(store, [SHORT])
    with store.write() as conn:
        assign(conn, SHORT.id, "王伟", "lead", NOW, NOW + DAY)
    assert settled(store, [], 1) == Counts(closed=1)
    assert loaded(store, SHORT).closed_at == NOW + DAY
    assert settled(store, [], 2).written == 0
    assert settled(store, [SHORT], 3) == Counts(reopened=1, live=1)
    one = loaded(store, SHORT)
    assert (one.state, one.owner, one.due_at, one.closed_at) == (State.OPEN, None, None, None)
    assert life(store, SHORT) == ["assigned", "closed", "reopened"]


def test_an_incomplete_comparison_closes_nothing(store: Store) -> None:
    settled(store, [SHORT, LOST])
    assert settled(store, [LOST], 1, complete=False) == Counts(live=1)
    assert loaded(store, SHORT).state is State.OPEN


def test_a_comparison_of_some_orders_closes_only_theirs(store: Store) -> None:
    settled(store, [SHORT, LOST])
    assert settled(store, [], 1, orders=[("suzhou", "SO-2"), ("suzhou", "SO-9")]) == Counts(closed=1)
    assert (loaded(store, SHORT).state, loaded(store, LOST).state) == (State.OPEN, State.CLOSED)


def test_a_comparison_of_some_kinds_closes_only_those(store: Store) -> None:
    settled(store, [SHORT, LOST])
    assert settled(store, [], 1, kinds=("missing",)) == Counts(closed=1)
    assert loaded(store, SHORT).state is State.OPEN


def test_an_explanation_holds_for_the_values_it_was_given_for(store: Store) -> None:
    settled(store, [SHORT])
    with store.write() as conn:
        explain(conn, SHORT.id, "two boxes broke", "王伟", NOW)
    assert settled(store, [replace(SHORT, at_risk=Decimal(1))], 1).changed == 1
    assert loaded(store, SHORT).state is State.EXPLAINED
    assert settled(store, [replace(SHORT, at_risk=Decimal(1), details={"wms": 1})], 2).reopened == 1
    assert loaded(store, SHORT).state is State.OPEN
    assert life(store, SHORT) == ["explained", "changed", "reopened"]


def test_an_explanation_runs_out_and_its_owner_is_asked_again(store: Store) -> None:
    settled(store, [SHORT])
    with store.write() as conn:
        assign(conn, SHORT.id, "王伟", "lead", NOW)
        explain(conn, SHORT.id, "on its way", "王伟", NOW, until=NOW + 2 * DAY)
    assert settled(store, [SHORT], 1).written == 0
    assert settled(store, [SHORT], 2).reopened == 1
    one = loaded(store, SHORT)
    assert (one.state, one.owner, one.due_at) == (State.ASSIGNED, "王伟", None)


def test_people_leave_an_event_and_a_line_in_the_audit(store: Store) -> None:
    settled(store, [SHORT])
    with store.write() as conn:
        assign(conn, SHORT.id, "王伟", "李娜", NOW, NOW + DAY)
        assign(conn, SHORT.id, "王伟", "李娜", NOW, NOW + DAY)
        explain(conn, SHORT.id, "two boxes broke", "王伟", NOW)
        assert audit.verify(conn) is None
    first, second = loaded(store, SHORT).events
    assert (first.who, first.details) == ("李娜", {"owner": "王伟", "due_at": "2026-03-03T08:00:00+00:00"})
    assert (second.who, second.details["why"]) == ("王伟", "two boxes broke")
    assert [(row.who, row.what) for row in everything(store)["audit"]] == [
        ("李娜", "finding.assigned"),
        ("王伟", "finding.explained"),
    ]


def test_what_is_not_there_or_closed_cannot_be_assigned(store: Store) -> None:
    settled(store, [SHORT])
    settled(store, [])
    with store.write() as conn:
        with pytest.raises(HubError, match="There is no finding nothing"):
            assign(conn, "nothing", "a", "b", NOW)
        with pytest.raises(HubError, match="is closed"):
            explain(conn, SHORT.id, "why", "b", NOW)
    assert everything(store)["audit"] == []


def test_a_cause_lives_as_long_as_a_finding_behind_it(store: Store) -> None:
    late = replace(LOST, cause=CLOCK)
    short = replace(SHORT, cause=CLOCK)

    def causes() -> list[tuple[State, int]]:
        with store.read() as conn:
            return [(cause.state, cause.findings) for cause in list_causes(conn, states=list(State))]

    settled(store, [late])
    assert causes() == [(State.IN_FLIGHT, 1)]
    settled(store, [late, short], 1)
    assert causes() == [(State.OPEN, 2)]
    settled(store, [], 2, orders=[("suzhou", "SO-2")])
    assert causes() == [(State.OPEN, 1)]
    settled(store, [SHORT], 3)
    assert causes() == [(State.CLOSED, 0)]
    settled(store, [short], 4)
    assert causes() == [(State.OPEN, 1)]
    events = [row.what for row in everything(store)["finding_events"] if row.finding == CLOCK.id]
    assert events == ["opened", "closed", "reopened"]


def test_a_cause_that_is_worded_anew_changes(store: Store) -> None:
    settled(store, [replace(SHORT, cause=CLOCK)])
    settled(store, [replace(SHORT, cause=replace(CLOCK, details={"seconds": 500}))], 1)
    with store.read() as conn:
        [cause] = list_causes(conn)
    assert (cause.details, cause.changed_at, cause.id) == ({"seconds": 500}, NOW + DAY, CLOCK.id)


def test_two_findings_with_one_identity_are_refused_and_one_told_twice_is_not(store: Store) -> None:
    assert settled(store, [SHORT, replace(SHORT)]) == Counts(new=1, live=1)
    with pytest.raises(ValueError, match="one identity"):
        settled(store, [SHORT, replace(SHORT, details={})])


def test_findings_are_listed_by_what_one_asks_for(store: Store) -> None:
    other = replace(SHORT, company="ningbo", cause=CLOCK)
    settled(store, [SHORT, LOST, other])
    with store.write() as conn:
        assign(conn, SHORT.id, "王伟", "lead", NOW)
    with store.read() as conn:

        def ids(**asked: Any) -> list[str]:
            return [one.id for one in list_findings(conn, **asked)]

        assert ids() == [other.id, SHORT.id, LOST.id]
        assert ids(states=["in_flight"]) == ids(kinds=["missing"]) == ids(order_no="SO-2") == [LOST.id]
        assert ids(company="ningbo") == ids(cause=CLOCK.id) == ids(limit=1) == [other.id]
        assert ids(owner="王伟") == [SHORT.id]
        assert ids(system="wms", kinds=["missing"]) == ids(states=[]) == []
        assert load_finding(conn, "nothing") is None


def test_thousands_are_settled_at_once(store: Store) -> None:
    found = [replace(LOST, order_no=f"SO-{number}", cause=CLOCK) for number in range(2_500)]
    assert settled(store, found) == Counts(new=2_500, live=2_500)
    assert settled(store, found, 1) == Counts(live=2_500)
    assert settled(store, [replace(one, in_flight=False) for one in found], 2).opened == 2_500
    assert settled(store, [], 3).closed == 2_500


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.builds(
                Found,
                kind=st.sampled_from(["missing", "status"]),
                company=st.just("suzhou"),
                order_no=st.sampled_from(["1", "2", "3"]),
                system=st.just("erp"),
                details=st.dictionaries(st.just("v"), st.integers(0, 2)),
                cause=st.none() | st.just(CLOCK),
                in_flight=st.booleans(),
            ),
            unique_by=lambda one: one.id,
        ),
        max_size=6,
    )
)
def test_after_any_history_the_live_findings_are_those_of_the_last_run(
    sqlite_store: Store, history: list[list[Found]]
) -> None:
    for at, found in enumerate(history):
        settled(sqlite_store, found, at)
        before = everything(sqlite_store)
        assert settled(sqlite_store, found, at).written == 0
        assert everything(sqlite_store) == before
        with sqlite_store.read() as conn:
            live = {one.id for one in list_findings(conn, states=LIVE)}
            causes = {one.id for one in list_causes(conn)}
        assert live == {one.id for one in found}
        assert causes == {one.cause.id for one in found if one.cause}
