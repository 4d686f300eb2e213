from __future__ import annotations

from collections import Counter

from simulators import clock
from simulators.catalogue import ORDER_KINDS, SKUS
from simulators.factory import build_world
from simulators.truth import NEVER
from tests.simulators.worlds import NOW, world


def test_the_same_seed_gives_the_same_world() -> None:
    one, other = (build_world(3, 200, NOW, 45) for _ in range(2))
    assert one.orders == other.orders
    assert build_world(4, 200, NOW, 45).orders != one.orders


def test_numbers_of_the_two_companies_collide() -> None:
    shared = build_world(7, 4_000, NOW)
    numbers = [{order.number for order in shared.of(company)} for company in (0, 1)]
    assert len(shared.orders) == 4_000
    assert len({order.key for order in shared.orders}) == 4_000
    assert len(numbers[0] & numbers[1]) > 500


def test_the_mix_of_a_year() -> None:
    orders = world().orders
    count = len(orders)
    kinds = Counter(order.kind for order in orders)
    assert set(kinds) == set(ORDER_KINDS)
    assert 0.06 < sum(len(order.deliveries) > 1 for order in orders) / count < 0.10
    assert 0.015 < sum(order.cancelled != NEVER for order in orders) / count < 0.035
    assert 0.02 < sum(order.change is not None for order in orders) / count < 0.04
    assert 0.012 < sum(order.returned is not None for order in orders) / count < 0.028
    assert {len(order.lines) for order in orders} == {1, 2, 3, 4, 5}
    assert len({order.buyer.name for order in orders}) > 100


def test_deliveries_share_out_the_lines_in_whole_lots() -> None:
    for order in world().orders:
        shared = [0] * len(order.lines)
        for delivery in order.deliveries:
            for position, quantity in delivery.lines:
                assert quantity > 0
                assert quantity % SKUS[order.lines[position].sku].lot == 0
                shared[position] += quantity
        assert shared == [line.quantity for line in order.lines]


def test_what_comes_back_was_sent() -> None:
    returned = [order for order in world().orders if order.returned]
    assert any(order.returned.red for order in returned if order.returned)
    for order in returned:
        back = order.returned
        assert back is not None
        assert order.delivered < back.received < back.posted
        for position, quantity in back.lines:
            assert 0 < quantity <= order.lines[position].quantity
            assert quantity % SKUS[order.lines[position].sku].lot == 0


def test_everything_happens_in_its_order() -> None:
    for order in world().orders:
        assert order.entered < order.known
        if order.cancelled != NEVER:
            assert order.entered < order.cancelled < order.voided
            assert order.shipped == order.billed == NEVER
            continue
        for delivery in order.deliveries:
            assert order.known < delivery.allocated < delivery.picked < delivery.packed < delivery.shipped
            assert delivery.shipped < delivery.posted <= delivery.shipped + 26 * clock.HOUR
            assert abs(delivery.shipped - delivery.departed) < 120
            assert delivery.departed < delivery.arrived < delivery.delivered
            assert not clock.is_sunday(clock.day_of(delivery.posted))
        assert order.billed >= (order.delivered + clock.DAY if order.travels else order.posted)
        if order.change:
            assert order.known < order.change.at < order.change.followed
            assert order.change.followed < order.deliveries[0].allocated
