from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hub.problems import MappingErrors, Problem
from hub.yamlfile import load


def wrong(text: str | Path) -> Problem:
    with pytest.raises(MappingErrors) as caught:
        load(text, "f.yaml")
    (one,) = caught.value.problems
    return one


def test_keys_that_yaml_would_guess_stay_text() -> None:
    document = load(
        "codes: {01: a, NO: b, ON: c, y: d, off: e, 010: f, 1: g, null: h, true: i, 2026-01-05: j}"
    )
    assert list(document.data["codes"]) == [
        "01",
        "NO",
        "ON",
        "y",
        "off",
        "010",
        "1",
        "null",
        "true",
        "2026-01-05",
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1", 1),
        ("-7", -7),
        ("1.50", Decimal("1.50")),
        ("true", True),
        ("null", None),
        ("", None),
        ("01", "01"),
        ("1e5", "1e5"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("NO", "NO"),
        ("off", "off"),
        ("~", "~"),
        ("True", "True"),
        (".5", ".5"),
        ("2026-01-05 08:00:00", "2026-01-05 08:00:00"),
        ('"1"', "1"),
        ("'true'", "true"),
        ("=since", "=since"),
        ("订单", "订单"),
    ],
)
def test_only_json_literals_are_typed(written: str, read: object) -> None:
    value = load(f"a: {written}").data["a"]
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb: =", 2, 4),
        ("a: {b: =}", 1, 8),
        ("a: {{ x }}", 1, 5),
        ("a: {b: {{ x }}}", 1, 9),
        ("skip: !ref", 1, 7),
        ("a: @b", 1, 4),
        ("a: *b", 1, 4),
        ("a: {sum: lines[].qty}", 1, 15),
        ("a: b: c", 1, 5),
    ],
)
def test_signs_that_mean_something_to_yaml_must_be_quoted(text: str, line: int, column: int) -> None:
    problem = wrong(text)
    assert (problem.key, problem.line, problem.column) == ("mapping.quote_it", line, column)
    assert "quote it" in problem.say()
    assert "加引号" in problem.say("zh-CN")


def test_a_value_torn_at_a_comma_is_named_with_its_place() -> None:
    problem = wrong("a:\n  b: {c: 1, d: =f(x, y)}")
    assert (problem.key, problem.line, problem.column) == ("mapping.torn", 2, 16)
    assert problem.values["value"] == "=f(x"


def test_a_key_written_twice_is_an_error() -> None:
    problem = wrong("a: 1\nb: 2\na: 3")
    assert (problem.key, problem.line, problem.column) == ("mapping.duplicate_key", 3, 1)


def test_broken_yaml_says_where() -> None:
    problem = wrong("a: 'x\nb: 2")
    assert problem.key == "mapping.yaml_syntax"
    assert problem.line == 2


def test_anchors_and_merge_keys_work_and_know_their_place() -> None:
    document = load(
        "x-base: &base\n  a: 1\n  b: 2\none: {<<: *base, b: 3}\ntwo: *base\nboth: {<<: [*base, {c: 4}]}"
    )
    assert document.data["one"] == {"a": 1, "b": 3}
    assert document.data["two"] == {"a": 1, "b": 2}
    assert document.data["both"] == {"a": 1, "b": 2, "c": 4}
    assert document.where(("one", "a")) == (2, 6)
    assert document.where(("one", "b")) == (4, 21)


def test_an_anchor_inside_itself_ends() -> None:
    assert wrong("a: &a [*a]").key == "mapping.yaml_recursion"


def test_the_nearest_place_is_given_for_what_is_not_there() -> None:
    document = load("a:\n  b: {c: 1}")
    assert document.where(("a", "b", "c")) == (2, 10)
    assert document.where(("a", "b", "c"), key=True) == (2, 7)
    assert document.where(("a", "b", "missing")) == (2, 6)
    assert document.where(("a", "made_long", "b")) == (2, 6)


def test_files_are_utf8_with_or_without_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffa: 订单".encode())
    assert load(path).data == {"a": "订单"}
    path.write_bytes("b: 1\na: 订单".encode("gb18030"))
    problem = wrong(path)
    assert (problem.key, problem.line) == ("mapping.not_utf8", 2)
    assert wrong(tmp_path / "missing.yaml").key == "mapping.no_file"


def test_several_problems_come_at_once() -> None:
    with pytest.raises(MappingErrors) as caught:
        load("a: =\nb: 1\nb: 2\nc: {d: =g(1, 2)}", "f.yaml")
    assert [one.line for one in caught.value.problems] == [1, 3, 4]
    assert str(caught.value).count("\n") == 2
    assert str(caught.value).startswith("f.yaml:1:4: error: quote it")
