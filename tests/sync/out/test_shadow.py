"""A shadow writes nothing, and is told what people did by hand: alike, otherwise, not at all, or alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hub.store import Store
from sync.dual_run.days import DualRun, dual_run
from sync.dual_run.shadow import ALIKE, DIFFERENT, NEVER, ONLY, Wish
from tests.sync.out.house import HUB_YAML, LEDGER, SHOP, WMS, House

SHADOW = {"shop": SHOP, "wms": WMS.replace("mode: live", "mode: shadow"), "ledger": LEDGER}
INSERT = "INSERT INTO orders (ref, state, qty, customer, changed) VALUES (:ref, '00', :qty, :customer, :at)"


@pytest.fixture
def house(tmp_path: Path, store: Store) -> Iterator[House]:
    """A house whose warehouse is in shadow: what people do there they do by hand."""
    here = House(tmp_path / "house", store, mappings=dict(SHADOW))
    here.sync()
    here.adopt()
    yield here
    here.close()


def enter(house: House, ref: str, qty: object = 10, customer: str = "Ace") -> None:
    """Let somebody type an order into the warehouse."""
    house.run("wms", INSERT, ref=ref, qty=qty, customer=customer, at=f"{house.now:%Y-%m-%d %H:%M:%S.%f}")


def told(house: House, **more: int) -> DualRun:
    hub = house.hub()
    with house.store.read() as conn:
        found = dual_run(conn, hub.rules, hub.out.targets, "wms", house.now + timedelta(seconds=1), **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def only(house: House) -> Wish:
    (wish,) = told(house).wishes
    return wish


def test_a_shadow_is_sent_nothing(house: House) -> None:
    house.born("S1")
    house.sync(3)
    assert house.journal("wms") == []
    assert house.holds("ledger", "S1") is not None
    (change,) = house.changes(system="wms")
    assert (change["mode"], change["state"], change["sent_at"]) == ("shadow", "pending", None)
    wish = only(house)
    assert (wish.fate, wish.order_no, wish.kind, wish.wanted["ordered"]) == (NEVER, "S1", "create", "10")


def test_what_is_entered_alike_says_how_much_earlier_the_hub_would_have_been(house: House) -> None:
    house.born("S1")
    house.sync()
    house.later(hours=3)
    enter(house, "S1")
    house.sync(2)
    wish = only(house)
    assert (wish.fate, wish.lag) == (ALIKE, timedelta(hours=3, seconds=10))
    (change,) = house.changes(system="wms")
    assert change["state"] == "superseded" and "dual_run.done_by_hand" in change["reason"]
    total = told(house).total
    assert (total.alike, total.agreement) == (1, Decimal(1))
    assert total.gained == wish.lag + timedelta(minutes=6)


def test_what_is_entered_otherwise_is_told_with_both_values_and_once(house: House) -> None:
    house.born("S1", qty=10)
    house.sync()
    enter(house, "S1", qty=11)
    house.sync(2)
    wish = only(house)
    assert (wish.fate, wish.field) == (DIFFERENT, "")
    assert (wish.wanted["ordered"], wish.seen["ordered"]) == ("10", "11")
    assert "customer_name" not in wish.seen
    house.edit("wms", "S1", qty=10)
    house.sync(2)
    wish = only(house)
    assert wish.fate == DIFFERENT and wish.mended_at is not None


def test_an_update_is_told_field_by_field(house: House) -> None:
    house.born("S1", qty=10)
    house.sync()
    enter(house, "S1")
    house.sync(2)
    house.edit("shop", "S1", qty=12, customer="Bob")
    house.sync()
    house.later(hours=1)
    house.edit("wms", "S1", qty=12)
    house.sync(2)
    found = {one.field: one for one in told(house).wishes if one.kind == "update"}
    assert (found["ordered"].fate, found["customer_name"].fate) == (ALIKE, NEVER)
    house.later(hours=1)
    house.edit("wms", "S1", customer="Rob")
    house.sync(2)
    found = {one.field: one for one in told(house).wishes if one.kind == "update"}
    named = found["customer_name"]
    assert (named.fate, named.wanted, named.seen) == (
        DIFFERENT, {"customer_name": "Bob"}, {"customer_name": "Rob"},
    )  # fmt: skip
    assert named.lag == timedelta(hours=2, seconds=30)
    assert len(told(house).wishes) == 3


def test_what_nobody_wants_any_more_counts_nowhere(house: House) -> None:
    house.born("S1")
    house.sync()
    house.edit("shop", "S1", flag="X")
    house.sync(2)
    (change,) = house.changes(system="wms")
    assert change["state"] == "superseded" and "wanted_no_more" in change["reason"]
    assert told(house).wishes == []


def test_what_people_overwrite_there_is_done_only_by_hand(house: House) -> None:
    house.born("S1", qty=10)
    house.sync()
    enter(house, "S1")
    house.sync(2)
    house.edit("wms", "S1", qty=99)
    house.sync(2)
    (wish,) = told(house).of(ONLY)
    assert (wish.field, wish.was, wish.seen) == ("ordered", {"ordered": "10"}, {"ordered": "99"})
    house.edit("wms", "S1", qty=10)
    house.sync(2)
    (wish,) = told(house).of(ONLY)
    assert wish.mended_at is not None
    assert told(house).total.agreement == Decimal("0.5")


def test_an_order_that_no_route_asks_for_is_done_only_by_hand(house: House) -> None:
    enter(house, "H1")
    house.sync(2)
    wish = only(house)
    assert (wish.fate, wish.order_no, wish.why) == (ONLY, "H1", "dual_run.known_nowhere_else")


def test_the_owner_who_ships_by_himself_is_no_deviation(house: House) -> None:
    house.born("S1")
    house.sync()
    enter(house, "S1")
    house.sync(2)
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(3)
    assert [one.fate for one in told(house).wishes] == [ALIKE]


def test_the_days_add_up_and_what_is_overdue_counts(house: House) -> None:
    for ref in ("S1", "S2", "S3"):
        house.born(ref)
    house.sync()
    enter(house, "S1")
    house.sync()
    house.later(days=1)
    enter(house, "S2", qty=7)
    house.sync()
    house.later(days=2)
    house.sync()
    found = told(house)
    assert [day.day.day for day in found.days] == [2, 3, 4, 5]
    assert [(day.alike, day.different, day.never) for day in found.days] == [
        (1, 0, 0), (0, 1, 1), (0, 0, 0), (0, 0, 0),
    ]  # fmt: skip
    assert (found.total.alike, found.total.different, found.total.never) == (1, 1, 1)
    assert found.total.agreement == Decimal(1) / 3
    assert sum(day.born for day in found.days) == found.total.born == 3
    assert sum(day.entered for day in found.days) == 2


def test_the_gate_counts_days_and_says_what_is_lacking(house: House) -> None:
    house.born("S1")
    house.sync()
    enter(house, "S1")
    house.sync()
    gate = told(house).gate
    assert (gate.met, gate.day, gate.days) == (False, 1, 30)
    assert [key for key, _ in gate.lacking] == ["dual_run.lacks_days"]
    house.later(days=30)
    house.sync()
    assert told(house).gate.met
    house.born("S2")
    house.sync()
    enter(house, "S2", qty=3)
    house.sync()
    gate = told(house).gate
    assert not gate.met
    ((key, values),) = gate.lacking
    assert key == "dual_run.lacks_agreement"
    assert (values["different"], values["agreement"]) == (1, Decimal("0.5"))
    assert not told(house, days=2).gate.met


def test_nothing_was_compared_where_nothing_happened(house: House) -> None:
    house.later(days=40)
    assert [key for key, _ in told(house).gate.lacking] == ["dual_run.lacks_all"]


def test_a_system_that_goes_live_keeps_its_dual_run(house: House) -> None:
    house.born("S1")
    house.sync()
    enter(house, "S1")
    house.sync(2)
    house.later(days=1)
    house.mappings["wms"] = WMS
    house.write_mappings()
    house.adopt("wms")
    house.later(days=1)
    house.sync()
    found = told(house)
    assert (found.mode, len(found.days), found.total.alike) == ("live", 2, 1)


def test_a_system_that_never_ran_in_shadow_has_no_dual_run(house: House) -> None:
    hub = house.hub()
    with house.store.read() as conn:
        assert dual_run(conn, hub.rules, hub.out.targets, "ledger", house.now) is None


def test_hours_to_entry_are_told_before_and_since(house: House) -> None:
    house.born("S1")
    house.sync()
    house.later(hours=4)
    enter(house, "S1")
    house.sync()
    hours, entries, differences = told(house).kpis
    assert (hours.name, hours.before) == ("hours", None)
    assert hours.since is not None and 4 <= hours.since < Decimal("4.1")
    assert (entries.since, differences.since) == (Decimal(1), Decimal(0))


assert "zone: UTC" in HUB_YAML, "the days of these tests are those of UTC"
