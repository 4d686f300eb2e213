"""A header that nobody knew is known once a person said what its columns are."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.statements.exports import (
    Profile,
    built_in,
    learned,
    load_profiles,
    profile_of,
    read_export,
    save_profile,
)
from hub.errors import ConfigError, MappingError
from tests.connectors.exports.containers import SAMPLES

RIVALS = "日期,金额,发生额,摘要\n2026-01-05,1.00,2.00,a\n2026-01-06,-3.00,2.00,b\n".encode("gb18030")
PLAIN = "日子,收入,支出,留言\n2026-01-05,1.00,,a\n2026-01-06,,2.00,b\n".encode()
AMERICAN = b"Date,Amount,Details\n01/02/2026,1.00,a\n03/04/2026,-2.00,b\n"


def amounts(content: bytes, profile: Profile) -> list[str]:
    parsed = read_export(content, [profile])
    assert parsed is not None
    assert parsed.form == f"export:{profile.name}"
    assert not parsed.errors
    assert not parsed.warnings
    return [str(entry.amount) for statement in parsed.statements for entry in statement.entries]


def test_a_header_in_doubt_is_decided_by_a_person() -> None:
    assert profile_of(RIVALS) == Profile(
        "unknown", {"日期": "date", "金额": "?", "发生额": "?", "摘要": "text"}
    )
    profile = learned(RIVALS, {"金额": "amount"}, name="mine")
    assert profile.columns == {"日期": "date", "金额": "amount", "发生额": "-", "摘要": "text"}
    assert amounts(RIVALS, profile) == ["1.00", "-3.00"]


def test_columns_of_any_name_can_be_told() -> None:
    profile = learned(PLAIN, {"日子": "date", "留言": "text"}, name="mine")
    assert amounts(PLAIN, profile) == ["1.00", "-2.00"]


def test_a_row_is_the_header_if_a_person_says_so() -> None:
    content = "导出\n甲,乙,丙\n2026-01-05,1.00,a\n2026-01-06,-1.00,b\n".encode()
    assert profile_of(content) is None
    profile = learned(content, {"甲": "date", "乙": "amount"}, name="mine")
    assert amounts(content, profile) == ["1.00", "-1.00"]


def test_days_and_signs_can_be_told() -> None:
    profile = learned(AMERICAN, {}, dates="mdy", turned=True, name="mine", currency="USD")
    assert amounts(AMERICAN, profile) == ["-1.00", "2.00"]
    parsed = read_export(AMERICAN, [profile])
    assert parsed is not None
    assert [entry.booked_on.month for entry in parsed.statements[0].entries if entry.booked_on] == [1, 3]
    assert parsed.statements[0].currency == "USD"


def test_a_role_is_taken_from_who_had_it() -> None:
    content = "日期,收入,支出,发生额\n2026-01-05,1.00,,-7.00\n".encode()
    profile = learned(content, {"发生额": "amount"})
    assert profile.columns == {"日期": "date", "收入": "-", "支出": "-", "发生额": "amount"}
    assert profile.name.startswith("bank_")


def test_a_profile_survives_its_file(tmp_path: Path) -> None:
    profile = learned(AMERICAN, {}, dates="dmy", turned=True, name="mine")
    path = save_profile(profile, tmp_path / "downloads")
    assert load_profiles(path.parent) == [profile]
    for known in built_in():
        if known.entries:
            save_profile(known, tmp_path)
    again = {one.name: one.columns for one in load_profiles(tmp_path)}
    assert again == {one.name: one.columns for one in built_in() if one.entries}


def test_no_folder_holds_no_profiles(tmp_path: Path) -> None:
    assert load_profiles(tmp_path / "none") == []


def test_what_people_confirmed_comes_first() -> None:
    content = SAMPLES["spdb_personal"].encode()
    profile = learned(content, {"存入金额": "out", "取出金额": "in"}, name="other_view")
    parsed = read_export(content, [profile])
    assert parsed is not None
    assert parsed.form == "export:other_view"


@pytest.mark.parametrize(
    ("content", "columns", "name", "key"),
    [
        (b"hello", {}, None, "exports.no_header"),
        (b"PK\x03\x04", {}, None, "exports.damaged_workbook"),
        (RIVALS, {}, None, "exports.undecided"),
        (RIVALS, {"余额": "amount"}, None, "exports.no_column"),
        (RIVALS, {"金额": "money"}, None, "exports.no_role"),
        (RIVALS, {"金额": "-", "发生额": "-"}, None, "exports.incomplete"),
        (PLAIN, {"日子": "date"}, "Mine!", "exports.bad_name"),
    ],
)
def test_what_cannot_be_learned(content: bytes, columns: dict[str, str], name: str | None, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        learned(content, columns, name=name)
    assert caught.value.key == key


def test_a_header_has_one_profile() -> None:
    known = learned(RIVALS, {"金额": "amount"}, name="mine")
    with pytest.raises(ConfigError) as caught:
        learned(RIVALS, {"发生额": "amount"}, name="another", profiles=[known])
    assert caught.value.key == "exports.known_as"
    assert learned(RIVALS, {"发生额": "amount"}, profiles=[known]).columns["发生额"] == "amount"


@pytest.mark.parametrize(
    "text",
    [
        "name: a\n",
        "name: a\ncolumns: {日期: date}\n",
        "name: a\ncolumns: {日期: date, 金额: money}\n",
        "name: a\ncolumns: {日期: date, 金额: amount, 发生额: amount}\n",
        "name: A-B\ncolumns: {日期: date, 金额: amount}\n",
        "name: a\ncolumns: {日期: date, 金额: amount}\ncolour: red\n",
        "name: a\ncolumns: {日期: date, 金额: amount}\ndates: ymd\n",
        "name: a\ncolumns: {日期: date, 金额: amount}\nwords: {maybe: [x]}\n",
    ],
)
def test_a_profile_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(MappingError) as caught:
        load_profiles(tmp_path)
    assert str(file) in str(caught.value)
