"""Whatever comes in, the answer is a fact or a named refusal: never another exception."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import RecordError
from hub.mapping import MappingErrors, Reader, load_system, parse_system
from hub.model import Precision, Says
from hub.rules import load_rules
from hub.store import jsons
from tests.house.code import ROOT
from tests.hub.mapped import DEPOT, READ_AT

SYSTEMS = sorted((ROOT / "mappings" / "systems").glob("*.yaml"))
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)  # noqa: DTZ001  # as drivers give them
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=8),
    st.binary(max_size=4),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.times(),
    st.sampled_from(
        [
            "",
            " ",
            "0",
            "-1",
            "1e9",
            "NaN",
            "9" * 50,
            "\0",
            "2030-01-01",
            "0000-00-00",
            "x" * 70_000,
            "９",
            "\ud800",
        ]
    ),
    st.sampled_from([[], {}, [None], [[]], {"a": []}, Decimal("sNaN"), date.max, LAST, FIRST, time()]),
)


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return every path into a record."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(one for key, said in inner for one in paths_of(said, (*path, key)))]


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Return a record with the value at `path` replaced."""
    if not path:
        return new
    if isinstance(value, dict):
        return {key: changed(said, path[1:], new) if key == path[0] else said for key, said in value.items()}
    return [changed(said, path[1:], new) if index == path[0] else said for index, said in enumerate(value)]


@pytest.mark.parametrize("path", [*SYSTEMS, DEPOT], ids=lambda path: path.stem)
def test_a_record_with_odd_values_is_read_or_refused(path: Path) -> None:
    mapping, rules = load_system(path), load_rules(ROOT)
    (name,) = mapping.streams
    reader, examples = Reader(mapping, name, rules), [one.record for one in mapping.streams[name].examples]

    @settings(max_examples=80, deadline=None)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        record = data.draw(st.sampled_from(examples))
        for _ in range(data.draw(st.integers(1, 3))):
            where = data.draw(st.sampled_from(paths_of(record)[1:]))
            record = changed(record, where, data.draw(ODD))
        assert len(reader.key(record)) <= 200
        try:
            facts = reader.read(record, {}, READ_AT).facts
        except RecordError as error:
            assert error.key.startswith("mapping.")
            assert error.say("zh-CN") != error.key
            return
        for fact in facts:
            assert fact.company
            assert (fact.order_no is None) == (fact.waits_for is not None)
            assert fact.lo <= fact.hi
            assert fact.occurred_at is None or fact.occurred_at <= READ_AT + rules.future
            assert fact.occurred_at is not None or (fact.says, fact.precision) == (Says.SEEN, Precision.NONE)
            jsons.dumps({"extras": dict(fact.extras), "lines": [line.quantity for line in fact.lines or ()]})

    run()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_mapping_with_a_slip_is_loaded_or_refused_with_a_place(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([DEPOT, *SYSTEMS])).read_text("utf-8")
    start = data.draw(st.integers(0, len(text) - 1))
    end = start + data.draw(st.integers(0, 3))
    slip = data.draw(st.text(st.sampled_from("{}[]:,=\"'|*&!-# \n\tax0é"), max_size=3))
    try:
        parse_system(text[:start] + slip + text[end:])
    except MappingErrors as errors:
        for one in errors.problems:
            assert one.line >= 1
            assert one.column >= 1
            assert one.say("en") != one.key
