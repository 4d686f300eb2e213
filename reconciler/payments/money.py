"""Amounts in minor units: how many decimals a currency has (ISO 4217)."""

from __future__ import annotations

from decimal import Decimal

_DECIMALS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
     "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)  # fmt: skip
_USUAL = 2


def decimals(currency: str) -> int:
    """Return how many decimals `currency` has."""
    return _DECIMALS.get(currency, _USUAL)


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
