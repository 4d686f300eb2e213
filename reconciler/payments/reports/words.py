"""How a report on payments says things in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from hub.locale import text
from reconciler.payments.model import KINDS, Explanation
from reconciler.payments.money import decimals, to_major
from reconciler.reports.words import Words as Shared


class Words:
    """The language of one report: "en" or "zh-CN"."""

    def __init__(self, locale: str) -> None:
        """Take the locale."""
        self.locale = locale
        self._shared = Shared(locale)

    def say(self, key: str, /, **values: object) -> str:
        """Return the entry `key` of this report's catalogue, or a dotted key of any catalogue."""
        return text(key if "." in key else f"payments.{key}", self.locale, **values)

    def known(self, key: str, otherwise: str) -> str:
        """Return the entry `key` of this report's catalogue, or the word itself where there is none."""
        said = self.say(key)
        return otherwise if said == f"payments.{key}" else said

    def joined(self, parts: Iterable[str]) -> str:
        """Return `parts` as a list in a sentence."""
        return self._shared.joined(parts)

    def number(self, number: Decimal | int | None) -> str:
        """Return a count with thousands separated; "–" for none."""
        return self._shared.number(number)

    def share(self, share: Decimal | None) -> str:
        """Return a share as per cent; "–" for none."""
        return "–" if share is None else self._shared.share(share)

    def figure(self, minor: int, currency: str) -> str:
        """Return an amount of minor units without its currency."""
        return f"{to_major(minor, currency):,.{decimals(currency)}f}"

    def money(self, minor: int, currency: str) -> str:
        """Return an amount of minor units with its currency."""
        figure = self.figure(minor, currency)
        if self.locale == "zh-CN":
            return f"{figure} {'元' if currency == 'CNY' else currency}"
        return f"{currency} {figure}"

    def sums(self, sums: Mapping[str, int]) -> list[str]:
        """Return amounts by currency, one text each."""
        return [self.money(minor, currency) for currency, minor in sorted(sums.items()) if minor]

    def day(self, day: date | None) -> str:
        """Return a day as 2026-03-31; "–" for none."""
        return "–" if day is None else day.isoformat()

    def days(self, days: int) -> str:
        """Return a count of days."""
        return self.say("day" if days == 1 else "days", days=self.number(days))

    def rule(self, said: Explanation) -> str:
        """Return by which rule an entry was explained."""
        return self.rule_named(said.rule)

    def rule_named(self, rule: str) -> str:
        """Return what a rule says."""
        return self.known(f"rule_{rule}", rule)

    def facts(self, said: Explanation) -> list[str]:
        """Return what speaks for an explanation."""
        return [self.known(f"fact_{fact}", fact) for fact in dict.fromkeys(said.facts)]

    def doubts(self, said: Explanation) -> list[str]:
        """Return what speaks against an explanation; why it is not certain, if nothing does."""
        alone = len({KINDS[fact] for fact in said.facts if fact in KINDS}) < 2
        why = self.say("match.one_fact_only") if alone else self.say("not_the_only_one")
        return [self.say(key) for key in said.doubts] or [why]
