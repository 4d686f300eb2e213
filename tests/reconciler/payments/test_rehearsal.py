"""Rules tried on history: what stays, what would go elsewhere, and what contradicts people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hub.store import Store
from hub.store.tables import matches
from reconciler.payments import rehearsal
from reconciler.payments.rehearsal import Rehearsed, rehearse
from reconciler.payments.version import VERSION
from tests.reconciler.payments.desk import TODAY, Desk, payments_of

OTHER = "北京启明电子股份有限公司"
AGREED = "policies: {default: oldest_first}"


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def tried(desk: Desk, **more: object) -> Rehearsed:
    """Rehearse, and see that nothing was written."""
    before = rows(desk)
    (found,) = rehearse(desk.cashbook, **more)  # type: ignore[arg-type]  # the day alone is passed on
    assert rows(desk) == before
    return found


def rows(desk: Desk) -> list[tuple[object, ...]]:
    with desk.store.read() as conn:
        return [tuple(row) for row in conn.execute(matches.select().order_by(matches.c.id))]


def changed(found: Rehearsed) -> list[tuple[str, str, list[str], list[str]]]:
    return [
        (one.what, one.entry.id, [line.receivable.number for line in one.before],
         [line.receivable.number for line in one.after])
        for one in found.changes
    ]  # fmt: skip


def test_the_same_rules_change_nothing(desk: Desk) -> None:
    desk.owes("R1", "500.17", late=40)
    desk.owes("R2", "300.11")
    desk.pays("B1", "300.11", "FPR2")
    desk.pays("B2", "500.17")
    desk.match()
    found = tried(desk)
    assert (found.same, found.changes, found.left_out, found.wrong) == (2, [], 0, False)


def test_a_payment_that_came_in_time_is_in_time_again(desk: Desk) -> None:
    """What a discount or a fee closed beyond the cash is open again too."""
    desk.owes("R1", "1000.00", discount="20.00", discount_until=f"{TODAY.isoformat()}T00:00:00+08:00")
    desk.pays("B1", "980.00", "FPR1")
    assert desk.match().posted == 1
    assert (tried(desk).same, tried(desk).changes) == (1, [])


def test_rules_that_would_post_less_more_or_elsewhere(desk: Desk) -> None:
    desk.owes("R1", "500.17", late=40)
    desk.owes("R2", "300.11", late=20)
    desk.pays("B1", "600.00")
    desk.payments = payments_of(AGREED)
    desk.match()
    desk.payments = payments_of("policies: {default: by_document}")
    found = tried(desk)
    assert changed(found) == [("gone", "bank/B1", ["R1", "R2"], [])]
    assert found.money("gone") == {"CNY": Decimal("600.00")}
    assert {line.version for line in found.changes[0].before} == {found.version} == {VERSION}
    desk.owes("R0", "450.00", late=90)
    desk.payments = payments_of(AGREED)
    desk.pays("B2", "70.00", ago=0)
    found = tried(desk)
    assert changed(found) == [
        ("moved", "bank/B1", ["R1", "R2"], ["R0", "R1"]),
        ("new", "bank/B2", [], ["R1"]),
    ]
    assert (found.money("moved"), found.money("new")) == ({"CNY": Decimal(600)}, {"CNY": Decimal(70)})


def test_what_a_person_confirmed_elsewhere_is_named_first(desk: Desk) -> None:
    desk.owes("R1", "500.17", late=40)
    desk.owes("R2", "300.11", late=20)
    desk.pays("B1", "200.00")
    desk.match()
    desk.confirm("bank/B1", "finance/R2")
    assert tried(desk).changes == [], "nothing that the rules post contradicts it"
    desk.pays("B2", "70.00", ago=0)
    desk.payments = payments_of(AGREED)
    found = tried(desk)
    assert changed(found) == [
        ("against_person", "bank/B1", ["R2"], ["R1"]),
        ("new", "bank/B2", [], ["R1"]),
    ]
    assert found.wrong
    assert found.changes[0].before[0].who == "Wang"


def test_what_a_person_confirmed_and_the_rules_would_post_is_the_same(desk: Desk) -> None:
    desk.owes("R1", "500.17")
    desk.pays("B1", "500.17", "FPR1")
    desk.confirm("bank/B1", "finance/R1")
    assert (tried(desk).same, tried(desk).wrong) == (1, False)


def test_what_somebody_took_back_must_not_come_again(desk: Desk) -> None:
    desk.owes("R1", "500.17")
    desk.pays("B1", "500.17", "FPR1")
    desk.match()
    desk.undo("bank/B1", who="Li")
    found = tried(desk)
    assert changed(found) == [("against_undo", "bank/B1", ["R1"], ["R1"])]
    assert (found.wrong, found.changes[0].before[0].who) == (True, "Li")


def test_only_entries_since_a_day_are_tried(desk: Desk) -> None:
    desk.owes("R1", "500.17", late=40)
    desk.payments = payments_of(AGREED)
    desk.pays("B1", "100.00", ago=9)
    desk.pays("B2", "150.00", ago=2)
    desk.match()
    desk.payments = payments_of("policies: {}")
    found = tried(desk, since=TODAY - timedelta(days=5))
    assert changed(found) == [("gone", "bank/B2", ["R1"], [])]


def test_what_the_finance_system_shows_no_more_is_left_out(desk: Desk) -> None:
    desk.owes("R1", "500.17")
    desk.pays("B1", "500.17", "FPR1")
    desk.match()
    desk.forgets("R1")
    found = tried(desk)
    assert (found.left_out, found.same, found.changes) == (1, 0, [])


def test_nobody_is_contradicted_whose_receivable_is_no_longer_shown(desk: Desk) -> None:
    desk.owes("R1", "500.17")
    desk.pays("B1", "200.00")
    desk.confirm("bank/B1", "finance/R1")
    desk.forgets("R1")
    desk.owes("R2", "900.00")
    desk.payments = payments_of(AGREED)
    found = tried(desk)
    assert (found.left_out, found.changes, found.wrong) == (1, [], False)


def test_the_worst_comes_first() -> None:
    assert rehearsal.CLASSES[:2] == rehearsal.WRONG
