"""Amounts in minor units: how many decimals a currency has (ISO 4217); and how people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

_DECIMALS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
     "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)  # fmt: skip
_USUAL = 2

_AMOUNT = re.compile(r"[-+]?(?:\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?)", re.ASCII)
_WITH_COMMA = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}", re.ASCII)
"""Amounts as English and Chinese people write them, and as others do: 1,234.50 and 1.234,50."""


_finer: ContextVar[frozenset[str]] = ContextVar("finer", default=frozenset())


def decimals(currency: str) -> int:
    """Return how many decimals `currency` has."""
    return _USUAL if currency in _finer.get() else _DECIMALS.get(currency, _USUAL)


def has_no_cents(currency: str) -> bool:
    """Tell whether a currency has no decimals (ISO 4217)."""
    return _DECIMALS.get(currency, _USUAL) == 0


@contextmanager
def in_hundredths(currencies: Iterable[str]) -> Iterator[None]:
    """Count currencies that have no decimals in hundredths, as some books do, as long as it lasts."""
    token = _finer.set(frozenset(currencies))
    try:
        yield
    finally:
        _finer.reset(token)


def is_round(minor: int, currency: str) -> bool:
    """Tell whether an amount is of whole tens: people pay such sums for many reasons."""
    ten: int = 10 * 10 ** decimals(currency)
    return minor % ten == 0


def to_minor(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units; ValueError if it has a part that the currency cannot hold."""
    scaled = amount.scaleb(decimals(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} {currency}")
    return int(scaled)


def to_major(minor: int, currency: str) -> Decimal:
    """Return minor units as an amount with all decimals of its currency."""
    return Decimal(minor).scaleb(-decimals(currency))


def as_number(said: str) -> Decimal | None:
    """Return the number that is written; None if there is none, or it can be read in two ways."""
    if _AMOUNT.fullmatch(said):
        return Decimal(said.replace(",", ""))
    if _WITH_COMMA.fullmatch(said):
        return Decimal(said.replace(".", "").replace(",", "."))
    return None
