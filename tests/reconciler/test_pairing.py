"""Slips of the finger, and pairs that are unique on both sides."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.case import Verdict
from reconciler.pairing import Goods, is_slip, mistyped

SLIPS = [
    ("SO-1234", "SO-1243", True),
    ("SO-1234", "SO-1284", True),
    ("SO-1234", "SO-123", True),
    ("SO-1234", "SO-12345", True),
    ("SO-1234", "SO-1234", False),
    ("SO-1234", "SO-2143", False),
    ("SO-1234", "SO-1432", False),
    ("SO-1234", "SO-12", False),
    ("", "1", True),
]


@pytest.mark.parametrize(("one", "other", "expected"), SLIPS)
def test_is_slip(one: str, other: str, expected: bool) -> None:
    assert is_slip(one, other) is expected
    assert is_slip(other, one) is expected


@given(number=st.text("0123456789", min_size=4, max_size=10), place=st.integers(0, 8))
def test_swapped_neighbours_are_a_slip(number: str, place: int) -> None:
    place %= len(number) - 1
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_slip(number, swapped) is (number != swapped)


def goods(order_no: str, total: int = 10) -> Goods:
    return Goods("A", order_no, Decimal(total), None, None)


def missing(order_no: str) -> tuple[Verdict, Goods]:
    return Verdict("missing", "A", order_no, "tms"), goods(order_no)


def lone(*found: Goods) -> dict[tuple[str, str, str], Goods]:
    return {(one.company, one.order_no, "tms"): one for one in found}


def pairs(
    lost: list[tuple[Verdict, Goods]], alone: dict[tuple[str, str, str], Goods]
) -> list[tuple[str, str]]:
    return [(verdict.order_no, other.order_no) for verdict, other in mistyped(lost, alone)]


def test_a_pair() -> None:
    assert pairs([missing("1234")], lone(goods("1243"))) == [("1234", "1243")]


def test_other_goods_are_no_pair() -> None:
    assert pairs([missing("1234")], lone(goods("1243", total=11))) == []
    digests = replace(goods("1243"), line_digest="a")
    verdict, wanted = missing("1234")
    assert pairs([(verdict, replace(wanted, line_digest="b"))], lone(digests)) == []
    assert pairs([(verdict, replace(wanted, line_digest="a"))], lone(digests)) == [("1234", "1243")]


def test_another_company_or_system_is_no_pair() -> None:
    assert pairs([missing("1234")], {("B", "1243", "tms"): replace(goods("1243"), company="B")}) == []
    assert pairs([missing("1234")], {("A", "1243", "wms"): goods("1243")}) == []


def test_two_candidates_are_none() -> None:
    assert pairs([missing("1234")], lone(goods("1243"), goods("1235"))) == []
    assert pairs([missing("1234"), missing("1244")], lone(goods("1243"))) == []


def test_what_was_shipped_stands_for_what_was_ordered() -> None:
    carrier = Goods("A", "1243", None, Decimal(10), None)
    assert pairs([missing("1234")], lone(carrier)) == [("1234", "1243")]
    unknown = Goods("A", "1243", None, None, None)
    assert pairs([missing("1234")], lone(unknown)) == []
