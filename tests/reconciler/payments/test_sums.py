"""Which amounts add up: against trying all of them."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.payments.sums import MOST, chance, subsets

AMOUNTS = st.lists(st.integers(-20, 60).filter(bool), max_size=9)


def brute(amounts: list[int], target: int, least: int, most: int) -> set[tuple[int, ...]]:
    sizes = range(least, min(most, len(amounts)) + 1)
    every = (places for size in sizes for places in combinations(range(len(amounts)), size))
    return {places for places in every if sum(amounts[at] for at in places) == target}


@given(AMOUNTS, st.integers(-30, 120), st.integers(1, 3))
def test_all_that_add_up(amounts: list[int], target: int, least: int) -> None:
    found, every = subsets(amounts, target, least=least), brute(amounts, target, least, len(amounts))
    assert set(found) <= every
    assert len(set(found)) == len(found) == min(2, len(every))


@given(
    st.lists(st.integers(-5, 400).filter(bool), min_size=MOST + 1, max_size=MOST + 4),
    st.integers(1, 900),
    st.integers(1, 2),
)
def test_of_many_no_more_than_three_at_once(amounts: list[int], target: int, least: int) -> None:
    found, every = subsets(amounts, target, least=least), brute(amounts, target, least, 3)
    assert set(found) <= every
    assert len(set(found)) == len(found) == min(2, len(every))


def test_one_that_is_the_sum_is_a_set_of_one() -> None:
    assert subsets([100, 60, 40], 100) == [(1, 2)]
    assert sorted(subsets([100, 60, 40], 100, least=1)) == [(0,), (1, 2)]


def test_a_credit_note_that_takes_back_an_invoice_leaves_no_single_answer() -> None:
    assert len(subsets([100, 70, -70, 50], 150)) == 2


def test_chance_grows_with_what_is_tried_and_shrinks_with_what_is_possible() -> None:
    odd = [10_007, 20_011, 30_013, 40_009, 50_021]
    assert chance(odd, 30_018, 2) < 0.0001
    assert chance(odd, 30_018, 4) > chance(odd, 30_018, 2)


def test_round_amounts_hit_a_round_sum_by_chance() -> None:
    odd = [100_007, 200_011, 300_013, 400_009]
    rounded = [100_000, 200_000, 300_000, 400_000]
    assert chance(rounded, 500_000, 2) > 0.1 > chance(odd, 500_020, 2)
    assert chance([], 0, 2) == 0
