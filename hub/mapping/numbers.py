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
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from hub.errors import MappingError, RecordError

DECIMALS = 6
"""More decimals than this are an error: the store keeps millionths."""

WHOLE = 12
"""More digits than this before the decimal sign are an error: the store's integers end there."""

_SAMPLE = re.compile(
    r"(?P<open>\()?(?P<lead>-)?"
    r"(?:1(?P<group>[.,'’\s_]?)234|1(?P<pairs>[.,'’\s_])23(?P=pairs)456)"
    r"(?:(?P<point>[.,])\d+)?(?P<tail>-)?(?P<close>\))?"
)
_USUAL = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_MINUSES = str.maketrans({"−": "-", "–": "-", "﹣": "-"})
_LEAST = Decimal(1).scaleb(-DECIMALS)
_SIGNS = {" ": " \u00a0\u202f\u2009", "'": "'’", "’": "'’"}
"""Grouping signs that stand for one another."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a source writes numbers: grouping sign ("" for none), decimal sign, where the minus stands.

    `pairs` is the Indian way to group: three digits once, then two at a time.
    """

    group: str = ""
    point: str = "."
    trailing: bool = False
    brackets: bool = False
    pairs: bool = False

    @property
    def signs(self) -> str:
        """Return the signs that group digits."""
        return _SIGNS.get(self.group, self.group)

    def pattern(self, *, unit: bool = False) -> re.Pattern[str]:
        """Return what a number in this style looks like; with `unit`, one may stand before or behind it."""
        return _pattern(self, unit)

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
    """Return the style of a sample such as "1,234.56", "1.234,56-", "1 234,5", "(1'234.5)", "1,23,456.7".

    Raises MappingError for a sample that does not begin with one-two-three-four.
    """
    if sample is None:
        return Style()
    found = _SAMPLE.fullmatch(sample.strip())
    group = (found["group"] or found["pairs"] or "") if found else ""
    if found is None or (group and group == found["point"]) or bool(found["open"]) != bool(found["close"]):
        raise MappingError("mapping.bad_number_sample", sample=sample)
    point = found["point"] or ("." if group != "." else ",")
    return Style(
        " " if group.isspace() else group,
        point,
        trailing=bool(found["tail"]),
        brackets=bool(found["open"]),
        pairs=bool(found["pairs"]),
    )


@lru_cache(maxsize=256)
def _pattern(style: Style, unit: bool) -> re.Pattern[str]:
    group = f"[{re.escape(style.signs)}]"
    grouped = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+"
    if style.pairs:
        grouped = rf"[0-9]{{1,2}}(?:{group}[0-9]{{2}})*{group}[0-9]{{3}}"
    whole = rf"(?:{grouped}|[0-9]+)" if style.group else "[0-9]+"
    point = re.escape(style.point)
    digits = rf"(?P<digits>{whole}(?:{point}[0-9]*)?|{point}[0-9]+)"
    signed = rf"(?P<sign>[+-])?\s*{digits}(?P<tail>-)?"
    if style.brackets:
        bare = digits.replace("<digits>", "<inner>")
        signed = rf"(?:\(\s*{bare}\s*\)|{signed})"
    front, rest = r"(?:(?P<front>[^\d\s.,'’()+-][^\d.,'’()+-]*))?", r"(?P<rest>\s*[^\d\s.,'’()+-].*)?"
    return re.compile(f"{front}{signed}{rest}" if unit else signed, re.S)


def compile_number(
    sample: str | None = None, *, scale: int = 0, unit: bool = False, places: int | None = None
) -> Callable[[Any], tuple[Decimal | None, str]]:
    """Return a function from a raw value to (Decimal, unit); (None, "") where the value is absent.

    `scale` is the number of implied decimals (2: "12345" is 123.45); `unit` says that a unit may stand
    beside the number in the same field; `places` to how many decimals it is rounded, half up. The function
    raises RecordError: "mapping.bad_number" for what is no number in this style, "mapping.float_number" for a
    float, "mapping.too_many_decimals".
    """
    style = style_of(sample)
    usual = style.point == "." and style.group != "." and not scale and places is None

    def read(value: Any) -> tuple[Decimal | None, str]:
        if type(value) is str:
            if usual and _USUAL.fullmatch(value):
                return Decimal(value), ""
            number, beside = _of_text(value, style, unit=unit)
        else:
            number, beside = _of_python(value), ""
        if number is None:
            return None, beside
        number = _scaled(number, scale) if scale else number
        return exact(number if places is None else _rounded(number, places)), beside

    return read


def _rounded(number: Decimal, places: int) -> Decimal:
    """Round to decimals: a source that computes in binary fractions says 0.30000000000000004 for 0.3."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= places or number.adjusted() >= WHOLE:
        return number
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


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


def _of_text(value: str, style: Style, *, unit: bool) -> tuple[Decimal | None, str]:
    text = value.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_MINUSES).strip()
    if not text:
        return None, ""
    found = style.pattern(unit=unit).fullmatch(text)
    if found is None or (found["sign"] and found["tail"]):
        raise RecordError("mapping.bad_number", found=_short(value))
    beside = [one.strip() for one in (found["front"], found["rest"]) if one] if unit else []
    if len(beside) > 1:
        raise RecordError("mapping.bad_number", found=_short(value))
    inner = found["inner"] if style.brackets else None
    digits = inner or found["digits"]
    for sign in style.signs:
        digits = digits.replace(sign, "")
    number = Decimal(digits.replace(style.point, "."))
    negative = inner or found["tail"] or found["sign"] == "-"
    return (-number if negative else number), "".join(beside)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 64 else text[:63] + "…"
