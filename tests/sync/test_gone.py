"""What vanishes at the source: believed after complete looks, never in a mass, undone when seen again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.model import Status
from hub.store.tables import absent, order_history, reads, seen_keys
from sync.gone import MassGone, Roll
from sync.run import SyncResult
from tests.sync.conftest import START, WMS_YAML, Company

LISTED = "sweep: {every: 1h, where: \"state <> 'SENT'\"}"


def remove(company: Company, *numbers: int) -> None:
    with company.wms.begin() as conn:
        for number in numbers:
            conn.exec_driver_sql("delete from outbound where id = ?", (number,))


def sweep(company: Company) -> SyncResult:
    """Let an hour pass and sync: the sweep is due."""
    company.later(hours=1)
    return company.sync("wms")["wms"]


def load(company: Company, count: int, **values: Any) -> None:
    for number in range(1, count + 1):
        company.outbound(number, **values)
    company.sync("wms")


def gone_at(company: Company, number: int) -> Any:
    view = company.view(str(number), "wms")
    assert view is not None
    return view["gone_at"]


def test_an_order_is_gone_after_two_sweeps_without_it_and_is_no_cancellation(company: Company) -> None:
    load(company, 9, state="PICK")
    remove(company, 3)
    assert sweep(company).counts["gone"] == 0
    assert gone_at(company, 3) is None
    result = sweep(company)
    assert result.counts["gone"] == 1
    assert not result.errors
    assert gone_at(company, 3) == company.now
    assert [gone_at(company, number) for number in (1, 2, 4)] == [None] * 3
    assert (company.order("3")["status"], company.order("3")["side"]) == (Status.ALLOCATED, 0)
    assert company.rows(order_history) == []


def test_what_is_gone_stays_so_without_another_row(company: Company) -> None:
    load(company, 9)
    remove(company, 3)
    for _ in range(2):
        sweep(company)
    before, since = company.dump(), gone_at(company, 3)
    assert sweep(company).counts["gone"] == 0
    after = company.dump()
    assert gone_at(company, 3) == since
    assert {name for name in before if before[name] != after[name]} == {reads.name}


def test_what_is_seen_again_is_no_longer_gone(company: Company) -> None:
    load(company, 9)
    remove(company, 3)
    for _ in range(2):
        sweep(company)
    company.outbound(3, changed=company.local(START))  # as it was, behind the cursor: only a sweep sees it
    assert sweep(company).counts["back"] == 1
    assert gone_at(company, 3) is None
    assert company.rows(absent) == []


def test_one_sweep_that_finds_it_starts_the_count_again(company: Company) -> None:
    load(company, 9)
    remove(company, 3)
    sweep(company)
    company.outbound(3, changed=company.local(START))
    sweep(company)
    remove(company, 3)
    sweep(company)
    assert gone_at(company, 3) is None
    sweep(company)
    assert gone_at(company, 3) is not None


def test_when_too_many_vanish_none_is_believed(company: Company) -> None:
    load(company, 9)
    remove(company, 1, 2, 3)
    for _ in range(2):
        result = sweep(company)
        assert [type(error) for error in result.errors] == [MassGone]
    assert {gone_at(company, number) for number in range(1, 10)} == {None}
    assert company.rows(absent) == []
    noted = next(row for row in company.rows(reads) if row["kind"] == "sweep")
    assert "3 of 9" in noted["error"]
    assert company.sync("wms")["wms"].errors == []  # said once a sweep, not once a minute


def test_the_share_that_is_believed_is_declared(company: Company) -> None:
    hub_yaml = company.home / "mappings" / "hub.yaml"
    hub_yaml.write_text(hub_yaml.read_text("utf-8").replace("bad_share: 40%", "gone_share: 40%"), "utf-8")
    load(company, 9)
    remove(company, 1, 2, 3)
    for _ in range(2):
        assert not sweep(company).errors
    assert [gone_at(company, number) is None for number in (1, 2, 3, 4)] == [False] * 3 + [True]


def test_a_list_of_what_is_open_and_the_look_up_after_it_are_two_looks(company: Company) -> None:
    company.mappings["wms"] = WMS_YAML.replace("sweep: {every: 1h}", LISTED)
    company.write_mappings()
    load(company, 9)
    remove(company, 3)
    company.outbound(4, state="SENT", sent="10", changed=company.local(START))
    result = sweep(company)
    assert result.counts["gone"] == 1
    assert gone_at(company, 3) is not None
    assert gone_at(company, 4) is None  # not open any more, and the look-up brought how it stands
    assert company.order("4")["status"] == Status.SHIPPED


def test_what_only_the_sweep_saw_is_counted(company: Company) -> None:
    load(company, 3)
    company.later(minutes=30)
    company.outbound(4)
    company.sync("wms")
    company.outbound(2, qty="12", changed=company.local(START))  # a line changed, the header's stamp did not
    result = sweep(company)
    assert result.counts["missed"] == 1
    noted = next(row for row in company.rows(reads) if row["kind"] == "sweep")
    assert noted["missed"] == 1
    assert company.order("2")["ordered"] == Decimal(12)


def test_of_an_order_that_still_stands_the_vanished_part_is_taken_away(company: Company) -> None:
    load(company, 9)
    company.outbound(10, order_ref="000001", qty="4")
    company.sync("wms")
    view = company.view("1", "wms")
    assert view and (view["parts"], view["ordered"]) == (2, Decimal(14))
    remove(company, 10)
    for _ in range(2):
        sweep(company)
    view = company.view("1", "wms")
    assert view and (view["parts"], view["ordered"], view["gone_at"]) == (1, Decimal(10), None)
    assert company.order("1")["ordered"] == Decimal(10)
    company.outbound(10, order_ref="000001", qty="4", changed=company.local(START))
    sweep(company)
    assert company.order("1")["ordered"] == Decimal(14)


def test_an_order_whose_parts_vanish_one_by_one_is_gone(company: Company) -> None:
    load(company, 9)
    company.outbound(10, order_ref="000001", qty="4")
    company.sync("wms")
    for number in (10, 1):
        remove(company, number)
        for _ in range(2):
            sweep(company)
    assert gone_at(company, 1) == company.now


def test_a_sweep_that_broke_off_says_nothing_and_starts_anew(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(company, 12)
    remove(company, 3)
    sweep(company)

    def broken(*_: object) -> int:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(Roll, "close", broken)
        with pytest.raises(RuntimeError):
            sweep(company)
    assert len(company.rows(seen_keys)) == 11
    remove(company, 4)
    company.sync("wms")
    assert [gone_at(company, number) is None for number in (3, 4)] == [False, True]
    assert company.rows(seen_keys) == []


def test_what_is_closed_may_vanish(company: Company) -> None:
    load(company, 9, state="SENT", sent="10")
    company.outbound(10, state="VOID")
    company.sync("wms")
    remove(company, 1, 10)
    for _ in range(2):
        sweep(company)
    assert gone_at(company, 1) is None
    assert gone_at(company, 10) is None


def test_a_flag_of_deletion_takes_the_part_away_and_its_fall_brings_it_back(company: Company) -> None:
    company.mappings["wms"] = WMS_YAML.replace("    key: id\n", "    key: id\n    deleted: state == 'DEL'\n")
    company.write_mappings()
    load(company, 2)
    company.later(minutes=1)
    company.outbound(2, state="DEL")
    company.sync("wms")
    assert company.view("2", "wms") is None
    assert company.view("1", "wms") is not None
    company.later(minutes=1)
    company.outbound(2, state="PICK")
    company.sync("wms")
    assert company.order("2")["status"] == Status.ALLOCATED


def test_a_feed_of_deletions_takes_away_what_another_stream_said(company: Company) -> None:
    company.mappings["wms"] = WMS_YAML + (
        "  deletions:\n"
        "    read: {table: deletion, cursor: [at, id]}\n"
        "    deleted: '`true`'\n"
        "    fields: {company: company, order_no: {from: order_ref, strip: '0'}, part: delivery,"
        " status: {keep: true}, ordered: {keep: true}, occurred_at: at}\n"
    )
    company.write_mappings()
    with company.wms.begin() as conn:
        conn.exec_driver_sql(
            "create table deletion"
            " (id integer primary key, company text, order_ref text, delivery text, at text)"
        )
    load(company, 2)
    company.later(minutes=1)
    with company.wms.begin() as conn:
        row = (1, "C1", "000002", "D2", company.local())
        conn.exec_driver_sql("insert into deletion values (?, ?, ?, ?, ?)", row)
    company.sync("wms")
    assert company.view("2", "wms") is None
    assert company.view("1", "wms") is not None


def test_a_folder_with_a_full_list_tells_what_is_gone(company: Company) -> None:
    company.mappings["erp"] = (
        "system: erp\nconnector: files\nconnection: tms\ntime: {format: iso}\n"
        "streams:\n  orders:\n"
        '    read: {file: "NEW_*.csv"}\n    sweep: {every: 1h, file: "ALL.csv"}\n    key: no\n'
        "    fields: {company: {const: C1}, order_no: no, ordered: qty,"
        " status: {from: state, codes: {C: confirmed, S: shipped}},"
        " occurred_at: {from: at, says: modified}}\n"
    )
    company.write_mappings()

    def write(name: str, numbers: range) -> None:
        rows = [f"{number},7,C,2026-03-02T01:00:00Z" for number in numbers]
        text = "\n".join(["no,qty,state,at", *rows]) + "\n"
        (company.folder / "drop" / name).write_text(text, "utf-8")

    write("NEW_1.csv", range(1, 10))
    company.sync("erp")
    for _ in range(2):
        write("ALL.csv", range(2, 10))
        company.later(hours=1)
        assert not company.sync("erp")["erp"].errors
    first, second = (company.view(number, "erp") for number in ("1", "2"))
    assert first and first["gone_at"] == company.now
    assert second and second["gone_at"] is None
