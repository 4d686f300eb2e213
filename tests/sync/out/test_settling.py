"""What stands and what is asked of people, told and settled on both engines."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from sync.out import approvals
from sync.out.asks import Ask, Gone, asks, find
from sync.out.preview import preview
from sync.out.push import Desk
from sync.out.settling import settle
from sync.run import merge_orders, sync_system
from tests.sync.out.house import HUB_YAML, House

FUSE = HUB_YAML.replace(
    "{rules: []}", "{rules: [{name: large, amount: '>= 5000', roles: [chief], systems: [wms]}]}"
)


@pytest.fixture
def held(house: House) -> House:
    """A house with one order that waits for the chief in the warehouse, and in the ledger not."""
    house.hub_yaml = FUSE
    house.write_mappings()
    house.born("S1", worth=6000)
    house.later(seconds=10)
    hub = house.hub()
    for system in house.mappings:
        sync_system(hub, system)
    merge_orders(hub)
    return house


def desk(house: House) -> Desk:
    hub = house.hub()
    return Desk(hub.store, hub.out, hub.inlet, dict(hub.env), hub.clock)


def asked(house: House) -> list[Ask]:
    with house.store.read() as conn:
        return asks(conn, house.hub().rules, house.now)


def test_what_goes_and_what_waits_is_told_beforehand(held: House) -> None:
    hub = held.hub()
    with held.store.read() as conn:
        planned = preview(conn, hub.out, ["ledger", "wms"], held.store.seal, held.now)
    assert [(one.row["system"], one.goes, [key for key, _ in one.guards]) for one in planned] == [
        ("ledger", True, ["outbox.guard_find"]),
        ("wms", False, []),
    ]


def test_a_grant_takes_what_was_asked_off_the_list(held: House) -> None:
    (ask,) = asked(held)
    assert (ask.lacking, ask.given, ask.expires) == (["chief"], [], None)
    rules = held.hub().rules
    with held.store.write() as conn:
        gone = approvals.decide(
            conn, ask.rows, granting=True, who="li.na", reason="fine", rules=rules, now=held.now
        )
        assert gone == 1
        assert isinstance(find(conn, ask.ref, rules, held.now), Gone)
        with pytest.raises(ConfigError):
            find(conn, "wms-20260302", rules, held.now)
    assert asked(held) == []


@pytest.mark.parametrize("how", ["done", "drop"])
def test_what_a_person_settled_is_neither_sent_nor_asked_again(held: House, how: str) -> None:
    (ask,) = asked(held)
    assert settle(desk(held), int(ask.ref), "done" if how == "done" else "drop", "li.na", "seen to") == int(
        ask.ref
    )
    held.sync(3)
    assert held.holds("wms", "S1") is None
    (row,) = held.changes(system="wms")
    assert row["state"] == ("confirmed" if how == "done" else "rejected")


def test_what_was_dropped_is_held_again_when_it_is_tried_anew(held: House) -> None:
    (ask,) = asked(held)
    settle(desk(held), int(ask.ref), "drop", "li.na", "not now")
    number = settle(desk(held), int(ask.ref), "retry", "li.na", "now")
    first, second = held.changes(system="wms")
    assert (second["id"], second["state"], second["digest"]) == (number, "held", first["digest"])
    assert second["key"] != first["key"]
    with pytest.raises(ConfigError, match="followed"):
        settle(desk(held), int(ask.ref), "retry", "li.na", "once more")
