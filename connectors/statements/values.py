"""Amounts and days as banks write them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from decimal import Decimal

_WITHOUT_MINOR = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_WITH_THREE = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
"""Currencies whose minor unit is not a hundredth (ISO 4217)."""

_NO_DIGIT = re.compile(r"[^0-9]")
_AROUND = re.compile(r"[\s\xa0\u202f]|[^\W\d_]{0,3}[$€£¥￥]|^[A-Z]{3}|[A-Z]{3}$")
_SIGN = re.compile(r"^(?P<before>[-+−(]?)(?P<number>[0-9.,'’]+)(?P<after>[-+−)]?)$")
ZERO = Decimal(0)


def amount_of(text: str, *, decimal: str = "", grouped: bool = True) -> Decimal | None:
    """Return an amount in major units, None if it is none.

    Signs before or behind, brackets, currency signs and groups of thousands are understood. `decimal` is the
    sign before the decimals where the format prescribes one; else the last of `.` and `,` is taken for it
    if another one groups the thousands, or if it stands alone and no three digits follow. Where the format
    knows no groups (`grouped` is False) a sign that stands alone is that before the decimals.
    """
    found = _SIGN.match(_AROUND.sub("", text.strip()))
    if found is None or not re.search("[0-9]", found["number"]):
        return None
    whole, point, rest = found["number"].rpartition(_point(found["number"], decimal, grouped))
    whole, rest = _NO_DIGIT.sub("", whole), _NO_DIGIT.sub("", rest)
    number = Decimal(f"{whole or 0}.{rest or 0}") if point and rest else Decimal(whole + rest)
    negative = bool({found["before"], found["after"]} & {"-", "−", "(", ")"})
    return -number if negative else number


def _point(number: str, decimal: str, grouped: bool) -> str:
    """Return the sign that parts the decimals, or one that does not occur."""
    if decimal and decimal in number:
        return decimal
    last = max(".,", key=number.rfind)
    if last not in number:
        return "\0"
    if any(sign in number for sign in ".,'’" if sign != last):
        return last
    if number.count(last) > 1:
        return "\0"
    threes = len(number) - number.rfind(last) == 4 and number[0] not in {"0", last}
    return "\0" if grouped and threes else last


def minor_digits(currency: str | None) -> int:
    """Return how many decimals a currency has."""
    return 0 if currency in _WITHOUT_MINOR else 3 if currency in _WITH_THREE else 2


def day_of(year: int, month: int, day: int) -> tuple[date | None, bool]:
    """Return a day, and whether it exists; one behind the end of its month (30 February) is the month's last.

    Interest is booked on such days in the banks' year of 360 days, so the month's end is what is meant.
    Anything else that is no day is None.
    """
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1 <= year <= 9999):
        return None, False
    last = monthrange(year, month)[1]
    return date(year, month, min(day, last)), day <= last


def short_day(text: str) -> tuple[date | None, bool]:
    """Return a day written as YYMMDD (to 79 this century) and whether it exists."""
    if not re.fullmatch(r"[0-9]{6}", text):
        return None, False
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    return day_of(year + (2000 if year < 80 else 1900), month, day)


def long_day(text: str) -> tuple[date | None, bool]:
    """Return a day that begins a text as YYYYMMDD or YYYY-MM-DD, and whether it exists."""
    found = re.match(r"\s*([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})", text)
    return day_of(int(found[1]), int(found[3]), int(found[4])) if found else (None, False)


def month_day(text: str, near: date) -> tuple[date | None, bool]:
    """Return a day written as MMDD in the year that brings it nearest to `near`, and whether it exists."""
    month, day = int(text[:2]), int(text[2:])
    found = [day_of(near.year + by, month, day) for by in (0, -1, 1)]
    known = [one for one in found if one[0] is not None]
    real = [one for one in known if one[1]] or known
    return min(real, key=lambda one: abs((one[0] or near) - near), default=(None, False))
