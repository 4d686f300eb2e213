"""Quiet in noise, in small: a noisy week over the practice systems raises nothing that is not true."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.noise import END, OUTAGE, Quiet, live_through
from hub.store import Store, tables
from simulators.noise import noisy
from simulators.truth import NEVER

DAYS = 7


def week(store: Store, folder: Path, orders: int, planted: bool, hours: int = 20) -> Quiet:
    replay, truth = noisy(3, orders, END, DAYS, folder, planted)
    return live_through(store, replay, truth, timedelta(hours=hours), END, DAYS)


def test_a_noisy_week_is_quiet_and_no_order_crosses_a_company(sqlite_store: Store, tmp_path: Path) -> None:
    quiet = week(sqlite_store, tmp_path, 140, planted=False)
    assert quiet.steps == 7
    assert set(quiet.opened) <= {OUTAGE}
    with sqlite_store.read() as conn:
        o = tables.orders.c
        both = sa.select(o.order_no).group_by(o.order_no).having(sa.func.count() == 2)
        shared = [row.order_no for row in conn.execute(both)]
        customers = {(row.company, row.order_no): row.customer_name for row in conn.execute(
            sa.select(o.company, o.order_no, o.customer_name).where(o.order_no.in_(shared))
        )}  # fmt: skip
    assert len(shared) > 30, "both companies count from the same number"
    assert (
        sum(customers["HS01", number] != customers["HS02", number] for number in shared) > len(shared) * 0.8
    )


def test_what_is_planted_in_the_noise_is_found(sqlite_store: Store, tmp_path: Path) -> None:
    quiet = week(sqlite_store, tmp_path, 260, planted=True)
    assert quiet.planted == 20
    assert quiet.lost == []
    assert quiet.false == []
    assert len(quiet.others) <= 5, quiet.others


def test_the_noise_is_what_it_says_it_is(tmp_path: Path) -> None:
    replay, _ = noisy(3, 1500, END, DAYS, tmp_path)
    orders = replay.world.orders
    kinds = Counter(order.kind for order in orders)
    assert 0.02 < sum(order.change is not None for order in orders) / len(orders) < 0.045
    assert any(order.returned for order in orders)
    assert all(order.billed == NEVER for order in orders if order.kind == "sample")
    assert kinds["sample"] > 50
    assert any(len(order.deliveries) > 1 for order in orders)
    assert any(order.cancelled < NEVER for order in orders)
    assert replay.outage is not None
    assert replay.outage.until - replay.outage.since == 6 * 3600


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_plants_the_same_faults(tmp_path: Path, seed: int) -> None:
    first, again = (noisy(seed, 260, END, DAYS, tmp_path, planted=True)[1] for _ in range(2))
    assert first == again
    assert len({(one.company, one.order_no) for one in first}) == 20, "no order bears two faults"
