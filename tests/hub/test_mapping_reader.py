from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.catalogue import Catalogue, Meaning
from hub.errors import MappingError
from hub.mapping import Reader, parse_system
from hub.model import Line, Link, Money, Precision, Says, Side, Status
from hub.rules import RecordLimits, Rules
from tests.hub.mapped import FIELDS, READ_AT, RECORD, fact, facts, field, reader, refused, system

UNITS = Catalogue(
    {("*", "pcs"): Decimal(1), ("S1", "box"): Decimal(12), ("S2", "box"): Decimal(6)},
    {
        ("shop", "K1"): (Meaning("S1", None, None),),
        ("shop", "K2"): (
            Meaning("OLD", None, date(2025, 12, 31)),
            Meaning("S2", date(2026, 1, 1), None),
        ),
    },
)
RULES = Rules().with_catalogue(UNITS)


def test_a_record_becomes_a_fact() -> None:
    one = fact(system())
    assert (one.company, one.order_no, one.part) == ("C1", "SO1", "")
    assert (one.status, one.code, one.unknown_code) == (Status.CONFIRMED, "A", False)
    assert (one.ordered, one.produced, one.shipped, one.returned) == (Decimal(5), None, None, None)
    assert (one.occurred_at, one.says, one.precision) == (
        datetime(2026, 3, 1, tzinfo=UTC),
        Says.EVENT,
        Precision.SECOND,
    )
    assert one.warnings == ()


# Identity


@pytest.mark.parametrize(
    ("said", "raw", "order_no"),
    [
        ("no", "0001", "0001"),
        ("no", "  SO1  ", "SO1"),
        ("no", 4711, "4711"),
        ("no", Decimal("4711.0"), "4711"),
        ('{from: no, strip: "0"}', "000047110", "47110"),
        ('{from: no, strip: ["0", "SO-"]}', "00SO-7", "7"),
        ('{from: no, strip: "-*"}', "SO-7-2", "SO-7"),
        ("{from: [org, no]}", "7", "X 7"),
        ("own || no", "7", "7"),
        ("[own, no]", "7", "7"),
        ('[{from: zeros, strip: "0"}, no]', "7", "7"),
    ],
)
def test_order_numbers(said: str, raw: Any, order_no: str) -> None:
    record = {**RECORD, "no": raw, "own": " ", "org": "X", "zeros": "0000"}
    assert fact(system(field("order_no", said)), record).order_no == order_no


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (None, "no_order_no"),
        ("  ", "no_order_no"),
        (1.5, "not_text"),
        (["a"], "not_text"),
        (b"a", "not_text"),
        ("a\0b", "not_text"),
        ("x" * 129, "text_too_long"),
    ],
)
def test_a_record_that_names_no_order_is_refused(raw: Any, key: str) -> None:
    error = refused(system(), {**RECORD, "no": raw})
    assert (error.key, error.field) == (f"mapping.{key}", "order_no")


def test_a_number_learned_elsewhere_is_waited_for() -> None:
    text = system(field("order_no", "[no, {link: delivery, from: note, strip: D}]"))
    waiting = fact(text, {**RECORD, "no": None, "note": "D77"})
    assert waiting.order_no is None
    assert waiting.waits_for == Link("delivery", "77")
    assert fact(text, {**RECORD, "note": "D77"}).waits_for is None
    assert refused(text, {**RECORD, "no": "", "note": ""}).key == "mapping.no_order_no"


def test_the_company_comes_from_a_field_a_table_or_the_rules() -> None:
    coded = system(field("company", "{from: org, codes: {1000: HS01, 2*: HS02}}"))
    assert fact(coded, {**RECORD, "org": 1000}).company == "HS01"
    assert fact(coded, {**RECORD, "org": "2000"}).company == "HS02"
    assert refused(coded, {**RECORD, "org": "3000"}).key == "mapping.code_unknown"
    assert refused(coded, {**RECORD, "org": ""}).key == "mapping.no_value"
    unsaid = system("\n".join(FIELDS.splitlines()[1:]))
    assert fact(unsaid, rules=Rules(company="HS")).company == "HS"


