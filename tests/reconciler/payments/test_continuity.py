"""Statements that follow on each other, and those that do not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store import Store
from reconciler.payments import continuity
from reconciler.payments.continuity import gaps
from reconciler.payments.reports import Break
from sync.statements import Kept
from tests.reconciler.payments.intake.drawer import Drawer, mt940


def kept(
    first: int,
    last: int,
    opening: str | None,
    closing: str | None,
    *,
    named: bool = True,
    account: str = "A1",
) -> Kept:
    money = [None if said is None else Decimal(said) for said in (opening, closing)]
    days = date(2026, 2, first), date(2026, 2, last)
    return Kept("bank", account, "CNY", *days, named, money[0], money[1], 1, Decimal(0), "x")


def days(*statements: Kept) -> list[int]:
    return [day.day for gap in gaps(statements) for day in gap.days]


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        ([], []),
        ([kept(2, 2, "1", "2")], []),
        ([kept(2, 2, "1", "2"), kept(3, 3, "2", "4")], []),
        ([kept(2, 2, "1", "2"), kept(9, 9, "2", "4")], []),  # nothing was booked between them
        ([kept(2, 2, "1", "2"), kept(5, 5, "3", "4")], [3, 4]),
        ([kept(5, 5, "3", "4"), kept(2, 2, "1", "2")], [3, 4]),  # in whatever order
        ([kept(2, 2, "1", "2"), kept(2, 2, "1", "2"), kept(5, 5, "3", "4"), kept(5, 5, "3", "4")], [3, 4]),
        ([kept(1, 28, "1", "9"), kept(5, 5, "3", "4")], []),  # a day within a month
        ([kept(1, 10, "1", "9"), kept(8, 12, "3", "4")], []),  # overlapping
        ([kept(2, 2, "1", "2"), kept(2, 2, "2", "5"), kept(3, 3, "5", "6")], []),  # two of one day
        ([kept(2, 2, None, None), kept(3, 3, None, None)], []),
        ([kept(6, 6, None, None), kept(9, 9, None, None)], []),  # Friday and Monday
        ([kept(5, 5, None, None), kept(10, 10, None, None)], [6, 9]),
        ([kept(5, 5, None, None, named=False), kept(10, 10, None, None, named=False)], []),
    ],
)
def test_days_are_missing_where_balances_do_not_meet(statements: list[Kept], missing: list[int]) -> None:
    assert days(*statements) == missing


def test_balances_of_neighbours_that_do_not_meet_are_a_break() -> None:
    (gap,) = gaps([kept(2, 2, "1", "2"), kept(3, 3, "5", "6")])
    assert (gap.days, gap.before.day, gap.expected, gap.said) == ([], 3, Decimal(2), Decimal(5))


@given(st.lists(st.integers(-500, 500), min_size=2, max_size=12), st.data())
def test_a_chain_has_no_gap_and_one_link_out_of_it_is_found(booked: list[int], data: st.DataObject) -> None:
    chain, balance = [], 1000
    for at, amount in enumerate(booked):
        chain.append(kept(1 + 2 * at, 1 + 2 * at, str(balance), str(balance + amount)))
        balance += amount
    shuffled = data.draw(st.permutations(chain))
    assert gaps(shuffled) == []
    at = data.draw(st.integers(0, len(chain) - 1))
    found = gaps([one for one in shuffled if one is not chain[at]])
    inner = 0 < at < len(chain) - 1
    assert bool(found) == (inner and booked[at] != 0)


def test_an_account_is_held_against_the_entries_in_the_store(store: Store, tmp_path: Path) -> None:
    drawer = Drawer(tmp_path / "home", store)
    drawer.drop("10.sta", mt940([("10", "100,00", "甲", "x")], ("10", "10"), "1000,00"))
    drawer.drop("13.sta", mt940([("13", "10,00", "甲", "y")], ("13", "13"), "1250,00"))
    drawer.drop("14.sta", mt940([("14", "1,00", "甲", "y")], ("14", "14"), "1261,00"))
    drawer.drop("other.sta", mt940([("14", "1,00", "甲", "y")], ("14", "14"), "5,00", "777"))
    drawer.round()
    zone = ZoneInfo("Asia/Shanghai")
    with drawer.store.read() as conn:
        one, other = continuity.of_accounts(conn, drawer.store.seal, "HS01", {"bank": zone}, ZoneInfo("UTC"))
    assert (one.account, one.first_day, one.last_day) == (
        "6222000011112222", date(2026, 2, 10), date(2026, 2, 14),
    )  # fmt: skip
    assert (one.opening, one.closing, one.sum, one.entries) == (100000, 126200, 11100, 3)
    assert [day.day for day in one.missing] == [11, 12]
    assert one.breaks == [Break(date(2026, 2, 14), 126000, 126100)]
    assert one.adds_up is False
    assert (other.account, other.adds_up, other.missing, other.breaks) == ("777", True, [], [])
