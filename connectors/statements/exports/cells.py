"""What stands in a cell: clean text, amounts, days, currencies."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal

_PADDING = " \t\r\n\v\f\u3000\xa0\u200b\ufeff"
_GUARD = re.compile(r'="(.*)"', re.S)
_NOTHING = re.compile(r"[-/\\_]*|n/a|null|none|无|nan")

_AROUND = re.compile(
    r"(?:人民币|美元|欧元|港币|港元)|rmb|[a-z]{3}(?=[\s\d+(.-])|(?<=\d)\s*[a-z]{3}$|us\$|hk\$|[¥$€£元圆]"
)
_SIGNED = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])?(?P<number>\d[\d.,']*|\.\d+)(?P<behind>[+-])?(?P<close>\))?"
)
_DOTTED = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:'\d{3})+)(?:\.\d*)?|\.\d+")
_COMMAED = re.compile(r"\d{1,3}(?:\.\d{3})+,\d{1,2}|\d+,\d{1,2}|\d{1,3}(?:\.\d{3}){2,}")
_SIDE = re.compile(r"(?<=\d)\s*(cr|dr)\.?$")

_EPOCH = date(1899, 12, 30)
_SERIAL = re.compile(r"(?P<days>[34567]\d{4})(?:\.\d+)?")
_TIME = r"(?:[\sT]*(?P<time>\d{1,2}\s*[:时]\s*\d{2}(?:\s*[:分]\s*\d{2})?|(?<=\s)\d{6}|(?<=\d{8})\d{6}).*)?"
_YEAR_FIRST = (
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _TIME),
    re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?" + _TIME),
)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<mark>[/.-])(?P<b>\d{1,2})(?P=mark)(?P<y>\d{4}|\d{2})" + _TIME)
_WORDED = (
    re.compile(r"(?P<d>\d{1,2})[\s-]*(?P<word>[a-z]{3,9})[\s,.-]*(?P<y>\d{4}|\d{2})" + _TIME),
    re.compile(r"(?P<word>[a-z]{3,9})\.?\s*(?P<d>\d{1,2}),?\s*(?P<y>\d{4})" + _TIME),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

CURRENCIES = {
    "人民币": "CNY", "rmb": "CNY", "元": "CNY", "人民币元": "CNY", "01": "CNY", "156": "CNY", "¥": "CNY",
    "cnh": "CNY", "本币": "CNY", "美元": "USD", "us$": "USD", "$": "USD", "欧元": "EUR", "€": "EUR",
    "£": "GBP", "港币": "HKD", "港元": "HKD", "hk$": "HKD", "日元": "JPY", "英镑": "GBP", "澳元": "AUD",
    "澳大利亚元": "AUD", "加元": "CAD", "加拿大元": "CAD", "新加坡元": "SGD", "新元": "SGD",
    "瑞士法郎": "CHF", "韩元": "KRW", "韩国元": "KRW", "泰铢": "THB", "新台币": "TWD", "澳门元": "MOP",
    "新西兰元": "NZD", "瑞典克朗": "SEK",
    "丹麦克朗": "DKK", "挪威克朗": "NOK", "卢布": "RUB", "林吉特": "MYR",
}  # fmt: skip
"""Currencies by what exports call them."""


def clean(cell: str) -> str:
    """Return a cell without padding, WeChat's back-tick and the guard that keeps numbers text (`="007"`)."""
    cell = cell.replace("\0", "").strip(_PADDING)
    guard = _GUARD.fullmatch(cell) if cell.startswith("=") else None
    cell = guard[1].replace('""', '"') if guard else cell
    return cell.removeprefix("`").strip(_PADDING)