def test_links_are_learned_also_from_lists() -> None:
    text = system(stream='links: {waybill: "parcels[].no", delivery: {from: note, strip: "0"}, own: id}')
    record = {
        **RECORD,
        "parcels": [{"no": "W1"}, {"no": "W2"}, {"no": "W1"}, {"no": ""}],
        "note": "007",
        "id": 5,
    }
    assert fact(text, record).links == (
        Link("waybill", "W1"), Link("waybill", "W2"), Link("delivery", "7"), Link("own", "5"),
    )  # fmt: skip
    bad = fact(text, {**RECORD, "note": "x" * 200, "id": 1.5})
    assert bad.links == ()
    assert set(bad.warnings) == {"mapping.text_too_long delivery", "mapping.not_text own"}


# Status


def spans(codes: str, part: str = "") -> dict[str, tuple[int, int]]:
    text = system(field("status", f"{{from: state, codes: {codes}}}") + part)
    table = parse_system(text).streams["orders"].fields["status"].codes
    found = {code: fact(text, {**RECORD, "state": code}) for code in table}
    return {code: (one.lo, one.hi) for code, one in found.items()}


def test_a_code_means_all_up_to_the_next_word_of_the_system() -> None:
    assert spans("{A: confirmed, B: allocated, C: shipped}") == {
        "A": (30, 39),
        "B": (40, 99),
        "C": (100, 130),
    }


def test_parts_make_partly_shipped_sayable() -> None:
    found = spans("{A: confirmed, B: stocked, C: shipped}", part="\npart: no")
    assert found == {"A": (30, 79), "B": (80, 89), "C": (100, 130)}


def test_a_code_may_be_widened() -> None:
    assert spans("{A: [confirmed, allocated], B: stocked, C: delivered}") == {
        "A": (30, 79), "B": (80, 119), "C": (120, 130),
    }  # fmt: skip


def test_the_ladder_is_that_of_all_streams_of_the_system() -> None:
    text = system() + (
        "  events:\n    yields: event\n    read: {table: events}\n    fields:\n      company: {const: C1}\n"
        "      order_no: no\n      occurred_at: at\n"
        "      status: {from: code, codes: {P: produced, D: delivered}}\n"
    )
    assert fact(text, {**RECORD, "state": "B"}).hi == Status.PRODUCED - 1
    assert fact(text, {**RECORD, "state": "C"}).hi == Status.DELIVERED - 1
    assert reader(text).sayable == {Status.CONFIRMED, Status.ALLOCATED, Status.SHIPPED}


def test_an_unknown_code_is_kept_and_means_nothing() -> None:
    one = fact(system(), {**RECORD, "state": "Z9"})
    assert (one.status, one.lo, one.hi, one.code, one.unknown_code) == (None, 0, 130, "Z9", True)


def test_codes_are_text_whatever_yaml_thinks() -> None:
    text = system(field("status", "{from: state, codes: {01: confirmed, NO: allocated, ON: shipped}}"))
    assert [fact(text, {**RECORD, "state": code}).status for code in ("01", "NO", "ON")] == [
        Status.CONFIRMED, Status.ALLOCATED, Status.SHIPPED,
    ]  # fmt: skip
    assert fact(text, {**RECORD, "state": "1"}).unknown_code


@pytest.mark.parametrize(
    ("codes", "state", "status"),
    [
        ("{A1: confirmed, A*: allocated}", "A1", Status.CONFIRMED),
        ("{A1: confirmed, A*: allocated}", "A2", Status.ALLOCATED),
        ("{A1: confirmed, A*: allocated}", "a2", None),
        ("{7: confirmed}", 7, Status.CONFIRMED),
        ("{7: confirmed}", Decimal("7.0"), Status.CONFIRMED),
        ('{"true": confirmed}', True, Status.CONFIRMED),
        ('{"": confirmed, A: shipped}', "  ", Status.CONFIRMED),
    ],
)
def test_the_first_code_that_matches_counts(codes: str, state: Any, status: Status | None) -> None:
    text = system(field("status", f"{{from: state, codes: {codes}}}"))
    assert fact(text, {**RECORD, "state": state}).status is status


