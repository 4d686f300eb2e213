"""What is kept of a payment: the payer's cash discount, the banks' fees."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from reconciler.payments.model import BankEntry, Receivable
from reconciler.payments.money import decimals, has_no_cents

GRACE = timedelta(days=3)
"""A discount is granted to money that was so many days under way."""

FEE_MOST = 50
"""A bank keeps at most so much of a payment, in major units."""

NO_CENTS = 100
"""… of currencies without decimals so many times as much: their units are about as small as others' cents."""

FEE_SHARE = 50
"""… and at most one part in so many."""


def net(item: Receivable, entry: BankEntry) -> int:
    """Return what pays a receivable off on the day of an entry: less the discount, if it was in time."""
    rate, until = item.discount_rate, item.discount_until
    if rate is None or item.open != item.amount or (until and entry.value_date > until + GRACE):
        return item.open
    return item.open - _part(item.open, rate)


def offered(item: Receivable) -> int:
    """Return what would have paid a receivable off in time."""
    rate = item.discount_rate
    return item.open if rate is None or item.open != item.amount else item.open - _part(item.open, rate)


def is_discount(short: int, item: Receivable) -> bool:
    """Tell whether what is short is the discount that was offered, in time or not: no bank's fee."""
    return item.discount_rate is not None and abs(short - _part(item.open, item.discount_rate)) <= 1


def _part(amount: int, rate: Decimal) -> int:
    """Return a share of an amount, half a unit rounded up."""
    share = rate.as_integer_ratio()
    return (2 * amount * share[0] + share[1]) // (2 * share[1])


def is_fee(short: int, owed: int, currency: str) -> bool:
    """Tell whether what is short may be what a bank has kept."""
    return 0 < short <= min(most_of_fee(currency), owed // FEE_SHARE)


def most_of_fee(currency: str) -> int:
    """Return what a bank keeps at most of a payment."""
    most: int = FEE_MOST * 10 ** decimals(currency) * (NO_CENTS if has_no_cents(currency) else 1)
    return most
