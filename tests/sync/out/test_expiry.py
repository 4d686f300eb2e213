"""What nobody decides is given up and asked for anew; that nobody answers is never a yes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import Store, audit, jsons
from sync.out import approvals
from sync.out.expiry import expire
from sync.run import merge_orders
from tests.sync.out.house import HUB_YAML, House

FUSED = HUB_YAML.replace(
    "fuse: {rules: []}",
    "fuse:\n  unanswered: 7d\n  roles: {sales_director: {people: [chen]}, second_level: {people: [wu]}}\n"
    "brakes: {orders: 8, share: 100%, cancellations: 2}\n",
)


@pytest.fixture
def fused(tmp_path: Path, store: Store) -> Iterator[House]:
    """The house with the fuse's own rules, on both engines."""
    here = House(tmp_path / "house", store, hub_yaml=FUSED)
    here.sync()
    here.adopt()
    yield here
    here.close()


def given_up(house: House, *, dry: bool = False) -> int:
    """Let housekeeping come by."""
    count = expire(house.store, house.hub().rules, house.now, dry=dry)
    merge_orders(house.hub())
    return count


def grant(house: House, who: str) -> None:
    with house.store.write() as conn:
        rules = house.hub().rules
        held = approvals.held(conn)
        approvals.decide(conn, held, granting=True, who=who, reason="seen", rules=rules, now=house.now)


def test_what_nobody_decided_is_given_up_with_the_reason_and_asked_for_anew(fused: House) -> None:
    fused.born("S1", worth=6000)
    fused.sync(2)
    fused.later(days=8)
    assert given_up(fused) == 2
    old, new = fused.changes(system="wms")
    assert (old["state"], new["state"]) == ("superseded", "held")
    assert jsons.loads(old["reason"]) == ["outbox.unanswered", {"days": 7}]
    assert (new["digest"], new["created_at"]) == (old["digest"], fused.now)
    with fused.store.read() as conn:
        assert audit.verify(conn) is None
    assert fused.holds("wms", "S1") is None
    grant(fused, "chen")
    fused.sync(2)
    assert fused.holds("wms", "S1") is not None


def test_what_is_young_or_half_granted_stays_as_it_is(fused: House) -> None:
    fused.born("S1", worth=50001)
    fused.sync(2)
    fused.later(days=6)
    assert given_up(fused) == 0
    grant(fused, "chen")
    fused.later(days=2)
    assert given_up(fused) == 0
    fused.later(days=3)
    assert given_up(fused) == 2  # what was granted has expired: it is nobody's word any more


def test_what_nobody_wants_any_more_is_asked_of_nobody(fused: House) -> None:
    fused.born("S1", worth=6000)
    fused.sync(2)
    fused.edit("shop", "S1", flag="H")
    fused.later(days=8)
    expire(fused.store, fused.hub().rules, fused.now)
    fused.sync(2)
    assert not fused.changes(state="held")


def test_a_dry_look_only_counts(fused: House) -> None:
    fused.born("S1", worth=6000)
    fused.sync(2)
    fused.later(days=8)
    before = fused.changes()
    assert given_up(fused, dry=True) == 2
    assert fused.changes() == before


def test_a_mass_that_nobody_looked_at_is_held_again_and_together(fused: House) -> None:
    """A day later the brakes have room again: it must not slip through because nobody answered."""
    for number in range(9):
        fused.born(f"S{number}", worth=10)
    fused.sync(3)
    assert len(fused.changes(system="wms", state="held")) == 9
    fused.later(days=8)
    assert given_up(fused) == 18
    fused.sync(2)
    held = fused.changes(system="wms", state="held")
    assert len(held) == 9 and len({row["batch"] for row in held}) == 1
    assert all(len(jsons.loads(row["holds"])) == 1 for row in held)
    assert all(fused.holds("wms", f"S{number}") is None for number in range(9))


def test_a_loop_that_nobody_looked_at_is_held_again(house: House) -> None:
    """An hour later it is no loop any more by the count alone."""
    back = (
        "CREATE TRIGGER back AFTER UPDATE OF qty ON orders WHEN new.qty <> 77 AND new.rev % 2 = 0"
        " BEGIN UPDATE orders SET qty = 77 WHERE id = new.id; END"
    )
    house.run("wms", back)
    house.born("S1", qty=10)
    house.sync(3)
    for number in range(8):
        house.edit("wms", "S1", qty=50 + number)
        house.sync(2)
    assert '"rule":"loop"' in house.changes(system="wms", state="held")[0]["holds"]
    house.later(days=8)
    assert given_up(house) == 1
    (held,) = house.changes(system="wms", state="held")
    assert '"rule":"loop"' in held["holds"]
