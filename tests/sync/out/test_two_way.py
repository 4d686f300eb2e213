"""Orders find their way from the shop into warehouse and ledger, and what happens there comes back."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from sync.out import approvals, bearing
from sync.remap import remap
from tests.sync.out.house import SYSTEMS, House


def _quiet(_stream: str, _done: int, _expected: int | None) -> None:
    """Show nothing."""


def test_an_order_confirmed_in_the_shop_is_created_in_the_others_once(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(4)
    for system in ("wms", "ledger"):
        held = house.holds(system, "S1")
        assert held is not None
        assert (held["qty"], held["customer"]) == (10, "Ace")
        assert [row["what"] for row in house.journal(system)] == ["INSERT"]
    assert {row["state"] for row in house.changes()} == {"confirmed"}


def test_a_draft_goes_nowhere(house: House) -> None:
    house.born("S1", state="D")
    house.sync(2)
    assert house.holds("wms", "S1") is None
    house.edit("shop", "S1", state="A")
    house.sync(2)
    assert house.holds("wms", "S1") is not None


def test_what_the_warehouse_ships_comes_back_and_then_nothing_is_written_any_more(house: House) -> None:
    house.born("S1")
    house.sync(2)
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(3)
    shop, ledger = house.holds("shop", "S1"), house.holds("ledger", "S1")
    assert shop is not None and ledger is not None
    assert (shop["state"], shop["sent"]) == ("S", 10)
    assert (ledger["state"], ledger["sent"]) == ("shipped", 10)
    before = {system: len(house.journal(system)) for system in SYSTEMS}
    house.sync(5)
    assert before == {system: len(house.journal(system)) for system in SYSTEMS}
    assert not [row for row in house.changes() if row["state"] not in ("confirmed", "superseded")]


def test_who_does_not_own_a_field_is_set_right(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("ledger", "S1", qty=99)
    house.sync(3)
    assert house.quantity("ledger", "S1") == 10


def test_a_change_of_the_owner_goes_to_all_others_once(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("shop", "S1", qty=12)
    house.sync(5)
    for system in ("wms", "ledger"):
        assert house.quantity(system, "S1") == 12
        assert [row["what"] for row in house.journal(system)] == ["INSERT", "UPDATE"]


def test_what_changed_on_both_sides_waits_for_a_person(house: House) -> None:
    house.dispute()
    assert house.quantity("wms", "S1") == 11
    (change,) = house.changes(system="wms", state="held")
    assert '"rule":"conflict"' in change["holds"]
    assert house.quantity("ledger", "S1") == 12


def test_a_target_that_rounds_is_written_once(house: House) -> None:
    house.run(
        "ledger",
        "CREATE TRIGGER rounds AFTER UPDATE OF qty ON orders WHEN new.qty <> round(new.qty, 0)"
        " BEGIN UPDATE orders SET qty = round(new.qty, 0) WHERE id = new.id; END",
    )
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("shop", "S1", qty="10.4")
    house.sync(6)
    assert [row["what"] for row in house.journal("ledger")] == ["INSERT", "UPDATE"]
    house.edit("shop", "S1", qty=20)
    house.sync(4)
    assert house.quantity("ledger", "S1") == 20


def test_a_target_that_keeps_something_else_altogether_is_written_twice_and_then_left(house: House) -> None:
    house.run(
        "ledger",
        "CREATE TRIGGER caps AFTER UPDATE OF qty ON orders WHEN new.qty > 50"
        " BEGIN UPDATE orders SET qty = 50 WHERE id = new.id; END",
    )
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("shop", "S1", qty=80)
    house.sync(8)
    assert [row["what"] for row in house.journal("ledger")] == ["INSERT", "UPDATE", "UPDATE"]


def test_a_cancel_is_asked_of_the_owner_of_the_range_and_then_of_all(house: House) -> None:
    house.born("S1")
    house.sync(2)
    house.edit("wms", "S1", state="10")
    house.sync(2)
    house.edit("shop", "S1", flag="X")
    house.sync(3)
    held = house.holds("wms", "S1")
    assert held is not None and held["flag"] == "X"


def test_nothing_is_cancelled_once_something_has_left(house: House) -> None:
    house.born("S1")
    house.sync(2)
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(2)
    house.edit("shop", "S1", flag="X")
    house.sync(3)
    held = house.holds("wms", "S1")
    assert held is not None and held["flag"] == ""


def test_a_hold_goes_out_and_is_lifted_again(house: House) -> None:
    house.born("S1")
    house.sync(3)
    house.edit("shop", "S1", flag="H")
    house.sync(3)
    held = house.holds("wms", "S1")
    assert held is not None and held["flag"] == "H"
    house.edit("shop", "S1", flag="")
    house.sync(4)
    held = house.holds("wms", "S1")
    assert held is not None and held["flag"] == ""


def test_an_order_that_the_warehouse_had_already_is_adopted(house: House) -> None:
    house.run("wms", "INSERT INTO orders (ref, state, qty, changed) VALUES ('S1', '00', 7, '')")
    house.born("S1", qty=10)
    house.sync(4)
    assert house.quantity("wms", "S1") == 10


def test_ordered_is_never_written_below_what_was_shipped(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(2)
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(2)
    house.edit("shop", "S1", qty=5)
    house.sync(3)
    assert house.quantity("ledger", "S1") == 10


def test_what_a_mapping_change_would_write_is_told_and_waits_for_one_approval(house: House) -> None:
    for number in range(5):
        house.born(f"S{number}", qty=10)
    house.sync(3)
    assert not house.changes(state="held")
    house.mappings["shop"] = house.mappings["shop"].replace("ordered: qty", "ordered: {from: qty, scale: 1}")
    house.write_mappings()
    told, _ = remap(house.hub(), "shop", None, _quiet)
    assert told.writes == 10
    assert not house.changes(state="held")
    remap(house.hub(), "shop", None, _quiet, who="Li", force=True)
    house.sync(2)
    held = house.changes(state="held")
    assert len(held) == 10
    assert {row["batch"] for row in held} == {"remap-shop-20260302"}
    assert house.quantity("ledger", "S1") == 10
    with house.store.write() as conn:
        approvals.decide(
            conn,
            approvals.held(conn, batch="remap-shop-20260302"),
            granting=True,
            who="Wang",
            reason="looked at",
            rules=house.hub().rules,
            now=house.now,
        )
    house.sync(3)
    assert house.quantity("ledger", "S1") == 1


def test_what_changed_writes_would_send_is_told_and_waits_for_one_approval(house: House) -> None:
    for number in range(5):
        house.born(f"S{number}", qty=10, customer="Ace")
    house.sync(3)
    house.mappings["ledger"] += (
        "      customer_name:\n"
        '        sql: "UPDATE orders SET customer = :customer_name, rev = rev + 1 WHERE id = :part"\n'
    )
    for number in range(5):
        house.run("ledger", "UPDATE orders SET customer = 'Bee' WHERE ref = :ref", ref=f"S{number}")
    house.sync(2)
    house.write_mappings()
    told, _ = remap(house.hub(), "ledger", None, _quiet, writes=True)
    assert (told.writes, told.nothing) == (5, False)
    assert not house.changes(state="held")
    remap(house.hub(), "ledger", None, _quiet, who="Li", force=True, writes=True)
    assert {row["batch"] for row in house.changes(state="held")} == {"remap-ledger-20260302"}
    assert len(house.changes(state="held")) == 5


def test_an_edit_right_after_a_write_is_no_accepted_form(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("shop", "S1", qty=12)
    house.sync(1)
    assert house.quantity("wms", "S1") == 12
    house.edit("wms", "S1", qty=7)
    house.sync(4)
    assert house.quantity("wms", "S1") == 12


def test_a_target_that_cuts_texts_and_one_that_merges_codes_are_not_written_in_a_loop(house: House) -> None:
    house.run(
        "wms",
        "CREATE TRIGGER cuts AFTER UPDATE OF customer ON orders WHEN length(new.customer) > 8"
        " BEGIN UPDATE orders SET customer = substr(new.customer, 1, 8) WHERE id = new.id; END",
    )
    house.run(
        "shop",
        "CREATE TRIGGER merges AFTER UPDATE OF state ON orders WHEN new.state = 'S'"
        " BEGIN UPDATE orders SET state = 'W' WHERE id = new.id; END",
    )
    house.born("S1")
    house.sync(3)
    house.edit("shop", "S1", customer="Acme Trading Company")
    house.sync(4)
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(8)
    before = {system: len(house.journal(system)) for system in SYSTEMS}
    house.sync(5)
    assert before == {system: len(house.journal(system)) for system in SYSTEMS}
    assert len(house.journal("wms")) == 3  # born, the name, and its own shipping


def test_a_target_that_went_on_by_itself_has_no_conflict(house: House) -> None:
    house.born("S1")
    house.sync(3)
    house.edit("wms", "S1", state="10")
    house.sync(3)
    house.edit("shop", "S1", state="S")  # by hand, before anybody told it
    house.edit("wms", "S1", state="90", sent=10)
    house.edit("ledger", "S1", state="closed")
    house.sync(4)
    shop = house.holds("shop", "S1")
    assert shop is not None and shop["state"] == "C"
    assert not house.changes(state="held")


def test_a_change_that_was_shipped_is_told_to_who_learns_of_it_late(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(3)
    with house.store.write() as conn:
        bearing.pause(conn, "ledger", "Zhao", "closing", house.now)
    house.edit("shop", "S1", qty=12)
    house.sync(2)
    house.edit("wms", "S1", state="90", sent=12)
    house.sync(2)
    with house.store.write() as conn:
        bearing.resume(conn, "ledger", "Zhao", house.now)
    house.sync(3)
    ledger = house.holds("ledger", "S1")
    assert ledger is not None and (ledger["qty"], ledger["sent"], ledger["state"]) == (12, 12, "shipped")


def test_nobody_is_told_of_a_change_that_came_when_all_had_left(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(2)
    house.edit("shop", "S1", qty=15)
    house.sync(3)
    for system in ("wms", "ledger"):
        assert house.quantity(system, "S1") == 10


# One call for everything

_SETS = "qty = :ordered, customer = :customer_name"
_FLAG = "flag = CASE WHEN :order_cancelled THEN 'X' WHEN :order_on_hold THEN 'H' ELSE '' END"
_CASE = f"UPDATE orders SET {_SETS}, {_FLAG}, rev = rev + 1 WHERE id = :part AND rev = :version"


def _in_one_call(house: House, update: str) -> None:
    """Let the warehouse be changed by one call for everything."""
    head, _, _ = house.mappings["wms"].partition("    update:\n")
    house.mappings["wms"] = f"{head}    update:\n{indent(dedent(update).lstrip(), ' ' * 6)}"
    house.write_mappings()


_SAYING = f"""
sql: "{_CASE}"
"""
_BUTTONS = f"""
sql: "UPDATE orders SET {_SETS}, rev = rev + 1 WHERE id = :part AND rev = :version"
status:
  cancelled: {{sql: "UPDATE orders SET flag = 'X', rev = rev + 1 WHERE id = :part AND rev = :version"}}
  on_hold: {{sql: "UPDATE orders SET flag = 'H', rev = rev + 1 WHERE id = :part AND rev = :version"}}
  confirmed: {{sql: "UPDATE orders SET flag = '', rev = rev + 1 WHERE id = :part", if: view.on_hold}}
