"""Exchange rates: those that remittances name, and those that certain payments have shown."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from statistics import median

from reconciler.payments.money import to_major

_ENOUGH = 5
"""So many payments must have shown a rate before it confirms another."""

_WIDE = Decimal("0.2")
"""A rate may lie so far from the middle of those seen."""

_NARROW = Decimal("0.0005")
"""A sum by a rate that is named may be off by so much: rates are rounded."""


class Rates:
    """Rates between currencies, as payments show them: units of the entry's for one of the receivable's."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._seen: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
        self._middle: dict[tuple[str, str], Decimal] = {}

    def learn(self, paid: int, currency: str, owed: int, foreign: str) -> None:
        """Note the rate of a payment that names one document of its payer; some of them may be parts."""
        rate = _rate(paid, currency, owed, foreign)
        for pair, one in (((currency, foreign), rate), ((foreign, currency), 1 / rate if rate else rate)):
            self._seen[pair].append(one)
            self._middle.pop(pair, None)

    def fits(self, paid: int, currency: str, owed: int, foreign: str) -> bool | None:
        """Tell whether a payment's rate is like those seen; None if too few were."""
        pair = currency, foreign
        if len(self._seen[pair]) < _ENOUGH:
            return None
        if pair not in self._middle:
            self._middle[pair] = median(self._seen[pair])
        middle = self._middle[pair]
        return abs(_rate(paid, currency, owed, foreign) - middle) <= middle * _WIDE

    def fits_said(self, paid: int, currency: str, owed: int, foreign: str, said: Decimal) -> bool:
        """Tell whether a payment's rate is the one that it names, either way round."""
        if not said:
            return False
        rate = _rate(paid, currency, owed, foreign)
        return any(abs(rate - one) <= one * _NARROW for one in (said, 1 / said))


def _rate(paid: int, currency: str, owed: int, foreign: str) -> Decimal:
    return to_major(paid, currency) / to_major(owed, foreign)
