"""Changes on their way out, in words: what is to become what, by whose word, how it stands and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from cli import context, show
from cli.context import Here
from hub.locale import catalogue
from hub.model import QUANTITIES, Status

if TYPE_CHECKING:
    from sync.out.standing import OutStands

Row = Mapping[str, Any]

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

_LOOKS: dict[str, show.Look] = {
    "confirmed": "good", "rejected": "bad", "unknown": "bad", "held": "warn", "waiting": "warn",
    "superseded": "dim",
}  # fmt: skip
_SIDES = ("cancelled", "on_hold")
_NUMBERS = (*QUANTITIES, "amount")
_JSON = ("wanted", "seen", "rule", "holds", "ids")
_FIELDS = ("field", "fields")
_STATUSES = frozenset(one.word for one in Status)


class Changes:
    """Says what rows of the outbox mean, in the language to answer in."""

    def __init__(self, here: Here) -> None:
        """Take the hub."""
        self.here, self.words, self.say = here, here.words, context.say

    def order(self, row: Row) -> str:
        """Return the order as company/number."""
        return f"{row['company']}/{row['order_no']}"

    def what(self, row: Row) -> list[str]:
        """Return what a change does, a line a field; what is created or told is one line."""
        wanted, seen = _opened(row["wanted"]), _opened(row["seen"])
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

    def field(self, name: str) -> str:
        """Return the name of a field."""
        if name in _SIDES:
            return self.words.said(name)
        key = f"cli.field_{name}"
        return self.say(key) if key in catalogue("en") else name

    def value(self, name: str, value: Any) -> str:
        """Return a value, which is kept as canonical text, as people read it."""
        if value is None:
            return show.NOTHING
        if isinstance(value, bool):
            return self.say("outbox.yes" if value else "outbox.no")
        if name == "status" and value in _STATUSES:
            return self.words.status(value)
        if name in _NUMBERS:
            try:
                return show.number(Decimal(value))
            except InvalidOperation:
                return str(value)
        moment = _moment(value)
        return show.when(moment, self.here.zone) if moment is not None else str(value)

    def state(self, row: Row) -> show.Cell:
        """Return the state of a change; those of a shadow are marked, for they are never sent."""
        said = self.say(f"outbox.state_{row['state']}")
        if row["mode"] == "shadow":
            said = self.say("outbox.in_shadow", state=said)
        return show.Cell(said, _LOOKS.get(row["state"], ""))

    def why(self, row: Row) -> str:
        """Return why a change stands as it does, in sentences; nothing where that goes without saying."""
        if row["state"] == "held":
            return "\n".join(self.holds(_opened(row["holds"]) or (), brief=True))
        kept = _opened(row["reason"])
        told = self.reason(*kept) if kept else ""
        due = row["due_at"]
        if row["state"] not in ("pending", "unknown", "waiting") or due is None or due <= self.here.clock():
            return told
        if kept and kept[0] in ("outbox.nobody_knows", "outbox.ripens"):
            return told
        again = self.say("outbox.not_before", at=show.when(due, self.here.zone))
        return f"{told}\n{again}" if told else again

    def holds(self, holds: Iterable[Mapping[str, Any]], *, brief: bool = False) -> list[str]:
        """Return what holds a change, a sentence a rule; `brief`: without whose change it is."""
        told = [self.reason(hold["reason"], hold["values"]) for hold in holds]
        return [_NAMED.sub("", one) for one in told] if brief else told

    def reason(self, key: str, values: Mapping[str, Any]) -> str:
        """Return a kept reason in words: times in the hub's zone, fields and statuses by their names."""
        return context.filled(key, {name: self._said(name, value) for name, value in values.items()})

    def _said(self, name: str, value: Any) -> Any:
        if name in _FIELDS and isinstance(value, str):
            return self.words.joined(self.field(one) for one in value.split(", "))
        if name == "word" and isinstance(value, str):
            return self.words.said(value)
        moment = value if isinstance(value, datetime) else _moment(value)
        return show.when(moment, self.here.zone) if moment is not None else value

    def rules(self, row: Row) -> list[str]:
        """Return by which rule each field is wanted, each rule once."""
        return list(dict.fromkeys(self.rule(*one) for one in _opened(row["rule"]).items()))

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

    def steps(self, steps: Sequence[Row]) -> list[str]:
        """Return what is done of a change, a line a step."""
        return [f"{show.when(one['at'], self.here.zone, seconds=True)}  {one['step']}" for one in steps]

    def decision(self, said: Row) -> str:
        """Return what a person decided: the role, who, when, why."""
        key = "outbox.was_granted" if said["granted"] else "outbox.was_denied"
        at = show.when(said["at"], self.here.zone)
        return self.say(key, role=said["role"], who=said["who"], at=at, reason=said["reason"])

    def ids(self, row: Row) -> list[str]:
        """Return the numbers that the system gave, with their kinds."""
        return [f"{kind} {value}" for kind, value in (_opened(row["ids"]) or {}).items()]

    def not_adopted(self, one: OutStands) -> str:
        """Return that nothing is worked out for a system, because nobody adopted it in its mode."""
        mode = self.say(f"outbox.mode_{one.mode}")
        if one.adopted_as is None:
            return self.say("outbox.never_adopted", system=one.system, mode=mode)
        before = self.say(f"outbox.mode_{one.adopted_as}")
        return self.say("outbox.adopted_otherwise", system=one.system, mode=mode, before=before)

    def machine(self, row: Row) -> dict[str, Any]:
        """Return a change for a program: JSON columns opened, the reason also as it is said."""
        kept = _opened(row["reason"])
        return {
            **row,
            **{name: _opened(row[name]) for name in _JSON},
            "reason": {"key": kept[0], "values": kept[1]} if kept else None,
            "says": self.why(row) or None,
        }


def _opened(text: str | None) -> Any:
    """Return what a JSON column holds. The store's own reader would load all of it for `--help`."""
    return None if text is None else json.loads(text)


def _moment(value: Any) -> datetime | None:
    """Return the moment that a kept value names, None if it is none: a time always has its offset."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
