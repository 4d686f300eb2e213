"""What the pass over all orders is told of a store beforehand."""

from __future__ import annotations

import sqlalchemy as sa

from hub.model import Status
from hub.store import Store, tables
from reconciler.glance import first_look
from tests.reconciler.faults import settled
from tests.reconciler.world import fill, hub_rules


def test_a_first_look_sees_whole_orders_however_the_views_lie(store: Store) -> None:
    fill(store, settled(5, 1_900))
    with store.write() as conn:  # as after a first load of one system after the other: these now lie last
        conn.execute(sa.update(tables.views).where(tables.views.c.system == "tms").values(run=7))
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