def test_a_status_may_come_from_a_comparison_or_from_several_fields() -> None:
    compared = system(field("status", '{from: "sent >= qty", codes: {"true": shipped, "false": confirmed}}'))
    assert fact(compared, {**RECORD, "sent": Decimal(5), "qty": Decimal(5)}).status is Status.SHIPPED
    assert fact(compared, {**RECORD, "sent": Decimal(1), "qty": Decimal(5)}).status is Status.CONFIRMED
    joined = system(field("status", '{from: [a, b], codes: {"X -": confirmed, "* Y": shipped}}'))
    assert fact(joined, {**RECORD, "a": "X", "b": None}).status is Status.CONFIRMED
    assert fact(joined, {**RECORD, "a": "Q", "b": "Y"}).status is Status.SHIPPED


def test_a_code_that_says_nothing_of_the_status_does_not_stop_the_order() -> None:
    fields = field("status", "{from: state, codes: {A: confirmed, X: null}}")
    text = system(f"{fields}\nside: {{from: state, codes: {{X: cancelled}}}}")
    one = fact(text, {**RECORD, "state": "X"})
    assert (one.status, one.lo, one.hi, one.unknown_code, one.side) == (None, 0, 130, False, Side.CANCELLED)
    two = system(field("status", "[{from: state, codes: {X: null}}, {from: other, codes: {B: shipped}}]"))
    assert fact(two, {**RECORD, "state": "X", "other": "B"}).status is Status.SHIPPED
    assert fact(two, {**RECORD, "state": "X", "other": ""}).status is None
    assert refused(two, {**RECORD, "state": "", "other": ""}).key == "mapping.no_value"


def test_a_date_of_zeros_gives_way_to_the_next_stamp() -> None:
    text = system(field("occurred_at", "{from: changed || at, says: modified}"))
    for nothing in ("0000-00-00 00:00:00", "0000-00-00", None, ""):
        one = fact(text, {**RECORD, "changed": nothing})
        assert (one.occurred_at, one.says) == (datetime(2026, 3, 1, tzinfo=UTC), Says.MODIFIED)


def test_what_counts_where_a_list_is_absent_is_said_by_a_default() -> None:
    lines = {**RECORD, "lines": [{"q": "2"}, {"q": None}]}
    text = system(field("ordered", "{sum: 'lines[].q', default: 0}"))
    assert [fact(text, one).ordered for one in (lines, RECORD)] == [2, 0]
    counted = system(field("ordered", "{count: lines, default: 0}"))
    assert [fact(counted, one).ordered for one in (lines, RECORD)] == [2, 0]


def test_an_order_without_status_is_refused_and_an_event_is_not() -> None:
    assert refused(system(), {**RECORD, "state": " "}).key == "mapping.no_value"
    one = fact(system(stream="yields: event"), {**RECORD, "state": None})
    assert (one.status, one.lo, one.hi, one.unknown_code) == (None, 0, 130, False)


def test_sides_and_money_lie_beside_the_chain() -> None:
    fields = FIELDS + (
        'side: {from: [hold, state], codes: {"Y *": [on_hold, exception], "* C": cancelled, "* A": none}}\n'
        "money: {from: paid, codes: {1: paid, 0: to_invoice}}\n"
    )
    one = fact(system(fields), {**RECORD, "hold": "Y", "paid": 1})
    assert (one.side, one.money) == (Side.ON_HOLD | Side.EXCEPTION, Money.PAID)
    assert one.side_known == Side.ON_HOLD | Side.EXCEPTION | Side.CANCELLED
    other = fact(system(fields), {**RECORD, "hold": None, "state": "C"})
    assert (other.side, other.money, other.status) == (Side.CANCELLED, None, Status.SHIPPED)
    assert fact(system(fields), {**RECORD, "hold": "N"}).side == Side.NONE


