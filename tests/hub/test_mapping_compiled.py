"""The usual way of reading an item says what the thorough way says, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hub.catalogue import Catalogue, Meaning
from hub.errors import RecordError
from hub.mapping import MappingErrors, Reader, Reading, load_system, parse_system
from hub.mapping.compiled import SKIPPED, write_usual
from hub.mapping.preview import LATE
from hub.mapping.reader import defaults_of
from hub.mapping.thorough import Thorough
from hub.mapping.values import Sight
from hub.rules import RecordLimits, Rules, load_rules
from tests.house.code import ROOT
from tests.hub.mapped import DEPOT, READ_AT, system

FIELDS: dict[str, list[str]] = {
    "company": ["{const: C1}", "a", "{from: a, codes: {X: C1, 1: C2, 'true': C3, '*': null}}", "m.a"],
    "order_no": [
        "b",
        "{from: b, strip: '0'}",
        "a || b",
        "[{from: a, strip: ['0', 'S-', '-*']}, {link: k, from: b}]",
        "[{link: k, from: m.a}, b]",
        "{from: [a, b]}",
        "{from: b, default: N}",
        "[{from: b}, {const: Q}]",
    ],
    "part": ["a", "{from: m.b, codes: {1: P, X: ''}}", "[a, b]"],
    "status": [
        "{compare: [r, q], codes: {none: confirmed, less: partly_shipped, '*': shipped}}",
        "{from: a, compare: [{sum: 'lines[].r'}, q], codes: {'X more': shipped, '* *': confirmed}}",
        "{from: a, codes: {X: confirmed, 1: shipped, '?': null, 'X*': [confirmed, ready]}}",
        "{from: [a, b], codes: {'X *': confirmed, '* 1': shipped, '- -': allocated}}",
        "{from: 'q >= r', codes: {'true': shipped, 'false': confirmed}}",
        "[{from: a, codes: {X: null, 1: confirmed}}, {const: allocated}]",
        "{from: a, strip: X, codes: {1: confirmed}, default: draft}",
        "{from: a}",
    ],
    "side": [
        "{from: b, codes: {X: on_hold}}",
        "[{from: a, codes: {X: on_hold}}, {from: b, codes: {1: cancelled}}]",
    ],
    "money": ["{from: b, codes: {X: paid, 1: null}}", "{from: a, default: invoiced}"],
    "ordered": [
        "q",
        "{from: q, default: 2}",
        "{from: q, numbers: '1.234,5-'}",
        "{from: q, scale: 2}",
        "{sum: 'lines[].q', unit: 'lines[].u', sku: 'lines[].s'}",
        "{sum: 'lines[].q'}",
        "{count: 'lines[]'}",
        "{sum: 'lines[].q', count: n}",
        "{from: q, unit: true}",
        "{from: q, unit: {const: BOX}, sku: b}",
        "[q, {sum: 'lines[].q'}]",
        "q || r",
    ],
    "shipped": [
        "r",
        "{sum: 'lines[].r', unit: 'lines[].u', sku: {from: 'lines[].s', strip: '0'}}",
        "{const: 3}",
    ],
    "returned": ["r", "{from: q, scale: 1}"],
    "occurred_at": [
        "at",
        "{from: at, format: [iso, '%Y%m%d']}",
        "{from: at, zone: Europe/Berlin}",
        "{from: at, says: created}",
        "{from: at, offset: r}",
        "{from: at, empty: ['9999-*', '2026-03-01']}",
        "{from: at, format: [excel_1904, '%d-%b-%y', iso]}",
        "{from: at, format: '%d.%m.%Y %H:%M:%S'}",
        "{from: at, format: '%Y%m%d%H%M%S'}",
        "{from: [d, t]}",
        "{from: at, format: epoch}",
        "{from: at, format: [epoch_ms, iso]}",
        "{from: at, format: '%y%m%d %H:%M'}",
        "[{from: at, says: event}, {from: [d, t], says: modified}, d]",
        "d || at",
        "{from: at, default: '2026-02-01'}",
        "{from: 'max(lines[].at)'}",
    ],
}
EXTRAS = [
    "order_type: {from: a, codes: {X: rush, '*': regular}}",
    "customer_no: b",
    "customer_name: {from: a, strip: X}",
    "currency: a",
    "amount: q",
    "amount: {from: q, unit: true}",
    "currency: {from: q, unit: true}",
    "due_first: at",
    "due_now: {from: d, format: ['%Y-%m-%d', '%d.%m.%Y']}",
    "free: b",
    "free: {from: m, default: none}",
    "day: {from: d, format: iso}",
    "free: {from: [a, b]}",
    "weight: {from: q, scale: 3}",
    "tags: {each: lines, as: {q: q}}",
    "first: 'lines[0].s'",
    "free: a || m.b",
    "lines: {each: lines, as: {line_no: l, sku: {from: s, strip: '0'}, quantity: {from: q, unit: u}}}",
    "lines: {each: lines, as: {sku: s, quantity: q}}",
    "lines: {each: lines, as: {sku: up.a, quantity: q}}",
]
LINKS = [
    "k: b",
    "k: a",
    "w: 'lines[].s'",
    "o: {from: m.a, strip: '0'}",
    "c: {from: a, codes: {X: Y}}",
    "d: {from: b, default: N}",
]
STREAM = [
    "returns: b == 'X'",
    "deleted: a",
    "skip: '!b'",
    "skip: contains(['X'], a)",
    "version: a",
    "yields: event",
]
TOP = [
    "time: {zone: Asia/Shanghai}", "time: {zone: Europe/Berlin}\ntext: {trim: false}", "",
    "time: {zone: UTC}\ntext: {unwrap: true}\nnumbers: '1,234.5'",
]  # fmt: skip
RULES = [
    Rules(limits=RecordLimits(quantity=Decimal(1000))),
    Rules().with_catalogue(Catalogue({("*", "pcs"): Decimal(1), ("S", "box"): Decimal(12)})),
    Rules().with_catalogue(
        Catalogue(
            {("*", "pcs"): Decimal(1), ("S", "box"): Decimal("2.5"), ("T", "m"): Decimal(1)},
            {("shop", "X"): (Meaning("S", None, date(2026, 2, 1)), Meaning("T", date(2026, 2, 2), None))},
        )
    ),
]
PLUS8 = timezone(timedelta(hours=8))
STAMPS = [
    "2026-03-01 08:00:00", "2026-03-01T09:30:00", "2026-03-01", "2026-03-29 02:30:00", "2025-10-26 02:30:00",
    "2026-03-01T24:00:00", "2026-03-01 08:00:60", "0000-00-00", "0000-00-00 00:00:00", "1900-01-01 00:00:00",
    "2026-03-01T08:00:00Z", "2026-03-01T08:00:00+08:00", "2026-03-01T08:00:00.25-01:30", "2026-03-01 08:00",
    "2026-03-01T08:00:00.5", "9999-12-31T23:00:00-08:00", "9999-12-31 23:00:00", "2030-01-01 00:00:00",
    "20260301", "20260301080000", "01.03.2026 08:00:00", "1.3.2026 08:00:00", "260301 08:00", "08:00:00",
    "24:00:00", 1772323200, 1772323200000, -5, datetime(2026, 3, 1, 8), datetime(2026, 3, 29, 2, 30),  # noqa: DTZ001
    datetime(1, 1, 1), datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=PLUS8),  # noqa: DTZ001
    date(2026, 3, 1), "0001-01-01T08:00:00", "1850-01-01T08:00:00+08:00", "2026-03-01T08:00:0Z",
    "２０２６-03-01 08:00:00", "2026-03-01 0800+01:", "2026-03-01 08:00+01", "2026-03-02 24:00:00",
    "20260301240000", "2026-03-02 23:59:59", "20260302235959", "01-MAR-26", 44620,
    "202603010800.5", "2026-03-01 080000.1", "2026030108:000",
]  # fmt: skip
ODD: list[Any] = [
    None, "", " ", "0", 0, 1, True, False, 1.0, Decimal(1), Decimal("1.0"), "1", "1.0", " 1 ", "X", "X ",
    "BOX", "XX", "007", "S-1-2", "-3", "3-", "1.234,5", "1,234.5", '="7"', "2 BOX", "1.0000000", "1e3", "NaN",
    Decimal("NaN"), 10**13, b"X", "a\0", "\ud800", "苏州", "x" * 129, [], ["X"], ["X", None, 1, "X"], {},
    {"a": "1", "b": "X"}, 5000, Decimal("-0"), "9" * 20, ("X",), "y" * 70_000,
]  # fmt: skip
_value = st.sampled_from([*ODD, *STAMPS])
_line: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries(
        {"q": st.sampled_from([1, "2", "3.50", Decimal("0.5"), None, "x", -1, 1.5, True])},
        optional={
            "u": st.sampled_from(["BOX", "pcs", "", None, "PAL", 1]),
            "s": st.sampled_from(["S", "X", "0S", "", None, 7, "T\0"]),
            "r": st.sampled_from([0, "1", "", "1-"]), "l": st.sampled_from(["10", 20, None, 1.5]),
            "at": st.sampled_from(["2026-03-01", "2026-03-02 10:00:00", None, 3]),
        },
    ),
    st.sampled_from([None, "X", {}, []]),
)  # fmt: skip
USUAL: dict[str, Any] = {
    "a": "X", "b": "SO1", "q": "2", "r": 1, "at": "2026-03-01 08:00:00", "d": "2026-03-01", "t": "08:00:00",
    "m": {"a": "A", "b": "1"}, "n": 1,
    "lines": [{"q": 1, "s": "S", "u": "pcs", "r": "1", "l": "10", "at": "2026-03-01"}],
}  # fmt: skip
_MIXED = {
    "a": st.sampled_from(["X", "1", "XY", 1]), "b": st.sampled_from(["SO1", "00SO1", "X", 7]),
    "q": st.sampled_from([1, "2", "3.5", Decimal(4)]), "r": st.sampled_from([0, "1"]),
    "at": st.sampled_from(STAMPS), "d": st.sampled_from(["2026-03-01", "01.03.2026"]),
    "t": st.sampled_from(["08:00:00", "", None]), "m": st.sampled_from([{"a": "A", "b": "1"}, None]),
    "lines": st.lists(_line, max_size=3), "n": st.sampled_from([None, 1, "2"]),
}  # fmt: skip


@st.composite
def _mappings(draw: st.DrawFn) -> str:
    def some(choices: list[str], most: int) -> list[str]:
        return draw(
            st.lists(st.sampled_from(choices), max_size=most, unique_by=lambda one: one.split(":")[0])
        )

    names = {"company", "order_no", "status", "ordered", *draw(st.sets(st.sampled_from(sorted(FIELDS))))}
    fields = {name: draw(st.sampled_from(FIELDS[name])).strip("'") for name in sorted(names)}
    more = [*some(STREAM, 3)]
    if extras := some(EXTRAS, 5):
        more.append("extras:\n" + "\n".join(f"  {one}" for one in extras))
    if links := some(LINKS, 3):
        more.append("links:\n" + "\n".join(f"  {one}" for one in links))
    text = "\n".join(f"{name}: {said}" for name, said in fields.items())
    return system(text, stream="\n".join(more), top=draw(st.sampled_from(TOP)))


@st.composite
def _records(draw: st.DrawFn) -> list[dict[str, Any]]:
    records = []
    for _ in range(draw(st.integers(1, 6))):
        record = draw(st.fixed_dictionaries(_MIXED))
        for name in draw(st.sets(st.sampled_from(sorted(_MIXED)), max_size=2)):
            record[name] = draw(_value)
        records.append(record)
    return records


def thoroughly(reader: Reader) -> Reader:
    """Return a reader for which no item is usual."""
    reader._usual = lambda item, sight, today, latest: None
    return reader


def said(found: Reading | RecordError) -> str:
    """Return all that a reading says, to the last digit, class and zone."""
    if isinstance(found, RecordError):
        return f"{found.key} {found.field} {sorted(map(repr, found.values.items()))}"
    return repr(found)


def alike(text: str, records: list[Any], rules: Rules) -> None:
    """Require that both ways say the same of `records`, read in a row."""
    mapping = parse_system(text)
    usual, thorough = Reader(mapping, "orders", rules), thoroughly(Reader(mapping, "orders", rules))
    expected = [said(one) for one in thorough.read_all(records, {}, READ_AT)]
    assert [said(one) for one in usual.read_all(records, {}, READ_AT)] == expected
    assert usual.keys_of(records) == [usual.key(one) for one in records]


def _variants() -> Iterator[tuple[str, str, str]]:
    """Yield (what it is about, its FIELDs, the rest of its stream) for every FIELD alone."""
    core = {name: FIELDS[name][0] for name in ("company", "order_no", "status", "ordered")}
    for name, choices in FIELDS.items():
        for one in choices:
            fields = {**core, name: one}
            yield one, "\n".join(f"{name}: {said}" for name, said in fields.items()), ""
    usual = "\n".join(f"{name}: {said}" for name, said in core.items())
    for one in EXTRAS:
        yield one, usual, f"extras: {{{one}}}"
    for one in LINKS:
        yield one, usual, f"links: {{{one}}}"
    adding = usual.replace("ordered: q", "shipped: {from: q, adds: true}\nevent_id: a")
    yield "a b q", adding, "yields: event\nreturns: b == 'X'"
    for one in STREAM:
        yield one, usual + "\nshipped: r", one


def _one_by_one(about: str) -> list[dict[str, Any]]:
    """Return records, each with one odd value where `about` looks; every value comes before every other."""
    names = [name for name in USUAL if re.search(rf"\b{name}\b", about)]
    lines = [
        {**USUAL, "lines": [USUAL["lines"][0], {**USUAL["lines"][0], inner: value}]}
        for inner in USUAL["lines"][0]
        for value in ODD
    ]
    odd = [{**USUAL, name: value} for name in names for value in [*STAMPS, *ODD, *reversed(ODD)]]
    return odd + (lines if "lines" in about else []) + [{**USUAL, "b": None}, {}]


@pytest.mark.parametrize(("top", "rules"), [(0, 2), (1, 0), (2, 1), (3, 2)])
def test_every_field_meets_every_odd_value(top: int, rules: int) -> None:
    for index, (about, fields, stream) in enumerate(_variants()):
        if top and index % 3 != top - 1:  # the first surroundings see all of them, the others a third
            continue
        text = system(fields, stream=stream, top=TOP[top])
        if not _naive(text):
            alike(text, _one_by_one(about), RULES[rules])


def _naive(text: str) -> bool:
    """Tell whether a mapping is refused because a stamp has no zone."""
    try:
        parse_system(text)
    except MappingErrors as errors:
        assert {one.key for one in errors.problems if one.severity == "error"} == {"mapping.naive_format"}
        return True
    return False


SYSTEMS = sorted((ROOT / "mappings" / "systems").glob("*.yaml"))


@pytest.mark.parametrize("path", [*SYSTEMS, DEPOT], ids=lambda path: path.stem)
def test_what_a_mapping_gives_as_examples_is_usual(path: Path) -> None:
    mapping, rules = load_system(path), load_rules(ROOT)
    for name, stream in mapping.streams.items():
        reader = Reader(mapping, name, rules)
        for example in stream.examples:
            read = reader._usual(example.record, Sight(), READ_AT.date(), LATE)
            assert (read is None) == bool(example.refused)
            assert (read is SKIPPED) == (not example.gives and not example.refused)


def test_no_word_of_a_mapping_becomes_code() -> None:
    word = "x); import os; os.abort("
    fields = (
        f'company: {{const: "{word}"}}\norder_no: \'"{word}"\'\nordered: {{sum: \'"{word}"[].q\'}}\n'
        f'status: {{from: a, strip: "{word}", default: draft, codes: {{"{word}": confirmed}}}}\n'
        f'occurred_at: {{from: a, format: "%Y-%m-%d {word}"}}\n'
    )
    mapping = parse_system(system(fields, stream=f'extras: {{"{word}": {{from: a, default: "{word}"}}}}'))
    spec, rules = mapping.streams["orders"], Rules()
    defaults = defaults_of(mapping, spec, rules)
    source = write_usual(spec, defaults, Thorough(spec, defaults, (), scoped=False)).function("fact(item)")
    assert "import" not in source
    assert set(re.findall(r"""["'][^"']*["']""", source)) <= {'"\\0"', '""'}


@settings(max_examples=60, deadline=None)
@given(_mappings(), _records(), st.sampled_from(RULES))
def test_both_ways_say_the_same(text: str, records: list[dict[str, Any]], rules: Rules) -> None:
    assume(not _naive(text))
    alike(text, records, rules)
