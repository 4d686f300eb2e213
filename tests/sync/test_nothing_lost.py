"""Corrections, re-keying, replays and odd keys: no record is lost, none outlives its newer form."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest

from connectors.registry import open_connector
from hub.errors import ConfigError
from hub.model import OrderKey, Status
from hub.store.leases import lease
from hub.store.runs import Run
from hub.store.tables import leases, quarantine, reads, runs, unlinked
from sync import joining, run
from sync import replay as replaying
from sync.pull import pull_stream
from sync.raw import disclose
from sync.replay import replay_quarantined
from sync.rollup import Said, roll_up
from sync.run import LEASE, wall
from tests.sync.conftest import START, Company

AT = "2026-03-02T12:00:00+08:00"
LATER = "2026-03-02T12:30:00+08:00"


def event(number: int, order: str, code: str, at: str = AT, **more: str) -> dict[str, str]:
    return {"event": f"E{number}", "order": order, "shipment": f"S{order}", "code": code, "at": at} | more


def replay(company: Company, *ids: int) -> Any:
    with lease(company.store, "place", "test", wall(), LEASE) as held:
        return replay_quarantined(company.store, company.hub().inlet, ids, held, lambda: company.now)


def lying(company: Company) -> list[int]:
    return [row["id"] for row in company.rows(quarantine) if row["solved_at"] is None]


def test_a_record_that_came_back_as_before_leaves_quarantine(company: Company) -> None:
    company.outbound(7)
    company.sync("wms")
    company.later(minutes=2)
    company.outbound(7, qty="-4")
    company.sync("wms")
    assert len(lying(company)) == 1
    company.outbound(7, changed=company.local(START))
    company.later(minutes=1)
    company.sync("wms")
    assert lying(company) == []


def test_an_old_form_in_quarantine_never_overwrites_a_newer_one(company: Company) -> None:
    for qty in ("five", "six"):
        company.outbound(7, qty=qty)
        company.sync("wms")
        company.later(minutes=1)
    first, second = lying(company)
    company.mappings["wms"] = (
        company.mappings["wms"]
        .replace("ordered: qty", "ordered: {from: qty, default: 3}")
        .replace("      ordered: {from: qty, default: 3}", "      ordered: {const: 6}")
    )
    company.write_mappings()
    company.outbound(7, qty="6", state="PICK")
    company.sync("wms")
    view = company.view("7", "wms")
    assert view and view["status"] == Status.ALLOCATED
    replay(company, first)
    view = company.view("7", "wms")
    assert view and view["status"] == Status.ALLOCATED


def test_replaying_the_older_of_two_forms_takes_the_newer(company: Company) -> None:
    company.outbound(7, qty="-5")
    company.sync("wms")
    company.later(minutes=1)
    company.outbound(7, qty="-6", state="PICK")
    company.sync("wms")
    older, newer = lying(company)
    company.mappings["wms"] = company.mappings["wms"].replace("ordered: qty", "ordered: {const: 6}")
    company.write_mappings()
    replay(company, older)
    view = company.view("7", "wms")
    assert view and view["status"] == Status.ALLOCATED
    assert lying(company) == []


def test_a_broken_line_of_a_file_lies_there_once_however_often_it_is_replayed(company: Company) -> None:
    stem = company.drop(event(1, "7", "DEP"), done=False)
    path = company.folder / "drop" / f"{stem}.csv"
    path.write_text(path.read_text("utf-8") + "E2,8,,S8,DEP,1,2026,,too,many\n", "utf-8")
    (company.folder / "drop" / f"{stem}.ok").touch()
    company.sync("tms")
    ids = lying(company)
    assert len(ids) == 1
    replay(company, *ids)
    assert lying(company) == ids


def test_a_corrected_delivery_takes_what_followed_its_link_along(company: Company) -> None:
    company.outbound(7, order_ref="000017")
    company.drop(event(1, "", "DEP", note="D7"))
    company.sync()
    assert company.view("17", "tms") is not None
    company.later(minutes=10)
    company.outbound(7)
    company.drop(event(2, "", "ARR", LATER, note="D7"))
    company.sync()
    assert company.rows(unlinked) == []
    assert company.view("17", "tms") is None
    view = company.view("7", "tms")
    assert view and view["status"] == Status.DELIVERED and view["shipped_at"] is not None


def test_a_delivery_whose_order_and_number_were_both_corrected_leaves_nothing_behind(
    company: Company,
) -> None:
    company.outbound(7, order_ref="000017", delivery="D17")
    company.drop(event(1, "", "DEP", note="D17"))
    company.sync()
    assert company.view("17", "tms") is not None
    company.later(minutes=10)
    company.outbound(7)
    company.sync()
    assert company.view("17", "tms") is None
    assert [(row["kind"], row["value"]) for row in company.rows(unlinked)] == [("delivery", "D17")]
    company.outbound(17)
    company.drop(event(2, "", "DEP", note="D7"))
    company.sync()
    assert company.view("17", "tms") is not None
    assert company.view("7", "tms") is not None
    assert company.rows(unlinked) == []


def test_a_corrected_delivery_number_no_longer_means_the_order(company: Company) -> None:
    company.outbound(7, delivery="D8")
    company.outbound(70, order_ref="000007", delivery="D70")
    company.sync("wms")
    company.later(minutes=1)
    company.outbound(7, delivery="D7")
    company.outbound(8)
    company.drop(event(1, "", "DEP", note="D8"), event(2, "", "DEP", note="D7"))
    company.sync()
    assert company.view("8", "tms") is not None
    assert company.view("7", "tms") is not None


def test_a_number_that_another_record_still_teaches_is_not_forgotten(company: Company) -> None:
    company.mappings["wms"] = company.mappings["wms"].replace("delivery: delivery}", "delivery: customer}")
    company.write_mappings()
    company.outbound(7, customer="D7", delivery="A")
    company.outbound(70, order_ref="000007", customer="D7", delivery="B")
    company.sync("wms")
    company.later(minutes=1)
    company.outbound(70, order_ref="000007", customer="D8", delivery="B")
    company.drop(
        event(1, "", "DEP", note="D7", qty="1"), event(2, "", "DEP", note="D8", shipment="T", qty="1")
    )
    company.sync()
    view = company.view("7", "tms")
    assert view and view["shipped"] == Decimal(2)


def test_a_record_that_may_mean_two_orders_waits_without_a_row_a_run(company: Company) -> None:
    company.outbound(7, delivery="D1")
    company.outbound(8, delivery="D1")
    company.drop(event(1, "", "DEP", note="D1"))
    company.sync()
    company.later(minutes=30)
    company.sync()
    before = company.dump()
    company.later(minutes=30)
    company.sync()
    after = company.dump()
    assert after[unlinked.name] == before[unlinked.name]
    assert after[runs.name] == before[runs.name]


def test_a_number_that_others_are_joined_to_is_not_joined_away(company: Company) -> None:
    for number in (7, 8, 9):
        company.outbound(number)
    company.sync("wms")
    with lease(company.store, "place", "test", wall(), LEASE) as held:
        hub = company.hub()

        def join(number: str, order: str) -> None:
            joining.join(
                company.store, OrderKey("C1", number), OrderKey("C1", order), "me", held, hub.inlet, hub.clock
            )

        join("7", "8")
        with pytest.raises(ConfigError):
            join("8", "9")


def test_events_of_two_streams_with_one_number_are_two_events(company: Company) -> None:
    text = (
        company.mappings["tms"]
        .replace("      event_id: event\n", "")
        .replace("      replaces: replaces\n", "")
    )
    _, _, body = text.partition("  events:\n")
    company.mappings["tms"] = text + "  pods:\n" + body.replace("EV_", "POD_")
    company.write_mappings()
    company.drop(event(1, "7", "DEP"))
    company.sync("tms")
    stem = company.drop(event(1, "7", "ARR", LATER))
    drop = company.folder / "drop"
    for suffix in ("csv", "ok"):
        (drop / f"{stem}.{suffix}").rename(drop / f"POD_1.{suffix}")
    company.sync("tms")
    view = company.view("7", "tms")
    assert view and view["delivered_at"] is not None
    assert view["shipped_at"] is not None


def test_an_event_corrected_to_another_part_leaves_the_first(company: Company) -> None:
    company.mappings["tms"] = company.mappings["tms"].replace("    key: event\n", "")
    company.write_mappings()
    company.drop(event(1, "7", "DEP", qty="4"))
    company.sync("tms")
    company.drop(event(1, "7", "DEP", qty="5", shipment="S2"))
    company.sync("tms")
    view = company.view("7", "tms")
    assert view and (view["parts"], view["shipped"]) == (1, Decimal(5))


def test_an_event_replaced_by_one_of_another_part_counts_no_more(company: Company) -> None:
    company.drop(event(1, "7", "DEP", qty="4"))
    company.drop(event(2, "7", "DEP", qty="4", shipment="S2", replaces="E1"))
    company.sync("tms")
    view = company.view("7", "tms")
    assert view and (view["parts"], view["shipped"]) == (1, Decimal(4))


def test_a_correction_that_was_taken_back_gives_the_first_event_back(company: Company) -> None:
    company.drop(event(1, "7", "DEP", qty="4"), event(2, "7", "DEP", qty="5", replaces="E1"))
    company.sync("tms")
    company.drop(event(2, "7", "ARR", LATER, qty="5"))
    company.sync("tms")
    view = company.view("7", "tms")
    assert view and view["shipped_at"] is not None and view["delivered_at"] is not None


def test_what_a_state_said_stands_beside_events_of_the_same_part() -> None:
    state = Said(
        "", 1, False, 30, 30, 99, ordered=Decimal(10), occurred_at=START, says="modified", precision=3
    )
    gone = Said(
        "", 2, True, 100, 100, 119, shipped=Decimal(10), event_id="e",
        occurred_at=START + timedelta(hours=1), says="event", precision=3,
    )  # fmt: skip
    view = roll_up([state, gone])
    assert view is not None
    assert (view.lo, view.ordered, view.shipped) == (100, Decimal(10), Decimal(10))


def test_waiting_events_with_one_key_are_all_placed_when_their_link_comes(company: Company) -> None:
    company.mappings["tms"] = company.mappings["tms"].replace("key: event", "key: note")
    company.write_mappings()
    for number, code, at in ((1, "DEP", AT), (2, "ARR", LATER)):
        company.drop(event(number, "", code, at, note="D7"))
        company.sync("tms")
    company.outbound(7)
    company.sync("wms")
    view = company.view("7", "tms")
    assert view and view["shipped_at"] is not None and view["delivered_at"] is not None


def test_two_records_with_one_key_in_an_event_page_are_not_lost(company: Company) -> None:
    company.mappings["tms"] = company.mappings["tms"].replace("key: event", "key: order")
    company.write_mappings()
    company.drop(event(1, "7", "DEP"), event(2, "7", "ARR", LATER))
    company.sync("tms")
    view = company.view("7", "tms")
    assert view and view["shipped_at"] is not None and view["delivered_at"] is not None


def test_events_with_one_key_in_several_files_are_not_taken_away(company: Company) -> None:
    company.mappings["tms"] = company.mappings["tms"].replace("key: event", "key: order")
    company.write_mappings()
    company.drop(event(1, "7", "DEP"))
    company.sync("tms")
    company.drop(event(2, "7", "DEP", LATER, shipment="S2"))
    company.sync("tms")
    view = company.view("7", "tms")
    assert view and view["parts"] == 2


def test_a_run_that_broke_off_is_no_run_that_was_done(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.outbound(7)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(run, "pull_stream", broken)
    with pytest.raises(RuntimeError):
        company.sync("wms")
    (row,) = company.rows(runs)
    assert (row["outcome"], row["error"]) == ("failed", "a fault of ours")


def test_a_replay_never_writes_over_what_a_pull_takes_meanwhile(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.outbound(7)
    company.sync("wms")
    company.later(minutes=10)
    company.outbound(7, state="PICK")
    pull = Thread(target=company.sync, args=("wms",))

    def meanwhile(raw: bytes) -> Any:
        pull.start()
        pull.join(0.5)  # without a lock it is through by then
        return disclose(raw)

    monkeypatch.setattr(replaying, "disclose", meanwhile)
    with lease(company.store, "place", "test", wall(), LEASE) as held:
        inlet = company.hub().inlet("wms", "outbound")
        replaying.replay_records(company.store, inlet, ["7"], held, lambda: company.now)
    pull.join()
    view = company.view("7", "wms")
    assert view and view["status"] == Status.ALLOCATED


@pytest.mark.parametrize(
    "said",
    [
        {"qty": "0.1234567"},
        {"qty": "1e-9"},
        {"company": "C" * 80},
        {"delivery": "D" * 200},
        {"delivery": "D\0X"},
        {"order_ref": "9\0"},
        {"customer": "A\0"},
        {"customer": "A" * 500},
        {"state": "S\0"},
        {"state": "S" * 500},
        {"changed": "x" * 500},
    ],
)
def test_a_record_that_the_store_cannot_hold_stops_no_other(company: Company, said: dict[str, str]) -> None:
    company.outbound(7)
    company.outbound(8, **said)
    company.sync("wms")
    assert company.view("7", "wms") is not None
    assert company.view("8", "wms") is not None or len(lying(company)) == 1


@pytest.mark.parametrize(
    "said", [{"note": "N\0"}, {"event": "E\0"}, {"event": "E" * 300}, {"replaces": "\0"}]
)
def test_an_event_that_the_store_cannot_hold_stops_no_other(company: Company, said: dict[str, str]) -> None:
    company.drop(event(1, "7", "DEP"), event(2, "", "DEP", note="X") | said)
    company.sync("tms")
    assert company.view("7", "tms") is not None


def test_a_separated_number_without_records_leaves_the_order_its_status(company: Company) -> None:
    company.outbound(7, state="PICK")
    company.sync("wms")
    hub = company.hub()
    typed, meant = OrderKey("C1", "77777"), OrderKey("C1", "7")
    with lease(company.store, "place", "test", wall(), LEASE) as held:
        joining.join(company.store, typed, meant, "Li", held, hub.inlet, hub.clock)
        joining.separate(company.store, typed, "Li", held, hub.inlet, hub.clock)
    run.merge_orders(hub)
    assert company.order("7")["status"] == Status.ALLOCATED


def test_a_worker_stays_in_turn_with_every_page(company: Company) -> None:
    company.outbound(7)
    hub = company.hub()
    with lease(company.store, "sync:wms", "test", wall(), timedelta(seconds=60)) as held:
        connector = open_connector(hub.mappings["wms"], hub.env, hub.clock)
        inlet = hub.inlet("wms", "outbound")
        pull_stream(
            company.store, connector, inlet, held, Run("pull", "wms", company.now), hub.clock, lambda *_: None
        )
        connector.close()
        (row,) = [row for row in company.rows(leases) if row["name"] == "sync:wms"]
    assert row["until"] > wall() + LEASE / 2


def test_what_keeps_a_system_from_being_opened_is_noted(company: Company) -> None:
    hub = replace(company.hub(), env={})
    result = run.sync_system(hub, "wms")
    assert [type(error) for error in result.errors] == [ConfigError]
    (noted,) = company.rows(reads)
    assert noted["failed_at"] == company.now
    assert "AIRFLOW_CONN_WMS" in noted["error"]
    assert company.rows(runs)[0]["outcome"] == "failed"
