"""Changes in words: what is to become what, by whose word, and why it is held."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from hub.locale import catalogue
from hub.model import QUANTITIES, Status
from hub.postings import is_posting
from hub.redact import redact

if TYPE_CHECKING:
    from reconciler.reports.words import Words

Row = Mapping[str, Any]

NOTHING = "–"

_RULES = (
    (re.compile(r"(?P<system>.+) owns (?P<what>\S+)"), "outbox.rule_owns"),
    (re.compile(r"route: (?P<system>.+) from (?P<what>\S+)"), "outbox.rule_route"),
    (re.compile(r"cancelled in (?P<system>.+)"), "outbox.rule_cancelled"),
    (re.compile(r"on hold in (?P<system>.+)"), "outbox.rule_on_hold"),
    (re.compile(r"no longer on hold"), "outbox.rule_released"),
    (re.compile(r"when: (?P<what>.+)", re.DOTALL), "outbox.rule_when"),
)
"""How the engine writes down by which rule something is wanted, and how it is said."""

_NAMED = re.compile(r"^(?:Order .+? to \S+: |订单 .+?，写入 .+?：)")
"""How a rule of the fuse begins: with the order, the write and the system, which a table shows anyway."""

_UNFILLED = re.compile(r"\{\w+\}")
_SIDES = ("cancelled", "on_hold")
_NUMBERS = (*QUANTITIES, "amount")
_FIELDS = ("field", "fields")
_STATUSES = frozenset(one.word for one in Status)


class Changes:
    """Says what rows of the outbox mean, in one language."""

    def __init__(self, words: Words) -> None:
        """Take the language and the zone of times."""
        self.words, self.say = words, words.say

    def order(self, row: Row) -> str:
        """Return the order as company/number."""
        return f"{row['company']}/{row['order_no']}"

    def what(self, row: Row) -> list[str]:
        """Return what a change does, a line a field; what is created or told is one line."""
        wanted, seen = opened(row["wanted"]), opened(row["seen"])
        if is_posting(row["order_no"]):
            return [self._posting(row["kind"], wanted)]
        if row["kind"] == "update":
            told = (
                (name, self.value(name, seen.get(name)), self.value(name, wanted[name])) for name in wanted
            )
            return [f"{self.field(name)}: {old} → {new}" for name, old, new in told]
        unit = f" {wanted['currency']}" if wanted.get("amount") and wanted.get("currency") else ""
        parts = [
            f"{self.field(name)} {self.value(name, value)}{unit if name == 'amount' else ''}"
            for name, value in wanted.items()
            if not (unit and name == "currency")
        ]
        return [self.say(f"outbox.kind_{row['kind']}", what=self.words.joined(parts))]

    def _posting(self, kind: str, wanted: Mapping[str, str]) -> str:
        """Return what a posting, or the taking back of one, does."""
        currency = wanted["cash_currency"]
        cash, amount = (_money(Decimal(wanted[name]), currency) for name in ("cash", "amount"))
        told = {"entry": wanted["entry"], "receivable": wanted["receivable"], "cash": cash}
        settles = "" if cash == amount else self.say("outbox.posting_settles", amount=amount)
        return self.say(f"outbox.posting_{kind}", **told) + settles

    def field(self, name: str) -> str:
        """Return the name of a field."""
        if name in _SIDES:
            return self.words.said(name)
        key = f"cli.field_{name}"
        return self.say(key) if key in catalogue("en") else name

    def value(self, name: str, value: Any) -> str:
        """Return a value, which is kept as canonical text, as people read it."""
        if value is None:
            return NOTHING
        if isinstance(value, bool):
            return self.say("outbox.yes" if value else "outbox.no")
        if name == "status" and value in _STATUSES:
            return self.words.status(value)
        if name in _NUMBERS:
            try:
                return self.words.number(Decimal(value))
            except InvalidOperation:
                return str(value)
        moment = _moment(value)
        return self.words.moment(moment) if moment is not None else str(value)

    def holds(self, holds: Iterable[Mapping[str, Any]], *, brief: bool = False) -> list[str]:
        """Return what holds a change, a sentence a rule; `brief`: without whose change it is."""
        told = [self.reason(hold["reason"], hold["values"]) for hold in holds]
        return [_NAMED.sub("", one) for one in told] if brief else told

    def reason(self, key: str, values: Mapping[str, Any]) -> str:
        """Return a kept reason in words: times in the hub's zone, fields and statuses by their names.

        No secrets; what was not kept shows as dots.
        """
        told = self.words.say(key, **{name: self._said(name, value) for name, value in values.items()})
        return redact(_UNFILLED.sub("…", told))

    def _said(self, name: str, value: Any) -> Any:
        if name in _FIELDS and isinstance(value, str):
            return self.words.joined(self.field(one) for one in value.split(", "))
        if name == "word" and isinstance(value, str):
            return self.words.said(value)
        moment = value if isinstance(value, datetime) else _moment(value)
        return self.words.moment(moment) if moment is not None else value

    def rules(self, row: Row) -> list[str]:
        """Return by which rule each field is wanted, each rule once."""
        if is_posting(row["order_no"]):
            return [self.say(f"payments.rule_{rule}") for rule in opened(row["rule"]).values()]
        return list(dict.fromkeys(self.rule(*one) for one in opened(row["rule"]).items()))

    def rule(self, field: str, rule: str) -> str:
        """Return by which rule a field is wanted, as it is written down where there are no words for it."""
        for pattern, key in _RULES:
            if found := pattern.fullmatch(rule):
                values = found.groupdict()
                what = values.get("what", "")
                is_status = what in _STATUSES and field in ("status", "")
                values["what"] = self.words.status(what) if is_status else self.field(what)
                return self.say("outbox.rule_owns_status" if field == "status" else key, **values)
        return rule

    def decision(self, said: Row) -> str:
        """Return what a person decided: the role, who, when, why."""
        key = "outbox.was_granted" if said["granted"] else "outbox.was_denied"
        at = self.words.moment(said["at"])
        return self.say(key, role=said["role"], who=said["who"], at=at, reason=said["reason"])


def opened(text: str | None) -> Any:
    """Return what a JSON column holds. The store's own reader would load all of it for `--help`."""
    return None if text is None else json.loads(text)


def _money(amount: Decimal, currency: str) -> str:
    """Return an amount with all decimals of its currency."""
    from reconciler.payments.money import decimals

    return f"{amount:,.{decimals(currency)}f} {currency}"


def _moment(value: Any) -> datetime | None:
    """Return the moment that a kept value names, None if it is none: a time always has its offset."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
