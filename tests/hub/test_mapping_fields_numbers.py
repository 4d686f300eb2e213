"""Quantities and amounts: mapping language 2.3, abilities 29, 30 and 36."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.catalogue import Catalogue
from hub.mapping.numbers import compile_number
from hub.model import Added
from hub.rules import Rules
from tests.hub.mapped import FIELDS, RECORD, fact, field, refused, system

UNITS = Catalogue({
    ("*", "pcs"): Decimal(1),
    ("*", "ea"): Decimal(1),
    ("S1", "box"): Decimal(12),
    ("CABLE", "m"): Decimal(1),
    ("CABLE", "km"): Decimal(1000),
})  # fmt: skip
RULES = Rules().with_catalogue(UNITS)


@pytest.mark.parametrize(
    ("sample", "raw", "number"),
    [
        ("1,234.5", "1,234,567.25", "1234567.25"),
        ("1.234,5-", "1.234,50-", "-1234.5"),
        ("(1,234.5)", "(1,234.50)", "-1234.5"),
        ("1 234,5", "1\u202f234,5", "1234.5"),
        ("1'234.5", "1’234.50", "1234.5"),
        ("1,23,456.7", "12,34,567.50", "1234567.5"),
        ("1,23,456.7", "-1,23,456", "-123456"),
        ("1,234.5", "１，２３４．５", "1234.5"),
        ("1234,5", "1234,5", "1234.5"),
    ],
)
def test_a_sample_says_how_numbers_are_written(sample: str, raw: str, number: str) -> None:
    text = system(FIELDS, stream=f'extras: {{x: {{from: value, numbers: "{sample}"}}}}')
    assert fact(text, {**RECORD, "value": raw}).extras == {"x": Decimal(number)}


@pytest.mark.parametrize(
    ("sample", "raw"),
    [("1,23,456.7", "123,456"), ("1,23,456.7", "1,234,567"), ("1,234.5", "12,34,567"), (None, "1,234")],
)
def test_a_number_grouped_in_another_way_is_refused(sample: str | None, raw: str) -> None:
    said = f'{{from: qty, numbers: "{sample}"}}' if sample else "qty"
    assert refused(system(field("ordered", said)), {**RECORD, "qty": raw}).key == "mapping.bad_number"


def test_implied_decimals_and_absent_numbers() -> None:
    text = system(field("ordered", "{from: qty, scale: 3}") + "\nshipped: sent")
    one = fact(text, {**RECORD, "qty": "0000001500", "sent": "  "})
    assert (one.ordered, one.shipped) == (Decimal("1.5"), None)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (Decimal("0.30000000000000004"), "0.3"), ("2.0005", "2.001"), ("-2.0005", "-2.001"), ("7.1", "7.1"),
        (7, "7"), (Decimal("123456789012.12345678901234567890"), "123456789012.123"),
    ],
)  # fmt: skip
def test_a_number_is_rounded_where_that_is_said(raw: Any, number: str) -> None:
    one = fact(system(FIELDS, stream="extras: {x: {from: value, round: 3}}"), {**RECORD, "value": raw})
    assert one.extras == {"x": Decimal(number)}


def test_each_line_is_rounded_before_it_is_summed() -> None:
    text = system(field("ordered", '{sum: "lines[].q", round: 1}'))
    lines = [{"q": Decimal("0.30000000000000004")}, {"q": Decimal("0.05")}, {"q": None}]
    assert fact(text, {**RECORD, "lines": lines}).ordered == Decimal("0.4")


@pytest.mark.parametrize(
    ("strip", "raw", "number"),
    [
        ("￥", "￥1,200.50", "1200.5"),
        ("0", "007", "7"),
        ("0", "000", "0"),
        ("N/A", "N/A", None),
        ("￥", "7", "7"),
    ],
)
def test_what_is_stripped_off_a_number(strip: str, raw: str, number: str | None) -> None:
    said = f'{{from: sent, strip: "{strip}", numbers: "1,234.5"}}'
    one = fact(system(field("shipped", said)), {**RECORD, "sent": raw})
    assert one.shipped == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("NaN", "bad_number"), ("Infinity", "bad_number"), (Decimal("NaN"), "bad_number"),
        (Decimal("-Infinity"), "bad_number"), (0.1, "float_number"), ("0.1234567", "too_many_decimals"),
    ],
)  # fmt: skip
def test_what_would_have_to_be_rounded_is_refused(raw: Any, key: str) -> None:
    assert refused(system(), {**RECORD, "qty": raw}).key == f"mapping.{key}"


@pytest.mark.parametrize(
    ("raw", "number", "unit"),
    [
        ("12 PCS", "12", "PCS"), ("12箱", "12", "箱"), ("USD 1,200.50", "1200.50", "USD"), ("¥12", "12", "¥"),
        ("-3 kg", "-3", "kg"), ("CNY -3", "-3", "CNY"), ("3- kg", "-3", "kg"), ("7", "7", ""),
    ],
)  # fmt: skip
def test_a_unit_or_currency_may_stand_on_either_side(raw: str, number: str, unit: str) -> None:
    assert compile_number("1,234.5", unit=True)(raw) == (Decimal(number), unit)


def test_an_amount_and_its_currency_may_share_a_field() -> None:
    stream = """
