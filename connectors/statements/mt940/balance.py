"""Fields with an amount that is no entry: balances, declared sums, the floor of a report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.statements.values import amount_of, short_day

_BALANCE = re.compile(
    r"\s*(?P<mark>R?[CD])\s*(?P<day>[0-9]{6}|)\s*(?P<currency>[A-Z]{3}|)\s*(?P<amount>[0-9.,]+)[A-Z]?\s*-?"
)
_SUM = re.compile(r"\s*(?P<count>[0-9]{0,5})\s*(?P<currency>[A-Z]{3})\s*(?P<amount>[0-9.,]+)\s*")
_FLOOR = re.compile(r"\s*(?P<currency>[A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance (below zero where the account is overdrawn), its day and currency."""

    amount: Decimal
    day: date | None
    currency: str | None


def balance_of(text: str) -> Balance | None:
    """Return the balance in a field 60 or 62, None if it says none."""
    found = _BALANCE.fullmatch(text)
    amount = amount_of(found["amount"], decimal=",") if found else None
    if found is None or amount is None:
        return None
    day = short_day(found["day"])[0]
    negative = found["mark"] in {"D", "RC"}
    return Balance(-amount if negative else amount, day, found["currency"] or None)


def sum_of(text: str) -> tuple[int | None, Decimal] | None:
    """Return the count and the sum in a field 90, None if it says none."""
    found = _SUM.fullmatch(text)
    amount = amount_of(found["amount"], decimal=",") if found else None
    if found is None or amount is None:
        return None
    return int(found["count"]) if found["count"] else None, amount


def currency_of(text: str) -> str | None:
    """Return the currency in a field 34F."""
    found = _FLOOR.match(text)
    return found["currency"] if found else None
