"""What is dear, too much or a loop waits for a person; a pause stops all; a sick system is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.store import Store
from sync.out import approvals, bearing, outbox
from sync.run import carry_out
from tests.sync.out.house import HUB_YAML, House

FUSED = HUB_YAML.replace(
    "fuse: {rules: []}",
    "fuse:\n  roles: {sales_director: {people: [chen]}, second_level: {people: [wu]}}\n"
    "brakes: {orders: 8, share: 100%, cancellations: 2}\n",
)


@pytest.fixture
def fused(tmp_path: Path, sqlite_store: Store) -> Iterator[House]:
    """The house with the fuse's own rules, and a low limit for a day."""
    here = House(tmp_path / "house", sqlite_store, hub_yaml=FUSED)
    here.sync()
    here.adopt()
    yield here
    here.close()


def decide(house: House, who: str, *, granting: bool = True, batch: str | None = None) -> int:
    """Let somebody decide of all that is held (in a batch)."""
    with house.store.write() as conn:
        rows = approvals.held(conn, batch=batch)
        given: dict[str, Any] = {"reason": "seen", "rules": house.hub().rules, "now": house.now}
        return approvals.decide(conn, rows, granting=granting, who=who, **given)


def test_a_dear_order_waits_for_its_director_and_others_go_on(fused: House) -> None:
    fused.born("S1", worth=5000)
    fused.born("S2", worth="4999.99")
    fused.sync(2)
    assert fused.holds("wms", "S1") is None
    assert fused.holds("wms", "S2") is not None
    with pytest.raises(ConfigError):
        decide(fused, "somebody")
    decide(fused, "chen")
    fused.sync(2)
    assert fused.holds("wms", "S1") is not None


def test_a_very_dear_order_takes_two_people(fused: House) -> None:
    fused.born("S1", worth=50001)
    fused.sync(2)
    assert decide(fused, "chen") == 0
    fused.sync(2)
    assert fused.holds("wms", "S1") is None
    assert decide(fused, "wu") == 2
    fused.sync(2)
    assert fused.holds("wms", "S1") is not None


def test_nobody_approves_an_order_of_his_own(fused: House) -> None:
    fused.born("S1", worth=6000, seller="Chen")
    fused.sync(2)
    with pytest.raises(ConfigError) as caught:
        decide(fused, "chen")
    assert caught.value.key == "outbox.own_change"


def test_what_was_approved_is_not_sent_once_the_order_is_another(fused: House) -> None:
    fused.born("S1", worth=6000, qty=100)
    fused.sync(2)
    decide(fused, "chen")
    fused.edit("shop", "S1", qty=120)
    fused.sync(3)
    assert fused.holds("wms", "S1") is None
    assert [json.loads(row["wanted"])["ordered"] for row in fused.changes(system="wms", state="held")] == [
        "120"
    ]
    decide(fused, "chen")
    fused.sync(2)
    held = fused.holds("wms", "S1")
    assert held is not None and held["qty"] == 120
    assert [row["qty"] for row in fused.journal("wms")] == [120]


def test_what_is_denied_is_not_asked_again_until_it_is_something_else(fused: House) -> None:
    fused.born("S1", worth=6000)
    fused.sync(2)
    decide(fused, "chen", granting=False)
    fused.sync(3)
    assert fused.holds("wms", "S1") is None
    assert not fused.changes(state="held")
    fused.edit("shop", "S1", qty=11)
    fused.sync(2)
    assert fused.changes(state="held")


def test_an_approval_expires(fused: House) -> None:
    fused.born("S1", worth=50001)
    fused.sync(2)
    decide(fused, "chen")
    fused.later(days=4)
    decide(fused, "wu")
    fused.sync(2)
    assert fused.holds("wms", "S1") is None


def test_too_many_orders_in_a_day_wait_together_for_one_approval(fused: House) -> None:
    for number in range(9):
        fused.born(f"S{number}", worth=10)
    fused.sync(3)
    assert all(fused.holds("wms", f"S{number}") is None for number in range(9))
    (batch,) = {row["batch"] for row in fused.changes(system="wms", state="held")}
    decide(fused, "Zhao", batch=batch)
    fused.sync(3)
    assert all(fused.holds("wms", f"S{number}") is not None for number in range(9))


def test_a_day_later_there_is_room_again(fused: House) -> None:
    for number in range(8):
        fused.born(f"S{number}", worth=10)
    fused.sync(2)
    fused.later(days=2)
    fused.born("S8", worth=10)
    fused.sync(2)
    assert fused.holds("wms", "S8") is not None