numbers: "1,234.5"
extras:
  amount: {from: price, unit: true}
  currency: {from: price, unit: true, codes: {¥: CNY, "*": EUR}}
"""
    assert fact(system(stream=stream), {**RECORD, "price": "¥1,200.50"}).extras == {
        "amount": Decimal("1200.50"),
        "currency": "CNY",
    }
    one = fact(system(stream=stream), {**RECORD, "price": "free"})
    assert set(one.warnings) == {"mapping.bad_number amount", "mapping.bad_number currency"}


def test_sums_are_made_line_by_line_in_base_units() -> None:
    text = system(field("ordered", '{sum: "lines[].q", unit: "lines[].u", sku: "lines[].s"}'))
    lines = [
        {"q": "2", "u": "BOX", "s": "S1"},
        {"q": "0.5", "u": "ea", "s": "S2"},
        {"q": 3, "u": "", "s": "S1"},
    ]
    assert fact(text, {**RECORD, "lines": lines}, RULES).ordered == Decimal("27.5")
    metres = [{"q": "2", "u": "km", "s": "CABLE"}, {"q": "5", "u": "m", "s": "CABLE"}]
    assert fact(text, {**RECORD, "lines": metres}, RULES).ordered == 2005


def test_metres_and_pieces_are_not_summed() -> None:
    text = system(field("ordered", '{sum: "lines[].q", unit: "lines[].u", sku: "lines[].s"}'))
    mixed = [{"q": 2, "u": "km", "s": "CABLE"}, {"q": 5, "u": "pcs", "s": "S2"}]
    error = refused(text, {**RECORD, "lines": mixed}, RULES)
    assert (error.key, error.field) == ("mapping.mixed_units", "ordered")
    assert {error.values["one"], error.values["other"]} == {"m", "ea/pcs"}
    unknown = [{"q": 2, "u": "roll", "s": "CABLE"}]
    assert refused(text, {**RECORD, "lines": unknown}, RULES).key == "mapping.unit_without_conversion"


def test_ordered_produced_shipped_and_returned_are_four_things() -> None:
    fields = FIELDS + 'produced: {count: "serials[]"}\nshipped: sent\nreturned: back\n'
    one = fact(system(fields), {**RECORD, "serials": [1, 2, 3], "sent": "2", "back": "1"})
    assert [int(said or 0) for said in (one.ordered, one.produced, one.shipped, one.returned)] == [5, 3, 2, 1]


def test_an_event_may_say_how_much_more() -> None:
    fields = field("shipped", "{from: qty, adds: true}").replace("ordered: qty", "event_id: id")
    one = fact(system(fields, stream="yields: event\nreturns: back"), {**RECORD, "id": "E1"})
    assert (one.shipped, one.adds) == (Decimal(5), Added.SHIPPED)
    back = fact(system(fields, stream="yields: event\nreturns: back"), {**RECORD, "id": "E2", "back": 1})
    assert (back.returned, back.adds) == (Decimal(5), Added.RETURNED)
    assert fact(system()).adds == Added.NONE
