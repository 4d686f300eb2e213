"""Illegal transition: a status fell without its owner's word, left a final state, or jumped."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hub.model import Status
from hub.rules import Rules
from reconciler.case import Case, Verdict
from reconciler.classes.history import History, Said


def judge_transitions(case: Case, history: History, rules: Rules) -> list[Verdict]:
    """Return a verdict for each system with an illegal step that still stands: the newest one of it.

    A step is no longer judged once its part has come back to where it fell from. Two readings of one record
    under different mappings are no step.
    """
    found: dict[str, dict[str, Any]] = {}
    for life in history.lives():
        said = [one for one in life if one.unknown_code is None]
        for before, after in pairwise(said):
            what = _what(before, after, said[-1], case, history, rules)
            if what and before.mapping == after.mapping:
                found[after.system] = {"what": what, **_step(before, after, what, rules)}
    order = case.order
    return [
        Verdict("illegal_transition", order.company, order.order_no, system, details=details)
        for system, details in sorted(found.items())
        if system in case.views
    ]


def _what(before: Said, after: Said, last: Said, case: Case, history: History, rules: Rules) -> str | None:
    """Return what is wrong with a step: `revived`, `final`, `fell` or `jumped`; None where it may be."""
    if before.cancelled and not after.cancelled:
        return "revived" if "cancelled" in rules.transitions.final and not last.cancelled else None
    if before.status is None or after.status is None or after.cancelled:
        return None
    if after.hi < before.lo:
        if last.hi >= before.lo:
            return None
        if rules.transitions.is_final(before.status):
            return "final"
        return "fell" if _holds(before, case, rules) else None
    if rules.transitions.forbidden(before.status, after.status):
        between = range(before.status + 1, after.status)
        return None if any(said.status in between for said in history.everything()) else "jumped"
    return None


def _holds(before: Said, case: Case, rules: Rules) -> bool:
    """Return whether another system owns the status that was left, and still says that the order is there."""
    owner = rules.status_owner(Status(before.status or 0))
    view = case.views.get(owner or "")
    return view is not None and owner != before.system and view.lo >= before.lo


def _step(before: Said, after: Said, what: str, rules: Rules) -> dict[str, Any]:
    words = [None if said.status is None else Status(said.status).word for said in (before, after)]
    step: dict[str, Any] = {"from": words[0], "to": words[1], "at": after.at}
    if what == "revived":
        step["from"] = "cancelled"
    if what == "fell" and before.status is not None:
        step["owner"] = rules.status_owner(Status(before.status))
    return step
