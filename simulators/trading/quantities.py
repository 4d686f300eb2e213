"""Quantities as text: exact, never in exponent form."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal


def plain(quantity: Decimal) -> str:
    """Return a quantity without needless zeros: 12, 10.005."""
    text = f"{quantity:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def total(quantities: Iterable[str]) -> Decimal:
    """Return the exact sum of quantities written as text."""
    return sum((Decimal(one) for one in quantities), Decimal(0))
