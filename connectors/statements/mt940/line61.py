"""Field 61, the entry itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.statements.values import amount_of, month_day, short_day

_LINE = re.compile(
    r"""\s*(?P<value>[0-9]{6}|\s{6})
        (?P<entry>[0-9]{4}|\s{4})?
        \s?(?P<mark>[RE]?[CD])(?P<funds>[A-Z])?\s?
        (?P<amount>[0-9.]*,[0-9]*|[0-9]+(?:[.][0-9]*)*(?=\s?[A-Z]))
        (?P<rest>.*)""",
    re.X | re.S,
)
_TYPE = re.compile(r"\s?(?P<type>[A-Z][A-Za-z0-9 ]{0,3})(?P<rest>.*)", re.S)
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
NONE = frozenset({"NONREF", "NOREF", "NOTPROVIDED", "NOT PROVIDED", "NON REF", "NONE", "0", ""})
"""What stands where there is no reference."""

_CODE_WORDS = re.compile("/(?:IACC|OCMT|CHGS|EXCH)/")
_IN_86 = frozenset({"EREF", "PREF", "MREF", "MARF", "KREF", "IREF", "RREF", "POF"})
"""What stands for a reference that field 86 says under this word."""


@dataclass(frozen=True, slots=True)
class Line61:
    """What field 61 says.

    `amount` has its sign: a reversed credit (RC) takes away. `real` is False where a day does not exist;
    `expected` marks an entry that is only announced (EC, ED). `more` is what some banks write behind their
    reference, with code words, that belongs on the line below.
    """

    booked_on: date | None
    value_date: date | None
    real: bool
    amount: Decimal
    reversal: bool
    expected: bool
    code: str
    reference: str
    bank_reference: str
    account: str
    more: str


def line61(text: str) -> Line61 | None:
    """Return what the first line of a field 61 says, None if it cannot be read."""
    found = _LINE.fullmatch(text)
    amount = amount_of(found["amount"], decimal=",") if found else None
    if found is None or amount is None:
        return None
    value, real = short_day(found["value"])
    booked, booked_real = value, True
    if (found["entry"] or "").strip(" 0") and value is not None:
        booked, booked_real = month_day(found["entry"], value)
    code, rest = _code(found["rest"])
    reference, _, bank = rest.partition("//")
    bank, more = _parted(bank)
    reference, mark = _said(reference), found["mark"]
    account = reference if IBAN.fullmatch(reference) else ""
    return Line61(
        booked_on=booked or value,
        value_date=value,
        real=real and booked_real,
        amount=amount if mark in {"C", "RD", "EC"} else -amount,
        reversal=mark.startswith("R"),
        expected=mark.startswith("E"),
        code=code,
        reference="" if account else reference,
        bank_reference=_said(bank),
        account=account,
        more=more,
    )


def _parted(bank: str) -> tuple[str, str]:
    found = _CODE_WORDS.search(bank)
    return (bank[: found.start()], bank[found.start() :]) if found else (bank, "")


def _code(rest: str) -> tuple[str, str]:
    """Return the type of the entry and what follows; some banks write types of less than a letter and three.

    A shorter type ends at a blank or at `//`. The amount before it is whole in either case.
    """
    found = _TYPE.match(rest)
    if found is None:
        return "", rest
    return found["type"].strip(), found["rest"]


def _said(reference: str) -> str:
    bare = reference.strip()
    none = bare.upper() in NONE or bare.rstrip("+") in _IN_86 or not bare.strip("0")
    return "" if none else bare
