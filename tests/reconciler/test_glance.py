"""What the pass over all orders is told of a store beforehand."""

from __future__ import annotations

import sqlalchemy as sa

from hub.model import Status
from hub.store import Store, bulk, tables
from reconciler.glance import first_look
from tests.reconciler.faults import settled
from tests.reconciler.world import SAYS, fill, hub_rules, rows_of


def test_a_first_look_sees_whole_orders_however_the_views_lie(store: Store) -> None:
    cases = settled(5, 1_900)
    fill(store, cases)
    views, _ = rows_of(cases)
    with store.write() as conn:  # as after a first load of one system after the other
        conn.execute(sa.delete(tables.views))
        for system in SAYS:
            bulk.insert(conn, tables.views, [row for row in views if row["system"] == system])
    with store.read() as conn:
        sight = first_look(conn, hub_rules())
    assert sight is not None
    assert sight.stampers[Status.SHIPPED] == ("tms", "wms")
    assert sight.common


def test_a_first_look_at_nothing_knows_nothing(store: Store) -> None:
    with store.read() as conn:
        sight = first_look(conn, hub_rules())
    assert sight is not None
    assert (sight.compared, sight.common) == ([], ())