def test_several_side_fields_add_up() -> None:
    fields = FIELDS + "side: [{from: a, codes: {X: on_hold}}, {from: b, codes: {X: exception}}]\n"
    assert fact(system(fields), {**RECORD, "a": "X", "b": "X"}).side == Side.ON_HOLD | Side.EXCEPTION


# Quantities


def test_quantities_are_summed_exactly() -> None:
    text = system(field("ordered", '{sum: "lines[].qty"}'))
    lines = [{"qty": "0.1"}, {"qty": Decimal("0.2")}, {"qty": ""}, {"qty": 1}]
    assert fact(text, {**RECORD, "lines": lines}).ordered == Decimal("1.3")
    assert fact(text, {**RECORD, "lines": []}).ordered == 0
    assert refused(text, {**RECORD, "lines": None}).key == "mapping.no_quantity"
    assert refused(text, {**RECORD, "lines": [{"qty": 1.5}]}).key == "mapping.float_number"


def test_lines_are_counted_and_a_count_that_differs_is_an_incomplete_record() -> None:
    assert fact(system(field("ordered", '{count: "lines[]"}')), {**RECORD, "lines": [{}, {}]}).ordered == 2
    text = system(field("ordered", '{sum: "lines[].qty", count: line_count}'))
    lines = [{"qty": 1}, {"qty": 2}]
    assert fact(text, {**RECORD, "lines": lines, "line_count": "2"}).ordered == 3
    error = refused(text, {**RECORD, "lines": lines, "line_count": 3})
    assert (error.key, error.field) == ("mapping.lines_incomplete", "ordered")


def test_units_are_converted_line_by_line() -> None:
    text = system(field("ordered", '{sum: "lines[].qty", unit: "lines[].unit", sku: "lines[].item"}'))
    lines = [
        {"qty": 2, "unit": "BOX", "item": "K1"},
        {"qty": 1, "unit": "box", "item": "K2"},
        {"qty": 5, "unit": "PCS", "item": "K9"},
        {"qty": 3, "unit": None, "item": "K9"},
    ]
    assert fact(text, {**RECORD, "lines": lines}, RULES).ordered == 24 + 6 + 5 + 3
    error = refused(text, {**RECORD, "lines": [{"qty": 2, "unit": "PAL", "item": "K1"}]}, RULES)
    assert (error.key, error.values["unit"], error.values["sku"]) == (
        "mapping.unit_without_conversion", "PAL", "S1",
    )  # fmt: skip


def test_a_unit_may_be_constant_or_in_the_same_field() -> None:
    constant = system(field("ordered", "{from: qty, unit: {const: BOX}, sku: item}"))
    assert fact(constant, {**RECORD, "item": "K1"}, RULES).ordered == 60
    behind = system(field("ordered", "{from: qty, unit: true, sku: item}"))
    assert fact(behind, {**RECORD, "qty": "2 BOX", "item": "K2"}, RULES).ordered == 12
    assert (
        refused(behind, {**RECORD, "qty": "2 DZ", "item": "K2"}, RULES).key
        == "mapping.unit_without_conversion"
    )


def test_the_sku_behind_a_code_depends_on_the_day() -> None:
    text = system(field("ordered", "{from: qty, unit: {const: BOX}, sku: item}"))
    assert fact(text, {**RECORD, "item": "K2"}, RULES).ordered == 30
    old = {**RECORD, "item": "K2", "at": "2025-06-01 08:00:00"}
    assert refused(text, old, RULES).values["sku"] == "OLD"


def test_numbers_are_read_in_the_style_of_field_stream_or_system() -> None:
    record = {**RECORD, "qty": "1.200,5"}
    assert fact(system(top='numbers: "1.234,5"\ntime: {zone: UTC}'), record).ordered == Decimal("1200.5")
    assert fact(system(stream='numbers: "1.234,5"'), record).ordered == Decimal("1200.5")
    assert fact(system(field("ordered", '{from: qty, numbers: "1.234,5"}')), record).ordered == Decimal(
        "1200.5"
    )
    assert refused(system(), record).key == "mapping.bad_number"
    assert fact(system(field("ordered", "{from: qty, scale: 3}")), {**RECORD, "qty": "5000"}).ordered == 5


