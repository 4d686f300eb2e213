"""What stands still, what is gone, and what was shipped wrongly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.rules import Rules
from reconciler.classes.standing import expired
from reconciler.reports.words import Words
from tests.reconciler.house import HUB_YAML, WMS_YAML, House

SLA = HUB_YAML + "sla: {confirmed: 3d, allocated: 2d, shipped: 5d, on_hold: 9d}\n"


@pytest.fixture
def strict(house: House) -> House:
    house.hub_yaml = SLA
    house.write()
    return house


def test_an_order_that_stands_too_long_is_stale(any_house: House) -> None:
    house = any_house
    house.hub_yaml = SLA
    house.write()
    house.both("1")
    assert house.found() == []
    house.later(days=2, hours=23)
    assert house.found() == []
    house.later(hours=2)
    (found,) = house.look().findings
    assert (found.kind, found.system, found.details["status"]) == ("stale", "wms", "confirmed")
    assert found.owner == "warehouse-lead", "the contact of its mapping: hub.yaml names nobody"
    assert "“confirmed” since" in Words("en").reason(found)
    house.wms("1", "PICK")
    assert house.found() == []


def test_nobody_asks_before_the_date_has_come(strict: House) -> None:
    strict.both("1", due="2026-03-20")
    strict.look()
    strict.later(days=10)
    assert strict.found() == []
    strict.later(days=9)
    assert strict.found() == [("stale", "1", "wms")]


def test_what_ends_earlier_is_not_waited_for(strict: House) -> None:
    strict.both("1", kind="sample")
    strict.wms("1", "OUT", sent="10")
    strict.erp("1", "OUT")
    strict.look()
    strict.later(days=30)
    assert strict.found() == []


def test_a_cancelled_order_stands_rightly(strict: House) -> None:
    strict.both("1", void="Y")
    strict.wms("1", void="Y")
    strict.later(days=30)
    assert strict.found() == []


def test_an_order_with_another_finding_is_not_called_stale_as_well(strict: House) -> None:
    strict.erp("1")
    strict.later(days=30)
    assert strict.found() == [("missing", "1", "wms")]


def test_what_a_system_could_not_tell_is_not_held_against_it(strict: House) -> None:
    strict.both("1")
    strict.look()
    strict.write(wms=WMS_YAML.replace("table: orders", "table: nothing"))
    strict.later(days=4)
    with pytest.raises(AssertionError, match="no_table"):
        strict.look()  # the warehouse cannot be read
    from reconciler.run import reconcile

    kinds = {one.kind for one in reconcile(strict.store, strict.rules, strict.now).findings}
    assert kinds == {"not_compared"}


def test_orders_whose_time_ran_out_are_told_without_any_mark(strict: House) -> None:
    strict.both("1")
    strict.look()
    strict.later(days=3, hours=1)
    rules: Rules = strict.rules
    with strict.store.read() as conn:
        assert expired(conn, rules, strict.now, strict.now - timedelta(hours=2)) == {("C1", "1")}
        assert expired(conn, rules, strict.now, strict.now - timedelta(minutes=2)) == set()


# gone


def test_a_deleted_order_is_gone_and_nothing_else(house: House) -> None:
    house.both("1")
    house.both("2")
    house.both("3")
    house.look()
    house.delete("wms", "2")
    for _ in range(3):
        house.later(hours=2)
        house.look()
    (found,) = house.look().findings
    assert (found.kind, found.order_no, found.system, found.details["says"]) == (
        "gone",
        "2",
        "wms",
        "confirmed",
    )
    assert "no longer knows the order" in Words("en").reason(found)
    house.wms("2")
    house.later(hours=2)
    assert house.found() == []


# wrong shipment


def test_a_wrong_article_is_corrected_before_or_called_back_after(house: House) -> None:
    house.erp("1", lines={"A": 10, "B": 5})
    house.wms("1", lines={"A": 10, "C": 5})
    house.look()
    house.later(hours=9)
    (found,) = house.look().findings
    assert (found.kind, found.system) == ("line", "wms")
    house.wms("1", "OUT", sent="15")
    house.erp("1", "OUT")
    assert house.found() == [("line", "1", "wms")], "it stays open: nobody has followed yet"
    house.later(hours=9)
    (found,) = house.look().findings
    assert (found.kind, [one["sku"] for one in found.details["changes"]]) == ("wrong_shipment", ["B", "C"])
    assert (
        Words("en").reason(found)
        == "Same total, but WMS shipped other articles: B: 0 instead of 5, C: 5 instead of 0."
    )
    assert {one.kind: str(one.state) for one in house.stored(states=("open", "closed"))} == {
        "line": "closed", "wrong_shipment": "open",
    }  # fmt: skip
