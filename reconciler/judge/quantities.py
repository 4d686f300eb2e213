"""The four quantities of one order, like with like, and what must hold inside one system; order lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from hub.model import QUANTITIES, Status
from hub.rules import Rules
from reconciler.case import Case, Horizon, Verdict, View
from reconciler.judge.chain import Chain
from reconciler.judge.trust import field_trust, is_draft, newest, still_coming
from reconciler.judge.vote import minority

_GROWING: dict[str, Status | str] = {
    "produced": Status.PRODUCED,
    "shipped": Status.SHIPPED,
    "returned": "returned",
}
"""Quantities that only grow, and the word by which a system's grace for them is known."""

_INNER_FIRST = sorted(QUANTITIES, key=lambda name: name == "ordered")
"""`ordered` comes last: often only two systems say it, and the others tell which of them to believe."""


_SAID = attrgetter(*_INNER_FIRST)
_NOTHING = {None}


@dataclass(slots=True)
class Amounts:
    """What came of the quantities: fields by odd system, and who is still on its way.

    `coming` are the fields by the system that will be odd if the laggard does not follow.
    """

    odd: dict[str, dict[str, Any]] = field(default_factory=dict)
    lagging: dict[str, str] = field(default_factory=dict)
    coming: dict[str, dict[str, Any]] = field(default_factory=dict)


def judge_quantities(
    case: Case, views: Mapping[str, View], chain: Chain, rules: Rules, horizons: Mapping[str, Horizon]
) -> tuple[list[Verdict], dict[str, str]]:
    """Return at most one `quantity` verdict a system, with its fields in the details, and the laggards.

    A system whose status is odd or on its way is not asked for what it shipped: it is one fault, not two.
    """
    amounts = Amounts()
    views = _binding(views)
    settled = {
        system: view
        for system, view in views.items()
        if system not in chain.odd and system not in chain.lagging
    }
    for name in _unlike(views):
        _compare(name, views if name == "ordered" else settled, rules, horizons, amounts)
    _within(settled, chain, rules, amounts)
    verdicts = [_verdict(case, system, fields) for system, fields in amounts.odd.items()]
    for system, fields in amounts.coming.items():
        if system not in amounts.odd:
            verdicts.append(_verdict(case, system, fields, in_flight=True))
    return verdicts, amounts.lagging


def judge_lines(
    case: Case, views: Mapping[str, View], rules: Rules, horizons: Mapping[str, Horizon]
) -> tuple[list[Verdict], dict[str, str]]:
    """Return a verdict where the ordered totals agree but the lines differ.

    It is a `line` that was entered wrongly until the odd system says that goods left: then it is a
    `wrong_shipment` (错发).
    """
    views = _binding(views)
    if len({view.line_digest for view in views.values() if view.line_digest is not None}) < 2:
        return [], {}  # as of nearly all orders
    ordered = {system: view.ordered for system, view in views.items() if view.ordered is not None}
    apart = minority(ordered, field_trust(rules, "ordered"))
    told = {
        system: view
        for system, view in views.items()
        if view.line_digest is not None and view.ordered is not None and system not in apart
    }
    values = {system: view.line_digest for system, view in told.items()}
    if len(set(values.values())) < 2:
        return [], {}
    lagging = _outrun(told, values, rules, horizons)
    standing = {system: value for system, value in values.items() if system not in lagging}
    odd = minority(standing, field_trust(rules, "lines"))
    key = case.order.company, case.order.order_no
    against = {"against": _others(standing, odd)}
    found = [Verdict(_of_lines(views[system]), *key, system, details=dict(against)) for system in odd]
    if lagging:
        for system in minority(values, field_trust(rules, "lines")).keys() - odd.keys():
            kinds = dict.fromkeys(
                ("line", _of_lines(views[system]))
            )  # it may have been told as the one or other
            found += [Verdict(kind, *key, system, in_flight=True) for kind in kinds]
    return found, lagging


def _binding(views: Mapping[str, View]) -> Mapping[str, View]:
    """Return the views but those of drafts: what is being edited is compared once it is confirmed."""
    return {system: view for system, view in views.items() if not is_draft(view)}


def _of_lines(view: View) -> str:
    return "wrong_shipment" if view.lo >= Status.PARTLY_SHIPPED else "line"


def _unlike(views: Mapping[str, View]) -> list[str]:
    """Return the quantities that are not said alike: none of nearly all orders."""
    columns = zip(*map(_SAID, views.values()), strict=True)
    return [name for name, said in zip(_INNER_FIRST, columns, strict=False) if len({*said} - _NOTHING) > 1]