def test_constants_and_defaults_are_plain_whatever_the_style_of_the_source_is() -> None:
    styled = 'numbers: "1.234,5"\ntime: {zone: UTC}'
    assert fact(system(field("ordered", "{const: 1.5}"), top=styled)).ordered == Decimal("1.5")
    text = system(field("ordered", "{from: qty, default: 2.5}"), top=styled)
    assert fact(text, {**RECORD, "qty": " "}).ordered == Decimal("2.5")


def test_an_absurd_quantity_is_refused() -> None:
    rules = Rules(limits=RecordLimits(quantity=Decimal(1000)))
    error = refused(system(), {**RECORD, "qty": "1001"}, rules)
    assert (error.key, error.field) == ("mapping.quantity_beyond", "ordered")
    assert "1001" in error.say()
    assert fact(system(), {**RECORD, "qty": "1000"}, rules).ordered == 1000


def test_a_negative_quantity_needs_a_document_declared_a_return() -> None:
    error = refused(system(), {**RECORD, "qty": "-5"})
    assert (error.key, error.field) == ("mapping.negative_quantity", "ordered")
    one = fact(
        system(FIELDS + "shipped: sent\n", stream="returns: kind == 'RE'"),
        {**RECORD, "kind": "RE", "qty": "-5"},
    )
    assert one.is_return
    assert (one.ordered, one.shipped, one.returned) == (None, None, Decimal(5))


def test_a_return_gives_back_what_it_says_it_returned_before_what_it_shipped() -> None:
    text = system(FIELDS + "shipped: sent\nreturned: back\n", stream="returns: red")
    record = {**RECORD, "red": "Y", "qty": "9", "sent": "-3", "back": None}
    assert fact(text, record).returned == 3
    assert fact(text, {**record, "back": "2"}).returned == 2
    assert not fact(text, {**record, "red": "N", "sent": "3"}).is_return


# Time


def test_a_stamp_of_the_future_is_clamped_and_kept_raw() -> None:
    one = fact(system(), {**RECORD, "at": "2030-01-01 00:00:00"})
    assert (one.occurred_at, one.future, one.raw_time) == (READ_AT, True, "2030-01-01 00:00:00")
    soon = READ_AT + timedelta(hours=8, minutes=4)
    near = fact(system(), {**RECORD, "at": soon.strftime("%Y-%m-%d %H:%M:%S")})
    assert (near.future, near.raw_time) == (False, None)
    assert near.occurred_at == READ_AT + timedelta(minutes=4)


def test_a_naive_time_without_zone_is_refused() -> None:
    error = refused(system(top=""), RECORD)
    assert (error.key, error.field) == ("mapping.naive_time", "occurred_at")


def test_zone_and_format_of_the_field_come_before_those_of_stream_and_system() -> None:
    stamp = "{from: at, zone: UTC}"
    assert fact(system(field("occurred_at", stamp))).occurred_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    stream = system(stream="time: {zone: Europe/Berlin}")
    assert fact(stream).occurred_at == datetime(2026, 3, 1, 7, tzinfo=UTC)
    compact = system(field("occurred_at", '{from: at, format: ["%Y%m%d", iso]}'))
    assert fact(compact, {**RECORD, "at": "20260301"}).precision is Precision.DAY


