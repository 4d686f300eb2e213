"""How customers stand: the figures, the grades, the words, and that the store gives them back unchanged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from hub.fuse import Credit
from hub.rules import Grades, parse_rules
from hub.store import Store
from hub.yamlfile import load
from reconciler.payments.ledger import Line, Place
from reconciler.payments.model import BankEntry, Explanation, Outcome, Posting, Receivable
from reconciler.payments.reports.words import Words
from reconciler.payments.shelf import Shelf
from reconciler.payments.standings import Standing, keep, kept, note, standings_of
from sync.out import credit
from tests.reconciler.payments.desk import ACE, Desk

TODAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 4, tzinfo=UTC)


def owed(number: str, amount: int, late: int, customer: str = "K1", left: int | None = None) -> Receivable:
    """Return a receivable that was due `late` days ago, and was issued 30 days before that."""
    due = TODAY - timedelta(days=late)
    item = Receivable(
        f"fin/{number}", customer, f"Firm {customer}", "CNY", amount, issued=due - timedelta(days=30), due=due
    )
    item.open = amount if left is None else left
    return item


def came(number: str, amount: int, day: date) -> BankEntry:
    return BankEntry(f"bank/{number}", day, amount, "CNY")


def stands(*items: Receivable, grades: Grades | None = None) -> list[Standing]:
    return standings_of(Shelf("HS01", list(items)), [], TODAY, grades or Grades())


def test_overdue_money_and_days_oldest_and_weighted() -> None:
    (one,) = stands(owed("1", 30_000, 40), owed("2", 10_000, 4), owed("3", 5_000, -3), owed("4", -700, 90))
    assert (one.open, one.overdue, one.overdue_count) == (Decimal("443.00"), Decimal("400.00"), 2)
    assert (one.overdue_days, one.weighted_days) == (40, Decimal("31.0"))  # (300 × 40 + 100 × 4) / 400
    assert one.classes == {
        "not_due": Decimal("50.00"), "overdue_30": Decimal("100.00"), "overdue_60": Decimal("300.00"),
        "credit": Decimal("-7.00"),
    }  # fmt: skip
    assert one.collection == Decimal(0)
    assert one.average_days is None


def test_collection_and_days_to_pay_count_earlier_postings_and_those_of_this_run() -> None:
    before, now, still = owed("1", 10_000, 20, left=0), owed("2", 10_000, 10, left=0), owed("3", 20_000, 5)
    entries = [came("a", 10_000, TODAY - timedelta(days=30)), came("b", 10_000, TODAY)]
    line = Line(
        Place("bank", "a"), Place("fin", "1"), "CNY", Decimal(100), Decimal(100), "document", ("document",)
    )
    here = Shelf("HS01", [before, now, still], entries, standing=[line])
    posted = Outcome(entries[1], "posted", Explanation("document", [Posting(now, 10_000)], ("document",)))
    (one,) = standings_of(here, [posted], TODAY, Grades())
    assert one.collection == Decimal("0.5")
    assert one.average_days == Decimal("30.0")  # 20 days for the one, 40 for the other


def test_a_customer_stands_apart_in_each_currency_and_needs_a_number() -> None:
    dollars = owed("1", 500, 3)
    dollars.currency = "USD"
    nameless = owed("2", 900, 3, customer="=Ace Ltd")
    found = stands(dollars, nameless, owed("3", 400, 3), owed("4", 800, 3, "K2"))
    assert [(one.customer, one.currency) for one in found] == [("K2", "CNY"), ("K1", "CNY"), ("K1", "USD")]


@pytest.mark.parametrize(
    ("late", "letter"), [(-5, "A"), (0, "A"), (3, "A"), (4, "B"), (30, "B"), (31, "C"), (60, "C"), (61, "D")]
)
def test_where_each_grade_begins(late: int, letter: str) -> None:
    (one,) = stands(owed("1", 10_000, late))
    assert one.grade == letter


def test_hub_yaml_may_grade_otherwise() -> None:
    said = "payments: {grades: {A: {overdue_days: 10, collection: 90%}, B: {overdue_days: 20}}}"
    grades = parse_rules(load(said)).payments.grades
    slow, prompt = owed("1", 10_000, 9), [owed("2", 10_000, 9, "K2"), owed("3", 90_000, 50, "K2", left=0)]
    (one, other) = stands(slow, *prompt, grades=grades)
    assert {one.customer: one.grade, other.customer: other.grade} == {"K1": "B", "K2": "A"}


def test_what_is_kept_comes_back_as_it_was_and_is_replaced_the_next_time(store: Store) -> None:
    first = stands(owed("1", 10_000, 40), owed("2", 20_000, 4, "K2"), owed("3", 5_000, 4, "K2", left=0))
    with store.write() as conn:
        keep(conn, store.seal, "HS01", first, NOW)
        keep(conn, store.seal, "OTHER", stands(owed("1", 700, 1)), NOW)
    with store.read() as conn:
        assert kept(conn, store.seal, "HS01") == first
        assert [one.name for one in kept(conn, store.seal, "HS01", "K1")] == ["Firm K1"]
    with store.write() as conn:
        keep(conn, store.seal, "HS01", stands(owed("2", 20_000, 4, "K2")), NOW)
    with store.read() as conn:
        assert [one.customer for one in kept(conn, store.seal, "HS01")] == ["K2"]
        assert len(kept(conn, store.seal, "OTHER")) == 1


def test_the_credit_note_says_it_in_words() -> None:
    (one,) = stands(owed("1", 1_200_000, 40), owed("2", 800_000, 70, left=0))
    assert note(one, Words("en")) == (
        "Owes CNY 12,000.00. CNY 12,000.00 of it is overdue (documents: 1), the oldest for 40 days, 40 on"
        " average by money. 40.00 % of what was due is paid. Grade C as of 2026-06-30."
    )
    said = note(one, Words("zh-CN"))
    assert "逾期 12,000.00 元" in said
    assert said.endswith("信用等级 C（截至 2026-06-30）。")


def test_who_owes_nothing_is_said_to_owe_nothing() -> None:
    (one,) = stands(owed("1", 1_000, 40, left=0))
    assert note(one, Words("en")).startswith("Owes nothing. 100")
    assert one.grade == "A"


# by the cashbook


def kept_by(desk: Desk) -> dict[str, Standing]:
    with desk.store.read() as conn:
        return {one.customer: one for one in kept(conn, desk.store.seal, "HS01")}


def test_matching_writes_how_customers_stand_and_a_dry_run_does_not(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "12000.00", late=40)
    desk.owes("R2", "500.00", late=-10, customer="K2", name="北京启明电子股份有限公司")
    desk.match(dry=True)
    assert kept_by(desk) == {}
    desk.match()
    late = kept_by(desk)["K1"]
    assert (late.overdue, late.overdue_days, late.grade, late.name) == (Decimal(12000), 40, "C", ACE)
    assert (kept_by(desk)["K2"].overdue, kept_by(desk)["K2"].grade) == (Decimal(0), "A")
    desk.pays("B1", "12000.00", "FPR1")
    desk.match()
    paid = kept_by(desk)["K1"]
    assert (paid.open, paid.grade, paid.collection) == (Decimal(0), "A", Decimal(1))
    assert paid.average_days == Decimal(69)  # issued 70 days ago, paid yesterday
    desk.match()
    assert kept_by(desk)["K1"] == paid, "what was posted before counts on"


def test_days_go_on_without_a_payment(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "12000.00", late=29)
    desk.match()
    assert kept_by(desk)["K1"].grade == "B"
    desk.today += timedelta(days=3)
    desk.match()
    assert (kept_by(desk)["K1"].overdue_days, kept_by(desk)["K1"].grade) == (32, "C")
    assert kept_by(desk)["K1"].day == "2026-07-03"


def test_the_fuse_sees_what_matching_wrote(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "12000.00", late=40)
    desk.owes("R2", "500.00", late=41, customer="K2", name="北京启明电子股份有限公司")
    desk.pays("B2", "500.00", "FPR2")
    desk.match()
    with store.read() as conn:
        seen = credit.read(conn, [("HS01", "K1"), ("HS01", "K2"), ("HS01", "K3"), ("OTHER", "K1")])
    assert seen == {
        ("HS01", "K1"): [Credit("CNY", "2026-06-30", Decimal(12000), 40, "C")],
        ("HS01", "K2"): [Credit("CNY", "2026-06-30", Decimal(0), 0, "A")],
    }
