"""Whatever happens to a file on its way: it is read, or it says why not; nothing is lost in silence."""

from __future__ import annotations

import random
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.statements.exports import read_export
from connectors.statements.model import Parsed
from tests.connectors.exports.containers import SAMPLES, page, table, xls, xlsx

NAMES = st.sampled_from(sorted(SAMPLES))
CHARSETS = st.sampled_from(["utf-8", "gb18030", "utf-16", "utf-8-sig"])
UNKNOWN = "日期,收入,支出,余额,摘要\n" + "".join(
    f"2026-01-{day:02},{day}.00,,{day}.00,甲乙{day}\n" for day in range(1, 29)
)


def says_something(parsed: Parsed | None) -> bool:
    """An answer that a person can act on: entries, or a warning or an error that says why there are none."""
    if parsed is None:
        return True  # "no known format", which is said by whoever asked
    texts = [str(one) for one in (*parsed.warnings, *parsed.errors)]
    assert all(text and not re.search(r"\{\w+\}", text) for text in texts)
    return bool(texts) or any(statement.entries for statement in parsed.statements)


@given(NAMES, CHARSETS, st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_a_file_cut_anywhere(name: str, charset: str, share: float) -> None:
    content = SAMPLES[name].encode(charset)
    assert says_something(read_export(content[: int(len(content) * share)]))


@given(st.integers(0, len(UNKNOWN.encode("gb18030"))), st.sampled_from(["utf-8", "gb18030"]))
@settings(max_examples=200, deadline=None)
def test_what_stands_before_the_cut_is_what_the_whole_file_says(at: int, charset: str) -> None:
    whole = read_export(UNKNOWN.encode(charset))
    part = read_export(UNKNOWN.encode(charset)[:at])
    assert whole is not None
    if part is None or not part.statements:
        return
    read, all_of_them = part.statements[0].entries, whole.statements[0].entries
    for got, wanted in zip(read, all_of_them, strict=False):
        same = (got.amount, got.booked_on, got.line) == (wanted.amount, wanted.booked_on, wanted.line)
        assert same or got.note
    assert len(read) <= len(all_of_them)
    cut = UNKNOWN.encode(charset)[:at].decode(charset, "replace")
    assert cut.endswith("\n") or part.errors or any(one.key == "exports.no_line_end" for one in part.warnings)


@given(NAMES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_lines_that_are_shuffled(name: str, chance: random.Random) -> None:
    lines = SAMPLES[name].splitlines(keepends=True)
    chance.shuffle(lines)
    assert says_something(read_export("".join(lines).encode("gb18030")))


@given(NAMES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_rows_that_are_shuffled_keep_every_amount(name: str, chance: random.Random) -> None:
    whole = read_export(SAMPLES[name].encode())
    assert whole is not None
    lines = SAMPLES[name].splitlines(keepends=True)
    at = [entry.line - 1 for entry in whole.statements[0].entries]
    rows = [lines[one] for one in at]
    chance.shuffle(rows)
    lines[at[0] : at[-1] + 1] = rows
    again = read_export("".join(lines).encode())
    assert again is not None
    assert sorted(one.amount for one in again.statements[0].entries) == sorted(
        one.amount for one in whole.statements[0].entries
    )


@given(NAMES, CHARSETS, st.sampled_from(["latin-1", "gb18030", "utf-16-le", "big5", "cp1252"]))
@settings(max_examples=150, deadline=None)
def test_a_wrong_charset(name: str, charset: str, other: str) -> None:
    garbled = SAMPLES[name].encode(charset).decode(other, "replace").encode("utf-8", "replace")
    assert says_something(read_export(garbled))


@given(NAMES, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=40))
@settings(max_examples=300, deadline=None)
def test_bytes_that_are_changed(name: str, changes: list[tuple[int, int]]) -> None:
    content = bytearray(SAMPLES[name].encode("gb18030"))
    for at, byte in changes:
        content[at % len(content)] = byte
    assert says_something(read_export(bytes(content)))


BOOKS = {
    "xls": xls(table(SAMPLES["boc_personal"])),
    "xlsx": xlsx(table(SAMPLES["boc_personal"])),
    "html": page(table(SAMPLES["boc_personal"])).encode("gb18030"),
}


@pytest.mark.parametrize("kind", BOOKS)
@given(
    share=st.floats(0, 1),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=20),
)
@settings(max_examples=100, deadline=None)
def test_workbooks_that_are_cut_or_changed(kind: str, share: float, changes: list[tuple[int, int]]) -> None:
    content = bytearray(BOOKS[kind])
    for at, byte in changes:
        content[at % len(content)] = byte
    assert says_something(read_export(bytes(content)))
    assert says_something(read_export(BOOKS[kind][: int(len(content) * share)]))


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    assert says_something(read_export(text.encode("utf-8", "replace")))


CELL = st.text("0123456789.,-+/()¥日期金额收入支出余额借贷 \t\"'`=#\n", max_size=8)


@given(st.lists(st.lists(CELL, min_size=3, max_size=6), max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_cells_under_a_header(rows: list[list[str]]) -> None:
    text = "日期,收入,支出,余额,摘要\n" + "".join(",".join(row) + "\n" for row in rows)
    parsed = read_export(text.encode())
    assert parsed is not None
    assert says_something(parsed)


@given(
    st.lists(
        st.tuples(st.integers(1, 28), st.integers(-(10**9), 10**9).filter(bool)), min_size=1, max_size=30
    ),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_balances_prove_order_and_signs(
    moves: list[tuple[int, int]], newest_first: bool, turned: bool
) -> None:
    """Rows in any order of days, whichever comes first and whoever's view it is, give the same money."""
    rows, balance = [], 10**6
    for number, (_, cents) in enumerate(moves):
        balance += cents
        columns = (abs(cents), 0) if (cents > 0) is not turned else (0, abs(cents))
        money = [f"{value / 100:.2f}" for value in (*columns, balance)]
        rows.append(f"2026-{number // 28 + 1:02}-{number % 28 + 1:02},{','.join(money)}\n")
    text = "日期,贷方,借方,余额\n" + "".join(rows[::-1] if newest_first else rows)
    parsed = read_export(text.encode())
    assert parsed is not None
    (statement,) = parsed.statements
    amounts = [entry.amount * 100 for entry in statement.entries]
    if not turned:
        assert amounts == [cents for _, cents in (moves[::-1] if newest_first else moves)]
        assert statement.opening == 10**4
    if len(moves) > 1 or not turned:
        assert not [one for one in parsed.warnings if one.key == "exports.balance_jumps"]
        assert statement.closing == Decimal(balance) / 100
