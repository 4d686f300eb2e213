"""What repeats: a reference on two documents, an order entered twice, a purchase order under two numbers."""

from __future__ import annotations

import pytest

from reconciler.reports.words import Words
from tests.reconciler.house import HUB_YAML, WMS_YAML, House

TWICE, ALIKE = "duplicate", "possible_duplicate"


def test_one_reference_on_two_documents(any_house: House) -> None:
    house = any_house
    house.write(wms=WMS_YAML.replace("      part: document\n", ""))
    house.both("1")
    assert house.found() == []
    house.later(hours=1)
    house.wms("1", id="W2")
    (found,) = house.look().findings
    assert (found.kind, found.system, found.details["documents"]) == (TWICE, "wms", ["1", "W2"])
    assert Words("en").reason(found) == "WMS holds the order more than once: 1, W2."
    house.delete("wms", "1")
    for _ in range(3):
        house.later(hours=2)
        house.look()
    assert house.found() == [], "one document is left"


def test_a_document_that_was_renumbered_is_no_duplicate(house: House) -> None:
    house.write(wms=WMS_YAML.replace("      part: document\n", ""))
    house.both("1")
    house.wms("2", id="W9")
    house.erp("2")
    assert house.found() == []
    house.later(hours=1)
    house.delete("wms", "1")
    house.wms("1", id="W9")  # the clerk gave document W9 the right number
    house.erp("2", void="Y")
    kinds = {kind for kind, _, _ in house.found()}
    assert kinds <= {TWICE}
    house.later(hours=3)
    house.look()
    house.later(hours=3)
    assert house.found() == []


def test_two_deliveries_are_two_parts(house: House) -> None:
    house.erp("1", lines={"A": 20})
    house.wms("1", id="D1", lines={"A": 10})
    house.wms("1", id="D2", lines={"A": 10})
    assert house.found() == []


def test_a_delivery_entered_twice(house: House) -> None:
    house.erp("1", lines={"A": 10})
    house.wms("1", id="D1", lines={"A": 10})
    house.wms("1", id="D2", lines={"A": 10})
    (found,) = house.look().findings
    assert (found.kind, found.system, found.details["documents"]) == (TWICE, "wms", ["D1", "D2"])
    house.later(hours=9)
    assert house.found() == [(TWICE, "1", "wms")], "and no quantity beside it"
    house.wms("1", id="D2", void="Y")
    assert house.found() == []


def test_where_an_order_is_one_document_a_second_one_is_enough(house: House) -> None:
    house.hub_yaml = HUB_YAML + "one_document: [erp]\n"
    house.write()
    house.both("1")
    house.erp("1", id="E2", lines={"B": 3})
    assert (TWICE, "1", "erp") in house.found()


# the same purchase order under two numbers


def pair(house: House, **second: object) -> list[tuple[str, str, str]]:
    house.both("1", po="PO-7", due="2026-03-20")
    house.look()
    house.later(hours=3)
    house.both("2", **{"po": "PO-7", "due": "2026-03-20", **second})
    return house.found()


def test_the_same_purchase_order_under_two_numbers(any_house: House) -> None:
    assert pair(any_house) == [(ALIKE, "2", "erp")]
    (found,) = any_house.stored()
    assert (found.details["other"], found.details["purchase"], found.field) == ("1", "PO-7", "1")
    any_house.erp("2", void="Y")
    any_house.wms("2", void="Y")
    assert any_house.found() == []


@pytest.mark.parametrize(
    "second",
    [
        {"customer": "K2"},
        {"company": "C2"},
        {"lines": {"A": 11}},
        {"lines": {"B": 10}},
        {"due": "2026-04-20"},
        {"po": "PO-8"},
    ],
    ids=[
        "another customer",
        "another company",
        "another quantity",
        "another article",
        "another date",
        "another PO",
    ],
)
def test_what_makes_two_orders_two(house: House, second: dict[str, object]) -> None:
    assert pair(house, **second) == []


def test_an_order_that_comes_to_look_like_another_later(house: House) -> None:
    assert pair(house, lines={"A": 11}) == []
    house.later(hours=1)
    house.erp("2", lines={"A": 10})
    house.wms("2", lines={"A": 10})
    assert (ALIKE, "2", "erp") in house.found()
