"""Numbers as sources write them, both ways: a sample (``1.234,56-``) says grouping, decimal sign and minus.

Read: always Decimal, never through float, never rounded. Without a sample only the plain form is taken
(``-1234.56``), since ``1,234`` may mean either of two numbers. A trailing minus cannot be misread and is
always taken; brackets are, where the sample has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hub.errors import MappingError, RecordError

DECIMALS = 6
"""More decimals than this are an error: the store keeps millionths."""

WHOLE = 12
"""More digits than this before the decimal sign are an error: the store's integers end there."""

_SAMPLE = re.compile(
    r"(?P<open>\()?(?P<lead>-)?1(?P<group>[.,'’\s_]?)234(?:(?P<point>[.,])\d+)?(?P<tail>-)?(?P<close>\))?"
)
_USUAL = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_MINUSES = str.maketrans({"−": "-", "–": "-", "﹣": "-"})
_LEAST = Decimal(1).scaleb(-DECIMALS)
_BLANKS = " \u00a0\u202f\u2009"


@dataclass(frozen=True, slots=True)
class Style:
    """How a source writes numbers: grouping sign ("" for none), decimal sign, where the minus stands."""

    group: str = ""
    point: str = "."
    trailing: bool = False
    brackets: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return what a number in this style looks like; the rest after it is a unit."""
        return _pattern(self)

    def write(self, number: Decimal) -> str:
        """Return `number` in this style, without grouping and without exponent (mapping language, 5.6)."""
        digits = f"{abs(number):f}".replace(".", self.point)
        if number >= 0:
            return digits
        if self.brackets:
            return f"({digits})"
        return f"{digits}-" if self.trailing else f"-{digits}"


@lru_cache(maxsize=256)
def style_of(sample: str | None) -> Style:
    """Return the style of a sample such as "1,234.56", "1.234,56-", "1 234,5", "(1'234.5)", "1234.5".

    Raises MappingError for a sample that does not begin with one-two-three-four.
    """
    if sample is None:
        return Style()
    found = _SAMPLE.fullmatch(sample.strip())
    group = found["group"] if found else ""
    if found is None or (group and group == found["point"]) or bool(found["open"]) != bool(found["close"]):
        raise MappingError("mapping.bad_number_sample", sample=sample)
    point = found["point"] or ("." if group != "." else ",")
    return Style(" " if group.isspace() else group, point, bool(found["tail"]), bool(found["open"]))


@lru_cache(maxsize=256)
def _pattern(style: Style) -> re.Pattern[str]:
    group = f"[{_BLANKS}]" if style.group == " " else re.escape(style.group)
    whole = rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)" if group else "[0-9]+"
    point = re.escape(style.point)
    digits = rf"(?P<digits>{whole}(?:{point}[0-9]*)?|{point}[0-9]+)"
    signed = rf"(?P<sign>[+-])?\s*{digits}(?P<tail>-)?"
    if style.brackets:
        bare = digits.replace("<digits>", "<inner>")
        signed = rf"(?:\(\s*{bare}\s*\)|{signed})"
    return re.compile(rf"{signed}(?P<rest>\s*[^\d\s.,'’()+-].*)?", re.S)


def compile_number(
    sample: str | None = None, *, scale: int = 0, unit: bool = False
) -> Callable[[Any], tuple[Decimal | None, str]]:
    """Return a function from a raw value to (Decimal, unit); (None, "") where the value is absent.

    `scale` is the number of implied decimals (2: "12345" is 123.45); `unit` says that a unit may follow
    the number in the same field. The function raises RecordError: "mapping.bad_number" for what is no
    number in this style, "mapping.float_number" for a float, "mapping.too_many_decimals".
    """
    style = style_of(sample)
    usual = style.point == "." and style.group != "." and not scale

    def read(value: Any) -> tuple[Decimal | None, str]:
        if type(value) is str:
            if usual and _USUAL.fullmatch(value):
                return Decimal(value), ""
            number, rest = _of_text(value, style)
            if rest and not unit:
                raise RecordError("mapping.bad_number", found=_short(value))
        else:
            number, rest = _of_python(value), ""
        return (None if number is None else exact(_scaled(number, scale) if scale else number)), rest

    return read


def _scaled(number: Decimal, scale: int) -> Decimal:
    """Move the decimal sign without the context, which would round."""
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return number
    return Decimal((sign, digits, exponent - scale))


def exact(number: Decimal) -> Decimal:
    """Return `number` if the store can keep it as it is; RecordError otherwise (never rounded)."""
    if number.is_finite() and number.adjusted() < WHOLE and number.quantize(_LEAST) == number:
        return number
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise RecordError("mapping.bad_number", found=str(number))
    if len(digits) + exponent > WHOLE and any(digits):
        raise RecordError("mapping.number_too_long", found=_short(number), digits=WHOLE)
    if exponent < -DECIMALS and any(digits[exponent + DECIMALS :]):
        raise RecordError("mapping.too_many_decimals", found=_short(number), decimals=DECIMALS)
    return number


def _of_python(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float):
        raise RecordError("mapping.float_number", found=repr(value))
    raise RecordError("mapping.bad_number", found=_short(value))


def _of_text(value: str, style: Style) -> tuple[Decimal | None, str]:
    text = value.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_MINUSES).strip()
    if not text:
        return None, ""
    found = style.pattern.fullmatch(text)
    if found is None or (found["sign"] and found["tail"]):
        raise RecordError("mapping.bad_number", found=_short(value))
    inner = found["inner"] if style.brackets else None
    digits = inner or found["digits"]
    for sign in _BLANKS if style.group == " " else style.group:
        digits = digits.replace(sign, "")
    number = Decimal(digits.replace(style.point, "."))
    negative = inner or found["tail"] or found["sign"] == "-"
    return (-number if negative else number), (found["rest"] or "").strip()


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 64 else text[:63] + "…"
