from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import MappingError, RecordError
from hub.mapping.paths import compile_path, roots, split_list

RECORD: dict[str, Any] = {
    "订单号": " SO1 ",
    "Order No.": "SO2",
    "a:b c": "SO3",
    "kopf": {"num": {"v": "7"}},
    "blank": "   ",
    "none": None,
    "zero": 0,
    "empty": [],
    "lines": [{"q": 1, "数量": 2, "s": "Y "}, {"数量": 3, "s": "N"}],
    "tags": ["x", "y"],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("订单号", "SO1"),
        ('"Order No."', "SO2"),
        ('"a:b c"', "SO3"),
        ("kopf.num.v", "7"),
        ("kopf.missing.v", None),
        ("missing", None),
        ("blank || 订单号", "SO1"),
        ("none || empty || blank", ""),
        ("zero || 订单号", 0),
        ("(none || blank) || kopf.num.v", "7"),
        ("lines[].q", [1]),
        ("lines[].数量", [2, 3]),
        ("lines[?s == 'Y'].数量 | [0]", 2),
        ("tags[1]", "y"),
        ("blank || 'x || y'", "x || y"),
        ("length(lines)", 2),
        ("!none", True),
        ("订单号 == 'SO1'", True),
    ],
)
def test_values_are_picked(path: str, value: object) -> None:
    assert compile_path(path)(RECORD) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(
    JSON,
    st.sampled_from(["a", "a.b", "a[]", "a.b[]", "a[].b", "a.b[].c", "a[].b.c", "a || b", "a[] || b.c || c"]),
)
def test_the_fast_way_gives_what_jmespath_gives(record: Any, path: str) -> None:
    assert compile_path(path)(record) == jmespath.search(path, record)


def test_text_is_kept_as_it_is_where_trimming_is_off() -> None:
    assert compile_path("订单号", trim=False)(RECORD) == " SO1 "


def test_spreadsheet_guards_are_unwrapped_on_request() -> None:
    assert compile_path("a", unwrap=True)({"a": ' ="007" '}) == "007"
    assert compile_path("a", unwrap=True)({"a": "007"}) == "007"
    assert compile_path("a")({"a": '="007"'}) == '="007"'


@pytest.mark.parametrize("path", ["lines[", "a ||", "a b", "max(", ""])
def test_a_path_that_does_not_compile_is_a_fault_of_the_mapping(path: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_path(path)
    assert caught.value.key == "mapping.bad_path"


def test_a_path_that_fails_on_a_record_is_a_fault_of_the_record() -> None:
    with pytest.raises(RecordError) as caught:
        compile_path("length(zero)")(RECORD)
    assert caught.value.key == "mapping.path_failed"


def test_a_record_that_is_no_object_has_no_names() -> None:
    assert compile_path("a")("text") is None
    assert compile_path("a.b")(None) is None


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("lines[].qty", ("lines[]", "qty")),
        ("a.lines[].b.qty", ("a.lines[]", "b.qty")),
        ("a[].lines[].qty", ("a[].lines[]", "qty")),
        ("lines[?kind == 'A'].数量", ("lines[?kind == 'A']", "数量")),
        ("lines[]", ("lines[]", "@")),
        ("lines[*].q", ("lines[*]", "q")),
        ("lines[0].q", None),
        ("lines[].q | [0]", None),
        ("qty", None),
        ("a[].q || b[].q", None),
    ],
)
def test_lists_are_told_from_what_is_in_their_items(path: str, parts: tuple[str, str] | None) -> None:
    assert split_list(path) == parts


def test_surroundings_are_known_by_their_first_word() -> None:
    assert roots("meta.file") == {"meta"}
    assert roots("up.id || meta.line") == {"up", "meta"}
    assert roots("header.meta") == frozenset()
    assert roots("'meta'") == frozenset()


def test_a_map_whose_names_are_values_becomes_a_list() -> None:
    record = {"rows": {"K": "1.5", "L": 2}}
    assert compile_path("items(rows)")(record) == [["K", "1.5"], ["L", 2]]
    assert compile_path("items(rows)[*][0]")(record) == ["K", "L"]
    with pytest.raises(RecordError):
        compile_path("items(rows)")({"rows": []})


@pytest.mark.parametrize("path", ["itemz(rows)", "sort_by(rows, &foo(a))"])
def test_a_function_that_is_none_does_not_compile(path: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_path(path)
    assert "Unknown function" in str(caught.value.values["reason"])
