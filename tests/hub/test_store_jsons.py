"""JSON in the store: equal values, equal text; nothing inexact."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model import Says, Status
from hub.store.jsons import dump_bytes, dumps, loads

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_values_come_back(value: object) -> None:
    assert loads(dumps(value)) == value
    assert dump_bytes(value).decode() == dumps(value)


def test_what_json_does_not_know_has_one_exact_form() -> None:
    said = {
        "b": Decimal("1E+2"),
        "a": datetime(2026, 3, 2, 16, tzinfo=timezone(timedelta(hours=8))),
        "d": date(2026, 3, 2),
        "s": {"y", "x"},
        "status": Status.SHIPPED,
        "says": Says.EVENT,
        "raw": b"\xff\x00",
        "中": Decimal("0.10"),
    }
    assert dumps(said) == (
        '{"a":"2026-03-02T08:00:00+00:00","b":"100","d":"2026-03-02","raw":"/wA=","s":["x","y"],'
        '"says":"event","status":100,"中":"0.10"}'
    )


def test_the_order_of_keys_does_not_matter() -> None:
    assert dumps({"b": {"y": 1, "x": 2}, "a": 0}) == dumps({"a": 0, "b": {"x": 2, "y": 1}})


def test_integers_past_64_bits_keep_every_digit() -> None:
    assert dumps({"b": [2**70, -1], "a": Decimal("1.0")}) == '{"a":"1.0","b":["1180591620717411303424",-1]}'


@pytest.mark.parametrize(
    ("value", "error"),
    [(datetime(2026, 3, 2), ValueError), (object(), TypeError)],  # noqa: DTZ001  # naive on purpose
)
def test_what_has_no_form_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        dumps({"x": value})
    with pytest.raises(error):
        dumps({"x": value, "large": 2**70})


def test_null_stays_none() -> None:
    assert loads(None) is None
    assert loads(b'{"a":1}') == {"a": 1}
    assert datetime.fromisoformat(loads(dumps(datetime(2026, 1, 1, tzinfo=UTC)))).tzinfo is not None
