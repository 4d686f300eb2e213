"""What stands beside the chain – cancelled, returned, on hold, exception – among systems that can say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from hub.model import Side, Status
from hub.rules import Rules
from reconciler.case import Case, Horizon, Verdict, View
from reconciler.judge.trust import newest, range_owner, still_coming, trust
from reconciler.judge.vote import minority

_BITS = (Side.CANCELLED, Side.RETURNED, Side.ON_HOLD, Side.EXCEPTION)


def cancelled(views: Mapping[str, View]) -> bool:
    """Return whether any system says that the order is cancelled."""
    return any(view.side and view.side & Side.CANCELLED for view in views.values())


def judge_sides(
    case: Case, views: Mapping[str, View], rules: Rules, horizons: Mapping[str, Horizon]
) -> tuple[list[Verdict], dict[str, str]]:
    """Return a `status` verdict (field = the word) for each system that is odd in it, and the laggards."""
    found: list[Verdict] = []
    lagging: dict[str, str] = {}
    if not any(view.side for view in views.values()):
        return found, lagging  # as of nearly all orders
    for bit in _BITS:
        told = {system: view for system, view in views.items() if view.side_known & bit}
        values = {system: bool(view.side & bit) for system, view in told.items()}
        if len(set(values.values())) < 2:
            continue
        word = (bit.name or "").lower()
        leader = newest(told)
        coming = {
            system: leader.system
            for system, value in values.items()
            if value != values[leader.system]
            and still_coming(rules, horizons, system, _said_at(leader, bit), word, leader.system)
        }
        lagging |= coming
        standing = {system: value for system, value in values.items() if system not in coming}
        trusted = _trusted(bit, views, values, rules)
        odd = minority(standing, _ranking(trusted, rules))
        found += [_verdict(case, system, word, values) for system in odd]
        found += [_verdict(case, system, word, values, in_flight=True) for system in coming]
    return found, lagging


def _said_at(view: View, bit: Side) -> datetime:
    return view.returned_at if bit == Side.RETURNED and view.returned_at else view.moment()


def _ranking(trusted: frozenset[str], rules: Rules) -> Callable[[str], tuple[bool, int, str]]:
    return lambda system: (system not in trusted, trust(rules, system), system)


def _trusted(
    bit: Side, views: Mapping[str, View], values: Mapping[str, bool], rules: Rules
) -> frozenset[str]:
    """Return the systems whose word counts in a tie.

    A cancellation stands against an order of which nothing has left yet, and not after that.
    """
    if bit == Side.CANCELLED:
        gone = any(view.lo >= Status.PARTLY_SHIPPED or (view.shipped or 0) > 0 for view in views.values())
        return frozenset(system for system, value in values.items() if value is not gone)
    return frozenset({range_owner(rules, max(view.lo for view in views.values()))})


def _verdict(
    case: Case, system: str, word: str, values: Mapping[str, bool], in_flight: bool = False
) -> Verdict:
    others = {other: value for other, value in values.items() if other != system}
    details = {"side": word, "said": values[system], "others": others}
    order = case.order
    return Verdict("status", order.company, order.order_no, system, word, details, in_flight=in_flight)