def plain(text: str) -> str:
    """Return a text with full-width signs made plain, in small letters."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").replace("—", "-").lower()


def is_nothing(cell: str) -> bool:
    """Tell whether a cell says that nothing stands in it: empty, dashes, a slash."""
    return _NOTHING.fullmatch(plain(cell).strip(_PADDING)) is not None


def amount(cell: str, *, comma: bool = False) -> Decimal | None:
    """Return the amount in a cell, None if it is none.

    A comma groups thousands where it can (`comma` False), else parts the decimals; a cell in which only the
    other reading makes sense (`1.234,50`) is read so anyway. `(1.00)`, `1.00-` and `1.00 DR` are below zero.
    """
    text = plain(cell).strip(_PADDING)
    side = _SIDE.search(text)
    text = _AROUND.sub("", text[: side.start()] if side else text)
    found = _SIGNED.fullmatch(re.sub(r"\s", "", text))
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    number = _number(found["number"], comma)
    below = [
        found["open"] is not None,
        found["sign"] == "-",
        found["behind"] == "-",
        bool(side and side[1] == "dr"),
    ]
    if number is None or sum(below) > 1:
        return None
    return -number if any(below) and number else number


def _number(digits: str, comma: bool) -> Decimal | None:
    readings = [(_DOTTED, ",'", "."), (_COMMAED, ".", ",")]
    for shape, groups, point in reversed(readings) if comma else readings:
        if shape.fullmatch(digits):
            bare = "".join(sign for sign in digits if sign not in groups)
            return Decimal(bare.replace(point, "."))
    return None


def parts_by_comma(cells: list[str]) -> bool:
    """Tell whether a column of amounts parts decimals by a comma: a cell says so, and none says otherwise."""
    bare = [re.sub(r"[^\d.,]", "", plain(cell)) for cell in cells]
    commaed = any(_COMMAED.fullmatch(cell) and not _DOTTED.fullmatch(cell) for cell in bare)
    return commaed and not any(
        _DOTTED.fullmatch(cell) and not _COMMAED.fullmatch(cell) and "." in cell for cell in bare
    )


def day(cell: str, order: str = "") -> tuple[date | None, str]:
    """Return the day in a cell and its time of day ("" if it has none); no day if it is none or impossible.

    `order` is "dmy" or "mdy" for days that are written with the year last; without it they are no days
    unless one of the two numbers can only be the day, or a dot parts them.
    """
    text = plain(cell).strip(_PADDING)
    for shape in _YEAR_FIRST:
        if found := shape.fullmatch(text):
            return _date(found["y"], found["m"], found["d"]), _clock(found["time"])
    if found := _SERIAL.fullmatch(text):
        return _EPOCH + timedelta(days=int(found["days"])), ""
    if found := _YEAR_LAST.fullmatch(text):
        month, number = _ordered(found["a"], found["b"], "dmy" if found["mark"] == "." else order)
        return _date(found["y"], month, number), _clock(found["time"])
    for shape in _WORDED:
        if (found := shape.fullmatch(text)) and found["word"][:3] in _MONTHS:
            return _date(found["y"], _MONTHS.index(found["word"][:3]) + 1, found["d"]), _clock(found["time"])
    return None, ""


def order_of(cells: list[str]) -> str | None:
    """Tell which of day and month comes first in a column with the year last: "dmy" or "mdy".

    "" if it does not matter, None if nothing in the column tells.
    """
    seen = [
        found
        for cell in cells
        if (found := _YEAR_LAST.fullmatch(plain(cell).strip(_PADDING))) and found["mark"] != "."
    ]
    first, second = any(int(one["a"]) > 12 for one in seen), any(int(one["b"]) > 12 for one in seen)
    if first != second:
        return "dmy" if first else "mdy"
    return None if any(one["a"].zfill(2) != one["b"].zfill(2) for one in seen) else ""


def _ordered(first: str, second: str, order: str) -> tuple[str, str]:
    """Return month and day; an undecided pair gives a month that no year has, unless both are the same."""
    if order == "mdy" or (not order and int(second) > 12):
        return first, second
    if order == "dmy" or int(first) > 12 or int(first) == int(second):
        return second, first
    return "0", second


def _date(year: str, month: str | int, number: str) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(number))
    except ValueError:
        return None


def _clock(text: str | None) -> str:
    """Return a time as HH:MM:SS, "" if it is none."""
    digits = re.findall(r"\d{1,2}", text or "")
    if not 2 <= len(digits) <= 3:
        return ""
    whole = ":".join(part.zfill(2) for part in (*digits, "00")[:3])
    return whole if whole < "24" else ""


def clock(cell: str) -> str:
    """Return the time of day in a cell as HH:MM:SS, "" if it is none; one with a day before it counts too."""
    text = plain(cell).strip(_PADDING)
    if re.fullmatch(r"\d{5,6}", text):
        text = re.sub(r"(\d\d)(\d\d)(\d\d)", r"\1:\2:\3", text.zfill(6))
    elif (found := day(text))[0] is not None:
        return found[1]
    return _clock(text) if re.fullmatch(r"[\d\s:时分秒]+(?:\.\d+)?", text) else ""


def currency(cell: str) -> str | None:
    """Return the ISO code of the currency that a cell names, None if it names none that is known."""
    text = re.sub(r"[\s\[\]()]", "", plain(cell))
    if text in CURRENCIES:
        return CURRENCIES[text]
    code = re.search(r"[a-z]{3}", text)
    if code and (len(text) == 3 or re.fullmatch(r"[^a-z]*[a-z]{3}[^a-z]*", text)):
        return CURRENCIES.get(code[0], code[0].upper())
    return next((iso for word, iso in CURRENCIES.items() if len(word) > 1 and word in text), None)
