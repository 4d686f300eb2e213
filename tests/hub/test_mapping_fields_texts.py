"""Names, keys, codes and what surrounds a record: mapping language 2.3, abilities 27, 28, 33 to 37 and 39."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.mapping import parse_system
from hub.mapping.reader import Reader
from hub.model import Link, Side, Status
from hub.rules import Rules
from tests.hub.mapped import FIELDS, READ_AT, RECORD, fact, facts, field, problems, refused, system


@pytest.mark.parametrize(
    ("path", "record"),
    [
        ("订单号", {"订单号": "SO7"}),
        ("表头.订单号", {"表头": {"订单号": "SO7"}}),
        ('"Order No."', {"Order No.": "SO7"}),
        ('"cbc:ID"', {"cbc:ID": "SO7"}),
        ('head."a.b".x', {"head": {"a.b": {"x": "SO7"}}}),
        ("Auftrags_Nr1", {"Auftrags_Nr1": "SO7"}),
        ("Größe", {"Größe": "SO7"}),
        ("номер", {"номер": "SO7"}),
        ("注文番号 || 订单号", {"注文番号": " ", "订单号": "SO7"}),
        ("字段[?名=='单号'].值 | [0]", {"字段": [{"名": "甲", "值": "x"}, {"名": "单号", "值": " SO7 "}]}),
    ],
)
def test_keys_in_any_script_with_blanks_dots_and_colons(path: str, record: dict[str, Any]) -> None:
    assert fact(system(field("order_no", f"'{path.replace(chr(39), chr(39) * 2)}'")), {**RECORD, **record})


def test_several_paths_together_tell_one_record_from_another() -> None:
    reader = Reader(parse_system(system(stream="key: [no, '\"Line No.\"']")), "orders", Rules())
    key = {line: reader.key({"no": "SO1", "Line No.": line}) for line in (10, "20", None)}
    assert key == {10: "SO1|10", "20": "SO1|20", None: "SO1|"}
    assert reader.key({"no": "A|B", "Line No.": "C"}) != reader.key({"no": "A", "Line No.": "B|C"})
    assert reader.key({"qty": 5}).startswith("#")


def test_lines_may_be_a_map_of_skus_and_quantities() -> None:
    more = "extras: {lines: {each: items(rows), as: {sku: 'value[0]', quantity: 'value[1]'}}}"
    text = system(field("ordered", '{sum: "values(rows)"}'), stream=more)
    one = fact(text, {**RECORD, "rows": {"K": "1.5", "L": 2}})
    assert one.ordered == Decimal("3.5")
    assert [(line.sku, line.quantity) for line in one.lines or ()] == [
        ("K", Decimal("1.5")),
        ("L", Decimal(2)),
    ]


def test_false_is_no_number_and_no_name_but_may_be_a_code() -> None:
    """Odoo says false where a text is empty."""
    assert refused(system(), {**RECORD, "no": False}).key == "mapping.no_order_no"
    more = "extras: {customer_name: name}\nlinks: {own: refs}"
    one = fact(system(field("side", "{from: void, codes: {'false': null, 'true': cancelled}}"), stream=more),
               {**RECORD, "name": False, "refs": [False, "R1"], "void": False})  # fmt: skip
    assert (one.extras, one.links, one.side) == ({}, (Link("own", "R1"),), Side.NONE)


@pytest.mark.parametrize(
    ("empty", "falls"),
    [
        (None, True),
        ("", True),
        ("   ", True),
        ("\u3000", True),
        ([], True),
        ({}, True),
        (False, True),
        (0, False),
    ],
)
def test_the_first_value_that_is_there(empty: Any, falls: bool) -> None:
    one = fact(system(field("order_no", "own || no")), {**RECORD, "own": empty})
    assert one.order_no == ("SO1" if falls else "0")


def test_padding_goes_and_leading_zeros_stay_until_they_are_stripped() -> None:
    record = {**RECORD, "no": "  0000471100 "}
    assert fact(system(), record).order_no == "0000471100"
    assert fact(system(field("order_no", '{from: no, strip: "0"}')), record).order_no == "471100"


QUANTITIES = """\
company: {const: C1}
order_no: no
ordered: &ordered {sum: "lines[].qty", numbers: "1.234,5-"}
shipped: &shipped {sum: "lines[].sent", numbers: "1.234,5-"}
status: {compare: [*shipped, *ordered], codes: {none: confirmed, less: partly_shipped, "*": shipped}}
"""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("", Status.CONFIRMED),
        ("0,0", Status.CONFIRMED),
        ("999,5", Status.PARTLY_SHIPPED),
        ("1.000,0", Status.SHIPPED),
        ("1.000,5", Status.SHIPPED),
    ],
)
def test_a_status_may_follow_from_how_much_was_shipped(sent: str, status: Status) -> None:
    record = {"no": "SO1", "lines": [{"qty": "400", "sent": sent}, {"qty": "600,00", "sent": ""}]}
    assert fact(system(QUANTITIES), record).status is status


def test_a_comparison_may_stand_behind_a_code_and_needs_a_second_quantity() -> None:
    said = (
        "{from: state, compare: [sent, qty], codes: "
        '{"OPEN equal": shipped, "OPEN more": shipped, "OPEN *": confirmed, "DONE *": completed}}'
    )
    text = system(field("status", said))
    for state, sent, status in [
        ("OPEN", 4, Status.CONFIRMED),
        ("OPEN", 5, Status.SHIPPED),
        ("DONE", 0, Status.COMPLETED),
    ]:
        assert fact(text, {**RECORD, "state": state, "sent": sent, "qty": 5}).status is status
    alone = system(field("status", "{compare: [sent, want], codes: {none: confirmed, equal: shipped}}"))
    assert refused(alone, {**RECORD, "sent": 1, "want": None}).key == "mapping.no_value"
    assert refused(alone, {**RECORD, "sent": "x"}).key == "mapping.bad_number"


@pytest.mark.parametrize(
    ("name", "said", "key"),
    [
        ("ordered", "{compare: [a, b]}", "compare_elsewhere"),
        ("status", "{compare: [a]}", "compare_two"),
        ("ordered", "{from: qty, adds: true}", "adds_elsewhere"),
    ],
)
def test_what_makes_no_sense_where_it_stands_is_named(name: str, said: str, key: str) -> None:
    assert f"mapping.{key}" in {one.key for one in problems(system(field(name, said)))}


def test_a_block_or_a_cancellation_never_hides_how_far_the_order_is() -> None:
    fields = (
        FIELDS
        + 'side: {from: [hold, void], codes: {"Y *": on_hold, "* X": cancelled}}\nmoney: {from: paid}\n'
    )
    one = fact(system(fields), {**RECORD, "state": "C", "hold": "Y", "paid": "invoiced"})
    assert (one.status, one.side) == (Status.SHIPPED, Side.ON_HOLD)
    assert one.money is not None


def test_what_is_no_order_yet_is_skipped_and_counted() -> None:
    reader = Reader(
        parse_system(system(stream="skip: \"!no || starts_with(no, 'TEST')\"")), "orders", Rules()
    )
    records: list[Any] = [RECORD, {**RECORD, "no": ""}, {**RECORD, "no": "TEST-1"}, "x"]
    found = reader.read_all(records, {}, READ_AT)
    assert [getattr(one, "skipped", None) for one in found] == [False, True, True, None]


def test_an_empty_reference_falls_back_or_is_refused_as_declared() -> None:
    record = {**RECORD, "ref": " ", "own": "A7"}
    fields = field("order_no", "ref").replace("company:", "part: own\ncompany:")
    both = system(fields, stream="links: {own: own}")
    assert refused(both, record).key == "mapping.no_order_no"
    assert fact(system(field("order_no", "[ref, own]")), record).order_no == "A7"
    waiting = fact(system(field("order_no", "[ref, {link: own, from: own}]")), record)
    assert waiting.waits_for == Link("own", "A7")
    twice = [fact(both, {**record, "ref": "SO9", "own": own}) for own in ("A7", "A8")]
    assert {(one.order_no, one.part, one.links) for one in twice} == {
        ("SO9", "A7", (Link("own", "A7"),)),
        ("SO9", "A8", (Link("own", "A8"),)),
    }


def test_a_return_is_a_signed_part_that_names_its_original() -> None:
    fields = field("order_no", "[origin, no]") + "\npart: no\nshipped: sent"
    text = system(fields, stream="returns: kind == 'RE'")
    one = fact(text, {**RECORD, "no": "R1", "origin": "SO1", "kind": "RE", "qty": "-2", "sent": ""})
    assert (one.order_no, one.part, one.is_return) == ("SO1", "R1", True)
    assert (one.ordered, one.shipped, one.returned) == (None, None, Decimal(2))


def test_an_extra_may_lie_deep_or_be_named_by_a_tag_and_never_stops_the_order() -> None:
    stream = """
