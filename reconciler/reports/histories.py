"""Sentences on what was, what repeats and what stands still; and what to do about a finding of any class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hub.locale import text
from hub.model import Side, Status

if TYPE_CHECKING:
    from reconciler.reports.words import Words
    from reconciler.result import Finding

_STATUSES = frozenset(status.word for status in Status)
_SIDES = frozenset(str(side.name).lower() for side in Side if side)


def reason(words: Words, finding: Finding) -> str | None:
    """Return what is wrong, in a sentence; None for a class that is told elsewhere."""
    teller = _TELLERS.get(finding.kind)
    return teller(words, finding) if teller else None


def fix(words: Words, finding: Finding) -> str:
    """Return what to do about a finding: the known fix of its class."""
    if finding.kind == "changed_after_confirmation" and not finding.details.get("late"):
        return _say(words, "fix_noted")
    system = words.system(finding.correct_in)
    name = finding.correct_in
    return _say(words, f"fix_{finding.kind}", system=system, name=name, code=finding.field)


def word_of(words: Words, value: object) -> str:
    """Return a value of a finding's details as people read it: statuses, moments, numbers, lists."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _say(words, "yes" if value else "no")
    if isinstance(value, datetime):
        return words.moment(value)
    if isinstance(value, int | Decimal):
        return words.number(value)
    if isinstance(value, list | tuple):
        return words.joined(word_of(words, one) for one in value)
    if isinstance(value, Mapping):
        told = (f"{field_of(words, str(name))} {word_of(words, one)}" for name, one in value.items())
        return words.joined(told)
    return _text(words, str(value))


def field_of(words: Words, name: str) -> str:
    """Return the name of a detail as people read it: a quantity, a field, or a system."""
    for key in (f"classes.field_{name}", f"findings.quantity_{name}"):
        said = text(key, words.locale)
        if said != key:
            return said
    return words.system(name)


def _text(words: Words, value: str) -> str:
    if value in _STATUSES:
        return words.status(value)
    if value in _SIDES:
        return words.word(f"side_{value}")
    if value.removeprefix("-").replace(".", "", 1).isdecimal() and not value.startswith("0"):
        return words.number(Decimal(value))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return words.moment(moment) if moment.tzinfo else value


def _say(words: Words, key: str, /, **values: object) -> str:
    return words.say(f"classes.{key}", **values)


def _moment(value: Any) -> datetime | None:
    """Return a moment of the details, which the store keeps as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _duplicate(words: Words, finding: Finding) -> str:
    documents = words.joined(finding.details["documents"])
    return _say(words, "reason_duplicate", system=words.system(finding.system), documents=documents)


def _possible_duplicate(words: Words, finding: Finding) -> str:
    details = finding.details
    return _say(
        words,
        "reason_possible_duplicate",
        other=details["other"],
        purchase=details["purchase"],
        customer=details["customer"],
        ordered=word_of(words, _number(details["ordered"])),
    )


def _illegal_transition(words: Words, finding: Finding) -> str:
    details = finding.details
    return _say(
        words,
        f"reason_{details['what']}",
        system=words.system(finding.system),
        before=_text(words, details["from"] or ""),
        after=_text(words, details["to"] or ""),
        owner=words.system(details.get("owner") or ""),
        at=words.moment(_moment(details["at"])),
    )


def _changed_after_confirmation(words: Words, finding: Finding) -> str:
    details = finding.details
    changes = words.joined(
        _say(words, "changed_lines")
        if name == "lines"
        else _say(
            words,
            "changed_field",
            field=field_of(words, name),
            old=word_of(words, _number(one["old"])),
            new=word_of(words, _number(one["new"])),
        )
        for name, one in details["changes"].items()
    )
    system, at = words.system(finding.system), words.moment(_moment(details["at"]))
    key = "reason_changed_late" if details.get("late") else "reason_changed"
    told = [_say(words, key, system=system, at=at, changes=changes)]
    if details.get("changed_by"):
        told.append(_say(words, "changed_by", who=details["changed_by"]))
    if details.get("change_reason"):
        told.append(_say(words, "changed_why", why=details["change_reason"]))
    if details.get("due_first") and "due_now" in details["changes"]:
        told.append(_say(words, "first_promise", due=words.moment(_moment(details["due_first"]))))
    return words.sentences(told)


def _stale(words: Words, finding: Finding) -> str:
    details = finding.details
    return _say(
        words,
        "reason_held" if details.get("held") else "reason_stale",
        system=words.system(finding.system),
        status=words.status(details["status"]),
        held=_text(words, details.get("held") or ""),
        since=words.moment(_moment(details["since"])),
        limit=words.span(int(details["limit"])),
    )


def _gone(words: Words, finding: Finding) -> str:
    return _say(
        words,
        "reason_gone",
        system=words.system(finding.system),
        since=words.moment(_moment(finding.details["since"])),
        status=words.status(finding.details["says"]),
    )


def _conflict(words: Words, finding: Finding) -> str:
    wanted, seen = finding.details["wanted"], finding.details["seen"]
    told = (
        _say(
            words,
            "reason_conflict_field",
            field=field_of(words, name),
            seen=word_of(words, seen.get(name)),
            wanted=word_of(words, wanted.get(name)),
        )
        for name in finding.details["changed"]
    )
    return _say(words, "reason_conflict", system=words.system(finding.system), fields=words.joined(told))


def _write_failed(words: Words, finding: Finding) -> str:
    why = finding.details.get("why")
    key, values = why or ("", {})
    return _say(
        words,
        f"reason_write_{finding.details['state']}",
        system=words.system(finding.system),
        write=finding.details["write"],
        since=words.moment(_moment(finding.details["since"])),
        why=text(key, words.locale, **values) if key else "",
    ).strip()


def _number(value: Any) -> Any:
    """Return a quantity of the details, which the store keeps as text."""
    plain = isinstance(value, str) and value.removeprefix("-").replace(".", "", 1).isdecimal()
    return Decimal(value) if plain else value


_TELLERS = {
    "duplicate": _duplicate,
    "possible_duplicate": _possible_duplicate,
    "illegal_transition": _illegal_transition,
    "changed_after_confirmation": _changed_after_confirmation,
    "stale": _stale,
    "gone": _gone,
    "conflict": _conflict,
    "write_failed": _write_failed,
}
