"""`remap`: what is foretold is what happens, nothing is written before, a killed run goes on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.errors import ConfigError, LeaseBusy
from hub.model import Status
from hub.store.leases import lease
from hub.store.tables import audit, ledger, order_history, quarantine, unlinked, views
from sync import remap as remapping
from sync.foresight import Foresight
from sync.remap import Remap, remap
from sync.run import LEASE, wall
from tests.sync.conftest import START, TMS_YAML, Company

AT = "2026-03-02T12:00:00+08:00"


def change(company: Company, old: str, new: str, system: str = "wms") -> None:
    """Change the mapping of a system."""
    assert old in company.mappings[system]
    company.mappings[system] = company.mappings[system].replace(old, new)
    company.write_mappings()


def look(company: Company, system: str = "wms") -> Foresight:
    return remap(company.hub(), system, None, lambda *_: None)[0]


def apply(company: Company, system: str = "wms", **more: Any) -> int | None:
    return remap(company.hub(), system, None, lambda *_: None, who="Li", **more)[1]


def load(company: Company) -> None:
    company.outbound(1)
    company.outbound(2, state="PICK")
    company.outbound(3, state="SENT", sent="10")
    company.outbound(4, state="PICK")
    company.sync("wms")
    company.later(minutes=30)


def test_what_a_new_code_table_changes_is_foretold_and_nothing_is_written(company: Company) -> None:
    load(company)
    change(company, "PICK: allocated", "PICK: in_production")
    before = company.dump()
    told = look(company)
    assert company.dump() == before
    assert (told.kept, told.records, told.orders, told.appear, told.vanish) == (4, 4, 3, 0, 0)
    assert told.statuses == {(Status.ALLOCATED, Status.IN_PRODUCTION): 2}
    assert told.fields == {"status": 2, "range": 1}  # NEW may mean more than it did
    assert [(one.order_no, one.old, one.new) for one in told.examples["status"]] == [
        ("2", Status.ALLOCATED, Status.IN_PRODUCTION),
        ("4", Status.ALLOCATED, Status.IN_PRODUCTION),
    ]


def test_it_is_carried_out_with_a_history_that_names_it_and_done_only_once(company: Company) -> None:
    load(company)
    old = company.rows(ledger)[0]["mapping"]
    change(company, "PICK: allocated", "PICK: in_production")
    assert apply(company) == 2
    new = company.hub().inlet("wms", "outbound").reader.version
    assert {row["mapping"] for row in company.rows(ledger)} == {new}
    assert company.order("2")["status"] == Status.IN_PRODUCTION
    history = [row for row in company.rows(order_history) if row["order_no"] == "2"]
    assert [(row["field"], row["old"], row["new"], row["rule"], row["system"]) for row in history] == [
        ("status", "40", "60", "remap", "wms"),
        ("mapping", old, new, "remap", "wms"),
    ]
    (noted,) = company.rows(audit)
    assert (noted["who"], noted["what"]) == ("Li", "system.remap")
    before = company.dump()
    assert look(company).nothing
    assert apply(company) == 0
    assert company.dump() == before
    company.sync("wms")
    assert company.dump()[order_history.name] == before[order_history.name]


def test_a_corrected_zone_moves_the_stamps_of_forms_that_are_kept(company: Company) -> None:
    load(company)
    company.outbound(
        2, state="PICK", customer="Bee"
    )  # a later form: its stamp is no longer that of the status
    company.sync("wms")
    change(company, "zone: Asia/Shanghai", "zone: Asia/Tokyo")
    told = look(company)
    assert told.fields == {"occurred_at": 4}
    apply(company)
    view = company.view("1", "wms")
    assert view and view["occurred_at"] == START - timedelta(hours=1)


def test_an_unrelated_change_moves_no_stamp(company: Company) -> None:
    company.outbound(2, state="PICK")
    company.sync("wms")
    company.later(hours=3)
    company.outbound(2, state="PICK")  # a remark was edited
    company.sync("wms")
    change(company, "extras: {customer_name: customer}", "extras: {customer_name: customer, note: state}")
    told = look(company)
    assert told.fields == {"extras.note": 1}
    apply(company)
    view = company.view("2", "wms")
    assert view and view["occurred_at"] == START


def test_records_that_fail_are_counted_and_too_many_are_refused(company: Company) -> None:
    load(company)
    change(company, "ordered: qty", "ordered: customer")
    told = look(company)
    assert told.failing == {"mapping.bad_number": 4}
    before = company.dump()
    with pytest.raises(ConfigError, match="4 of 4"):
        apply(company)
    assert company.dump() == before
    apply(company, force=True)
    assert len([row for row in company.rows(quarantine) if row["solved_at"] is None]) == 4
    assert company.order("1")["ordered"] == Decimal(10)  # what was understood stands
    assert look(company).records == 0


def test_what_lay_in_quarantine_and_can_be_read_now_is_taken_in(company: Company) -> None:
    load(company)
    company.outbound(5, company="", qty="12")
    company.outbound(6, company="", qty="x")
    company.sync("wms")
    change(company, "company: company", "company: {from: company, default: C1}")
    told = look(company)
    assert (told.passing, told.still_bad) == (1, 1)
    apply(company)
    assert company.order("5")["ordered"] == Decimal(12)
    (left,) = [row for row in company.rows(quarantine) if row["solved_at"] is None]
    assert left["record"] == "6"


def test_orders_that_get_other_numbers_appear_and_vanish(company: Company) -> None:
    load(company)
    change(company, '{from: order_ref, strip: "0"}', "order_ref")
    told = look(company)
    assert (told.orders, told.appear, told.vanish) == (8, 4, 4)
    apply(company)
    assert sorted(row["order_no"] for row in company.rows(views)) == [
        f"{number:06}" for number in range(1, 5)
    ]


def test_what_waits_is_read_again_too(company: Company) -> None:
    company.outbound(5, state="SENT")
    company.drop({"event": "E1", "note": "X5", "shipment": "S5", "code": "DEP", "at": AT})
    company.sync()
    assert len(company.rows(unlinked)) == 1
    change(company, "from: note}]", "from: note, strip: X}]", "tms")
    change(company, "links: {delivery: delivery}", 'links: {delivery: {from: delivery, strip: "D"}}')
    apply(company, "wms")
    apply(company, "tms")
    assert company.rows(unlinked) == []
    assert company.view("5", "tms") is not None


def test_a_run_that_breaks_off_goes_on_where_it_stopped(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 8):
        company.outbound(number, state="PICK")
    company.outbound(11, order_ref="000001", state="PICK")
    company.sync("wms")
    change(company, "PICK: allocated", "PICK: in_production")
    monkeypatch.setattr(remapping, "BATCH", 3)
    carry_out, done = Remap._carry_out, [0]

    def broken(self: Remap, *args: Any) -> Any:
        done[0] += 1
        if done[0] == 2:
            raise RuntimeError("a fault of ours")
        return carry_out(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(Remap, "_carry_out", broken)
        with pytest.raises(RuntimeError):
            apply(company)
    assert 0 < look(company).records < 8
    apply(company)
    assert {row["status"] for row in company.rows(views)} == {Status.IN_PRODUCTION}
    changes = [row for row in company.rows(order_history) if row["field"] == "status"]
    assert len(changes) == 7
    assert {row["rule"] for row in changes} == {"remap"}


def test_the_parts_of_an_order_are_read_in_the_order_in_which_they_came(company: Company) -> None:
    company.outbound(9, order_ref="000001", delivery="D1", state="NEW")
    company.sync("wms")
    company.later(minutes=1)
    company.outbound(1, state="PICK")  # the same part, told later by a record with a smaller key
    company.sync("wms")
    change(company, "PICK: allocated", "PICK: in_production")
    apply(company)
    view = company.view("1", "wms")
    assert view and view["status"] == Status.IN_PRODUCTION


def test_what_another_record_took_away_does_not_come_back(company: Company) -> None:
    change(company, "    key: id\n", "    key: id\n    deleted: state == 'DEL'\n")
    company.outbound(2, state="PICK")
    company.outbound(3, order_ref="000001", delivery="D1", state="NEW")
    company.sync("wms")
    company.later(minutes=1)
    company.outbound(1, state="DEL")  # of the same part, by a record with a smaller key
    company.sync("wms")
    assert company.view("1", "wms") is None
    change(company, "PICK: allocated", "PICK: in_production")
    assert look(company).appear == 0
    apply(company)
    assert company.view("1", "wms") is None


def test_events_whose_raw_form_was_replaced_stand_and_are_counted(company: Company) -> None:
    company.mappings["tms"] = (
        TMS_YAML.replace('file: "EV_*.csv", done: "{{ stem }}.ok"', 'file: "EV_*.json", format: json')
        .replace("    key: event\n", "    key: bill\n    each: events\n")
        .replace("order_no: [order, {link: delivery, from: note}]", "order_no: up.bill")
    )
    company.write_mappings()
    first = '{"event": "E1", "code": "DEP", "at": "2026-03-02T12:00:00+08:00", "shipment": "S"}'
    second = '{"event": "E2", "code": "ARR", "at": "2026-03-02T13:00:00+08:00", "shipment": "S"}'
    for number, events in enumerate((first, second)):
        path = company.folder / "drop" / f"EV_{number}.json"
        path.write_text(f'[{{"bill": "7", "events": [{events}]}}]', "utf-8")
        company.sync("tms")
    view = company.view("7", "tms")
    assert view and view["shipped_at"] and view["delivered_at"]
    change(company, "ARR: delivered", "ARR: completed", "tms")
    told = look(company, "tms")
    assert (told.stay, told.orders) == (1, 1)
    apply(company, "tms")
    view = company.view("7", "tms")
    assert view and (view["status"], view["shipped_at"] is not None) == (Status.COMPLETED, True)


def test_events_of_one_key_are_all_kept_and_all_read_again(company: Company) -> None:
    change(company, "    key: event\n", "    key: order\n", "tms")
    for number, code in ((1, "DEP"), (2, "ARR")):
        company.drop({"event": f"E{number}", "order": "7", "shipment": "S", "code": code, "at": AT})
        company.sync("tms")
    change(company, "DEP: shipped", "DEP: in_transit", "tms")
    told = look(company, "tms")
    assert (told.records, told.stay) == (2, 0)


def test_a_system_that_is_being_read_is_busy(company: Company) -> None:
    load(company)
    change(company, "PICK: allocated", "PICK: in_production")
    with lease(company.store, "sync:wms", "another", wall(), LEASE), pytest.raises(LeaseBusy):
        apply(company)
