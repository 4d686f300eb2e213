from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.errors import MappingError
from hub.mapping import NameMissing, compile_value


@pytest.mark.parametrize(
    ("source", "names", "value"),
    [
        ("NEW", {}, "NEW"),
        (200, {}, 200),
        ("=", {}, "="),
        ("==x", {}, "=x"),
        ("=since", {"since": 3}, 3),
        ("=since", {"since": None}, None),
        ("=size + 1", {"size": 200}, 201),
        ("=code", {"code": "123"}, "123"),
        ("=code", {"code": "[1, 2]"}, "[1, 2]"),
        ("{{ stem }}.ok", {"stem": "A1"}, "A1.ok"),
        ("LINES_{{ stem[5:] }}.csv", {"stem": "DISP_77"}, "LINES_77.csv"),
        ("{{ quantity }}", {"quantity": Decimal("1E+3")}, "1000"),
        ("{{ on }}", {"on": True}, "true"),
        ({"a": ["=x", "y"], "b": {"c": "=x"}}, {"x": 1}, {"a": [1, "y"], "b": {"c": 1}}),
        ("=secret | b64", {"secret": "u:p"}, "dTpw"),
        ("=body | sha256 | hex", {"body": "x"}, hashlib.sha256(b"x").hexdigest()),
        ("=body | hmac_sha256('k') | hex", {"body": "x"}, hmac.new(b"k", b"x", "sha256").hexdigest()),
        (
            "=at | local('Asia/Shanghai') | date('%Y%m%d%H')",
            {"at": datetime(2026, 1, 5, 20, tzinfo=UTC)},
            "2026010604",
        ),
        ("=name | fit_bytes(5)", {"name": "订单号"}, "订"),
        ("=name | fit(2)", {"name": "订单号"}, "订单"),
        ("=path | quote", {"path": "a/b c"}, "a%2Fb%20c"),
    ],
)
def test_values_are_rendered(source: Any, names: dict[str, Any], value: Any) -> None:
    assert compile_value(source).render(names) == value


def test_what_is_mentioned_is_known() -> None:
    assert compile_value({"a": "=since", "b": "{{ next }}-{{ conn.login }}"}).names == {
        "since",
        "next",
        "conn",
    }
    assert compile_value("constant").constant
    assert not compile_value("=since").constant


@pytest.mark.parametrize(
    ("source", "names", "missing"),
    [
        ("=since", {}, "since"),
        ("=conn.extra.token", {"conn": {"extra": {}}}, "token"),
        ("{{ stem }}.ok", {}, "stem"),
        ("{{ stem }}", {"stem": None}, "null"),
        ("=x.__class__", {"x": 1}, "__class__"),
    ],
)
def test_a_missing_name_is_said_by_name(source: str, names: dict[str, Any], missing: str) -> None:
    with pytest.raises(NameMissing) as caught:
        compile_value(source).render(names)
    assert caught.value.name == missing


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("={{x}}", "mapping.bad_expression"),
        ("=a b", "mapping.bad_expression"),
        ("{{ a", "mapping.bad_expression"),
        ("=x | nofilter", "mapping.bad_expression"),
        ("{% for a in b %}{% endfor %}{{ a }}", "mapping.statement_in_text"),
    ],
)
def test_what_does_not_compile_is_refused_at_once(source: str, key: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_value(source)
    assert caught.value.key == key


@pytest.mark.parametrize(
    "source", ["=since or '0'", "{{ since if since else 0 }}", "{{ since | default(0) }}"]
)
def test_a_name_that_is_not_there_may_be_asked_for(source: str) -> None:
    assert str(compile_value(source).render({})) == "0"
    assert compile_value(source).render({"since": "7"}) == "7"


@pytest.mark.parametrize("source", ["=1 / zero", "=text + 1", "=text | local('Nowhere')"])
def test_what_fails_says_which_expression(source: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_value(source).render({"zero": 0, "text": "x"})
    assert caught.value.values["expression"] == source


def test_look_ups_are_refused_by_name_where_nothing_is_written() -> None:
    with pytest.raises(MappingError) as caught:
        compile_value("=code | ref('customer')").render({"code": 1})
    assert caught.value.key == "mapping.ref_outside_write"
    assert "ref('customer')" in caught.value.say()
