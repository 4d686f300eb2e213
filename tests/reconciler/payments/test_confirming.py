"""What people decide: checked against what is left, several decisions at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.errors import ConfigError
from hub.store import Store
from reconciler.payments.booking import Decided
from tests.reconciler.payments.desk import COMPANY, Desk


def share(desk: Desk, entry: str, receivable: str, amount: str | None, *, settles: bool = False) -> None:
    said = Decided(
        COMPANY,
        f"bank/{entry}",
        {f"finance/{receivable}": None if amount is None else Decimal(amount)},
        "Wang",
        "he called",
        settles,
    )
    desk.cashbook.confirm_all([said], desk.now)


def left(desk: Desk, receivable: str) -> Decimal:
    """Return what is open of a receivable."""
    found = desk.match(dry=True).receivables
    return Decimal(next(item.open for item in found if item.id == f"finance/{receivable}")) / 100


def test_several_decisions_see_what_those_before_took_and_are_all_taken_or_none(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "300.00")
    desk.pays("B1", "200.00")
    desk.pays("B2", "200.00")
    whole = [
        Decided(COMPANY, f"bank/{entry}", {"finance/R1": Decimal(200)}, "Wang", "he called")
        for entry in ("B1", "B2")
    ]
    with pytest.raises(ConfigError) as refused:
        desk.cashbook.confirm_all(whole, desk.now)
    assert refused.value.key == "cash.too_much"
    assert desk.lines() == []
    parts = [whole[0], whole[1]._replace(pays={"finance/R1": Decimal(100)})]
    desk.cashbook.confirm_all(parts, desk.now)
    assert left(desk, "R1") == 0
    assert [line.amount for line in desk.lines()] == [Decimal(200), Decimal(100)]


def test_the_same_pair_is_not_posted_twice_in_silence(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "300.00")
    desk.pays("B1", "200.00")
    share(desk, "B1", "R1", "120.00")
    with pytest.raises(ConfigError) as refused:
        share(desk, "B1", "R1", "80.00")
    assert refused.value.key == "cash.paid_by_it"
    assert [line.amount for line in desk.lines()] == [Decimal(120)]


def test_what_settles_grants_the_rest(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "300.00")
    desk.owes("R2", "300.00")
    desk.pays("B1", "294.00")
    desk.pays("B2", "294.00")
    share(desk, "B1", "R1", None, settles=True)
    share(desk, "B2", "R2", None)
    assert (left(desk, "R1"), left(desk, "R2")) == (Decimal(0), Decimal(6))
    first, second = desk.lines()
    assert (first.amount, first.closes) == (Decimal(294), Decimal(300))
    assert (second.amount, second.closes) == (Decimal(294), Decimal(294))
