"""A system that is away for a while (wrong mapping, read only) is told everything as soon as it is back."""

from __future__ import annotations

import re
from dataclasses import replace

import sqlalchemy as sa

from hub.store.tables import dirty
from sync.run import sync_systems
from tests.sync.out.house import House


def _without(house: House, away: str) -> None:
    """Run the hub while the mapping of one system is wrong: it is there for nobody."""
    house.later(seconds=10)
    hub = house.hub()
    left = {system: mapping for system, mapping in hub.mappings.items() if system != away}
    sync_systems(replace(hub, mappings=left), list(left))


def _marked(house: House) -> list[tuple[str, str]]:
    """Return which orders wait for which system to be back."""
    with house.store.read() as conn:
        rows = conn.execute(sa.select(dirty.c.consumer, dirty.c.order_no).order_by(dirty.c.order_no)).all()
    return [(row.consumer, row.order_no) for row in rows if row.consumer.startswith("@")]


def test_what_was_born_while_a_mapping_was_wrong_is_created_when_it_is_right_again(house: House) -> None:
    house.born("S1", qty=10)
    _without(house, "wms")
    _without(house, "wms")
    assert house.holds("ledger", "S1") is not None
    assert _marked(house) == [("@wms", "S1")]
    house.sync(2)
    assert house.quantity("wms", "S1") == 10
    assert _marked(house) == []
    before = len(house.changes())
    house.sync(2)
    assert len(house.changes()) == before


def test_what_changed_while_a_mapping_was_wrong_is_changed_when_it_is_right_again(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(3)
    house.edit("shop", "S1", qty=12)
    _without(house, "wms")
    assert (house.quantity("ledger", "S1"), house.quantity("wms", "S1")) == (12, 10)
    house.sync(2)
    assert house.quantity("wms", "S1") == 12


def _turn(house: House, mode: str) -> None:
    """Let the mapping of the warehouse say another mode."""
    said = house.mappings["wms"]
    house.mappings["wms"] = re.sub(r"(?m)^mode: \w+$", f"mode: {mode}", said)
    house.write_mappings()


def test_what_happened_while_a_system_was_read_only_is_written_when_it_is_live_again(house: House) -> None:
    house.born("S1", qty=10)
    house.sync(3)
    _turn(house, "read_only")
    house.edit("shop", "S1", qty=12)
    house.born("S2", qty=7)
    house.sync(2)
    assert (house.quantity("wms", "S1"), house.holds("wms", "S2")) == (10, None)
    assert _marked(house) == [("@wms", "S1"), ("@wms", "S2")]
    _turn(house, "live")
    house.sync(2)
    assert (house.quantity("wms", "S1"), house.quantity("wms", "S2")) == (12, 7)
    assert _marked(house) == []


def test_a_system_adopted_in_one_mode_is_told_nothing_in_another(house: House) -> None:
    _turn(house, "shadow")
    house.born("S1", qty=10)
    house.sync(2)
    assert house.holds("wms", "S1") is None
    assert not house.changes(system="wms")
    assert _marked(house) == [("@wms", "S1")]
    _turn(house, "live")
    house.sync(2)
    assert house.quantity("wms", "S1") == 10
    assert _marked(house) == []
