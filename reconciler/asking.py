"""What is asked of people, as a question: what is to become what, why it waits, whose word it needs.

Markdown, in one language: what comes from systems (names, texts) is escaped, so that it stays a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.redact import redact
from hub.rules import Rules
from reconciler.changes import Changes
from reconciler.reports.words import Words
from sync.out.asks import Ask, asks
from sync.out.standing import orders_of

_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")
_SOME = 20
"""So many changes of a batch are shown."""

Orders = Mapping[tuple[str, str], Mapping[str, Any]]


def questions(conn: sa.Connection, rules: Rules, now: datetime) -> list[dict[str, str]]:
    """Return what is asked now, the oldest first: `ref`, `subject` (one line) and `body` (Markdown)."""
    found = asks(conn, rules, now)
    orders = orders_of(conn, [row for ask in found for row in ask.rows[:1]])
    words = Words(rules.locale, rules.zone)
    return [_Question(words, rules, ask, orders).told() for ask in found]


class _Question:
    def __init__(self, words: Words, rules: Rules, ask: Ask, orders: Orders) -> None:
        self._changes, self._words, self._rules = Changes(words), words, rules
        self._ask, self._orders, self._first = ask, orders, ask.rows[0]

    def told(self) -> dict[str, str]:
        say, several = self._words.say, len(self._ask.rows) > 1
        count = self._words.number(len(self._ask.rows))
        what = say("outbox.so_many", count=count) if several else self._changes.order(self._first)
        system = self._words.system(self._first["system"])
        subject = say("outbox.question", ref=self._ask.ref, what=what, system=system)
        lines = [f"- **{head}**: {value}" for head, value in self._pairs() if value]
        if several:
            lines += ["", *self._batch()]
        return {"ref": self._ask.ref, "subject": redact(subject), "body": redact("\n".join(lines))}

    def _pairs(self) -> Iterator[tuple[str, str]]:
        say, words, changes, ask = self._words.say, self._words, self._changes, self._ask
        if len(ask.rows) == 1:
            yield say("cli.what"), "; ".join(map(plain, changes.what(self._first)))
            yield say("cli.field_amount"), plain(self._amount())
            yield say("outbox.by_rule"), "; ".join(map(plain, changes.rules(self._first)))
            yield say("outbox.author"), plain(self._first["author"] or "")
        yield say("cli.reason"), "; ".join(map(plain, changes.holds(ask.holds)))
        yield say("outbox.given"), "; ".join(plain(changes.decision(one)) for one in ask.given)
        yield say("outbox.lacking"), "; ".join(plain(f"{role}: {self._whom(role)}") for role in ask.lacking)
        yield say("cli.since"), words.moment(ask.since)

    def _amount(self) -> str:
        """Return what the order is worth, as the hub has it."""
        order = self._orders.get((self._first["company"], self._first["order_no"]))
        if order is None or order["amount"] is None:
            return ""
        return f"{self._words.number(order['amount'])} {order['currency'] or ''}".strip()

    def _whom(self, role: str) -> str:
        """Return whom a role names, or who looks after the system of its name, or anybody."""
        known = self._rules.fuse.roles.get(role)
        if known is not None and known.everybody:
            return self._words.joined(known.everybody)
        person = self._rules.person(role)
        people = [] if person is None else [name for name in (person.owner, person.deputy) if name]
        return self._words.joined(people) if people else self._words.say("outbox.anybody")

    def _batch(self) -> Iterator[str]:
        rows = self._ask.rows
        for row in rows[:_SOME]:
            what = "; ".join(self._changes.what(row))
            yield f"- {plain(self._changes.order(row))}: {plain(what)}"
        if len(rows) > _SOME:
            total = self._words.number(len(rows))
            yield f"\n{self._words.say('cli.shown_of', shown=_SOME, total=total)}"


def plain(text: str) -> str:
    """Return a text in which no sign means anything in Markdown, on one line."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