def _compare(
    name: str, views: Mapping[str, View], rules: Rules, horizons: Mapping[str, Horizon], amounts: Amounts
) -> None:
    values = {system: value for system, view in views.items() if (value := getattr(view, name)) is not None}
    if len(set(values.values())) < 2:
        return
    told = {system: views[system] for system in values}
    if name in _GROWING:
        lagging = _outgrown(name, told, values, rules, horizons)
    else:
        lagging = _outrun(told, values, rules, horizons)
    amounts.lagging.update(lagging)
    ranking = _ranking(name, told, rules, amounts)
    for system, value in minority(values, ranking).items() if lagging else ():
        amounts.coming.setdefault(system, {})[name] = {"said": value, "others": _but(values, system)}
    standing = {system: value for system, value in values.items() if system not in lagging}
    for system, value in minority(standing, ranking).items():
        amounts.odd.setdefault(system, {})[name] = {"said": value, "others": _but(standing, system)}


def _ranking(
    name: str, views: Mapping[str, View], rules: Rules, amounts: Amounts
) -> Callable[[str], tuple[Any, ...]]:
    """Return whom to believe where votes are equal: first of all nobody who is odd or contradicts himself."""
    by_field = field_trust(rules, name)

    def rank(system: str) -> tuple[Any, ...]:
        view = views[system]
        contradicts = name in _involved(view) and (name == "ordered" or not _short(view))
        return system in amounts.odd or contradicts, *by_field(system)

    return rank


def _involved(view: View) -> set[str]:
    return {name for pair in _broken(view) for name in pair}


def _short(view: View) -> bool:
    """Return whether the system says that all has left, and less than was ordered."""
    if view.shipped is None or view.ordered is None:
        return False
    return view.shipped < view.ordered and view.lo >= Status.SHIPPED


def _outgrown(
    name: str,
    views: Mapping[str, View],
    values: Mapping[str, Decimal],
    rules: Rules,
    horizons: Mapping[str, Horizon],
) -> dict[str, str]:
    """Return the systems that say less than the largest and may still be about to say it."""
    top = max(values.values())
    leaders = [views[system] for system in values if values[system] == top]
    moment, leader = min((_said_at(name, view), view.system) for view in leaders)
    word = _GROWING[name]
    if name == "shipped" and views[leader].lo < Status.SHIPPED:
        word = Status.PARTLY_SHIPPED
    return {
        system: leader
        for system, value in values.items()
        if value < top and still_coming(rules, horizons, system, moment, word, leader)
    }


def _said_at(name: str, view: View) -> datetime:
    """Return when, at the latest, `view` came to the quantity it says."""
    if name == "returned" and view.returned_at is not None:
        return view.returned_at
    if name == "shipped" and view.lo >= Status.SHIPPED:
        return view.reached(int(Status.SHIPPED))
    return view.moment()


def _outrun(
    views: Mapping[str, View],
    values: Mapping[str, object],
    rules: Rules,
    horizons: Mapping[str, Horizon],
) -> dict[str, str]:
    """Return the systems that differ from the newest word and may still be about to follow it."""
    leader = newest(views)
    return {
        system: leader.system
        for system, value in values.items()
        if value != values[leader.system]
        and still_coming(rules, horizons, system, leader.moment(), leader.status, leader.system)
    }


def _within(views: Mapping[str, View], chain: Chain, rules: Rules, amounts: Amounts) -> None:
    """Add what cannot be in itself, where the comparison has not explained it already."""
    broken: dict[str, dict[str, dict[str, Any]]] = {}
    for view in views.values():
        if view.shipped == view.ordered and view.returned is None:
            continue  # as in nearly all orders
        for name, limit in _broken(view):
            entry = {"said": getattr(view, name), limit: getattr(view, limit)}
            broken.setdefault(name, {})[view.system] = entry
    explained = bool(amounts.lagging or chain.odd or chain.lagging)
    for name, systems in broken.items():
        if any(name in fields for fields in amounts.odd.values()) or any(
            "ordered" in fields for fields in amounts.odd.values()
        ):
            continue
        short = any(entry.get("ordered", Decimal(0)) > entry["said"] for entry in systems.values())
        if short and (explained or any(view.hi < Status.SHIPPED for view in views.values())):
            continue
        system = min(systems, key=field_trust(rules, name))
        amounts.odd.setdefault(system, {})[name] = systems[system]


def _broken(view: View) -> Iterator[tuple[str, str]]:
    """Yield (quantity, the one it contradicts) of one system's own words."""
    if _short(view) or _exceeds(view.shipped, view.ordered):
        yield "shipped", "ordered"
    if _exceeds(view.returned, view.shipped):
        yield "returned", "shipped"


def _exceeds(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and other is not None and one > other


def _verdict(case: Case, system: str, fields: dict[str, Any], in_flight: bool = False) -> Verdict:
    order = case.order
    return Verdict(
        "quantity", order.company, order.order_no, system, details={"fields": fields}, in_flight=in_flight
    )


def _but(values: Mapping[str, Any], system: str) -> dict[str, Any]:
    return {other: value for other, value in values.items() if other != system}


def _others(values: Mapping[str, object], odd: Collection[str]) -> list[str]:
    return sorted(system for system in values if system not in odd)