def test_many_cancellations_wait(fused: House) -> None:
    for number in range(3):
        fused.born(f"S{number}", worth=10)
        fused.sync(1)
        fused.edit("wms", f"S{number}", state="10")
    fused.sync(2)
    for number in range(3):
        fused.edit("shop", f"S{number}", flag="X")
    fused.sync(2)
    assert len(fused.changes(system="wms", state="held")) == 3


def test_who_changes_it_back_again_and_again_is_stopped(house: House) -> None:
    house.run(
        "wms",
        "CREATE TRIGGER back AFTER UPDATE OF qty ON orders WHEN new.qty <> 77 AND new.rev % 2 = 0"
        " BEGIN UPDATE orders SET qty = 77 WHERE id = new.id; END",
    )
    house.born("S1", qty=10)
    house.sync(3)
    for number in range(8):
        house.edit("wms", "S1", qty=50 + number)
        house.sync(2)
    held = house.changes(system="wms", state="held")
    assert held and '"rule":"loop"' in held[0]["holds"]


def test_a_pause_stops_what_is_ready_and_a_resume_lets_it_go(house: House) -> None:
    with house.store.write() as conn:
        bearing.pause(conn, "wms", "Zhao", "stocktaking", house.now)
    house.born("S1")
    house.sync(2)
    assert house.holds("wms", "S1") is None
    assert house.holds("ledger", "S1") is not None
    assert [row["state"] for row in house.changes(system="wms")] == ["pending"]
    (result,) = carry_out(house.hub(), ["wms"])
    assert result.stopped is not None and result.stopped[0] == "outbox.paused"
    with house.store.write() as conn:
        assert bearing.resume(conn, "wms", "Zhao", house.now)
    house.sync(1)
    assert house.holds("wms", "S1") is not None


def test_a_pause_of_all_stops_every_system(house: House) -> None:
    with house.store.write() as conn:
        bearing.pause(conn, bearing.ALL, "Zhao", "closing of the month", house.now)
    house.born("S1")
    house.sync(2)
    assert house.holds("wms", "S1") is None and house.holds("ledger", "S1") is None


def test_a_system_that_fails_again_and_again_is_left_alone_for_a_while(house: House) -> None:
    for _ in range(bearing.PATIENCE):
        with house.store.write() as conn:
            bearing.failed(conn, "wms", "no route to host", house.now)
    house.born("S1")
    house.sync(2)
    assert house.holds("wms", "S1") is None
    house.later(minutes=1)
    house.sync(1)
    assert house.holds("wms", "S1") is not None
    with house.store.read() as conn:
        assert bearing.open_until(conn, "wms", house.now) is None


def test_calls_a_second_are_counted_in_the_store(sqlite_store: Store, house: House) -> None:
    from decimal import Decimal

    with sqlite_store.write() as conn:
        waits = [bearing.turn(conn, "wms", Decimal(2), house.now) for _ in range(3)]
    assert [wait.total_seconds() for wait in waits] == [0, 0.5, 1]


def test_a_change_of_a_held_batch_stays_in_it_when_it_changes(fused: House) -> None:
    for number in range(9):
        fused.born(f"S{number}", worth=10)
    fused.sync(2)
    fused.edit("shop", "S1", qty=11)
    fused.sync(3)
    assert fused.holds("wms", "S1") is None
    held = [row for row in fused.changes(system="wms", state="held") if row["order_no"] == "S1"]
    assert [row["batch"] for row in held] == ["wms-20260302"]


def test_a_change_that_was_replaced_since_it_was_chosen_does_not_leave(house: House) -> None:
    house.born("S1")
    with house.store.write() as conn:
        bearing.pause(conn, "wms", "Zhao", "", house.now)
    house.sync(2)
    (change,) = house.changes(system="wms")
    with house.store.write() as conn:
        assert outbox.change(conn, [change["id"]], outbox.SENT, house.now, only=(outbox.HELD,)) == 0
        outbox.change(conn, [change["id"]], outbox.SUPERSEDED, house.now)
        assert outbox.change(conn, [change["id"]], outbox.SENT, house.now, only=(outbox.PENDING,)) == 0


def test_an_order_that_changes_twice_in_a_day_is_one_order(fused: House) -> None:
    for number in range(5):
        fused.born(f"S{number}", worth=10)
    fused.sync(3)
    for number in range(5):
        fused.edit("shop", f"S{number}", qty=11)
    fused.sync(3)
    assert not fused.changes(state="held")
