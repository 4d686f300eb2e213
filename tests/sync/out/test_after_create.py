"""What an order was created with is what both agreed on, also where no read ever saw them agree."""

from __future__ import annotations

from tests.sync.out.house import House


def test_who_edits_what_was_just_created_is_not_overwritten(house: House) -> None:
    house.born("S1", qty=10)
    house.sync()
    house.edit("shop", "S1", qty=12)
    house.run("wms", "CREATE TRIGGER busy BEFORE UPDATE ON orders BEGIN SELECT RAISE(ABORT, 'busy'); END")
    house.sync()
    house.run("wms", "DROP TRIGGER busy")
    house.edit("wms", "S1", qty=11)
    house.sync(2)
    assert house.quantity("wms", "S1") == 11
    (change,) = house.changes(system="wms", state="held")
    assert '"rule":"conflict"' in change["holds"]


def test_a_rounded_create_is_not_corrected_for_ever(house: House) -> None:
    house.run(
        "ledger",
        "CREATE TRIGGER rounds AFTER INSERT ON orders"
        " BEGIN UPDATE orders SET qty = round(new.qty, 0) WHERE id = new.id; END",
    )
    house.born("S1", qty=10.2)
    house.sync(4)
    assert [row["what"] for row in house.journal("ledger")] == ["INSERT"]
    assert house.quantity("ledger", "S1") == 10