extras:
  customer_name: partners[?role=='SOLD'].address.name | [0]
  plant: items[0].plant
  colour: attributes[?name=='colour'].value | [0]
  deepest: a.b.c."d e"
  amount: worth
  tags: tags[]
"""
    record = {
        **RECORD,
        "partners": [
            {"role": "SHIP", "address": {"name": "x"}},
            {"role": "SOLD", "address": {"name": " 恒泰 "}},
        ],
        "items": [{"plant": "P1"}],
        "attributes": [{"name": "size", "value": 4}, {"name": "colour", "value": "red"}],
        "a": {"b": {"c": {"d e": 5}}},
        "worth": "lots",
        "tags": ["x", None, "y"],
    }
    one = fact(system(stream=stream), record)
    assert dict(one.extras) == {
        "customer_name": "恒泰", "plant": "P1", "colour": "red", "deepest": 5, "tags": ["x", "y"],
    }  # fmt: skip
    assert one.warnings == ("mapping.bad_number amount",)
    assert fact(system(stream=stream)).extras == {}


def test_a_value_may_come_from_what_surrounds_the_record() -> None:
    fields = field("order_no", "up.meta.header.order") + "\npart: {from: [meta.file, meta.line]}"
    text = system(fields.replace("{const: C1}", "meta.header.company"), stream="each: rows")
    around: dict[str, Any] = {"file": "a.csv", "line": 7, "header": {"order": "SO1", "company": "C2"}}
    (one,) = facts(text, {"rows": [{"state": "A", "qty": 1}]}, **around)
    assert (one.company, one.order_no, one.part) == ("C2", "SO1", "a.csv 7")


def test_constants_and_defaults() -> None:
    fields = field("status", "{from: state, codes: {A: confirmed}, default: draft}")
    text = system(
        fields.replace("ordered: qty", "ordered: {from: qty, default: 1}"),
        stream="extras: {plant: {const: W1}}",
    )
    one = fact(text, {**RECORD, "state": " ", "qty": None})
    assert (one.status, one.ordered, one.extras) == (Status.DRAFT, Decimal(1), {"plant": "W1"})
