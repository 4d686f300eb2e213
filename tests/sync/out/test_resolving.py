"""What becomes of changes whose answers are lost, where the world goes on before it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.store import Store, jsons
from sync.out.resolve import LEAST, patience
from sync.run import carry_out, merge_orders, sync_system
from tests.sync.out.market import Market

KEEPERS = ("crm", "erp", "wms")


@pytest.fixture
def market(tmp_path: Path, sqlite_store: Store) -> Iterator[Market]:
    """The trading world, adopted while nothing is in it."""
    here = Market(tmp_path / "market", sqlite_store)
    here.sync()
    here.adopt()
    yield here
    here.close()


def on_hold(market: Market, ref: str) -> set[bool]:
    return {market.trading.holds(system)[ref].hold for system in KEEPERS}


def unanswered(market: Market, system: str, operation: str) -> None:
    """Let the next such write be carried out, its answer be lost, and nobody be able to look it up."""
    faults = market.trading.faults(system)
    faults.order("lost", operation=operation)
    faults.order("dead", operation="find", times=9)
    market.sync()
    faults.clear()


def test_who_frees_an_order_frees_it_everywhere(market: Market) -> None:
    (ref,) = market.trading.customer_orders(1, approved=True)
    market.sync(3)
    market.trading.hold(ref)
    market.sync(3)
    assert on_hold(market, ref) == {True}
    market.trading.hold(ref, False)
    market.sync()
    assert on_hold(market, ref) == {False}
    market.sync(3)
    assert on_hold(market, ref) == {False}


def test_a_hold_whose_answer_was_lost_is_no_hold_of_the_targets_own(market: Market) -> None:
    (ref,) = market.trading.customer_orders(1, approved=True)
    market.sync(3)
    market.trading.hold(ref)
    unanswered(market, "erp", "block")
    assert market.changes(system="erp", state="unknown")
    market.trading.hold(ref, False)
    market.later(minutes=5)
    market.sync(4)
    assert on_hold(market, ref) == {False}


def test_what_was_written_before_its_owner_went_on_was_not_changed_on_both_sides(market: Market) -> None:
    (ref,) = market.trading.customer_orders(1, approved=True)
    market.sync(3)
    market.trading.wms.allocate(ref)
    market.sync(3)
    market.trading.fulfil(ref)
    unanswered(market, "crm", "hold+status")
    assert market.changes(system="crm", state="unknown")
    market.trading.tms.work()
    market.trading.tms.deliver(ref)
    market.later(minutes=5)
    market.sync(4)
    assert market.trading.holds("crm")[ref].status == "delivered"
    assert not market.changes(state="held")


def test_a_create_without_an_answer_is_left_alone_before_it_is_looked_up(market: Market) -> None:
    """Whoever sent it may be dead, and the system still at it: what it makes late is made once."""
    (ref,) = market.trading.customer_orders(1, approved=True)
    market.trading.faults("erp").order("dead", operation="create")
    market.sync()
    (change,) = market.changes(system="erp", kind="create")
    assert (change["state"], change["due_at"]) == ("unknown", change["sent_at"] + LEAST)
    market.later(seconds=LEAST.total_seconds() - 1)
    carry_out(market.hub())
    lines = [{"pos": 1, "material": "100452", "qty": "3"}]
    market.trading.erp.create(ref, {"customer": "200010", "lines": lines})  # what took so long
    market.sync(2)
    assert len(market.trading.all_holds("erp")[ref]) == 1
    assert not market.trading.doubled("erp")


def test_who_died_sending_a_create_is_looked_up_no_sooner(market: Market) -> None:
    (ref,) = market.trading.customer_orders(1, approved=True)
    market.later(seconds=30)
    for system in market.systems:
        sync_system(market.hub(), system)
    merge_orders(market.hub())
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("connectors.writing.Writing.push", _die)
        carry_out(market.hub(), ["erp"])
    market.later(minutes=10)
    carry_out(market.hub(), ["erp"])
    (change,) = market.changes(system="erp", kind="create")
    assert (change["state"], change["due_at"]) == ("sent", market.now + LEAST)
    assert ref not in market.trading.all_holds("erp")
    market.sync(2)
    assert len(market.trading.all_holds("erp")[ref]) == 1


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_a_system_makes_only_once_by_itself_needs_no_patience(market: Market) -> None:
    target = market.hub().out.target("tms", "shipment")
    assert target is not None
    assert patience(target, {"kind": "create"}) == timedelta()
    orders = market.hub().out.target("erp", "order")
    assert orders is not None
    assert patience(orders, {"kind": "create"}) == LEAST
    assert patience(orders, {"kind": "update"}) == timedelta()


def _numberless(find: str) -> Callable[[str, str], str]:
    """Change the mapping of the ERP: no answer to a create has its number, and `find` looks orders up."""
    said = {"id: {erp_no: Number}": "id: {erp_no: Nowhere}", "{Reference: =order_no}, records": find}

    def change(name: str, text: str) -> str:
        for old, new in said.items() if name == "erp" else ():
            assert old in text
            text = text.replace(old, new, 1)
        return text

    return change


@pytest.mark.parametrize(
    ("find", "reason"),
    [
        ("{Reference: =order_no}, records", "outbox.adopted"),
        ("{Reference: \"=order_no ~ 'X'\"}, records", "outbox.not_done_said"),
    ],
)
def test_a_good_answer_without_its_number_is_looked_up_before_anything_is_tried_again(
    tmp_path: Path, sqlite_store: Store, find: str, reason: str
) -> None:
    here = Market(tmp_path / "market", sqlite_store, change=_numberless(find))
    here.sync()
    here.adopt()
    here.trading.customer_orders(1, approved=True)
    here.sync()
    (change,) = here.changes(system="erp", kind="create")
    assert (change["state"], jsons.loads(change["reason"])[0]) == ("unknown", "writing.no_result")
    here.later(seconds=LEAST.total_seconds())
    hub = here.hub()
    hub = replace(hub, mappings={"erp": hub.mappings["erp"]})
    carry_out(hub)
    (change,) = here.changes(system="erp", kind="create")
    assert jsons.loads(change["reason"])[0] == reason
    here.close()
