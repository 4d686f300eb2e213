"""Decisions read back: what people chose comes back, and nothing that was changed by hand is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from hub.errors import ConfigError
from hub.locale import LOCALES, text
from reconciler.payments.model import BankEntry
from reconciler.payments.reports import Given, digests, read_decisions, write_book
from tests.reconciler.payments.reports.house import DAY, a_month, candidate, filled, owed, proposed

# The rows of the sheet: 2 and 3 are B7 rank 1 (R8, R9), 4 is B7 rank 2 (R7), 5 and 6 are B6 ranks 1 (R7)
# and 2 (R8), 7 is what stays on account of B5 (R6).


def said(path: Path, locale: str = "en") -> list[tuple[str, int, bool, int]]:
    return [(one.bank_id, one.rank, one.accepted, one.line) for one in read_decisions(path, locale)]


def refused(path: Path, locale: str = "en") -> str:
    with pytest.raises(ConfigError) as error:
        read_decisions(path, locale)
    return error.value.say(locale)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def test_an_empty_sheet_decides_nothing(path: Path) -> None:
    assert said(filled(path, {})) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_decisions_come_back(path: Path, locale: str) -> None:
    accept, reject = (text(f"payments.word_{word}", locale) for word in ("accept", "reject"))
    cells = {
        (2, "decision"): accept, (2, "who"): "王会计", (2, "remark"): "called",
        (4, "decision"): reject, (5, "decision"): f" {accept} ", (7, "decision"): accept,
    }  # fmt: skip
    found = read_decisions(filled(path, cells, locale))
    assert [(one.bank_id, one.rank, one.accepted, one.line) for one in found] == [
        ("B7", 1, True, 2),
        ("B7", 2, False, 4),
        ("B6", 1, True, 5),
        ("B5", 1, True, 7),
    ]
    assert (found[0].who, found[0].remark, found[1].who) == ("王会计", "called", "")


def test_any_row_of_a_candidate_decides_on_all_of_it(path: Path) -> None:
    assert said(filled(path, {(3, "decision"): "accept"})) == [("B7", 1, True, 3)]
    both = {(2, "decision"): "accept", (3, "decision"): "accept", (3, "who"): "Li"}
    [one] = read_decisions(filled(path, both))
    assert (one.line, one.who) == (2, "Li")


def test_the_other_languages_words_are_known_too(path: Path) -> None:
    assert said(filled(path, {(5, "decision"): "接受"}, "en")) == [("B6", 1, True, 5)]


def test_sorted_rows_and_moved_columns_are_the_same_decisions(path: Path) -> None:
    filled(path, {(2, "decision"): "accept", (5, "decision"): "reject"})
    book = load_workbook(path)
    sheet = book["Proposals"]
    heads, *rows = list(sheet.iter_rows(values_only=True))
    sheet.delete_rows(1, sheet.max_row)
    for row in (heads, *reversed(rows)):
        sheet.append([*row[5:], *row[:5]])
    book.save(path)
    assert said(path) == [("B6", 1, False, 4), ("B7", 1, True, 7)]


def test_the_digest_is_that_of_the_candidate_as_it_stands(path: Path) -> None:
    [one] = read_decisions(filled(path, {(2, "decision"): "accept"}))
    given = a_month()
    assert digests(given.outcomes)["B7", 1] == one.digest
    next(item for item in given.receivables if item.id == "R8").open = 10
    assert digests(given.outcomes)["B7", 1] != one.digest
    assert digests(given.outcomes)["B7", 2] == digests(a_month().outcomes)["B7", 2]


# what is refused


@pytest.mark.parametrize("locale", LOCALES)
def test_an_unknown_word(path: Path, locale: str) -> None:
    words = ", ".join(text(f"payments.word_{word}", locale) for word in ("accept", "reject"))
    told = refused(filled(path, {(4, "decision"): "maybe"}, locale), locale)
    place = {"en": "Proposals, row 4, column C (Decision)", "zh-CN": "待确认，第 4 行，C 列（决定）"}[locale]
    assert place in told
    assert "'maybe'" in told
    assert words in told


def test_two_candidates_of_one_entry(path: Path) -> None:
    told = refused(filled(path, {(2, "decision"): "accept", (4, "decision"): "accept"}))
    assert (
        "Proposals, row 4, column C (Decision): rank 2 of B7 is accepted, and so is rank 1 in row 2" in told
    )


def test_two_words_for_one_candidate(path: Path) -> None:
    told = refused(filled(path, {(2, "decision"): "accept", (3, "decision"): "reject"}))
    assert "row 3, column C (Decision): says otherwise than row 2" in told


def test_one_receivable_paid_twice(path: Path) -> None:
    told = refused(filled(path, {(2, "decision"): "accept", (6, "decision"): "accept"}))
    assert "row 6, column C (Decision): R8 would be paid more than once: it is accepted in row 2" in told


def test_two_parts_of_one_receivable_are_not_twice(path: Path) -> None:
    item, day = owed("1", 10_000), DAY
    entries = [BankEntry(f"B{at}", day, 5_000, "EUR") for at in (1, 2)]
    write_book(path, Given([proposed(one, candidate((item, 5_000))) for one in entries], [item], day))
    book = load_workbook(path)
    for row in (2, 3):
        book["Proposals"].cell(row, 3, "accept")
    book.save(path)
    assert len(said(path)) == 2


@pytest.mark.parametrize(
    ("column", "value", "letter"),
    [("pays", 69.5, "V"), ("receivable_id", "R1", "M"), ("bank_id", "B6", "A"), ("received", 7000, "J")]
    + [("rank", 9, "B"), ("open", "much", "T"), ("value_date", "yesterday", "F"), ("currency", "USD", "K")],
)
def test_a_cell_changed_by_hand(path: Path, column: str, value: str | float, letter: str) -> None:
    told = refused(filled(path, {(2, "decision"): "accept", (3, column): value}))
    head = text(f"payments.column_{column}")
    assert told.startswith("Wrong cells in book.xlsx: 1. ")
    assert f"Proposals, row 3, column {letter} ({head}): changed by hand" in told


def test_a_change_is_refused_though_nothing_is_decided_there(path: Path) -> None:
    assert "row 5" in refused(filled(path, {(2, "decision"): "accept", (5, "pays"): 1}))


def test_what_nothing_rests_on_may_be_changed(path: Path) -> None:
    cells = {(2, "decision"): "reject", (2, "payer"): "somebody", (2, "text"): "", (2, "doubts"): "none"}
    assert said(filled(path, cells)) == [("B7", 1, False, 2)]


def test_a_row_that_was_added(path: Path) -> None:
    assert "row 12, column A (Bank entry): this row was not written" in refused(
        filled(path, {(12, "bank_id"): "B7", (12, "decision"): "accept"})
    )


def test_a_candidate_with_a_row_taken_out(path: Path) -> None:
    filled(path, {(2, "decision"): "accept", (4, "decision"): "reject"})
    book = load_workbook(path)
    book["Proposals"].delete_rows(3)
    book.save(path)
    assert "row 2, column A (Bank entry): rows of this candidate of B7 are missing" in refused(path)


def test_a_digest_changed_by_hand(path: Path) -> None:
    assert "rows of this candidate" in refused(
        filled(path, {(5, "decision"): "accept", (5, "digest"): "0" * 24})
    )


def test_hidden_cells_changed_by_hand(path: Path) -> None:
    changed = '["B6","2026-06-10","70.00","EUR","one","R7","much","EUR","70.00"]'
    told = refused(filled(path, {(5, "decision"): "accept", (5, "signed"): changed}))
    assert "row 5" in told
    for nonsense in ("[]", "{}", "[1, 2]", "nothing"):
        told = refused(filled(path, {(5, "decision"): "accept", (5, "signed"): nonsense}))
        assert "row 5, column A (Bank entry): this row was not written" in told


def test_all_that_is_wrong_is_said_at_once(path: Path) -> None:
    told = refused(filled(path, {(2, "decision"): "ok", (5, "decision"): "no", (7, "pays"): 3}))
    assert told.startswith("Wrong cells in book.xlsx: 3. So no decision was taken.")
    assert [f"row {row}" in told for row in (2, 5, 7)] == [True] * 3


def test_no_such_file_no_workbook_no_sheet_no_column(path: Path, tmp_path: Path) -> None:
    assert "book.xlsx" in refused(path)
    path.write_bytes(b"no workbook")
    assert "cannot be read as a workbook" in refused(path)
    Workbook().save(path)
    assert "has no sheet Proposals / 待确认" in refused(path)
    filled(path, {(1, "digest"): "", (1, "pays"): "Pays"})
    assert "sheet Proposals, row 1: the columns Would pay, Digest are not there" in refused(path)


def test_ids_that_look_like_formulas_or_numbers(path: Path) -> None:
    item = owed("1", 7_000)
    item.id = "=R1+1"
    entries = [BankEntry(one, DAY, 7_000, "EUR") for one in ("-007", "0042")]
    given = Given([proposed(one, candidate((item, 7_000))) for one in entries], [item], DAY)
    write_book(path, given)
    book = load_workbook(path)
    book["Proposals"].cell(2, 3, "accept")
    book["Proposals"].cell(3, 3, "reject")
    book.save(path)
    assert {one[:3] for one in said(path)} == {("-007", 1, True), ("0042", 1, False)}
