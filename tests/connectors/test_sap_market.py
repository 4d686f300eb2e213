"""The trading world with SAP as its ERP: orders of the CRM written by BAPIs, people at work, answers lost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from hub.mapping import check, load_system, run_examples
from hub.store import Store
from simulators.trading.erp_functions import CREATE
from simulators.trading.trading import HOME
from tests.sync.out.market import Market
from tests.sync.out.test_trading import agree, settled

FILE = HOME / "mappings-sap" / "erp.yaml"
KEEPERS = ("crm", "erp", "wms")


def sap(name: str, text: str) -> str:
    """Return the mapping of the ERP over BAPIs in place of the one over its plain service."""
    return FILE.read_text("utf-8") if name == "erp" else text


@pytest.fixture
def market(tmp_path: Path, sqlite_store: Store) -> Iterator[Market]:
    here = Market(tmp_path / "market", sqlite_store, systems=KEEPERS, change=sap)
    here.sync()
    here.adopt()
    yield here
    here.close()


def written(market: Market) -> list[tuple[str, bool]]:
    return [(one.operation, one.done) for one in market.trading.journal("erp") if one.who == "hub"]


def born(market: Market) -> str:
    (ref,) = market.trading.customer_orders(1, lines=2, approved=True)
    return ref


def test_the_mapping_has_no_errors_and_its_examples_hold(market: Market) -> None:
    assert [problem for problem in check(market.home) if problem.file.endswith("erp.yaml")] == []
    results = run_examples(load_system(FILE))
    assert results
    assert [result.differences for result in results if result.differences] == []


def test_an_order_is_created_changed_held_let_go_and_cancelled(market: Market) -> None:
    ref, trading = born(market), market.trading
    market.sync(2)
    settled(market)
    agree(market, ref, "confirmed")
    assert written(market) == [("create", True)]
    trading.change_quantity(ref, Decimal("7.005"), line=2)
    market.sync(2)
    settled(market)
    agree(market, ref, "confirmed")
    assert written(market)[1:] == [("lines", True)]
    for held in (True, False):
        trading.hold(ref, held)
        market.sync(2)
        settled(market)
        assert trading.holds("erp")[ref].hold is held
    trading.cancel(ref)
    market.sync(2)
    settled(market)
    assert trading.holds("erp")[ref].cancelled
    assert written(market)[2:] == [("block", True), ("block", True), ("rejected", True)]
    assert {row["state"] for row in market.changes(system="erp")} <= {"confirmed", "superseded"}


def test_a_document_that_a_person_has_open_is_changed_later(market: Market) -> None:
    ref, trading = born(market), market.trading
    market.sync(2)
    trading.erp.lock(ref, "WANGJG")
    trading.change_quantity(ref, 9)
    market.sync(2)
    (change,) = market.changes(system="erp", kind="update")
    assert change["state"] == "pending"
    assert "WANGJG" in change["reason"]
    assert written(market) == [("create", True)]
    trading.erp.unlock(ref)
    settled(market)
    agree(market, ref, "confirmed")


@pytest.mark.parametrize(
    ("call", "way"),
    [
        *(("create", way) for way in ("lost", "dead", "500_after", "html_after", "locked")),
        *((CREATE, way) for way in ("lost", "500_before", "429", "locked")),
    ],
)
def test_an_answer_lost_at_commit_or_before_it_doubles_nothing(market: Market, call: str, way: str) -> None:
    ref, trading = born(market), market.trading
    trading.faults("erp").order(way, operation=call, times=2)
    market.sync(2)
    settled(market)
    agree(market, ref, "confirmed")
    assert [done for one, done in written(market) if one == "create" and done] == [True]
    assert not trading.doubled("erp")
