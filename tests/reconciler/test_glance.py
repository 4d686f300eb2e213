"""What the pass over all orders is told of a store beforehand."""

from __future__ import annotations

from dataclasses import replace

from hub.model import Status
from hub.store import Store
from reconciler.case import Case
from reconciler.glance import first_look
from tests.reconciler.faults import settled
from tests.reconciler.world import fill, hub_rules


def of_company(company: str, one: Case, *systems: str) -> Case:
    """An order as another company's, told by `systems` (default: by all)."""
    views = {system: view for system, view in one.views.items() if not systems or system in systems}
    return Case(replace(one.order, company=company), views)


def test_a_first_look_sees_orders_from_everywhere(store: Store) -> None:
    cases = settled(5, 2_000)
    first, others = cases[:1_600], cases[1_600:]  # the carrier knows nothing of the first company's orders
    fill(
        store,
        [*(of_company("A", one, "erp", "wms") for one in first), *(of_company("B", one) for one in others)],
    )
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
