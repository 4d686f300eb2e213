"""Entries: what is asked, what becomes of a row, and where the next read begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Everything, Page, Since, Window
from connectors.statements.identity import identities
from connectors.statements.model import Entry, Statement
from hub.errors import ConfigError, Incomplete, Rejected, SourceError, Unavailable
from simulators.bank import Ledger
from tests.connectors.cmb.bank import ACCOUNT, OTHER, READ, Bank, mapping, records, serials, state

Y1 = "TRANSQUERYBYBREAKPOINT_Y1"


@pytest.fixture
def bank() -> Iterator[Bank]:
    made = Bank()
    yield made
    made.close()


def asked(bank: Bank) -> list[dict[str, Any]]:
    """Return what was asked for entries: X1, and Y1 where it was sent."""
    found = [body for funcode, body in bank.link.asked if funcode == "trsQryByBreakPoint"]
    return [{**body["TRANSQUERYBYBREAKPOINT_X1"][0], "y1": body.get(Y1, [])} for body in found]


def days(bank: Bank) -> list[tuple[str, str, bool]]:
    """Return begin and end of each question, and whether it went on from a Y1."""
    return [(one["beginDate"], one["endDate"], bool(one["y1"])) for one in asked(bank)]


def gone_wrong(bank: Bank, **said: Any) -> tuple[list[Page], SourceError]:
    got: list[Page] = []
    with pytest.raises(SourceError) as caught:
        got.extend(bank.open(mapping(**said)).fetch("entries", Since({})))
    return got, caught.value


# rows


def test_a_debit_is_below_zero_once_and_texts_have_no_blanks_behind(bank: Bank) -> None:
    bank.book("C1", "-40.01", text="批量代付", payer="海盛机械", payer_account="6225880212345678")
    bank.book("C2", "250.00")
    out, into = records(bank.pages())
    assert (out["amount"], out["transAmount"], out["loanCode"]) == (Decimal("-40.01"), "-40.01", "D")
    assert (into["amount"], into["loanCode"]) == (Decimal("250.00"), "C")
    names = ("transSequenceIdn", "remarkTextClt", "ctpAcctName", "ctpAcctNbr")
    assert [out[name] for name in names] == ["C1", "批量代付", "海盛机械", "6225880212345678"]
    assert (out["requestNbr"], out["account"], out["provisional"]) == ("0028477701", ACCOUNT, False)


def test_two_identical_payments_on_a_day_are_two(bank: Bank) -> None:
    bank.book("C1", "100.00", payer="海盛机械", text="货款")
    bank.book("C2", "100.00", payer="海盛机械", text="货款")
    numbers = [record["number"] for record in records(bank.pages())]
    assert len(set(numbers)) == 2


def test_an_entry_has_the_number_that_a_statement_file_gives_it(bank: Bank) -> None:
    bank.book("C1", "-40.01")
    [record] = records(bank.pages())
    entry = Entry(date(2026, 3, 2), Decimal("-40.010"), details={"bank_reference": "C1"})
    assert [record["number"]] == identities(Statement(ACCOUNT, entries=[entry]))


def spoilt(bank: Bank, monkeypatch: pytest.MonkeyPatch, **said: Any) -> None:
    """Let the bank send the first row of each page with other values."""
    page = type(bank.link)._page

    def other(*args: Any) -> dict[str, Any]:
        body = page(*args)
        body["TRANSQUERYBYBREAKPOINT_Z2"][0] |= said
        return body

    monkeypatch.setattr(type(bank.link), "_page", other)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"transSequenceIdn": "  "}, "cmb.no_sequence"),
        ({"transDate": "20260230"}, "cmb.no_day"),
        ({"errcod": "NCB0007", "errtxt": "明细暂不可用 "}, "calls.row_refused"),
    ],
)
def test_a_row_that_cannot_be_read_goes_to_quarantine(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], key: str
) -> None:
    bank.book("C1", "1.00")
    bank.book("C2", "2.00")
    spoilt(bank, monkeypatch, **said)
    [page] = bank.pages()
    [bad] = page.bad
    assert serials([page]) == ["C2"]
    assert bad.error.key == key
    assert b"1.00" in bad.raw
    assert bad.key == ("" if key == "cmb.no_sequence" else "C1")


@pytest.mark.parametrize("amount", ["-1.00", "+1.00"])
def test_a_credit_below_zero_is_not_taken_for_money_that_came_in(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, amount: str
) -> None:
    bank.book("C1", "1.00")
    spoilt(bank, monkeypatch, transAmount=amount)
    [page] = bank.pages()
    assert [bad.error.key for bad in page.bad] == (["cmb.no_amount"] if amount == "-1.00" else [])


@pytest.mark.parametrize(
    "said", [{"transAmount": "1.01"}, {"transAmount": "?"}, {"transAmount": "NaN"}, {"loanCode": "X"}]
)
def test_rows_that_do_not_add_up_are_not_kept(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, said: dict[str, str]
) -> None:
    bank.book("C1", "1.00")
    bank.book("C2", "-2.00")
    spoilt(bank, monkeypatch, **said)
    pages, error = gone_wrong(bank)
    assert pages == []
    assert type(error) is Incomplete
    assert error.key == "cmb.sums_differ"
    assert ACCOUNT in str(error)


def test_the_pages_before_one_that_does_not_add_up_stay(bank: Bank) -> None:
    for number in range(5):
        bank.book(f"C{number}", "1.00")
    fetched = bank.open(mapping()).fetch("entries", Since({}))
    first = next(fetched)
    bank.link.wrong_sums = True
    with pytest.raises(Incomplete, match="debitNums 1: 0"):
        next(fetched)
    bank.link.wrong_sums = False
    rest = bank.pages(Since(first.state))
    assert serials([first, *rest]) == ["C0", "C1", "C2", "C3", "C4"]


@pytest.mark.parametrize(
    "z1", [[{"ctnFlag": ""}], [{"ctnFlag": "N"}, {"ctnFlag": "N"}], [{"debitNums": "0"}]]
)
def test_an_answer_without_its_sums_is_not_one(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, z1: list[dict[str, str]]
) -> None:
    """Nothing at all would look like an account on which nothing happens."""
    monkeypatch.setattr(type(bank.link), "_page", lambda *_: {"TRANSQUERYBYBREAKPOINT_Z1": z1})
    pages, error = gone_wrong(bank)
    assert (pages, error.key) == ([], "cmb.no_sums")


def test_an_answer_that_says_nothing_is_said_and_moves_nothing(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        bank.book(f"C{number}", "1.00")
    page = type(bank.link)._page
    empty: dict[str, Any] = {"TRANSQUERYBYBREAKPOINT_Z1": []}
    monkeypatch.setattr(type(bank.link), "_page", lambda *_: empty)
    [said] = bank.pages()
    assert (said.records, said.state) == ([], {})
    assert ACCOUNT in said.warnings[0]
    monkeypatch.setattr(
        type(bank.link), "_page", lambda *args: empty if bank.link.asked[-1][1].get(Y1) else page(*args)
    )
    _, error = gone_wrong(bank)
    assert error.key == "cmb.no_sums"


def test_a_read_that_stopped_long_ago_begins_anew(bank: Bank) -> None:
    bank.book("C1", "1.00")
    kept = {"first": "2024-01-01", "last": "2025-01-31", "next": "x", "y1": []}
    assert serials(bank.pages(Since({ACCOUNT: kept}))) == ["C1"]
    assert days(bank) == [("20250220", "20260319", False)]


def test_a_first_read_that_takes_more_than_a_day_goes_on(bank: Bank) -> None:
    for number in range(4):
        bank.book(f"C{number}", "1.00")
    first = next(bank.open(mapping()).fetch("entries", Since({})))
    bank.at(date(2026, 3, 21))
    rest = bank.pages(Since(first.state))
    assert serials([first, *rest]) == ["C0", "C1", "C2", "C3"]
    assert days(bank)[1] == ("20250221", "20260319", True)


def test_a_bank_that_goes_in_circles_is_left(bank: Bank) -> None:
    bank.book("C1", "1.00")
    bank.link.circles = True
    _, error = gone_wrong(bank)
    assert (type(error), error.key) == (Unavailable, "cmb.in_circles")
    assert len(bank.link.asked) <= 3


# where the next read begins


def test_pages_go_on_with_the_banks_own_continuation(bank: Bank) -> None:
    for number in range(7):
        bank.book(f"C{number}", "1.00")
    pages = bank.pages(start="2026-03-01")
    assert [len(page.records) for page in pages] == [3, 3, 1]
    assert [one["queryAcctNbr"] for one in asked(bank)] == ["", f"{ACCOUNT}-CUR", f"{ACCOUNT}-CUR"]
    assert [one["y1"] for one in asked(bank)][:2] == [
        [],
        [{"acctNbr": f"{ACCOUNT}-CUR", "transDate": "20260302", "expectNextSequence": "4"}],
    ]
    assert state(pages) == {
        ACCOUNT: {
            "first": "2026-03-01",
            "last": "2026-03-19",
            "next": "",
            "y1": [{"acctNbr": f"{ACCOUNT}-CUR", "transDate": "20260302", "expectNextSequence": "8"}],
        }
    }


def test_the_same_day_goes_on_from_the_last_y1_with_no_account_to_continue(bank: Bank) -> None:
    bank.book("C1", "1.00")
    first = bank.pages()
    bank.book("C2", "2.00")
    again = bank.pages(Since(state(first)))
    assert serials(again) == ["C2"]
    assert asked(bank)[-1]["queryAcctNbr"] == ""
    assert asked(bank)[-1]["y1"][0]["expectNextSequence"] == "2"
    assert serials(bank.pages(Since(state(first) | state(again)))) == []


def test_today_is_not_read_until_it_is_over(bank: Bank) -> None:
    bank.book("C1", "1.00", "2026-03-19 10:00:00")
    bank.book("C2", "2.00", "2026-03-20 10:00:00")
    first = bank.pages()
    assert serials(first) == ["C1"]
    bank.at(date(2026, 3, 21))
    again = bank.pages(Since(state(first)))
    assert serials(again) == ["C1", "C2"]  # the last day once more, in full, for it is final only now
    assert days(bank)[-1] == ("20260319", "20260320", False)
    assert [record["provisional"] for record in records(again)] == [False, False]


def test_today_is_provisional_and_read_again_when_it_is_over(bank: Bank) -> None:
    bank.book("C1", "1.00", "2026-03-20 09:00:00")
    bank.book("C2", "-700.00", "2026-03-20 09:30:00", sweep=True)
    first = bank.pages(intraday=True)
    assert [(one["transSequenceIdn"], one["provisional"]) for one in records(first)] == [("C1", True)]
    bank.book("C3", "3.00", "2026-03-20 16:00:00")
    later = bank.pages(Since(state(first)), intraday=True)
    assert serials(later) == ["C3"]
    bank.at(date(2026, 3, 21))
    bank.book("C4", "4.00", "2026-03-21 08:00:00")
    final = bank.pages(Since(state(first) | state(later)), intraday=True)
    assert [(one["transSequenceIdn"], one["provisional"]) for one in records(final)] == [
        ("C1", False), ("C3", False), ("S20260320", False), ("C4", True),
    ]  # fmt: skip
    assert records(final)[2]["amount"] == Decimal("-700.00")
    assert [one["number"] for one in records(first)] == [records(final)[0]["number"]]


def test_a_read_that_was_cut_short_goes_on_on_the_next_day(bank: Bank) -> None:
    for number in range(7):
        bank.book(f"C{number}", "1.00", f"2026-03-1{number} 09:00:00")
    fetched = bank.open(mapping()).fetch("entries", Since({}))
    first = next(fetched)
    bank.at(date(2026, 3, 21))
    rest = bank.pages(Since(first.state))
    assert serials([first, *rest]) == [f"C{number}" for number in range(7)]
    assert days(bank)[-1] == ("20260319", "20260320", False)


def test_accounts_are_read_one_after_the_other(bank: Bank) -> None:
    bank.book("C1", "1.00")
    bank.book("C1", "-1.00", account=OTHER)
    pages = bank.pages(accounts=[ACCOUNT, {"number": OTHER, "currency": "10"}])
    found = records(pages)
    assert [(one["account"], one["amount"]) for one in found] == [(ACCOUNT, 1), (OTHER, -1)]
    assert len({one["number"] for one in found}) == 2
    assert set(state(pages)) == {ACCOUNT, f"{OTHER}/10"}
    assert asked(bank)[1]["currencyCode"] == "10"


def test_an_account_that_is_refused_does_not_stop_the_others(bank: Bank) -> None:
    bank.book("C1", "1.00")
    got: list[Page] = []
    with pytest.raises(Rejected) as caught:
        got.extend(bank.open(mapping(accounts=[OTHER, ACCOUNT])).fetch("entries", Since({})))
    assert caught.value.code == "NCB5033"
    pages: list[Page] = []
    fetched = bank.open(mapping(accounts=[OTHER, ACCOUNT])).fetch("entries", Since({}))
    with pytest.raises(Rejected):
        for page in fetched:
            pages.append(page)
    assert serials(pages) == ["C1"]
    assert "户口不存在" in pages[0].warnings[0]
    assert set(state(pages)) == {ACCOUNT}


# how far back


def test_thirteen_months_and_no_more(bank: Bank) -> None:
    assert bank.pages()[0].warnings == ()
    assert days(bank) == [("20250220", "20260319", False)]


def test_a_start_that_lies_too_far_back_is_said(bank: Bank) -> None:
    [warned, page] = bank.pages(start="2024-01-01")
    assert "2025-02-20" in warned.warnings[0]
    assert page.records == []
    assert days(bank) == [("20250220", "20260319", False)]


@pytest.mark.parametrize(
    ("today", "earliest"),
    [(date(2026, 3, 31), "20250228"), (date(2025, 3, 30), "20240229"), (date(2026, 1, 5), "20241205")],
)
def test_months_of_different_lengths(bank: Bank, today: date, earliest: str) -> None:
    bank.at(today)
    bank.pages()
    assert days(bank)[0][0] == earliest


def test_a_window_is_of_the_banks_days(bank: Bank) -> None:
    for number in range(1, 6):
        bank.book(f"C{number}", "1.00", f"2026-03-0{number} 00:30:00")
    window = Window(datetime(2026, 3, 2, 16, tzinfo=UTC), datetime(2026, 3, 4, 16, tzinfo=UTC))
    pages = bank.pages(window)
    assert serials(pages) == ["C3", "C4"]
    assert state(pages) == {}


def test_a_window_ends_where_the_bank_is_final(bank: Bank) -> None:
    bank.book("C1", "1.00", "2026-03-20 08:00:00")
    window = Window(datetime(2026, 3, 19, 17, tzinfo=UTC), datetime(2026, 3, 25, tzinfo=UTC))
    assert bank.pages(window) == []
    assert bank.link.asked == []
    assert serials(bank.pages(window, intraday=True)) == ["C1"]


def test_everything_begins_at_the_start(bank: Bank) -> None:
    bank.book("C1", "1.00", "2026-02-27 08:00:00")
    bank.book("C2", "1.00", "2026-03-02 08:00:00")
    assert serials(bank.pages(Everything(), start="2026-03-01")) == ["C2"]


@pytest.mark.parametrize(
    "kept", [None, 3, "x", {"first": "2026"}, {"first": "2026-03-01", "last": "2026-03-19", "y1": [1]}]
)
def test_a_slot_that_is_none_of_ours_begins_anew(bank: Bank, kept: Any) -> None:
    bank.book("C1", "1.00")
    assert serials(bank.pages(Since({ACCOUNT: kept}))) == ["C1"]


# the mapping


@pytest.mark.parametrize("own", [{"accounts": []}, {"accounts": [{"branch": "75"}]}, {"intraday": "perhaps"}])
def test_wrong_options_are_named(bank: Bank, own: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="cmb\\."):
        bank.open(mapping(**own))


def test_another_funcode_is_not_read(bank: Bank) -> None:
    with pytest.raises(ConfigError, match="trsQryByBreakPoint"):
        list(bank.open(mapping({"funcode": "NTQABINF"})).fetch("entries", Since({})))


def test_the_table_of_the_call_names_reactions(bank: Bank) -> None:
    bank.link.ledger = Ledger({OTHER: []})
    _, error = gone_wrong(bank, read={**READ, "errors": {"retry": ["NCB5033*"]}})
    assert type(error) is Unavailable
    assert len(bank.link.asked) == 3