def test_date_and_time_may_stand_in_two_fields() -> None:
    text = system(field("occurred_at", "{from: [d, t]}"))
    full = fact(text, {**RECORD, "d": "2026-03-01", "t": "08:00:00"})
    assert (full.occurred_at, full.precision) == (datetime(2026, 3, 1, tzinfo=UTC), Precision.SECOND)
    day = fact(text, {**RECORD, "d": date(2026, 3, 1), "t": None})
    assert day.precision is Precision.DAY
    none = fact(text, {**RECORD, "d": "0000-00-00", "t": "00:00:00"})
    assert (none.occurred_at, none.says, none.precision) == (None, Says.SEEN, Precision.NONE)
    midnight = fact(text, {**RECORD, "d": datetime(2026, 3, 1), "t": "09:30:00"})  # noqa: DTZ001
    assert midnight.occurred_at == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)


def test_what_the_stamp_says() -> None:
    assert fact(system(field("occurred_at", "at"))).says is Says.MODIFIED
    assert fact(system(field("occurred_at", "at"), stream="yields: event")).says is Says.EVENT
    created = fact(system(field("occurred_at", "{from: at, says: created}")))
    assert (created.says, created.precision) == (Says.CREATED, Precision.NONE)
    either = system(field("occurred_at", "[{from: done, says: event}, {from: at, says: modified}]"))
    assert fact(either).says is Says.MODIFIED
    assert fact(either, {**RECORD, "done": "2026-03-02 08:00:00"}).says is Says.EVENT


def test_a_doubtful_hour_is_a_warning() -> None:
    one = fact(system(top="time: {zone: Europe/Berlin}"), {**RECORD, "at": "2025-10-26 02:30:00"})
    assert one.warnings == ("mapping.ambiguous_time",)
    assert one.raw_time == "2025-10-26 02:30:00"


def test_python_times_of_drivers_are_taken() -> None:
    one = fact(system(), {**RECORD, "at": datetime(2026, 3, 1, 8)})  # noqa: DTZ001
    assert (one.occurred_at, one.precision) == (datetime(2026, 3, 1, tzinfo=UTC), Precision.SECOND)


# Extras


EXTRAS = """
extras:
  order_type: {from: kind, codes: {Z1: rush, "*": regular}}
  customer_name: name
  amount: value
  due_first: due
  tags: tags
  note: note
  weight: {from: kg, scale: 3}
"""


def test_extras_are_typed() -> None:
    record = {
        **RECORD,
        "kind": "Z1",
        "name": " 苏州恒泰 ",
        "value": "12.50",
        "due": "2026-04-01",
        "tags": ["a"],
        "kg": 1500,
    }
    one = fact(system(stream=EXTRAS), record)
    assert dict(one.extras) == {
        "order_type": "rush",
        "customer_name": "苏州恒泰",
        "amount": Decimal("12.50"),
        "due_first": datetime(2026, 3, 31, 16, tzinfo=UTC),
        "tags": ["a"],
        "weight": Decimal("1.5"),
    }


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"name": "x" * 201}, "mapping.text_too_long customer_name"),
        ({"value": "a lot"}, "mapping.bad_number amount"),
        ({"value": 1.5}, "mapping.float_number amount"),
        ({"due": "soon"}, "mapping.bad_time due_first"),
        ({"note": "x" * 64_001}, "mapping.text_too_long note"),
        ({"note": b"bytes"}, "mapping.not_text note"),
        ({"note": 0.1}, "mapping.not_text note"),
    ],
)
def test_an_extra_that_is_wrong_never_stops_the_order(change: dict[str, Any], warning: str) -> None:
    one = fact(system(stream=EXTRAS), {**RECORD, "kind": "A", **change})
    assert one.order_no == "SO1"
    assert one.warnings == (warning,)
    assert dict(one.extras) == {"order_type": "regular"}


def test_an_order_type_is_one_of_the_vocabulary() -> None:
    text = system(stream="extras: {order_type: kind}")
    assert fact(text, {**RECORD, "kind": "rush"}).extras == {"order_type": "rush"}
    assert fact(text, {**RECORD, "kind": "hurry"}).warnings == ("mapping.code_unknown order_type",)


LINES = """
extras:
  lines: {each: lines, as: {line_no: pos, sku: {from: item, strip: "0"}, quantity: {from: qty, unit: unit}}}
"""


