"""Receipts posted back into the finance system, and taken back there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from hub.postings import posting_no
from hub.store import Store, open_store
from reconciler.payments import ledger
from reconciler.payments.agreement import differences
from reconciler.payments.ledger import Line, Place
from simulators.trading.journal import HUB, doubled
from tests.conftest import KEY
from tests.reconciler.payments.books import Books


@pytest.fixture
def books(tmp_path: Path, store: Store) -> Iterator[Books]:
    here = Books(tmp_path / "books", store)
    here.sync()
    here.adopt()
    yield here
    here.close()


@pytest.fixture
def spare_store(tmp_path: Path, sqlite_template: Path) -> Iterator[Store]:
    """Another store, in which nothing is."""
    store = open_store(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'spare.db')}", KEY)
    yield store
    store.close()


def test_posted_then_undone_hub_and_books_agree_and_the_receivable_is_open(books: Books) -> None:
    number = books.bill("1200.00", "24310001")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    assert books.match().posted == 1
    books.sync(2)
    (clearing,) = books.clearings()
    assert clearing["amount"] == "1200.00" and clearing["receivable"] == number and not clearing["reversed"]
    assert books.finance.open(number) == 0 == books.open(number)
    assert [row["state"] for row in books.changes()] == ["confirmed"]
    books.undo("bank/b1")
    books.sync(2)
    (clearing,) = books.clearings()
    assert clearing["reversed"] == "X"
    assert books.finance.open(number) == Decimal("1200.00") == books.open(number)
    assert [(row["kind"], row["state"]) for row in books.changes()] == [
        ("create", "confirmed"),
        ("reverse", "confirmed"),
    ]
    books.sync(3)
    assert len(books.changes()) == 2 and books.lines() == []


def test_answers_that_are_lost_double_nothing(books: Books) -> None:
    number = books.bill("1200.00", "24310001")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    books.finance.faults.order("lost", operation="post", times=1)
    books.finance.faults.order("500_after", operation="reverse", times=1)
    books.match()
    books.sync(3)
    assert [row["state"] for row in books.changes()] == ["confirmed"]
    assert books.finance.open(number) == 0
    books.undo("bank/b1")
    books.sync(3)
    assert [row["state"] for row in books.changes(kind="reverse")] == ["confirmed"]
    assert books.finance.open(number) == Decimal("1200.00") == books.open(number)
    journal = [one for one in books.finance.journal() if one.who == HUB]
    assert doubled(journal, "post") == [] == doubled(journal, "reverse")


def test_a_write_that_did_not_arrive_is_made_again(books: Books) -> None:
    number = books.bill("1200.00", "24310001")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    books.finance.faults.order("500_before", operation="post", times=1)
    books.finance.faults.order("dead", operation="reverse", times=1)
    books.match()
    books.sync(3)
    assert books.finance.open(number) == 0
    books.undo("bank/b1")
    books.sync(3)
    assert books.finance.open(number) == Decimal("1200.00")
    assert {row["state"] for row in books.changes()} == {"confirmed"}


def test_what_is_undone_before_it_left_is_never_sent(books: Books) -> None:
    books.bill("1200.00", "24310001")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    books.match()
    books.undo("bank/b1")
    books.sync(2)
    assert books.changes() == [] == books.clearings()


def test_what_people_reverse_in_the_books_is_undone_here_and_left_to_people(books: Books) -> None:
    number = books.bill("1200.00", "24310001")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    books.match()
    books.sync(2)
    (clearing,) = books.clearings()
    books.finance.reverse(clearing["number"], "clerk")
    books.sync()
    booked = books.match()
    assert booked.posted == 0 and books.lines() == []
    (outcome,) = booked.outcomes
    assert outcome.standing == "proposed"
    assert "match.undone_before" in outcome.proposals[0].doubts
    assert books.open(number) == Decimal("1200.00")
    books.sync(2)
    assert len(books.changes()) == 1, "nothing is reversed a second time"
    reference = f"finance/{number}"
    books.cashbook.confirm("HS01", "bank/b1", {reference: None}, "anna", "he was right", books.now)
    books.sync(2)
    first, second = books.clearings()
    assert first["ref"] != second["ref"] and not second["reversed"]
    assert books.finance.open(number) == 0 == books.open(number)


def test_a_hub_that_lost_its_store_finds_what_it_posted(books: Books, spare_store: Store) -> None:
    number = books.bill("1200.00", "24310001")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    books.match()
    books.sync(2)
    assert books.clearings()[0]["ref"] == posting_no("HS01", "bank/b1", f"finance/{number}", 0)
    books.store = spare_store
    books.sync()
    books.adopt()
    books.cashbook.run(books.now)
    line = Line(
        Place("bank", "b1"), Place("finance", number), "CNY", Decimal(1200), Decimal(1200), "by_hand", ()
    )
    with spare_store.write() as conn:
        ledger.post(conn, "HS01", [line], "0", books.now)
    books.sync(2)
    assert len(books.clearings()) == 1
    assert books.finance.open(number) == 0


def test_the_books_that_refuse_leave_a_word_and_the_hub_asks_no_more(books: Books) -> None:
    number = books.bill("1200.00", "24310001")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    books.finance.closed = True
    books.match()
    books.sync(3)
    (change,) = books.changes()
    assert change["state"] == "rejected" and "posting period is closed" in change["reason"]
    assert books.open(number) == 0, "the hub keeps to what it knows"


def test_a_mapping_without_reverse_leaves_the_reversal_to_people(tmp_path: Path, store: Store) -> None:
    def one_way(mapping: str) -> str:
        return mapping[: mapping.index("    reverse:")]

    books = Books(tmp_path / "books", store, change=one_way)
    try:
        books.sync()
        books.adopt()
        books.bill("1200.00", "24310001")
        books.receive("b1", "1200.00", "货款 24310001")
        books.sync()
        books.match()
        books.sync(2)
        books.undo("bank/b1")
        books.sync(3)
        (change,) = books.changes(kind="reverse")
        assert change["state"] == "rejected" and "outbox.reverse_by_hand" in change["reason"]
    finally:
        books.close()


def test_a_large_posting_waits_for_a_person_who_did_not_make_it(tmp_path: Path, store: Store) -> None:
    fuse = "fuse: {rules: [{name: large, amount: '>= 1000', writes: [posting], roles: [cfo]}]}\n"
    books = Books(tmp_path / "books", store, rules=fuse)
    try:
        books.sync()
        books.adopt()
        books.bill("1200.00", "24310001")
        books.receive("b1", "1200.00", "货款 24310001")
        books.sync()
        books.match()
        books.sync(2)
        (change,) = books.changes()
        assert change["state"] == "held" and books.clearings() == []
    finally:
        books.close()


def test_a_part_that_the_books_do_not_know_of_yet_is_taken_off_what_they_say(books: Books) -> None:
    number = books.bill("1000.00", "24310001")
    books.receive("b1", "400.00", "货款 24310001 部分")
    books.sync()
    reference = f"finance/{number}"
    books.cashbook.confirm("HS01", "bank/b1", {reference: Decimal(400)}, "anna", "a part", books.now)
    books.finance.post("BY-HAND", int(number), {"amount": "300.00"}, "clerk")
    books.finance.faults.order("dead", operation="post", times=50)
    books.sync()
    assert books.finance.open(number) == 700
    assert books.open(number) == 300
    books.finance.faults.clear()
    books.sync(40)
    assert books.finance.open(number) == 300 == books.open(number)


def test_a_shadow_posts_nothing(tmp_path: Path, store: Store) -> None:
    books = Books(tmp_path / "books", store, change=lambda text: text.replace("mode: live", "mode: shadow"))
    try:
        books.sync()
        books.adopt()
        books.bill("1200.00", "24310001")
        books.receive("b1", "1200.00", "货款 24310001")
        books.sync()
        books.match()
        books.sync(2)
        assert [row["mode"] for row in books.changes()] == ["shadow"]
        assert books.clearings() == []
    finally:
        books.close()


def test_postings_are_braked_among_themselves(tmp_path: Path, store: Store) -> None:
    books = Books(tmp_path / "books", store, rules="brakes: {postings: 2, orders: 1, least: 0}\n")
    try:
        books.sync()
        books.adopt()
        for at in range(3):
            books.bill(f"{1200 + at}.00", f"2431000{at}")
            books.receive(f"b{at}", f"{1200 + at}.00", f"货款 2431000{at}")
        books.sync()
        assert books.match().posted == 3
        books.sync(2)
        assert {row["state"] for row in books.changes()} == {"held"}
        assert all("fuse.mass_postings" in row["holds"] for row in books.changes())
    finally:
        books.close()


def apart(books: Books) -> list[tuple[str, Decimal, Decimal]]:
    """Return why ledger and books differ, and what is open by the word of each."""
    with books.store.read() as conn:
        (shelf,) = books.cashbook.shelves(conn)
        found = differences(conn, shelf)
    return [(one.why, Decimal(one.ledger) / 100, Decimal(one.said) / 100) for one in found]


def test_where_ledger_and_books_differ_is_told_with_the_reason(books: Books) -> None:
    first = books.bill("1200.00", "24310001")
    books.bill("300.00", "24310002")
    books.receive("b1", "1200.00", "货款 24310001")
    books.sync()
    assert apart(books) == []
    books.finance.closed = True
    books.match()
    books.sync(2)
    assert apart(books) == [("rejected", Decimal(0), Decimal(1200))]
    books.finance.closed = False
    books.undo("bank/b1")
    books.sync(2)
    assert apart(books) == []
    books.finance.post("BY-HAND", int(first), {"amount": "200.00"}, "clerk")
    books.sync()
    assert apart(books) == [("paid_past", Decimal(1200), Decimal(1000))]


def test_books_that_nobody_tells_are_named(tmp_path: Path, store: Store) -> None:
    books = Books(tmp_path / "books", store, change=lambda text: text[: text.index("writes:")])
    try:
        books.bill("1200.00", "24310001")
        books.receive("b1", "1200.00", "货款 24310001")
        books.sync()
        books.match()
        books.sync()
        assert apart(books) == [("not_told", Decimal(0), Decimal(1200))]
    finally:
        books.close()
