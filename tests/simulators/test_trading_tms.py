"""The TMS spoken to in files: taken once, answered, reported."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.trading.tms import Tms
from simulators.trading.watch import Watch

HEAD = "action,order,customer,quantity\n"


@pytest.fixture
def tms(tmp_path: Path) -> Iterator[Tms]:
    system = Tms(tmp_path / "tms", tmp_path / "tms.db", Watch())
    yield system
    system.close()


def send(tms: Tms, name: str, *rows: str, done: bool = True) -> None:
    path = tms.folder / "in" / f"{name}.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), "utf-8")
    if done:
        path.with_suffix(".ok").touch()


def answers(tms: Tms, name: str) -> list[dict[str, str]]:
    path = tms.folder / "answers" / f"{name}.csv"
    assert path.with_suffix(".ok").exists()
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def taken(tms: Tms) -> list[tuple[str, str]]:
    return [(one["order_ref"], one["quantity"]) for one in tms.shipments()]


def test_an_order_is_taken_and_answered(tms: Tms) -> None:
    send(tms, "k1", "SHIP,SO-1,恒泰,10.500")
    assert tms.work() == 1
    (answer,) = answers(tms, "k1")
    assert (answer["order"], answer["result"], answer["shipment"]) == ("SO-1", "ACCEPTED", "S700001")
    assert taken(tms) == [("SO-1", "10.5")]
    assert [(entry.operation, entry.done, entry.idempotency_key) for entry in tms.journal()] == [
        ("create", True, "k1")
    ]


def test_a_file_without_its_marker_is_left_alone(tms: Tms) -> None:
    send(tms, "k1", "SHIP,SO-1,恒泰,10", done=False)
    assert tms.work() == 0
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    assert tms.work() == 1


@pytest.mark.parametrize(("name", "row"), [("k1", "SHIP,SO-1,恒泰,11"), ("k2", "SHIP,SO-1,恒泰,10")])
def test_a_file_is_taken_once_by_its_name_and_by_its_content(tms: Tms, name: str, row: str) -> None:
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    tms.work()
    send(tms, name, row)
    assert tms.work() == 0
    assert taken(tms) == [("SO-1", "10")]


def test_another_file_for_the_same_order_is_a_second_shipment(tms: Tms) -> None:
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    send(tms, "k2", "SHIP,SO-1,恒泰,11")
    tms.work()
    assert taken(tms) == [("SO-1", "10"), ("SO-1", "11")]


def test_a_shipment_is_changed_or_cancelled_until_it_has_left(tms: Tms) -> None:
    send(tms, "k1", "SHIP,SO-1,恒泰,10", "SHIP,SO-2,恒泰,3")
    send(tms, "k2", "CHANGE,SO-1,恒泰,12", "CANCEL,SO-2,,")
    tms.work()
    assert taken(tms) == [("SO-1", "12")]
    tms.report("SO-1", "DEPARTED_PICKUP")
    send(tms, "k3", "CANCEL,SO-1,,")
    tms.work()
    assert [one["result"] for one in answers(tms, "k3")] == ["REJECTED"]
    assert taken(tms) == [("SO-1", "12")]


@pytest.mark.parametrize("row", ["SHIP,,恒泰,10", "SHIP,SO-1,恒泰,many", "BURN,SO-1,恒泰,10"])
def test_what_cannot_be_read_is_rejected_with_a_reason(tms: Tms, row: str) -> None:
    send(tms, "k1", row)
    tms.work()
    (answer,) = answers(tms, "k1")
    assert (answer["result"], bool(answer["reason"])) == ("REJECTED", True)
    assert [entry.done for entry in tms.journal()] == [False]


def test_a_locked_order_is_rejected(tms: Tms) -> None:
    tms.faults.order("locked", operation="create")
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    tms.work()
    assert "ZHOU" in answers(tms, "k1")[0]["reason"]
    assert taken(tms) == []


def test_a_file_may_be_taken_and_never_answered(tms: Tms) -> None:
    tms.faults.order("lost")
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    assert (tms.work(), tms.work()) == (1, 0)
    assert taken(tms) == [("SO-1", "10")]
    assert list((tms.folder / "answers").iterdir()) == []
    assert [entry.done for entry in tms.journal()] == [True]


def test_a_file_may_lie_there_untouched_for_a_while(tms: Tms) -> None:
    tms.faults.order("dead", times=2)
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    assert [tms.work() for _ in range(4)] == [0, 0, 1, 0]
    assert [entry.done for entry in tms.journal()] == [False, False, True]


def test_an_answer_may_be_garbage(tms: Tms) -> None:
    tms.faults.order("html_after")
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    tms.work()
    assert "<html>" in (tms.folder / "answers" / "k1.csv").read_text("utf-8")
    assert taken(tms) == [("SO-1", "10")]


def test_an_answer_that_was_not_written_yet_is_written_by_the_next_process(tms: Tms, tmp_path: Path) -> None:
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    tms.work()
    for path in (tms.folder / "answers").iterdir():
        path.unlink()
    again = Tms(tmp_path / "tms", tmp_path / "tms.db", Watch())
    assert again.work() == 0
    assert [one["result"] for one in answers(again, "k1")] == ["ACCEPTED"]
    again.close()


def test_what_happens_on_the_road_comes_in_event_files(tms: Tms) -> None:
    send(tms, "k1", "SHIP,SO-1,恒泰,10")
    tms.work()
    tms.report("SO-1", "DEPARTED_PICKUP")
    tms.deliver("SO-1")
    events = []
    for path in sorted((tms.folder / "out").glob("*.csv")):
        assert path.with_suffix(".ok").exists()
        with path.open(encoding="utf-8", newline="") as file:
            events += list(csv.DictReader(file))
    assert [(one["event_id"], one["sales_order"], one["code"]) for one in events] == [
        ("E00000001", "SO-1", "DEPARTED_PICKUP"),
        ("E00000002", "SO-1", "DELIVERED"),
    ]
    assert {one["occurred_at"] for one in events} == {"2026-07-01T16:00:00+08:00"}
    assert tms.shipments("SO-1")[0]["code"] == "DELIVERED"
