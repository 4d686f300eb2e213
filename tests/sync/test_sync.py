"""The engine over real connectors and real stores: what passes the gates, what waits, what is kept apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.errors import LeaseBusy
from hub.model import OrderKey, Status
from hub.store.leases import lease
from hub.store.tables import (
    ledger,
    observations,
    order_history,
    orders,
    quarantine,
    reads,
    runs,
    unlinked,
    views,
)
from reconciler.run import reconcile
from sync import joining
from sync.pull import TooManyBad
from sync.replay import replay_quarantined
from sync.run import LEASE, merge_orders, wall
from tests.sync.conftest import START, Company


def event(number: int, order: str, code: str, at: str, **more: str) -> dict[str, str]:
    return {"event": f"E{number}", "order": order, "shipment": f"S{order}", "code": code, "at": at} | more


def test_orders_of_two_systems_become_one(company: Company) -> None:
    company.outbound(7, state="SENT", sent="10")
    company.drop(event(1, "7", "DEP", "2026-03-02T12:00:30+08:00", qty="10"))
    results = company.sync()
    assert all(not one.errors for one in results.values())
    assert company.order("7")["status"] == Status.SHIPPED
    assert company.order("7")["customer_name"] == "Ace"
    carrier = company.view("7", "tms")
    assert carrier is not None
    assert carrier["shipped_at"] == START.replace(second=30)
    warehouse = company.view("7", "wms")
    assert warehouse is not None
    assert (warehouse["lo"], warehouse["hi"], warehouse["ordered"]) == (100, 130, Decimal(10))
    assert company.rows(order_history) == []  # a birth needs no history


def test_a_second_run_writes_no_row(company: Company) -> None:
    for number in range(1, 8):
        company.outbound(number)
    company.drop(
        event(1, "3", "DEP", "2026-03-02T12:00:00+08:00"),
        event(2, "", "DEP", "2026-03-02T12:00:00+08:00", note="D99"),
    )
    company.sync()
    before = company.dump()
    company.sync()
    assert company.dump() == before


def test_only_what_changed_is_written(company: Company) -> None:
    company.outbound(1)
    company.outbound(2)
    company.sync("wms")
    company.later(minutes=2)
    company.outbound(2, state="PICK")
    result = company.sync("wms")["wms"]
    assert result.counts["unchanged"] == 1  # read again in the overlap
    assert result.counts["observations"] == 1
    assert [row["seq"] for row in company.rows(observations) if row["order_no"] == "2"] == [1, 2]
    (change,) = company.rows(order_history)
    assert (change["field"], change["old"], change["new"], change["system"]) == ("status", "30", "40", "wms")
    assert change["rule"] == "owner"


def test_a_moved_stamp_alone_is_no_news(company: Company) -> None:
    company.outbound(1)
    company.sync("wms")
    first = company.view("1", "wms")
    company.later(hours=3)
    company.outbound(1)
    company.sync("wms")
    assert company.view("1", "wms") == first
    assert len(company.rows(observations)) == 1


def test_a_corrected_number_takes_its_old_facts_along(company: Company) -> None:
    company.outbound(1, order_ref="000771")
    company.sync("wms")
    company.later(minutes=1)
    company.outbound(1, order_ref="000717")
    company.sync("wms")
    assert company.view("771", "wms") is None
    assert company.view("717", "wms") is not None
    assert [row["order_no"] for row in company.rows(orders)] == ["717"]
    (left,) = [row for row in company.rows(order_history) if row["order_no"] == "771"]
    assert left["field"] == "status"
    assert left["new"] is None


def test_a_record_waits_for_its_link_and_is_placed_when_it_comes(company: Company) -> None:
    company.drop(event(1, "", "DEP", "2026-03-02T11:00:00+08:00", note="D5", shipment="S5"))
    result = company.sync("tms")["tms"]
    assert not result.errors
    assert [(row["kind"], row["value"]) for row in company.rows(unlinked)] == [("delivery", "D5")]
    assert company.rows(views) == []
    company.outbound(5, state="SENT")
    company.sync("wms")
    assert company.rows(unlinked) == []
    assert company.view("5", "tms") is not None
    assert company.order("5")["status"] == Status.SHIPPED


def test_a_bad_record_is_kept_whole_and_stops_nothing(company: Company) -> None:
    for number in range(1, 5):
        company.outbound(number)
    company.outbound(9, qty="-4")
    result = company.sync("wms")["wms"]
    assert not result.errors
    assert len(company.rows(views)) == 4
    (kept,) = company.rows(quarantine)
    assert (kept["reason"], kept["field"], kept["record"]) == ("mapping.negative_quantity", "ordered", "9")
    raw = company.store.seal.decrypt(kept["raw"], "wms/outbound/9")
    assert b'"qty":"-4"' in raw
    company.sync("wms")
    assert len(company.rows(quarantine)) == 1  # read again, not kept twice


def test_a_mended_record_leaves_quarantine_by_itself(company: Company) -> None:
    company.outbound(9, changed="no time at all")
    company.sync("wms")
    assert company.rows(quarantine)[0]["solved_at"] is None
    company.outbound(9)
    company.sync("wms")
    assert company.rows(quarantine)[0]["solved_at"] == company.now
    assert company.view("9", "wms") is not None


def test_a_mended_mapping_lets_replay_take_what_was_kept(company: Company) -> None:
    company.outbound(9, company="", qty="12")
    company.sync("wms")
    (kept,) = company.rows(quarantine)
    assert kept["reason"] == "mapping.no_value"
    company.mappings["wms"] = company.mappings["wms"].replace(
        "company: company", "company: {from: company, default: C1}"
    )
    company.write_mappings()
    hub = company.hub()
    with lease(company.store, "replay", "test", wall(), LEASE) as held:
        counts = replay_quarantined(company.store, hub.inlet, [kept["id"]], held, hub.clock)
    assert counts["solved"] == 1
    assert company.view("9", "wms") is not None
    assert company.rows(quarantine)[0]["attempts"] == 2


def test_too_many_bad_records_stop_the_run_before_it_writes(company: Company) -> None:
    company.mappings["wms"] = company.mappings["wms"].replace("size: 3", "size: 100")
    company.write_mappings()
    for number in range(1, 31):
        company.outbound(number, qty="ten" if number % 2 else "10")
    (error,) = company.sync("wms")["wms"].errors
    assert isinstance(error, TooManyBad)
    assert "15" in str(error)
    assert company.rows(views) == company.rows(quarantine) == company.rows(ledger) == []
    (read,) = company.rows(reads)
    assert read["complete_at"] is None
    assert read["failed_at"] == company.now
    assert company.rows(runs)[0]["outcome"] == "failed"


def test_an_unknown_code_is_kept_raw_and_leaves_everything_open(company: Company) -> None:
    company.outbound(1, state="QQ")
    company.sync("wms")
    view = company.view("1", "wms")
    assert view is not None
    assert (view["status"], view["lo"], view["hi"], view["unknown_code"]) == (None, 0, 130, "QQ")


def test_a_busy_system_is_skipped_and_the_other_is_read(company: Company) -> None:
    company.outbound(1)
    company.drop(event(1, "1", "DEP", "2026-03-02T12:00:00+08:00"))
    with lease(company.store, "sync:wms", "another", wall(), LEASE):
        results = company.sync()
    assert isinstance(results["wms"].skipped, LeaseBusy)
    assert company.view("1", "wms") is None
    assert company.view("1", "tms") is not None


def test_a_system_that_is_down_does_not_stop_the_other(company: Company) -> None:
    company.drop(event(1, "1", "DEP", "2026-03-02T12:00:00+08:00"))
    with company.wms.begin() as conn:
        conn.exec_driver_sql("drop table outbound")
    results = company.sync()
    assert results["wms"].errors
    assert not results["tms"].errors
    assert company.view("1", "tms") is not None


def test_a_sweep_finds_what_the_cursor_misses(company: Company) -> None:
    company.outbound(1)
    company.sync("wms")
    company.later(hours=2)
    company.outbound(1, state="SENT", changed=company.local(START))  # the stamp did not move
    company.later(minutes=1)
    company.sync("wms")
    view = company.view("1", "wms")
    assert view is not None
    assert view["status"] == Status.SHIPPED


def test_an_event_sent_again_changes_nothing_and_a_correction_does(company: Company) -> None:
    arrived = event(2, "4", "ARR", "2026-03-02T12:30:00+08:00")
    company.drop(event(1, "4", "DEP", "2026-03-02T12:00:00+08:00"), arrived)
    company.sync("tms")
    company.drop(arrived)
    company.sync("tms")
    assert len(company.rows(observations)) == 2
    company.drop(event(3, "4", "DEP", "2026-03-02T12:31:00+08:00", replaces="E2"))
    company.sync("tms")
    view = company.view("4", "tms")
    assert view is not None
    assert view["status"] == Status.SHIPPED


def test_joined_numbers_are_one_order_until_they_are_separated(company: Company) -> None:
    company.outbound(7, order_ref="717", state="SENT", sent="10")
    company.drop(event(1, "771", "DEP", "2026-03-02T12:00:00+08:00", qty="10"))
    company.sync()
    apart = company.dump()
    hub = company.hub()
    typed, meant = OrderKey("C1", "771"), OrderKey("C1", "717")
    with lease(company.store, "link", "test", wall(), LEASE) as held:
        assert joining.join(company.store, typed, meant, "Li", held, hub.inlet, hub.clock) == 1
    merge_orders(hub)
    assert company.view("717", "tms") is not None
    assert company.view("771", "tms") is None
    assert [row["order_no"] for row in company.rows(orders)] == ["717"]
    company.drop(event(2, "771", "ARR", "2026-03-02T12:00:00+08:00"))
    company.sync("tms")
    assert company.order("717")["status"] == Status.DELIVERED
    with lease(company.store, "link", "test", wall(), LEASE) as held:
        joining.separate(company.store, typed, "Li", held, hub.inlet, hub.clock)
    merge_orders(hub)
    assert company.order("717")["status"] == Status.SHIPPED
    assert company.order("771")["status"] == Status.DELIVERED
    alone = next(row for row in apart["orders"] if row["order_no"] == "717")
    assert company.order("717")["shipped"] == alone["shipped"]


@pytest.mark.parametrize("changed", ["2026-03-02 12:00:00", "2026-03-02 12:00:01"])
def test_equal_stamps_over_a_page_border_lose_nothing(company: Company, changed: str) -> None:
    for number in range(1, 11):
        company.outbound(number, changed=changed)
    company.sync("wms")
    assert len(company.rows(views)) == 10


def test_a_stream_keeps_what_it_does_not_know(company: Company) -> None:
    company.outbound(1, state="PICK", qty="10")
    company.sync("wms")
    known = company.view("1", "wms")
    assert known is not None
    company.mappings["wms"] = company.mappings["wms"].replace(
        "status: {from: state, codes: {NEW: confirmed, PICK: allocated, SENT: shipped}}",
        "status: {keep: true}",
    )
    company.write_mappings()
    company.later(minutes=1)
    company.outbound(1, state="PICK", qty="12")
    company.sync("wms")
    view = company.view("1", "wms")
    assert view is not None
    assert (view["status"], view["lo"], view["hi"]) == (known["status"], known["lo"], known["hi"])
    assert view["ordered"] == 12


def test_what_a_system_holds_was_compared_although_others_wait_for_it(company: Company) -> None:
    for number in (1, 2):
        company.outbound(number, state="SENT", sent="10")
    company.drop(event(1, "1", "DEP", "2026-03-02T12:00:00+08:00", qty="10"))
    company.sync()
    result = reconcile(company.store, company.hub().rules, company.now)
    tms = next(one for one in result.systems if one.system == "tms")
    assert (tms.held, tms.compared, tms.not_compared) == (1, 1, 1)
