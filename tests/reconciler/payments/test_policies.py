"""What agreements with customers clear, what they leave for people, and that it is told apart."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from hub.rules import Policies
from hub.store import Store
from reconciler.payments.matcher import match
from reconciler.payments.model import BankEntry, Outcome, Receivable
from reconciler.payments.reports import Given
from reconciler.payments.reports.figures import figures
from reconciler.payments.reports.page import build
from tests.reconciler.payments.desk import Desk, payments_of
from tests.reconciler.payments.world import (
    CUSTOMERS,
    HONGDA,
    NORDSEE,
    PAID,
    SKY,
    owed,
    paid,
    postings,
)

OLDEST = Policies(customers={"K1": "oldest_first"})
MONTHLY = Policies(customers={"K1": "monthly_statement"})
DAY = timedelta(days=1)


def run(policies: Policies, receivables: list[Receivable], *entries: BankEntry) -> list[Outcome]:
    return match(receivables, entries, CUSTOMERS, policies)


def three() -> list[Receivable]:
    """Return what is due in February, March and April, in no order."""
    return [
        owed("M", 30_011, issued=date(2026, 2, 10)),
        owed("F", 50_017, issued=date(2026, 1, 10)),
        owed("A", 20_023, issued=date(2026, 3, 10)),
    ]


def test_the_oldest_due_are_paid_first_and_the_last_one_in_part() -> None:
    items = three()
    (one,) = run(OLDEST, items, paid(60_000, "货款", HONGDA))
    assert (one.standing, postings(one)) == ("posted", {"F": 50_017, "M": 9_983})
    assert one.posted
    assert (one.posted.rule, one.posted.facts, one.posted.rest) == (
        "policy_oldest_first", ("party", "agreed"), 0,
    )  # fmt: skip
    assert [item.open for item in items] == [20_028, 0, 20_023]
    assert one.closed == {"F": 50_017, "M": 9_983}


def test_several_receipts_go_on_where_the_one_before_ended_and_too_much_stays_on_account() -> None:
    later, latest = PAID + DAY, PAID + 2 * DAY
    first, second, third = run(
        OLDEST,
        three(),
        paid(60_000, "货款", HONGDA, on=later),
        paid(25_000, "货款", HONGDA),
        paid(70_000, "", HONGDA, on=latest),
    )
    assert postings(second) == {"F": 25_000}
    assert postings(first) == {"F": 25_017, "M": 30_011, "A": 4_972}
    assert postings(third) == {"A": 15_051}
    assert third.posted
    assert third.posted.rest == 54_949


def test_evidence_comes_first() -> None:
    (one,) = run(OLDEST, three(), paid(20_023, "货款 A", HONGDA))
    assert one.posted
    assert (one.posted.rule, postings(one)) == ("party", {"A": 20_023})


LEFT = [
    ("nobody agreed on anything", paid(60_000, "货款", NORDSEE)),
    ("nobody knows who pays", paid(60_000, "货款", "杭州远大纺织有限公司")),
    ("it names another customer", paid(60_000, f"代{SKY}付", HONGDA)),
    ("account and name are of two", paid(60_000, "货款", HONGDA, "DE02120300000000202051")),
    ("it cites what is open, with another sum than any", paid(60_000, "INV-7001", HONGDA)),
    ("it cites what is paid", paid(60_000, "INV-7002", HONGDA)),
    ("an advance", paid(60_000, "预付款", HONGDA)),
    ("money that came back", paid(60_000, "退款", HONGDA)),
    ("another currency", paid(60_000, "货款", HONGDA, currency="USD")),
    ("it went out", paid(-60_000, "货款", HONGDA)),
]


@pytest.mark.parametrize("entry", [entry for _, entry in LEFT], ids=[what for what, _ in LEFT])
def test_where_anything_is_doubtful_people_decide(entry: BankEntry) -> None:
    closed = owed("INV-7002", 11_119)
    closed.open = 0
    items = [*three(), owed("INV-7001", 77_777, "K3"), closed]
    (one,) = run(OLDEST, items, entry)
    assert one.posted is None
    assert sum(item.open for item in items) == 177_828


def test_what_came_twice_is_cleared_once() -> None:
    first, second = run(
        OLDEST, three(), paid(60_000, "货款", HONGDA), paid(60_000, "货款", HONGDA, on=PAID + DAY)
    )
    assert first.posted
    assert second.posted is None


def test_what_was_issued_after_the_payment_and_credit_notes_are_left_alone() -> None:
    items = [owed("L", 40_000, issued=PAID + DAY), owed("C", -5_000), owed("F", 50_017)]
    (one,) = run(OLDEST, items, paid(60_000, "货款", HONGDA))
    assert postings(one) == {"F": 50_017}
    assert one.posted
    assert one.posted.rest == 9_983


def months() -> list[Receivable]:
    """Return two invoices a month of January to March, and a credit note of February."""
    return [
        owed("J1", 10_001, issued=date(2026, 1, 5)),
        owed("J2", 10_020, issued=date(2026, 1, 31)),
        owed("F1", 20_300, issued=date(2026, 2, 1)),
        owed("F2", 24_000, issued=date(2026, 2, 9)),
        owed("F3", -4_007, issued=date(2026, 2, 20)),
        owed("M1", 30_050, issued=date(2026, 3, 1)),
        *(owed(f"X{at}", 40_000 + 1_000 * at, issued=date(2026, 3, 2)) for at in range(20)),
    ]


@pytest.mark.parametrize(
    ("amount", "pays"),
    [
        (20_021, {"J1", "J2"}),
        (40_293, {"F1", "F2", "F3"}),
        (44_300, {"F1", "F2"}),
        (60_314, {"J1", "J2", "F1", "F2", "F3"}),
        (64_321, {"J1", "J2", "F1", "F2"}),
    ],
)
def test_a_statement_is_of_one_month_or_of_all_up_to_one(amount: int, pays: set[str]) -> None:
    (one,) = run(MONTHLY, months(), paid(amount, "货款", HONGDA))
    assert one.posted
    assert (one.posted.rule, set(postings(one))) == ("policy_monthly_statement", pays)
    assert one.posted.rest == 0


@pytest.mark.parametrize("amount", [60_315, 5_555, 33_333])
def test_any_other_sum_is_no_statement(amount: int) -> None:
    (one,) = run(MONTHLY, months(), paid(amount, "货款", HONGDA))
    assert one.posted is None


def test_two_months_of_one_sum_are_nobodys() -> None:
    items = [
        *(owed(f"J{at}", 1_000 + at, issued=date(2026, 1, 5)) for at in range(12)),
        *(owed(f"F{at}", 1_000 + at, issued=date(2026, 2, 5)) for at in range(12)),
    ]
    (one,) = run(MONTHLY, items, paid(12_066, "货款", HONGDA))
    assert one.posted is None


def test_the_report_tells_agreements_apart() -> None:
    items = [*three(), owed("N", 9_900, "K2")]
    outcomes = run(
        OLDEST, items, paid(60_000, "货款", HONGDA), paid(9_900, "N", NORDSEE), paid(7, "", HONGDA)
    )
    told = figures(given := Given(outcomes, items, PAID))
    counts = {name: told.standings[name].count for name in ("receipts", "matched", "agreed")}
    assert counts == {"receipts": 3, "matched": 1, "agreed": 2}
    assert told.money_share("CNY") == Decimal(9_900) / 69_907
    page = build(given)
    assert page["head"]["headline"].endswith("2 more were cleared by agreement with the customer.")
    assert "cleared by agreement" in [row["label"] for row in page["money"]["rows"]]
    whole, *parts = (told.standings[name].money["CNY"] for name in ("receipts", "matched", "agreed"))
    assert whole == sum(parts)


def test_without_agreements_the_report_does_not_speak_of_them() -> None:
    outcomes = run(Policies(), items := three(), paid(60_000, "货款", HONGDA))
    page = build(Given(outcomes, items, PAID))
    assert "agree" not in page["head"]["headline"]
    assert "cleared by agreement" not in [row["label"] for row in page["money"]["rows"]]


def test_on_the_store_hub_yaml_says_who_pays_how(store: Store) -> None:
    desk = Desk(store, payments_of("policies: {default: monthly_statement, customers: {K1: oldest_first}}"))
    desk.owes("R1", "500.17", late=40)
    desk.owes("R2", "300.11", late=10)
    desk.pays("B1", "600.00")
    assert desk.match().posted == 2
    assert [line.rule for line in desk.lines()] == ["policy_oldest_first"] * 2
    assert desk.match().posted == 0
