from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import MappingError, RecordError
from hub.mapping.numbers import compile_number, style_of

SAMPLES = [
    "1234.5",
    "1234,5",
    "1,234.56",
    "1.234,56",
    "1 234,5",
    "1'234.5",
    "1.234,56-",
    "(1,234.56)",
    "1234-",
]


def grouped(text: str, sign: str) -> str:
    """Put a grouping sign into the digits before the decimal sign."""
    digits = text.lstrip("-(").rstrip("-)")
    whole = digits
    for point in ",.":
        if point != sign and point in digits:
            whole = digits.split(point)[0]
    groups = f"{int(whole):,}".replace(",", sign)
    return text.replace(whole, groups, 1)


@given(
    number=st.decimals(min_value=-(10**11), max_value=10**11, places=4),
    sample=st.sampled_from(SAMPLES),
    group=st.booleans(),
)
def test_what_is_written_in_a_style_is_read_back(number: Decimal, sample: str, group: bool) -> None:
    style = style_of(sample)
    text = style.write(number)
    if group and style.group:
        text = grouped(text, style.group)
    assert compile_number(sample)(text) == (number, "")


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=6), st.sampled_from(SAMPLES))
def test_the_same_in_full_width(number: Decimal, sample: str) -> None:
    text = style_of(sample).write(number)
    wide = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)
    assert compile_number(sample)(wide)[0] == number


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number, unit = compile_number("1.234,56-", unit=True)(text)
    except RecordError as error:
        assert error.key in {"mapping.bad_number", "mapping.too_many_decimals"}
    else:
        assert number is None or number.is_finite()
        assert unit == unit.strip()


@pytest.mark.parametrize(
    ("text", "sample", "number"),
    [
        ("12", None, "12"),
        ("-1.5", None, "-1.5"),
        ("+5", None, "5"),
        ("5.000-", None, "-5"),
        (" 7 ", None, "7"),
        (".5", None, "0.5"),
        ("−5", None, "-5"),
        ("1.200,0", "1.234,5-", "1200"),
        ("1.234.567,5-", "1.234,5-", "-1234567.5"),
        ("1200,5", "1.234,5-", "1200.5"),
        ("(1,234.5)", "(1,234.56)", "-1234.5"),
        ("1\u00a0234,5", "1 234,5", "1234.5"),
        ("1.234", "1.234", "1234"),
        ("0.1234560", None, "0.123456"),
    ],
)
def test_numbers_as_sources_write_them(text: str, sample: str | None, number: str) -> None:
    assert compile_number(sample)(text) == (Decimal(number), "")


@pytest.mark.parametrize("text", [None, "", "   ", "\u3000"])
def test_empty_is_absent(text: str | None) -> None:
    assert compile_number()(text) == (None, "")


@pytest.mark.parametrize(
    ("value", "sample", "key"),
    [
        ("1,234", None, "bad_number"),
        ("1.23,4", "1.234,56", "bad_number"),
        ("12 34", "1 234,5", "bad_number"),
        ("-5-", None, "bad_number"),
        ("(5)", None, "bad_number"),
        ("12 PCS", None, "bad_number"),
        ("1e5", None, "bad_number"),
        ("NaN", None, "bad_number"),
        ("Infinity", None, "bad_number"),
        ("1_000", None, "bad_number"),
        ("0x10", None, "bad_number"),
        ("٣", None, "bad_number"),
        (True, None, "bad_number"),
        (Decimal("NaN"), None, "bad_number"),
        (Decimal("Infinity"), None, "bad_number"),
        ([1], None, "bad_number"),
        (1.5, None, "float_number"),
        ("0.1234567", None, "too_many_decimals"),
        (Decimal("0.0000001"), None, "too_many_decimals"),
        ("9" * 40, None, "number_too_long"),
        (Decimal("1E+30"), None, "number_too_long"),
        (10**13, None, "number_too_long"),
    ],
)
def test_garbage_is_refused_and_nothing_is_rounded(value: object, sample: str | None, key: str) -> None:
    with pytest.raises(RecordError) as caught:
        compile_number(sample)(value)
    assert caught.value.key == f"mapping.{key}"


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("12 PCS", "12", "PCS"),
        ("12箱", "12", "箱"),
        ("1,200.50 kg", "1200.50", "kg"),
        ("3 m2", "3", "m2"),
        ("4", "4", ""),
    ],
)
def test_a_unit_may_follow_in_the_same_field(text: str, number: str, unit: str) -> None:
    assert compile_number("1,234.5", unit=True)(text) == (Decimal(number), unit)


def test_implied_decimals() -> None:
    assert compile_number(scale=2)("12345")[0] == Decimal("123.45")
    assert compile_number(scale=-4)("3")[0] == 30000
    assert compile_number(scale=2)(Decimal("5"))[0] == Decimal("0.05")


@pytest.mark.parametrize("sample", ["12.5", "1,23", "x", "(1234", "1,234,5", ""])
def test_a_sample_must_show_one_two_three_four(sample: str) -> None:
    with pytest.raises(MappingError) as caught:
        style_of(sample)
    assert caught.value.key == "mapping.bad_number_sample"
