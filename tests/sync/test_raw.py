from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.raw import disclose, enclose, pack, unpack

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_record_comes_back_as_it_went_in(record: dict[str, Any]) -> None:
    assert unpack(pack(record)) == record


def test_equal_records_give_equal_bytes_whatever_their_order() -> None:
    one = {"b": Decimal("1.50"), "a": datetime(2026, 1, 5, 8, 0)}  # noqa: DTZ001 - as a driver gives it
    other = {"a": datetime(2026, 1, 5, 8, 0), "b": Decimal("1.50")}  # noqa: DTZ001
    assert pack(one) == pack(other)


def test_meta_travels_with_the_record_but_not_in_its_digest() -> None:
    record = {"day": date(2026, 1, 5), "at": time(8, 30), "text": "line\nbreak"}
    raw = pack(record)
    assert disclose(enclose(raw, {"file": "a.csv"})) == (record, {"file": "a.csv"})
    assert disclose(enclose(raw, {})) == (record, {})


def test_what_never_was_a_record_comes_back_under_raw() -> None:
    assert unpack(b"a;b;c") == {"raw": "a;b;c"}
    assert unpack(b"\xff") == {"raw": "\\xff"}


def test_text_with_lone_surrogates_is_kept_readable() -> None:
    assert unpack(pack({"name": "caf\udce9"})) == {"name": "caf\\udce9"}
