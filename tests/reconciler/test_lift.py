"""Causes by lift: what findings share more often than orders do, explained by few slices."""

from __future__ import annotations

from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub.store import Store, bulk, tables
from reconciler.case import Case
from reconciler.lift import Traits, explain
from reconciler.reports.words import Words
from reconciler.run import reconcile
from reconciler.spread import between, spread
from tests.reconciler.faults import change, settled
from tests.reconciler.world import NOW, fill, hub_rules


def at_large(count: int = 300) -> list[Traits]:
    dice = Random(4)
    return [
        frozenset({("customer", f"K{dice.randrange(40)}"), ("plant", "PQ"[at % 2]), ("run", str(at % 9))})
        for at in range(count)
    ]


def test_one_slice_explains_what_it_holds() -> None:
    found = [frozenset({("customer", "K7"), ("plant", "P"), ("run", str(at % 9))}) for at in range(30)]
    (lift,) = explain(found, at_large())
    assert lift.slice == ("customer", "K7")
    assert (lift.share, lift.times >= 10) == (100, True)


def test_what_is_everywhere_explains_nothing() -> None:
    assert list(explain(at_large(200), at_large())) == []


def test_few_findings_have_nothing_in_common() -> None:
    assert list(explain([frozenset({("customer", "K7")})] * 9, at_large())) == []


def test_two_causes_are_told_one_after_the_other() -> None:
    found = [frozenset({("run", "77"), ("customer", f"K{at}")}) for at in range(40)]
    found += [frozenset({("customer", "K7"), ("run", str(at % 9))}) for at in range(25)]
    assert [lift.slice for lift in explain(found, at_large())] == [("run", "77"), ("customer", "K7")]


def test_of_equals_the_nearer_cause_is_named() -> None:
    found = [frozenset({("mapping", "m2"), ("run", "77"), ("hour", "2026-03-02 04:00")})] * 20
    (lift,) = explain(found, at_large())
    assert lift.slice == ("run", "77")


@given(st.text("0123456789ABC-", min_size=1, max_size=9), st.text("0123456789ABC-", min_size=1, max_size=9))
def test_numbers_between_two_lie_in_order(one: str, other: str) -> None:
    first, last = sorted((one, other))
    starts = between(first, last, 7)
    assert len(starts) == 7
    assert starts == sorted(starts)
    assert starts[0] == first


def some_wrong(customer: str | None = None, run: int | None = None) -> list[Case]:
    """A few hundred orders; the warehouse has counted wrongly in thirty."""
    cases = settled(17, 260)
    return [change(one, "wms", shipped=one.views["wms"].shipped + 1) if at < 30 else one  # type: ignore[operator]  # set
            for at, one in enumerate(cases)]  # fmt: skip


def fill_with(store: Store, cases: list[Case], runs: dict[int, int], customers: dict[int, str]) -> None:
    fill(store, cases)
    with store.write() as conn:
        for at, one in enumerate(cases):
            key = one.order.company, one.order.order_no
            where = sa.and_(tables.views.c.company == key[0], tables.views.c.order_no == key[1])
            conn.execute(
                sa.update(tables.views)
                .where(where, tables.views.c.system == "wms")
                .values(run=runs.get(at, 1 + at % 7))
            )
            where = sa.and_(tables.orders.c.company == key[0], tables.orders.c.order_no == key[1])
            named = customers.get(at, f"K{at % 30}")
            conn.execute(sa.update(tables.orders).where(where).values(customer_no=named))


def test_a_run_that_read_something_half_is_one_cause(store: Store) -> None:
    fill_with(store, some_wrong(), {at: 99 for at in range(28)}, {})
    result = reconcile(store, hub_rules(), NOW)
    assert result.counts == {"quantity": 30}
    (cause,) = result.causes
    assert (cause.kind, cause.system, cause.orders) == ("shared_run", "wms", 28)
    assert cause.slice == "quantity/99"
    assert cause.details["share"] > 3 * cause.details["base"]
    assert sum(one.cause == cause.id for one in result.findings) == 28
    words = Words("en")
    assert words.cause(cause).startswith("Quantity differs in WMS: 93 % of them were read in run 99")
    assert "run 99" in words.next_step(cause)
    assert "第 99 次运行" in Words("zh-CN").cause(cause)
    assert not any(reconcile(store, hub_rules(), NOW).changes.values())


def test_a_customer_is_one_cause(sqlite_store: Store) -> None:
    fill_with(sqlite_store, some_wrong(), {}, dict.fromkeys(range(30), "K99"))
    (cause,) = reconcile(sqlite_store, hub_rules(), NOW).causes
    assert (cause.kind, cause.slice, cause.orders) == ("shared_customer", "quantity/K99", 30)


def test_scattered_faults_have_no_cause(sqlite_store: Store) -> None:
    fill_with(sqlite_store, some_wrong(), {}, {})
    result = reconcile(sqlite_store, hub_rules(), NOW)
    assert (result.causes, result.counts) == ([], {"quantity": 30})


def test_orders_at_large_are_taken_from_everywhere(sqlite_store: Store) -> None:
    rows = [
        {"company": company, "order_no": f"SO-{number:06d}", "side": 0, "run": 1}
        | {"first_seen": NOW, "changed_at": NOW}
        for company in ("A", "B")
        for number in range(0, 90_000, 30)
    ]  # fmt: skip
    with sqlite_store.write() as conn:
        bulk.insert(conn, tables.orders, rows)
    with sqlite_store.read() as conn:
        taken = spread(conn, 300)
    assert 250 <= len(taken) <= 330
    for company in ("A", "B"):
        tenths = {int(number[3:]) // 9_000 for name, number in taken if name == company}
        assert len(tenths) >= 9


@pytest.mark.parametrize("numbers", [[], ["1"]])
def test_few_orders_are_all_there_is(sqlite_store: Store, numbers: list[str]) -> None:
    row = {"company": "A", "side": 0, "first_seen": NOW, "changed_at": NOW, "run": 1}
    with sqlite_store.write() as conn:
        bulk.insert(conn, tables.orders, [row | {"order_no": number} for number in numbers])
    with sqlite_store.read() as conn:
        assert spread(conn, 300) == [("A", number) for number in numbers]
