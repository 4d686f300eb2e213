"""Small cases of matching, one line each: what is owed, what came, and what became of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest

from reconciler.payments.model import KINDS, BankEntry, Customer, Outcome, Receivable
from tests.reconciler.payments.world import (
    BRIGHT,
    HONGDA,
    NORDSEE,
    PAID,
    SKY,
    SKY_LOGISTICS,
    owed,
    paid,
    postings,
    run,
)

DAY = timedelta(days=1)
TWO = [owed("INV-1001", 50_017), owed("INV-1002", 30_011)]
STRANGER = "杭州远大纺织有限公司"


class Line(NamedTuple):
    """What is owed, one entry, and what is posted of it: by which rule, with which rest."""

    what: str
    owed: list[Receivable]
    paid: BankEntry
    posted: dict[str, int]
    rule: str = ""
    rest: int = 0


def fresh(items: list[Receivable]) -> list[Receivable]:
    """The receivables as if nothing had been paid: the cases share some."""
    for item in items:
        item.open = item.amount
    return items


POSTED = [
    Line(
        "exact: number, sum, payer", TWO, paid(50_017, "INV-1001", HONGDA), {"INV-1001": 50_017}, "document"
    ),
    Line("exact: number and sum", TWO, paid(50_017, "INV-1001"), {"INV-1001": 50_017}, "document"),
    Line("exact: payer and sum", TWO, paid(50_017, "货款", HONGDA), {"INV-1001": 50_017}, "party"),
    Line("account and sum", TWO, paid(50_017, "货款", "", "6222001100220033"), {"INV-1001": 50_017}, "party"),
    Line("an unknown payer cites to the cent", TWO, paid(50_017, "INV-1001", STRANGER), {"INV-1001": 50_017}),
    Line("a person cites to the cent", TWO, paid(50_017, "INV-1001", "王小明"), {"INV-1001": 50_017}),
    Line("a person names the firm", TWO, paid(50_017, "代上海宏达电子付", "王小明"), {"INV-1001": 50_017}),
    Line(
        "a person whose account is known",
        TWO,
        paid(50_017, "", "王小明", "6222001100220033"),
        {"INV-1001": 50_017},
    ),
    Line("a full-width number", TWO, paid(50_017, "ＩＮＶ－１００１", HONGDA), {"INV-1001": 50_017}),
    Line("a number that a scanner read", TWO, paid(50_017, "1NV-lOO1", HONGDA), {"INV-1001": 50_017}),
    Line("the last digits", TWO, paid(50_017, "1001", HONGDA), {"INV-1001": 50_017}),
    Line("a list", TWO, paid(80_028, "INV-1001, 1002", HONGDA), {"INV-1001": 50_017, "INV-1002": 30_011}),
    Line(
        "a range",
        [*TWO, owed("INV-1003", 7_003)],
        paid(87_031, "INV-1001至1003", HONGDA),
        {"INV-1001": 50_017, "INV-1002": 30_011, "INV-1003": 7_003},
    ),
    Line(
        "one of a list", TWO, paid(30_011, "INV-1001 INV-1002", HONGDA), {"INV-1002": 30_011}, "document_part"
    ),
    Line(
        "an order with two invoices, one of them paid",
        [owed("INV-1001", 50_017, order="PO-5001"), owed("INV-1002", 30_011, order="PO-5001")],
        paid(30_011, "PO-5001", HONGDA),
        {"INV-1002": 30_011},
    ),
    Line(
        "a part, with its number",
        TWO,
        paid(20_000, "INV-1001 第一笔", HONGDA),
        {"INV-1001": 20_000},
        "document_part_payment",
    ),
    Line(
        "too much, the rest on account",
        TWO,
        paid(60_017, "INV-1001", HONGDA),
        {"INV-1001": 50_017},
        "document_over",
        10_000,
    ),
    Line(
        "a list that lacks one",
        TWO,
        paid(80_028, "INV-1001", HONGDA),
        {"INV-1001": 50_017, "INV-1002": 30_011},
        "document_and_one",
    ),
    Line(
        "all that is owed",
        TWO,
        paid(80_028, "货款", HONGDA),
        {"INV-1001": 50_017, "INV-1002": 30_011},
        "party_statement",
    ),
    Line(
        "the only subset",
        [*TWO, owed("INV-1003", 77_003)],
        paid(107_014, "货款", HONGDA),
        {"INV-1002": 30_011, "INV-1003": 77_003},
        "party_subset",
    ),
    Line(
        "a credit note that is named",
        [*TWO, owed("CN-2001", -5_003)],
        paid(45_014, "INV-1001 CN-2001", HONGDA),
        {"INV-1001": 50_017, "CN-2001": -5_003},
        "document",
    ),
    Line(
        "a credit note that is not",
        [*TWO, owed("CN-2001", -5_003)],
        paid(45_014, "INV-1001", HONGDA),
        {"INV-1001": 50_017, "CN-2001": -5_003},
        "document_credit",
    ),
    Line(
        "all that is owed, net of a credit note",
        [*TWO, owed("CN-2001", -5_003)],
        paid(75_025, "货款", HONGDA),
        {"INV-1001": 50_017, "INV-1002": 30_011, "CN-2001": -5_003},
        "party_statement",
    ),
    Line(
        "a discount in time",
        [owed("INV-1001", 500_000, discount="0.02", until=PAID)],
        paid(490_000, "INV-1001", HONGDA),
        {"INV-1001": 490_000},
        "document_discount",
    ),
    Line(
        "a discount in time, without a number",
        [owed("INV-1001", 500_000, discount="0.02", until=PAID)],
        paid(490_000, "货款", HONGDA),
        {"INV-1001": 490_000},
        "party_discount",
    ),
    Line(
        "a discount too late is a part",
        [owed("INV-1001", 200_000, discount="0.02", until=PAID - 10 * DAY)],
        paid(196_000, "INV-1001", HONGDA),
        {"INV-1001": 196_000},
        "document_part_payment",
    ),
    Line(
        "less a fee",
        [owed("INV-1001", 500_017, "K5", currency="USD")],
        paid(498_517, "INV-1001", BRIGHT, currency="USD"),
        {"INV-1001": 498_517},
        "document_fee",
    ),
    Line(
        "less a fee, without a number",
        [owed("INV-1001", 500_017, "K5", currency="USD")],
        paid(498_517, "goods", BRIGHT, currency="USD"),
        {"INV-1001": 498_517},
        "party_fee",
    ),
    Line(
        "another currency by the rate that is named",
        [owed("INV-1001", 100_000, "K5", currency="USD")],
        paid(712_340, "INV-1001 rate 7.1234", BRIGHT),
        {"INV-1001": 712_340},
        "document_exchange",
    ),
    Line(
        "another currency and its rate, without a number",
        [owed("INV-1001", 100_000, "K5", currency="USD"), owed("INV-1002", 77_700, "K5", currency="USD")],
        paid(712_340, "goods, rate 7.1234", BRIGHT),
        {"INV-1001": 712_340},
        "party_exchange",
    ),
    Line(
        "one of the group pays for another, who is cited",
        [owed("INV-1001", 50_017, "K4")],
        paid(50_017, "INV-1001", SKY),
        {"INV-1001": 50_017},
    ),
    Line(
        "one of the group pays for another",
        [owed("INV-1001", 50_017, "K4")],
        paid(50_017, "货款", SKY),
        {"INV-1001": 50_017},
    ),
    Line(
        "the parent pays, and is no customer",
        [owed("INV-1001", 50_017, "K4")],
        paid(50_017, "货款", "蓝天控股集团有限公司"),
        {"INV-1001": 50_017},
    ),
    Line(
        "a part paid by one of the group",
        [owed("INV-1001", 50_017, "K4")],
        paid(20_000, "INV-1001", SKY),
        {"INV-1001": 20_000},
    ),
    Line(
        "the month says which",
        [owed("INV-1001", 50_017), owed("INV-1002", 50_017, issued=date(2026, 2, 2))],
        paid(50_017, "2月货款", HONGDA),
        {"INV-1002": 50_017},
    ),
    Line(
        "two customers owe the same, the number says who",
        [owed("INV-1001", 50_017), owed("INV-1002", 50_017, "K2")],
        paid(50_017, "INV-1002"),
        {"INV-1002": 50_017},
    ),
    Line(
        "two customers owe the same, the payer says who",
        [owed("INV-1001", 50_017), owed("INV-1002", 50_017, "K2")],
        paid(50_017, "goods", NORDSEE),
        {"INV-1002": 50_017},
    ),
    Line(
        "a misspelled payer",
        TWO,
        paid(50_017, "货款", "上海宏达电仔有限公司"),
        {"INV-1001": 50_017},
        "party_alike",
    ),
    Line(
        "a misspelled payer pays a part",
        TWO,
        paid(20_000, "INV-1001", "上海宏达电仔有限公司"),
        {"INV-1001": 20_000},
    ),
    Line(
        "the number of another customer is no evidence against payer and sum",
        [*TWO, owed("INV-3001", 99_991, "K2")],
        paid(50_017, "INV-3001", HONGDA),
        {"INV-1001": 50_017},
        "party",
    ),
    Line(
        "one pays for another and cites to the cent",
        [*TWO, owed("INV-3001", 99_991, "K2")],
        paid(99_991, "INV-3001", HONGDA),
        {"INV-3001": 99_991},
        "document",
    ),
    Line(
        "discounts taken too late: each is paid in part",
        [
            owed("INV-3001", 10_000, discount="0.02", until=date(2026, 3, 8)),
            owed("INV-3002", 20_003, discount="0.02", until=date(2026, 3, 8)),
        ],
        paid(29_403, "INV-3001, INV-3002", HONGDA),
        {"INV-3001": 9_800, "INV-3002": 19_603},
        "document_part_payment",
    ),
    Line(
        "a discount rounded the other way",
        [owed("INV-3001", 12_325, discount="0.02", until=date(2026, 3, 28))],
        paid(12_079, "货款", HONGDA),
        {"INV-3001": 12_079},
        "party_discount",
    ),
    Line(
        "the text says how much of each",
        TWO,
        paid(60_011, "INV-1001 300.00; INV-1002 300.11", HONGDA),
        {"INV-1001": 30_000, "INV-1002": 30_011},
        "document_part_payment",
    ),
    Line(
        "the text says what was owed abroad",
        [owed("INV-3001", 50_000, currency="USD")],
        paid(356_017, "INV-3001 USD 500.00", HONGDA),
        {"INV-3001": 356_017},
        "document_exchange",
    ),
    Line(
        "a fee in yen",
        [owed("INV-3001", 500_170, currency="JPY")],
        paid(497_670, "INV-3001", HONGDA, currency="JPY"),
        {"INV-3001": 497_670},
        "document_fee",
    ),
    Line(
        "no decimals",
        [owed("INV-1001", 50_017, currency="JPY")],
        paid(50_017, "INV-1001", HONGDA, currency="JPY"),
        {"INV-1001": 50_017},
    ),
]


@pytest.mark.parametrize("line", POSTED, ids=lambda line: line.what)
def test_posted(line: Line) -> None:
    [outcome] = run(fresh(line.owed), line.paid)
    assert outcome.posted, outcome
    assert postings(outcome) == line.posted
    assert outcome.posted.rest == line.rest
    assert not line.rule or outcome.posted.rule == line.rule
    assert not outcome.posted.doubts
    assert len({KINDS[fact] for fact in outcome.posted.facts if fact in KINDS}) >= 2


EQUAL = [owed("INV-1001", 50_017), owed("INV-1002", 50_017)]
CUT = [owed(f"INV-{number}", amount) for number, amount in ((1001, 10_000), (1002, 20_000), (1003, 30_000))]

LEFT = [
    ("the sum alone", TWO, paid(50_017, "货款"), "proposed"),
    ("payer and sum, but it cites what is not open", TWO, paid(50_017, "INV-0998", HONGDA), "proposed"),
    ("payer and sum, but it is a deposit", TWO, paid(50_017, "Mietkaution", HONGDA), "proposed"),
    ("payer and sum, but it is a rebate", TWO, paid(50_017, "年终返利", HONGDA), "proposed"),
    ("the payer alone", TWO, paid(44_444, "货款", HONGDA), "proposed"),
    ("the number alone", TWO, paid(20_000, "INV-1001", STRANGER), "proposed"),
    ("a stranger with the sum", TWO, paid(50_017, "货款", STRANGER), "proposed"),
    ("a twin in another place with the sum", TWO, paid(50_017, "货款", "北京宏达电子有限公司"), "proposed"),
    ("nothing known", TWO, paid(12_345, "货款", STRANGER), "unidentified"),
    ("two receivables with the sum", EQUAL, paid(50_017, "货款", HONGDA), "proposed"),
    (
        "two customers with the sum",
        [owed("INV-1001", 50_017), owed("INV-1002", 50_017, "K2")],
        paid(50_017, "货款"),
        "proposed",
    ),
    ("one of two equal ones of a list", EQUAL, paid(50_017, "INV-1001 INV-1002", HONGDA), "proposed"),
    ("two subsets", [*CUT, owed("INV-1004", 40_000)], paid(50_000, "货款", HONGDA), "proposed"),
    ("a round sum of one, and of two others", CUT, paid(30_000, "货款", HONGDA), "proposed"),
    ("a round subset", [*CUT, owed("INV-1004", 70_000)], paid(50_000, "货款", HONGDA), "proposed"),
    ("the sum of one, but it calls itself a part", TWO, paid(50_017, "首付款30%", HONGDA), "proposed"),
    ("a part without a number", TWO, paid(20_000, "第一笔", HONGDA), "proposed"),
    ("a list paid in part", TWO, paid(70_000, "INV-1001, 1002", HONGDA), "proposed"),
    ("an advance", TWO, paid(50_017, "预付款", HONGDA), "proposed"),
    ("a deposit that cites a contract", TWO, paid(20_000, "INV-1001 定金", HONGDA), "proposed"),
    (
        "a sum of one, the number of another of the payer",
        TWO,
        paid(30_011, "INV-1001", HONGDA),
        "proposed",
    ),
    (
        "a number of another customer whose sum the payer owes as well",
        [*TWO, owed("INV-3001", 50_017, "K2")],
        paid(50_017, "INV-3001", HONGDA),
        "proposed",
    ),
    (
        "a part of what another customer owes",
        [owed("INV-3001", 50_017, "K2")],
        paid(20_000, "INV-3001", HONGDA),
        "proposed",
    ),
    ("account and name of two customers", TWO, paid(50_017, "货款", NORDSEE, "6222001100220033"), "proposed"),
    (
        "a relative owes just this sum too",
        [owed("INV-1001", 50_017, "K3"), owed("INV-1002", 50_017, "K4")],
        paid(50_017, "货款", SKY),
        "proposed",
    ),
    (
        "a discount too late, without a number",
        [owed("INV-1001", 200_000, discount="0.02", until=PAID - 10 * DAY)],
        paid(196_000, "货款", HONGDA),
        "proposed",
    ),
    (
        "another currency, no rate known",
        [owed("INV-1001", 100_000, "K5", currency="USD")],
        paid(50_000, "INV-1001", BRIGHT),
        "proposed",
    ),
    (
        "another currency, the number taken for the sum",
        [owed("INV-1001", 100_000, "K5", currency="USD")],
        paid(100_000, "INV-1001", BRIGHT),
        "proposed",
    ),
    (
        "another currency, a rate that does not fit",
        [owed("INV-1001", 100_000, "K5", currency="USD")],
        paid(650_000, "INV-1001 rate 7.1234", BRIGHT),
        "proposed",
    ),
    (
        "what is owed later",
        [owed("INV-1001", 50_017, issued=PAID + 9 * DAY)],
        paid(50_017, "货款", HONGDA),
        "unidentified",
    ),
    ("what went out", TWO, paid(-50_017, "INV-1001", HONGDA), "outgoing"),
    ("money that came back", TWO, paid(50_017, "退款", HONGDA), "proposed"),
    (
        "a number read out of digits",
        [owed("SO-1234", 90_000)],
        paid(50_000, "合同501234", HONGDA),
        "proposed",
    ),
    ("bank interest", TWO, paid(1_234, "结息"), "unidentified"),
]


@pytest.mark.parametrize(
    ("items", "entry", "standing"), [row[1:] for row in LEFT], ids=[row[0] for row in LEFT]
)
def test_left_to_people(items: list[Receivable], entry: BankEntry, standing: str) -> None:
    [outcome] = run(fresh(items), entry)
    assert outcome.posted is None
    assert outcome.standing == standing
    assert bool(outcome.proposals) == (standing == "proposed")
    assert len(outcome.proposals) <= 3
    assert all(item.open == item.amount for item in items)


# several entries


def standings(outcomes: list[Outcome]) -> list[str]:
    return [one.standing for one in outcomes]


def test_instalments_close_a_receivable() -> None:
    items = [owed("INV-1001", 90_000)]
    parts = [paid(30_000, f"INV-1001 {at}/3", HONGDA, on=PAID + at * 30 * DAY) for at in (1, 2, 3)]
    assert [postings(one) for one in run(items, *parts)] == [{"INV-1001": 30_000}] * 3
    assert items[0].open == 0


def test_one_instalment_too_many_is_not_posted() -> None:
    items = [owed("INV-1001", 60_000)]
    parts = [paid(30_000, f"INV-1001 {at}/3", HONGDA, on=PAID + at * 30 * DAY) for at in (1, 2, 3)]
    found = run(items, *parts)
    assert [one.posted is not None for one in found] == [True, True, False]
    assert items[0].open == 0


def test_what_is_paid_twice() -> None:
    items = [owed("INV-1001", 50_017)]
    first, again = run(
        items, paid(50_017, "INV-1001", HONGDA), paid(50_017, "INV-1001", HONGDA, on=PAID + 3 * DAY)
    )
    assert (first.standing, again.standing, again.about) == ("posted", "duplicate", first.entry.id)


def test_what_is_paid_twice_is_not_taken_for_what_owes_the_same() -> None:
    items = [owed("INV-1001", 50_017), owed("INV-1002", 50_017)]
    found = run(items, paid(50_017, "INV-1001", HONGDA), paid(50_017, "INV-1001", HONGDA, on=PAID + DAY))
    assert standings(found) == ["posted", "duplicate"]
    assert items[1].open == 50_017


def test_the_same_payment_twice_without_a_number() -> None:
    items = [owed("INV-1001", 50_017), owed("INV-1002", 50_017, issued=PAID + 2 * DAY)]
    found = run(items, paid(50_017, "货款", HONGDA), paid(50_017, "货款", HONGDA, on=PAID + 3 * DAY))
    assert standings(found) == ["posted", "proposed"]


def test_money_sent_back_pays_nothing_until_it_is_paid_again() -> None:
    items = [owed("INV-1001", 50_017)]
    came = paid(50_017, "INV-1001", HONGDA)
    back = paid(-50_017, "退汇", HONGDA, on=PAID + DAY)
    assert standings(run(items, came, back)) == ["returned", "returned"]
    assert items[0].open == 50_017
    again = paid(50_017, "退汇重付 INV-1001", HONGDA, on=PAID + 2 * DAY)
    assert standings(run(items, came, back, again)) == ["returned", "returned", "posted"]


def test_what_certain_payments_leave_over_becomes_certain() -> None:
    items = [owed("INV-1001", 50_017), owed("INV-1002", 50_017)]
    found = run(items, paid(50_017, "货款", HONGDA), paid(50_017, "INV-1001", HONGDA, on=PAID + 30 * DAY))
    assert [postings(one) for one in found] == [{"INV-1002": 50_017}, {"INV-1001": 50_017}]


def test_what_is_short_of_a_fee_waits_for_what_is_exact() -> None:
    items = [owed("INV-1001", 300_000)]
    found = run(items, paid(297_000, "货款", HONGDA), paid(300_000, "货款", HONGDA, on=PAID + 20 * DAY))
    assert [postings(one) for one in found] == [{}, {"INV-1001": 300_000}]


def test_a_rate_that_others_have_shown() -> None:
    items = [owed(f"INV-{1001 + at}", 100_000 + at * 7_001, "K5", currency="USD") for at in range(6)]
    entries = [paid(item.amount * 7 + at, item.invoice_no, BRIGHT) for at, item in enumerate(items)]
    assert standings(run(items, *entries)) == ["posted"] * 6
    odd = fresh(items)[0]
    entries[0] = paid(odd.amount * 2, odd.invoice_no, BRIGHT)
    assert standings(run(items, *entries)) == ["proposed", *["posted"] * 5]


def test_twins_do_not_pay_together() -> None:
    twins = [Customer("A", "宏达电子有限公司"), Customer("B", "宏达电子股份有限公司")]
    items = [owed("INV-1001", 50_017, "A"), owed("INV-1002", 30_011, "B")]
    [found] = run(items, paid(80_028, "货款", "宏达电子"), customers=twins)
    assert found.posted is None
    assert [postings(one) for one in run(items, paid(30_011, "货款", "宏达电子"), customers=twins)] == [
        {"INV-1002": 30_011}
    ]


def test_one_pays_for_several_customers_and_says_so_to_the_cent() -> None:
    items = [owed("INV-1001", 50_017), owed("INV-2001", 30_011, "K2")]
    [found] = run(items, paid(80_028, "INV-1001 INV-2001", STRANGER))
    assert postings(found) == {"INV-1001": 50_017, "INV-2001": 30_011}


def test_of_very_many_cited_no_few_are_picked_out() -> None:
    items = [owed(f"INV-{1001 + at}", 10_007 + at * 1_013) for at in range(30)]
    total = items[3].amount + items[20].amount
    [found] = run(items, paid(total, "INV-1001-1030", HONGDA))
    assert found.posted is None


def test_the_rest_of_an_overpayment_is_offered_what_it_would_pay() -> None:
    items = [owed("INV-1001", 50_017), owed("INV-1002", 10_000)]
    [found] = run(items, paid(60_017, "INV-1001", HONGDA))
    assert (postings(found), found.posted and found.posted.rest) == ({"INV-1001": 50_017}, 10_000)
    assert [one.receivable.id for one in found.proposals[0].postings] == ["INV-1001", "INV-1002"]


def test_a_misspelled_name_is_said_to_be_one() -> None:
    [found] = run(fresh(TWO), paid(20_000, "INV-1001", "上海宏达电仔有限公司"))
    assert found.posted
    assert found.posted.facts == ("document", "alike")


def test_the_right_candidate_is_among_those_proposed() -> None:
    [found] = run(fresh(EQUAL), paid(50_017, "货款", HONGDA))
    assert {one.postings[0].receivable.id for one in found.proposals} == {"INV-1001", "INV-1002"}
    assert all("match.several_with_sum" in one.doubts for one in found.proposals)


def test_another_firm_and_another_sum_is_left_to_people() -> None:
    item = owed("INV-1001", 50_017, "K4", currency="EUR")
    [outcome] = run([item], paid(49_517, "goods", SKY, currency="EUR"))
    assert outcome.standing == "proposed"
    assert "match.nearly_twice" in outcome.proposals[0].doubts


def test_a_relative_is_cited_by_the_group() -> None:
    items = [owed("INV-1001", 50_017, "K3"), owed("INV-1002", 30_011, "K4")]
    [found] = run(items, paid(80_028, "INV-1001 INV-1002", SKY_LOGISTICS))
    assert postings(found) == {"INV-1001": 50_017, "INV-1002": 30_011}


def test_a_list_with_one_that_is_not_open_does_not_pay_something_else() -> None:
    [outcome] = run(fresh(TWO), paid(80_028, "INV-1001, INV-0998", HONGDA))
    assert outcome.posted
    assert (postings(outcome), outcome.posted.rest) == ({"INV-1001": 50_017}, 30_011)


def test_a_running_account_is_offered_the_oldest_first() -> None:
    old = [owed("INV-1001", 50_017, issued=date(2026, 1, 2)), owed("INV-1002", 30_011)]
    [outcome] = run(old, paid(60_017, "往来款", HONGDA))
    found = [{one.receivable.id: one.amount for one in each.postings} for each in outcome.proposals]
    assert {"INV-1001": 50_017, "INV-1002": 10_000} in found


def test_payments_one_way_show_the_rate_of_the_other() -> None:
    usd = [owed(f"INV-200{at}", 10_000, currency="USD") for at in range(5)]
    shown = [paid(9_000 + at, f"INV-200{at}", HONGDA, currency="EUR") for at in range(5)]
    eur = owed("INV-3001", 90_000, currency="EUR")
    *_, outcome = run([*usd, eur], *shown, paid(100_500, "INV-3001", HONGDA, currency="USD"))
    assert postings(outcome) == {"INV-3001": 100_500}
