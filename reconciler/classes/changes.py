"""Changed after confirmation (反审核): legal and noted, with old and new values; open if it came too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hub.model import Precision, Side, Status
from hub.rules import Rules
from reconciler.case import Case, Verdict
from reconciler.classes.history import History, Said

KEPT = timedelta(days=30)
"""So long a legal change stays noted."""

WHO, WHY = "changed_by", "change_reason"
"""The extras by which a mapping says who changed an order, and why."""

_EXTRAS = ("due_now", "amount", "customer_no")
_GOODS = ("ordered", "lines", "customer_no")
"""What must not change any more once goods are on their way."""

_DAY = timedelta(days=1)


def judge_changes(case: Case, history: History, rules: Rules, as_of: datetime) -> list[Verdict]:
    """Return one verdict for each system that changed its own fields after it had confirmed the order.

    What a draft says in between (un-approved, edited, approved again) is compared with nothing: the last
    confirmed words are compared with the confirmed words before them.
    """
    route = rules.route(case.order.company, case.order.order_type or "")
    ended = any(view.lo >= route.ends or view.side & Side.CANCELLED for view in case.views.values())
    found = []
    for system in case.views:
        change = _newest(system, history, rules)
        if change is None:
            continue
        before, after, fields = change
        late = any(name in fields for name in _GOODS) and _too_late(before, after, history, rules)
        if not late and (ended or after.at < as_of - KEPT):
            continue
        details: dict[str, Any] = {"changes": fields, "at": after.at, "late": late}
        details |= {name: after.extras[name] for name in (WHO, WHY, "due_first") if after.extras.get(name)}
        key = case.order.company, case.order.order_no
        found.append(Verdict("changed_after_confirmation", *key, system, details=details, noted=not late))
    return found


def _newest(
    system: str, history: History, rules: Rules
) -> tuple[Said, Said, dict[str, dict[str, Any]]] | None:
    """Return the newest change that `system` made to its only document: before, after, and the fields."""
    parts = list(history.states(system).values())
    if len(parts) != 1:
        return None  # goods put into other deliveries are no change of the order
    said = [one for one in parts[0] if one.lo >= Status.CONFIRMED and not one.cancelled]
    for before, after in reversed(list(pairwise(said))):
        if before.mapping == after.mapping and (fields := dict(_fields(before, after, system, rules))):
            return before, after, fields
    return None


def _fields(before: Said, after: Said, system: str, rules: Rules) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields that changed and that are the system's own, with old and new value."""
    if _owns(rules, system, "ordered") and _differ(before.ordered, after.ordered):
        yield "ordered", {"old": before.ordered, "new": after.ordered}
    elif _owns(rules, system, "lines") and _differ(before.line_digest, after.line_digest):
        yield "lines", {"old": before.line_digest, "new": after.line_digest}
    for name in _EXTRAS:
        old, new = before.extras.get(name), after.extras.get(name)
        if _speaks(rules, system) and _differ(old, new):
            yield name, {"old": old, "new": new}


def _differ(old: object, new: object) -> bool:
    return old is not None and new is not None and old != new


def _owns(rules: Rules, system: str, name: str) -> bool:
    return rules.owner(name) == system


def _speaks(rules: Rules, system: str) -> bool:
    """Return whether `system` is the one whose extras count."""
    return rules.ownership.extras[:1] == (system,) or _owns(rules, system, "ordered")


def _too_late(before: Said, after: Said, history: History, rules: Rules) -> bool:
    """Return whether the order had gone too far by then, as far as the stamps prove it."""
    begun = _earliest(after)
    if before.lo >= rules.changes.until:
        return True
    return any(
        said.lo >= rules.changes.until and not said.deleted and not said.is_return and said.at < begun
        for said in history.everything()
        if said.system != after.system
    )


def _earliest(said: Said) -> datetime:
    """Return the earliest moment at which `said` can have come true."""
    if said.occurred_at is None or said.precision == Precision.NONE:
        return said.read_at - _DAY
    return said.occurred_at
