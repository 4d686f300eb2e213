"""Event stamps of one milestone that lie too far apart, and stamps in the future."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from statistics import median_low
from typing import Any

from hub.model import MILESTONES, STAMPS, Status
from hub.rules import Rules
from reconciler.case import Case, Verdict, View
from reconciler.judge.trust import clock_trust

_STAMPS = attrgetter(*STAMPS)


def judge_clocks(case: Case, views: Mapping[str, View], rules: Rules) -> list[Verdict]:
    """Return at most one `skew` verdict a system, with all its milestones in the details."""
    stamps: dict[str, list[dict[str, Any]]] = {}
    evidence: set[str] = set()
    for milestone in _apart(views, rules.skew):
        for system, entry, sure in _odd_stamps(milestone, views, rules):
            stamps.setdefault(system, []).append(entry)
            if sure:
                evidence.add(system)
    future = {system for system, view in views.items() if view.future}
    order = case.order
    verdicts = []
    for system in sorted(stamps.keys() | future):
        details: dict[str, Any] = {"stamps": stamps.get(system, [])}
        if system in future:
            details["future"] = True
        verdict = Verdict("skew", order.company, order.order_no, system, details=details)
        verdict.evidence = system in evidence or system in future
        verdicts.append(verdict)
    return verdicts


def _apart(views: Mapping[str, View], skew: timedelta) -> list[Status]:
    """Return the milestones whose stamps lie apart: none in nearly all orders."""
    found = []
    for milestone, stamps in zip(MILESTONES, zip(*map(_STAMPS, views.values()), strict=True), strict=False):
        said = [stamp for stamp in stamps if stamp is not None]
        if len(said) > 1 and max(said) - min(said) > skew:
            found.append(milestone)
    return found


def _odd_stamps(
    milestone: Status, views: Mapping[str, View], rules: Rules
) -> list[tuple[str, dict[str, Any], bool]]:
    told = {system: stamp for system, view in views.items() if (stamp := view.stamp(milestone)) is not None}
    if milestone >= Status.SHIPPED and not _same_goods(views[system] for system in told):
        return []
    found = []
    for system, against, sure in _odd(milestone, told, views, rules):
        entry = {
            "milestone": milestone.word,
            "said": told[system],
            "against": against,
            "other": told[against],
            "off": (told[system] - told[against]) // timedelta(seconds=1),
        }
        found.append((system, entry, sure))
    return found


def _same_goods(views: Any) -> bool:
    """Return whether the stamps speak of the same goods: the shipped quantities do not differ."""
    return len({view.shipped for view in views if view.shipped is not None}) < 2


def _odd(
    milestone: Status, told: Mapping[str, datetime], views: Mapping[str, View], rules: Rules
) -> list[tuple[str, str, bool]]:
    """Return (odd system, the one it is compared with, whether facts say so)."""
    if len(told) > 2:
        middle = median_low(sorted(told.values()))
        anchor = min(system for system in told if told[system] == middle)
        away = [system for system in told if abs(told[system] - middle) > rules.skew]
        return [(system, anchor, len(away) * 2 < len(told)) for system in sorted(away)]
    first, second = sorted(told, key=lambda system: (clock_trust(rules, system), system))
    wrong = [system for system in (first, second) if _impossible(milestone, system, views, rules)]
    if wrong == [first]:
        return [(first, second, True)]
    return [(second, first, wrong == [second])]


def _impossible(milestone: Status, system: str, views: Mapping[str, View], rules: Rules) -> bool:
    """Return whether other systems' stamps of earlier or later milestones contradict this one."""
    said = views[system].stamp(milestone)
    if said is None:
        return False
    if views[system].future:
        return True
    for other in views.values():
        if other.system == system:
            continue
        for step in MILESTONES:
            stamp = other.stamp(step)
            if stamp is None or step == milestone:
                continue
            if (step < milestone and stamp - said > rules.skew) or (
                step > milestone and said - stamp > rules.skew
            ):
                return True
    return False
