"""What was: statuses that go back, and orders that change after they were confirmed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from reconciler.reports.words import Words
from tests.reconciler.house import HUB_YAML, House

FINAL = "illegal_transition"


def test_a_status_that_falls_without_its_owners_word(any_house: House) -> None:
    house = any_house
    house.both("1")
    house.look()
    house.later(hours=2)
    house.wms("1", "OUT", sent="10")
    house.erp("1", "OUT")
    assert house.found() == []
    house.later(hours=2)
    house.erp("1", "OK")  # the posting was reversed; the warehouse still says that it left
    (found,) = house.look().findings
    assert (found.kind, found.system, found.details["what"]) == (FINAL, "erp", "fell")
    assert (found.details["from"], found.details["to"], found.details["owner"]) == (
        "shipped",
        "confirmed",
        "wms",
    )
    assert found.at_risk == 1000
    assert "went back from “shipped” to “confirmed”" in Words("en").reason(found)
    assert "已确认" in Words("zh-CN").reason(found)
    house.later(hours=12)
    assert house.found() == [(FINAL, "1", "erp")], "one fault is one finding: no status finding beside it"
    house.erp("1", "OUT")
    assert house.found() == []


def test_a_fall_by_the_owners_word_is_legal(house: House) -> None:
    house.both("1")
    house.look()
    house.later(hours=1)
    house.wms("1", "PICK")
    house.look()
    house.later(hours=1)
    house.wms("1", "NEW")  # unallocated again: its own range
    assert house.found() == []
    assert house.marks() == 0, "looked at, and not again"


def test_a_final_status_is_not_left(house: House) -> None:
    house.both("1")
    house.later(hours=1)
    house.wms("1", "END", sent="10")
    house.erp("1", "END")
    house.look()
    house.later(hours=1)
    house.erp("1", "OUT")
    (found,) = house.look().findings
    assert (found.kind, found.system, found.details["what"], found.details["from"]) == (
        FINAL, "erp", "final", "completed",
    )  # fmt: skip


def test_an_order_that_was_cancelled_stays_cancelled(house: House) -> None:
    house.both("1", void="Y")
    house.wms("1", void="Y")
    house.look()
    house.later(hours=1)
    house.erp("1", void="N")
    house.wms("1", void="N")
    assert house.found() == [(FINAL, "1", "erp"), (FINAL, "1", "wms")]


@pytest.mark.parametrize(("between", "expected"), [(False, [(FINAL, "1", "erp")]), (True, [])])
def test_a_forbidden_jump_and_one_with_a_stop_between(
    house: House, between: bool, expected: list[tuple[str, str, str]]
) -> None:
    house.hub_yaml = HUB_YAML + "transitions: {never: [{from: draft, to: shipped}]}\n"
    house.write()
    house.erp("1", "NEW")
    if between:
        house.wms("1", "PICK")
    house.look()
    house.later(hours=1)
    house.wms("1", "OUT", sent="10")
    house.erp("1", "OUT")
    assert house.found() == expected


def test_a_new_mapping_is_no_step(house: House) -> None:
    house.both("1")
    house.wms("1", "OUT", sent="10")
    house.erp("1", "OUT")
    house.look()
    house.later(hours=1)
    text = (house.home / "mappings" / "systems" / "erp.yaml").read_text("utf-8")
    house.write(erp=text.replace("OUT: shipped", "OUT: draft"))
    house.erp("1", "OUT")
    kinds = {kind for kind, _, _ in house.found()}
    assert FINAL not in kinds


# changed after confirmation


def test_a_legal_change_is_noted_and_asks_for_nothing(house: House) -> None:
    house.both("1")
    house.look()
    house.later(hours=1)
    house.erp("1", lines={"A": 12}, editor="李晓梅", reason="customer asked", due="2026-03-20")
    house.later(minutes=30)
    house.wms("1", lines={"A": 12})
    result = house.look()
    assert result.findings == []
    assert (result.differing, result.counts) == (0, {})
    (noted,) = result.accepted
    assert (noted.kind, noted.system, noted.state) == ("changed_after_confirmation", "erp", "explained")
    (stored,) = house.stored(kinds=["changed_after_confirmation"])
    assert stored.details["changes"] == {"ordered": {"old": "10", "new": "12"}}
    assert (stored.details["changed_by"], stored.details["change_reason"]) == ("李晓梅", "customer asked")
    assert Words("en").reason(noted).endswith("ordered 10 → 12. By 李晓梅. Reason given: customer asked.")
    house.later(hours=1)
    house.erp("1", lines={"A": 14})
    house.wms("1", lines={"A": 14})
    assert house.found() == [], "a second legal change opens nothing either"


def test_a_draft_in_between_compares_confirmed_words_only(house: House) -> None:
    house.both("1")
    house.look()
    house.later(hours=1)
    house.wms("1", "PICK")
    house.erp("1", "NEW")  # un-approved: being edited
    assert house.found() == [], "what is being edited is compared with nothing"
    house.later(hours=1)
    house.erp("1", "NEW", lines={"A": 15})
    assert house.found() == []
    house.later(hours=1)
    house.erp("1", "OK")
    house.wms("1", "PICK", lines={"A": 15})
    result = house.look()
    assert result.findings == []
    (noted,) = result.accepted
    assert json.loads(json.dumps(noted.details["changes"], default=str)) == {
        "ordered": {"old": "10", "new": "15"}
    }


def test_an_order_that_stays_a_draft_is_a_difference_in_the_end(house: House) -> None:
    house.both("1")
    house.look()
    house.wms("1", "PICK")
    house.erp("1", "NEW")
    house.look()
    house.later(hours=30)
    assert house.found() == [("status", "1", "erp")]


def test_a_change_after_goods_left_is_one_open_finding(house: House) -> None:
    house.both("1")
    house.look()
    house.later(hours=2)
    house.wms("1", "OUT", sent="10")
    house.erp("1", "OUT")
    house.look()
    house.later(hours=2)
    house.erp("1", "OUT", lines={"A": 12})
    house.look()
    house.later(hours=9)
    (found,) = house.look().findings
    assert (found.kind, found.system) == ("changed_after_confirmation", "erp")
    assert found.details["late"]
    assert "gone too far" in Words("en").reason(found)


def test_the_first_promise_stands_beside_the_new_one(house: House) -> None:
    text = (house.home / "mappings" / "systems" / "erp.yaml").read_text("utf-8")
    house.write(erp=text.replace("      due_now: due\n", "      due_first: reason\n      due_now: due\n"))
    house.both("1", due="2026-03-10", reason="2026-03-10")
    house.look()
    house.later(hours=1)
    house.erp("1", due="2026-03-20")
    (noted,) = house.look().accepted
    assert set(noted.details["changes"]) == {"due_now"}
    assert Words("en", "Asia/Shanghai").reason(noted).endswith("First promised for 2026-03-10 00:00.")


def test_what_was_noted_ends_with_the_order(house: House) -> None:
    house.both("1")
    house.look()
    house.erp("1", lines={"A": 11})
    house.wms("1", lines={"A": 11})
    assert len(house.look().accepted) == 1
    house.later(hours=1)
    house.wms("1", "END", sent="11")
    house.erp("1", "END")
    result = house.look()
    assert (result.findings, result.accepted) == ([], [])


def test_a_price_alone_is_noted_too_and_a_remark_is_not(house: House) -> None:
    house.both("1")
    house.look()
    house.later(hours=1)
    house.erp("1", editor="somebody")
    assert house.look().accepted == []
    house.later(hours=1)
    house.erp("1", amount="900")
    (noted,) = house.look().accepted
    assert set(noted.details["changes"]) == {"amount"}


def test_nothing_is_looked_at_again_once_it_was_settled(house: House) -> None:
    house.both("1")
    house.look()
    house.later(hours=1)
    house.erp("1", lines={"A": 12})
    house.wms("1", lines={"A": 12})
    house.look()
    before = [tuple(one.events) for one in house.stored()]
    house.later(minutes=10)
    result = house.look()
    assert not any(result.changes.values())
    assert [tuple(one.events) for one in house.stored()] == before
    assert house.now - timedelta(days=1) < house.now
