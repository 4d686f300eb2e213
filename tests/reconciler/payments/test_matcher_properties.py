"""What holds whatever is owed and whatever comes: money is neither made nor lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.payments.model import BankEntry, Receivable
from tests.reconciler.payments.world import (
    BRIGHT,
    CUSTOMERS,
    HONGDA,
    ISSUED,
    NORDSEE,
    PAID,
    SKY,
    SKY_LOGISTICS,
    owed,
    paid,
    run,
)

DAY = timedelta(days=1)
STRANGER = "杭州远大纺织有限公司"

NAMES = [
    "",
    HONGDA,
    "上海宏达电子",
    NORDSEE,
    BRIGHT,
    SKY,
    SKY_LOGISTICS,
    STRANGER,
    "王小明",
    "蓝天控股集团有限公司",
]
SAID = [
    "",
    "货款",
    "预付款",
    "退汇",
    "INV-1001",
    "INV-1002",
    "INV-1001-1004",
    "1003",
    "INV-1001/02",
    "INV-1005 part",
    "rate 7.1234",
    "INV-1006 rate 7.1234",
    "代上海宏达电子付",
    "3月货款",
    "CN-2001",
    "PO-5001",
]
SUMS = [10_000, 20_000, 30_000, 30_011, 29_400, 40_000, 50_017, 80_028]

RECEIVABLES = st.lists(
    st.tuples(
        st.sampled_from([*SUMS, -10_000]),
        st.sampled_from([one.id for one in CUSTOMERS]),
        st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
        st.sampled_from([None, "0.02"]),
        st.integers(0, 30),
        st.sampled_from(["", "PO-5001"]),
    ),
    min_size=1,
    max_size=7,
)
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([*SUMS, -10_000, -30_011, 70_000, 1_000, 71_234]),
        st.sampled_from(SAID),
        st.sampled_from(NAMES),
        st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
        st.integers(0, 40),
    ),
    max_size=8,
)
Owed = list[tuple[int, str, str, str | None, int, str]]
Paid = list[tuple[int, str, str, str, int]]


def receivables_of(rows: Owed) -> list[Receivable]:
    return [
        owed(
            f"INV-{1001 + at}" if amount > 0 else f"CN-{2001 + at}",
            amount,
            customer,
            currency=currency,
            discount=discount,
            until=PAID if discount else None,
            issued=ISSUED - days * DAY,
            order=order,
        )
        for at, (amount, customer, currency, discount, days, order) in enumerate(rows)
    ]


def entries_of(rows: Paid) -> list[BankEntry]:
    return [
        paid(amount, said, name, currency=currency, on=PAID + days * DAY, id=f"B{at}")
        for at, (amount, said, name, currency, days) in enumerate(rows)
    ]


@settings(max_examples=400, deadline=None)
@given(RECEIVABLES, ENTRIES)
def test_money_is_neither_made_nor_lost(what: Owed, came: Paid) -> None:
    items, entries = receivables_of(what), entries_of(came)
    outcomes = run(items, *entries)
    assert [one.entry for one in outcomes] == entries
    taken: dict[str, int] = defaultdict(int)
    for one in outcomes:
        assert (one.posted is not None) == (one.standing == "posted")
        assert len(one.proposals) <= 3
        if not one.posted:
            continue
        said = one.posted
        assert one.entry.amount > 0
        assert not said.doubts
        assert said.rest >= 0
        assert len(said.postings) == len({posting.receivable.id for posting in said.postings})
        assert sum(posting.amount for posting in said.postings) + said.rest == one.entry.amount
        for posting in said.postings:
            assert posting.amount
            if posting.receivable.currency == one.entry.currency:
                taken[posting.receivable.id] += posting.amount
    for item in items:
        if item.amount > 0:
            assert 0 <= taken[item.id] <= item.amount
            assert 0 <= item.open <= item.amount - taken[item.id]
        else:
            assert item.amount <= taken[item.id] <= 0
            assert item.amount - taken[item.id] <= item.open <= 0


def left_open(items: list[Receivable], entries: list[BankEntry]) -> dict[str, int]:
    run(items, *entries)
    return {item.id: item.open for item in items}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(RECEIVABLES, ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_entries_say_nothing(
    what: Owed, came: Paid, chance: Random
) -> None:
    """Of one day, that is, and of entries that cite one thing: of several the first may have his pick."""
    rows = [(*row[:-1], 0) for row in came if row[1] not in ("INV-1001-1004", "INV-1001/02")]
    before = left_open(receivables_of(what), entries_of(rows))
    items = receivables_of(what)
    chance.shuffle(items)
    chance.shuffle(rows)
    assert left_open(items, entries_of(rows)) == before