def test_lines_are_given_in_hub_skus_and_base_units() -> None:
    lines = [
        {"pos": 10, "item": "00K1", "qty": "2", "unit": "BOX"},
        {"pos": None, "item": "K9", "qty": "1", "unit": ""},
    ]
    one = fact(system(stream=LINES), {**RECORD, "lines": lines}, RULES)
    assert one.lines == (Line("10", "S1", Decimal(24)), Line("2", "K9", Decimal(1)))


def test_every_line_may_stand_for_one_piece() -> None:
    stream = "extras: {lines: {each: serials, as: {sku: item, quantity: {const: 1}}}}"
    one = fact(system(stream=stream), {**RECORD, "serials": [{"item": "K1"}]}, RULES)
    assert one.lines == (Line("1", "S1", Decimal(1)),)


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ({"item": "K1", "qty": "x"}, "mapping.bad_number lines"),
        ({"item": "K1", "qty": None}, "mapping.line_incomplete lines"),
        ({"item": "", "qty": 1}, "mapping.line_incomplete lines"),
        ({"item": "K1", "qty": 1, "unit": "PAL"}, "mapping.unit_without_conversion lines"),
    ],
)
def test_one_wrong_line_takes_all_lines_away_but_not_the_order(line: dict[str, Any], warning: str) -> None:
    good = {"item": "K1", "qty": 1, "unit": "BOX"}
    one = fact(system(stream=LINES), {**RECORD, "lines": [good, line]}, RULES)
    assert one.lines is None
    assert one.warnings == (warning,)
    assert one.ordered == 5


# Records


def test_records_that_are_no_orders_yet_are_skipped() -> None:
    read = reader(system(stream='skip: "!no"'))
    reading = read.read({**RECORD, "no": None}, {}, READ_AT)
    assert (reading.skipped, reading.facts) == (True, [])
    assert not read.read(dict(RECORD), {}, READ_AT).skipped


@pytest.mark.parametrize(
    ("flag", "gone"),
    [("Y", True), ("1", True), (1, True), (True, True), ("2026-01-05", True), ("N", False), ("0", False),
     (0, False),      ("false", False), ("否", False), (None, False), (" ", False), ("0000-00-00", False)],
)  # fmt: skip
def test_soft_deletion(flag: Any, gone: bool) -> None:
    assert fact(system(stream="deleted: gone"), {**RECORD, "gone": flag}).deleted is gone


def test_a_deleted_record_need_not_say_its_status_and_quantity() -> None:
    assert fact(system(stream="deleted: gone"), {"no": "SO1", "gone": "Y"}).deleted


def test_a_record_may_give_several_facts_that_see_their_parent() -> None:
    fields = field("order_no", "up.no").replace("ordered: qty", "ordered: qty\npart: meta.file")
    record = {
        "no": "SO1",
        "rows": [{"state": "A", "qty": 1, "at": "2026-03-01"}, {"state": "C", "qty": 2, "at": None}],
    }
    found = facts(system(fields, stream="each: rows"), record, file="f.csv")
    assert [(one.order_no, one.part, one.status, one.ordered) for one in found] == [
        ("SO1", "f.csv", Status.CONFIRMED, Decimal(1)),
        ("SO1", "f.csv", Status.SHIPPED, Decimal(2)),
    ]
    assert facts(system(fields, stream="each: rows"), {"no": "SO1", "rows": None}) == []


def test_lines_see_their_parent_too() -> None:
    stream = "extras: {lines: {each: lines, as: {sku: up.item, quantity: qty}}}"
    one = fact(system(stream=stream), {**RECORD, "item": "K1", "lines": [{"qty": 3}]})
    assert one.lines == (Line("1", "K1", Decimal(3)),)


def test_events_have_an_id_and_may_replace_another() -> None:
    text = system(FIELDS + "event_id: id\nreplaces: old\n", stream="yields: event")
    one = fact(text, {**RECORD, "id": "E2", "old": "E1"})
    assert (one.event_id, one.replaces) == ("E2", "E1")
    assert reader(text).kind == "event"


