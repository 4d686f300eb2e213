"""Over the trading world: real protocols, answers that are lost, systems that have a bad day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import Store
from tests.sync.out.market import Market

KEEPERS = ("crm", "erp", "wms")
"""The systems that hold every order; the TMS only hears of those that have left."""


_STRUCK = (("erp", "create"), ("crm", "hold+status"), ("erp", "block+status"))
"""Which writes go wrong: by system and operation."""


@pytest.fixture
def market(tmp_path: Path, sqlite_store: Store) -> Iterator[Market]:
    """The trading world, adopted while nothing is in it."""
    here = Market(tmp_path / "market", sqlite_store, systems=KEEPERS)
    here.sync()
    here.adopt()
    yield here
    here.close()


def settled(market: Market) -> None:
    """Let time go by until nothing is under way; fail if something stays so."""
    for _ in range(12):
        market.later(minutes=20)
        market.sync()
        open_ones = [row for row in market.changes() if row["state"] not in ("confirmed", "superseded")]
        if not open_ones and not market.unsettled():
            return
    raise AssertionError([(row["system"], row["state"], row["reason"]) for row in open_ones])


def agree(market: Market, ref: str, status: str) -> None:
    """Assert that every system holds an order once, and says the same of it."""
    for system in market.systems:
        held = market.trading.all_holds(system).get(ref, [])
        assert len(held) == 1, (system, held)
        assert (held[0].status, held[0].ordered) == (
            status,
            market.trading.holds("crm")[ref].ordered,
        ), (system, held)


@pytest.mark.parametrize("way", ["lost", "dead", "500_after", "500_before", "html_after", "429", "locked"])
def test_an_answer_that_is_lost_doubles_nothing_and_loses_nothing(market: Market, way: str) -> None:
    trading = market.trading
    (ref,) = trading.customer_orders(1, approved=True)
    trading.faults("erp").order(way, operation="create")
    market.sync(2)
    settled(market)
    agree(market, ref, "confirmed")
    trading.fulfil(ref)
    trading.faults("crm").order(way, operation="hold+status")
    trading.faults("erp").order(way, operation="block+status")
    market.sync(2)
    settled(market)
    agree(market, ref, "shipped")
    assert not any(map(trading.doubled, market.systems))
    left = [trading.faults(name).due(one, ref) for name, one in _STRUCK]
    assert not any(left), "a fault that was ordered never struck"
