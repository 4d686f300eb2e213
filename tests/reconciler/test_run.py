"""The whole, on both engines: seeded faults found, nothing else, and a second run that writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store import Store, bulk, tables
from reconciler.case import Case
from reconciler.judge import judge
from reconciler.result import Result
from reconciler.run import reconcile
from reconciler.scan import suspicious
from sync import dirt
from tests.reconciler.faults import Truth, settled, shifted, unposted, with_faults, without
from tests.reconciler.world import DAY, HOUR, NOW, fill, healthy, horizons, hub_rules

RULES = hub_rules()


def found(result: Result) -> Truth:
    return {(one.kind, one.company, one.order_no, one.system) for one in result.findings}


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as conn:
        return {
            table.name: [tuple(row) for row in conn.execute(sa.select(table).order_by(*table.primary_key))]
            for table in (tables.findings, tables.causes, tables.finding_events, tables.runs)
        }


def test_exactly_the_seeded_faults_are_found(store: Store) -> None:
    cases, truth = with_faults(settled(7, 120))
    fill(store, [*cases, *(renumbered(healthy(7, place)) for place in range(400))])
    result = reconcile(store, RULES, NOW)
    assert found(result) == truth
    assert sum(1 for one in result.findings if "found_as" in one.details) == 3
    kinds = {cause.kind: cause for cause in result.causes}
    assert set(kinds) == {"mistyped_reference", "unknown_code"}
    assert kinds["unknown_code"].orders == 2
    assert sum(cause.orders for cause in result.causes if cause.kind == "mistyped_reference") == 3


def renumbered(one: Case) -> Case:
    return replace(one, order=replace(one.order, order_no="H" + one.order.order_no))


def test_a_second_run_writes_no_row_and_shows_the_same(store: Store) -> None:
    fill(store, with_faults(settled(8, 60))[0])
    first = reconcile(store, RULES, NOW)
    before = rows(store)
    second = reconcile(store, RULES, NOW + timedelta(minutes=10))
    assert rows(store) == before
    assert found(second) == found(first)
    assert not any(second.changes.values())


def test_a_mended_order_closes_its_finding(store: Store) -> None:
    (one,) = settled(9, 1)
    fill(store, [without(one, "tms")])
    assert found(reconcile(store, RULES, NOW)) == {("missing", *key(one), "tms")}
    with store.write() as conn:
        row = {
            **conn.execute(sa.select(tables.views).where(tables.views.c.system == "wms")).one()._mapping,
            "system": "tms",
            "ordered": None,
        }
        bulk.insert(conn, tables.views, [row])
        dirt.mark(conn, [key(one)])
    result = reconcile(store, RULES, NOW + HOUR)
    assert found(result) == set()
    assert result.changes["closed"] == 1


def key(one: Case) -> tuple[str, str]:
    return one.order.company, one.order.order_no


def test_looking_at_another_moment_writes_nothing(sqlite_store: Store) -> None:
    fill(sqlite_store, with_faults(settled(8, 60))[0])
    result = reconcile(sqlite_store, RULES, NOW - 60 * DAY, now=NOW, write=False)
    assert not any(rows(sqlite_store).values())
    assert not result.settled
    assert result.counts.get("missing", 0) < 6, "most of it had not been due by then"


def test_a_silent_system_is_one_finding(store: Store) -> None:
    cases = [without(one, "tms") for one in settled(5, 40)]
    quiet = NOW - 90 * DAY
    fill(store, cases, {"tms": {"newest_at": quiet}})
    result = reconcile(store, RULES, NOW)
    assert found(result) == {("not_compared", "*", "*", "tms")}
    (cause,) = result.causes
    assert (cause.kind, cause.details["since"], cause.orders) == ("silent_system", quiet, 40)
    (tms,) = [state for state in result.systems if state.system == "tms"]
    assert (tms.why, tms.until, tms.not_compared) == ("silent", quiet, 40)


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ({"failed_at": NOW, "complete_at": NOW - 90 * DAY, "newest_at": NOW - 90 * DAY}, "failed"),
        ({"complete_at": None, "failed_at": NOW}, "never"),
    ],
)
def test_a_system_that_could_not_be_read_is_one_finding(
    sqlite_store: Store, read: dict[str, object], why: str
) -> None:
    fill(sqlite_store, [without(one, "tms") for one in settled(5, 40)], {"tms": {"error": "refused", **read}})
    (only,) = reconcile(sqlite_store, RULES, NOW).findings
    assert (only.kind, only.system, only.details["why"]) == ("not_compared", "tms", why)


@pytest.mark.parametrize("hours", [-8, 8])
@pytest.mark.parametrize("system", ["wms", "tms"])
def test_a_wrong_zone_is_one_cause(sqlite_store: Store, system: str, hours: int) -> None:
    cases = shifted(settled(11, 80), system, "A", timedelta(hours=hours))
    fill(sqlite_store, cases)
    result = reconcile(sqlite_store, RULES, NOW)
    assert result.counts.keys() == {"skew"}
    (cause,) = result.causes
    assert (cause.kind, cause.company, cause.orders) == ("clock_zone", "A", result.counts["skew"])
    assert all(one.cause == cause.id and one.system == cause.system for one in result.findings)
    assert abs(cause.details["offset"]) == 8 * 3600


def test_a_slow_clock_is_an_offset_and_not_a_zone(sqlite_store: Store) -> None:
    fill(sqlite_store, shifted(settled(11, 80), "wms", "B", timedelta(minutes=7)))
    (cause,) = reconcile(sqlite_store, RULES, NOW).causes
    assert (cause.kind, cause.system) == ("clock_offset", "wms")
    assert 360 < cause.details["offset"] < 480


def test_a_posting_job_that_stopped_is_one_cause(sqlite_store: Store) -> None:
    cases = unposted((healthy(13, place) for place in range(900)), "A", 9 * DAY)
    fill(sqlite_store, cases)
    result = reconcile(sqlite_store, RULES, NOW)
    assert result.counts.keys() == {"status"}
    (cause,) = result.causes
    assert (cause.kind, cause.company, cause.system) == ("late_posting", "A", "erp")
    assert cause.orders == result.counts["status"] >= 10


def test_a_record_in_quarantine_explains_a_missing_order(sqlite_store: Store) -> None:
    (one,) = settled(9, 1)
    fill(sqlite_store, [without(one, "wms")])
    with sqlite_store.write() as conn:
        entry = {
            "system": "wms", "stream": "orders", "record": one.order.order_no, "digest": b"0" * 16,
            "raw": b"", "reason": "mapping.negative_quantity", "company": None, "order_no": None,
            "mapping": "m", "attempts": 1, "run": 1, "at": NOW,
        }  # fmt: skip
        bulk.insert(conn, tables.quarantine, [entry])
    result = reconcile(sqlite_store, RULES, NOW)
    (cause,) = result.causes
    assert (cause.kind, cause.details["reason"]) == ("quarantined_record", "mapping.negative_quantity")
    assert result.findings[0].cause == cause.id
    assert result.quarantine == {("wms", "mapping.negative_quantity"): 1}


def test_in_flight_is_counted_and_not_written(sqlite_store: Store) -> None:
    fill(sqlite_store, [healthy(3, place) for place in range(600)])
    result = reconcile(sqlite_store, RULES, NOW)
    assert result.findings == []
    assert sum(result.in_flight.values()) > 0
    assert not any(rows(sqlite_store).values())


def test_control_totals_say_that_all_agrees(store: Store) -> None:
    fill(store, settled(4, 50))
    result = reconcile(store, RULES, NOW)
    assert result.totals
    assert all(total.equal and total.sums.keys() == {"hub", "erp", "wms"} for total in result.totals)
    assert sum(total.sums["hub"].orders for total in result.totals) == result.orders == 50


def test_orders_at_risk(sqlite_store: Store) -> None:
    cases = [healthy(3, place) for place in range(300)]
    fill(sqlite_store, cases)
    late = reconcile(sqlite_store, RULES, NOW + 14 * DAY, write=False).late
    assert late.past_due == sum(1 for one in late.orders if one.why == "past_due") > 0
    assert late.amount["CNY"] == sum((one.amount or Decimal(0) for one in late.orders), Decimal(0))


def test_the_scan_holds_back_only_what_agrees(store: Store) -> None:
    cases = with_faults(settled(7, 60))[0] + [renumbered(healthy(7, place)) for place in range(300)]
    fill(store, cases)
    with store.read() as conn:
        out = {key(one): one for one in suspicious(conn, RULES)}
    assert list(out) == sorted(out)
    assert len(out) < len(cases) / 2
    for one in cases:
        if key(one) not in out:
            assert judge(one, RULES, horizons()).verdicts == ()
        else:
            assert out[key(one)] == one


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9), number=st.integers(0, 10**6))
def test_healthy_orders_yield_nothing(seed: int, number: int) -> None:
    judged = judge(healthy(seed, number), RULES, horizons())
    assert [one for one in judged.verdicts if not one.in_flight] == []


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.permutations(["erp", "wms", "tms"]))
def test_the_order_of_systems_does_not_matter(seed: int, order: list[str]) -> None:
    for one in with_faults(settled(seed % 50, 40))[0][:24]:
        turned = Case(one.order, {name: one.views[name] for name in order if name in one.views})
        straight = {verdict.identity: verdict.details for verdict in judge(one, RULES, horizons()).verdicts}
        other = {verdict.identity: verdict.details for verdict in judge(turned, RULES, horizons()).verdicts}
        assert straight == other


def test_orders_without_a_due_date_are_not_called_in_time(sqlite_store: Store) -> None:
    cases = [
        replace(one, order=replace(one.order, due_now=None)) for one in (healthy(3, n) for n in range(300))
    ]
    fill(sqlite_store, cases)
    late = reconcile(sqlite_store, RULES, NOW).late
    assert (late.dated, late.past_due, late.not_started) == (0, 0, 0)
    assert late.undated > 0