"""


@pytest.mark.parametrize("update", [_SAYING, _BUTTONS])
def test_one_call_for_everything_says_holds_and_cancels_too(house: House, update: str) -> None:
    _in_one_call(house, update)
    house.born("S1", qty=10)
    house.sync(3)
    for flag, qty in (("H", 12), ("", 13), ("X", 14)):
        house.edit("shop", "S1", flag=flag, qty=qty)
        house.sync(4)
        held = house.holds("wms", "S1")
        assert held is not None
        assert held["flag"] == flag
        assert flag == "X" or held["qty"] == qty  # what is cancelled is changed no more
    before = len(house.journal("wms"))
    house.sync(3)
    assert len(house.journal("wms")) == before
    assert not house.changes(state="held")


def test_a_cancel_that_nobody_agreed_to_goes_along_with_no_other_field(house: House) -> None:
    """The warehouse works at the order and is only asked; the ledger, changed in one call, hears nothing."""
    head, _, rest = house.mappings["wms"].partition("        cancelled:")
    house.mappings["wms"] = head + rest.partition("\n")[2]
    head, _, _ = house.mappings["ledger"].partition("    update:\n")
    house.mappings["ledger"] = f'{head}    update: {{sql: "{_CASE}"}}\n'
    house.write_mappings()
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("wms", "S1", state="10")
    house.sync(2)
    house.edit("shop", "S1", flag="X", customer="Best")
    house.sync(3)
    held = house.holds("ledger", "S1")
    assert held is not None
    assert (held["flag"], held["customer"]) == ("", "Best")
    house.edit("wms", "S1", flag="X")
    house.sync(3)
    held = house.holds("ledger", "S1")
    assert held is not None
    assert held["flag"] == "X"