def test_what_a_stream_does_not_know_is_kept() -> None:
    fields = (
        field("ordered", "{keep: true}")
        .replace("status: {from", "status: {keep: true}\nside: {from")
        .replace("{A: confirmed, B: allocated, C: shipped}", "{C: cancelled}")
    )
    one = fact(system(fields), {"no": "SO1", "state": "C", "at": "2026-03-01"})
    assert (one.status, one.lo, one.hi, one.ordered, one.side) == (None, 0, 130, None, Side.CANCELLED)
    assert set(reader(system(fields)).keeps) == {"status", "ordered"}
    assert reader(system()).keeps == ()


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(Exception) as caught:
        reader(system()).read(["a"], {}, READ_AT)  # type: ignore[arg-type]
    assert getattr(caught.value, "key", "") == "mapping.not_a_record"


def test_padding_is_trimmed_unless_it_is_said_to_count() -> None:
    assert fact(system(), {**RECORD, "state": "A  "}).status is Status.CONFIRMED
    kept = system(top="time: {zone: UTC}\ntext: {trim: false}")
    assert fact(kept, {**RECORD, "no": " SO1"}).order_no == " SO1"
    guarded = system(top="time: {zone: UTC}\ntext: {unwrap: true}")
    assert fact(guarded, {**RECORD, "no": '="007"'}).order_no == "007"


# Key and version


def test_the_key_of_a_record() -> None:
    assert reader(system()).key({"id": 7}) == "7"
    assert reader(system(stream="key: nr")).key({"id": 7, "nr": " A1 "}) == "A1"
    digest = reader(system()).key({"a": 1})
    assert digest.startswith("#")
    assert digest == reader(system()).key({"a": 1}) != reader(system()).key({"a": 2})
    long = reader(system()).key({"id": "x" * 500})
    assert long.startswith("#")
    assert len(long) <= 200


def version(text: str, rules: Rules | None = None) -> str:
    return reader(text, rules).version


def test_the_version_changes_with_what_decides_how_a_record_is_read() -> None:
    base = version(system())
    assert len(base) == 16
    assert base == version(system() + "\n# a comment\n")
    assert base == version(system(stream="examples: [{record: {}, refused: mapping.no_order_no}]"))
    assert base == version(system().replace("cursor: [changed, id]", "cursor: [changed, id], size: 500"))
    assert base == version(system(), RULES)
    changed = [
        system(field("ordered", "pieces")),
        system(field("order_no", "[a, no]")),
        system(field("order_no", "[b, no]")),
        system(field("status", "{from: state, codes: {A: confirmed, B: allocated}}")),
        system(top="time: {zone: UTC}"),
        system(top='time: {zone: Asia/Shanghai}\nnumbers: "1.234,5"'),
        system(stream="key: nr"),
        system()
        + "  more:\n    read: {table: m}\n    fields: {order_no: n, status: {from: s, codes: {X: produced}}, "
        "ordered: q, occurred_at: a}\n",
    ]
    assert len({base, *map(version, changed)}) == len(changed) + 1


def test_the_version_changes_with_units_where_they_are_used() -> None:
    text = system(field("ordered", "{from: qty, unit: u, sku: s}"))
    assert version(text, RULES) != version(text)


# What this version does not do


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (system(top="limits: {per_second: 5}\ntime: {zone: UTC}"), "limits: per_second"),
        (system().replace("id]}", "id], if: since}"), "if"),
    ],
)
def test_what_cannot_be_done_yet_is_refused_by_name(text: str, what: str) -> None:
    mapping = parse_system(text)
    with pytest.raises(MappingError) as caught:
        Reader(mapping, "orders", Rules())
    assert (caught.value.key, caught.value.values["what"]) == ("mapping.not_yet", what)


def test_a_column_may_be_called_like_a_word_of_the_hub() -> None:
    text = system(field("occurred_at", "{from: created, says: created}"))
    assert fact(text, {**RECORD, "created": "2026-03-01"}).says is Says.CREATED
