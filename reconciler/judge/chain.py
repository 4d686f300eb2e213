"""The status chain of one order: who is missing, who should not have it, whose status is odd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.model import Status
from hub.rules import Route, Rules
from reconciler.case import Case, Horizon, Verdict, View
from reconciler.judge.trust import is_draft, owed, range_owner, trust
from reconciler.judge.vote import Claim, agree, odd_ones

_PARTLY = int(Status.PARTLY_SHIPPED)
_SHIPPED = int(Status.SHIPPED)


@dataclass(slots=True)
class Chain:
    """What came of the chain: verdicts, who is odd, and who is still on its way (laggard -> leader)."""

    verdicts: list[Verdict] = field(default_factory=list)
    odd: set[str] = field(default_factory=set)
    lagging: dict[str, str] = field(default_factory=dict)


def judge_chain(
    case: Case, views: Mapping[str, View], route: Route, rules: Rules, horizons: Mapping[str, Horizon]
) -> Chain:
    """Judge who must know the order, and whether the statuses of the `compared` views agree."""
    claims = [Claim(system, _covered(view, views), view.hi, view) for system, view in views.items()]
    claims += _absent(case, route, horizons)
    chain = Chain()
    if agree(claims):
        return chain
    standing = []
    for claim in claims:
        leader, moment = _passed_by(claim, claims)
        if leader is not None and not _should_know(claim, leader, moment, route, rules, horizons):
            chain.lagging[claim.system] = leader.system
        else:
            standing.append(claim)
    odd = _odd(standing, route, rules)
    chain.odd = {claim.system for claim in odd}
    chain.verdicts = [_verdict(case, claim, claims, route) for claim in odd]
    chain.verdicts += _in_flight(case, claims, chain, route)
    return chain


def forbidden(case: Case, route: Route) -> list[Verdict]:
    """Return the systems that hold the order although the route says never."""
    return [
        Verdict("extra", case.order.company, case.order.order_no, system, details={"route": "never"})
        for system in case.views
        if system in route.systems and route.systems[system] is None
    ]


def compared(case: Case, route: Route) -> Mapping[str, View]:
    """Return the views that take part: all but those of systems that should not know the order."""
    if None not in route.systems.values():
        return case.views
    return {system: view for system, view in case.views.items() if route.systems.get(system, ...) is not None}


def _covered(view: View, views: Mapping[str, View]) -> int:
    """Return what `view` says of the whole order: one that sees only a part of it cannot say "all shipped".

    It sees a part if it does not know the ordered total and shipped less than that, or if it gives no
    quantities at all while another system says that only a part has left.
    """
    if view.ordered is not None or view.lo <= _PARTLY:
        return view.lo
    others = [other for other in views.values() if other is not view]
    if view.shipped is None:
        partial = any(_PARTLY <= other.lo < _SHIPPED for other in others)
    else:
        partial = any(other.ordered is not None and view.shipped < other.ordered for other in others)
    return _PARTLY if partial else view.lo


def _absent(case: Case, route: Route, horizons: Mapping[str, Horizon]) -> list[Claim]:
    """Return a claim "not yet there" for each system that the route needs and that lacks the order."""
    claims = []
    for system, need in route.systems.items():
        if need is None or system in case.views:
            continue
        rank = int(need.from_status)
        moments = [view.reached(rank) for view in case.views.values() if view.lo >= rank]
        start = horizons[system].start if system in horizons else None
        if moments and not (start and min(moments) < start):
            claims.append(Claim(system, 0, rank - 1))
    return claims


def _passed_by(claim: Claim, claims: Sequence[Claim]) -> tuple[Claim | None, datetime | None]:
    """Return the first other claim that went past this one's range, and when it did."""
    passed = [
        (other.view.reached(claim.hi + 1), other)
        for other in claims
        if other.view is not None and other.lo > claim.hi
    ]
    if not passed:
        return None, None
    moment, leader = min(passed, key=lambda item: (item[0], item[1].system))
    return leader, moment


def _should_know(
    claim: Claim,
    leader: Claim,
    moment: datetime | None,
    route: Route,
    rules: Rules,
    horizons: Mapping[str, Horizon],
) -> bool:
    """Return whether the system was read so late that it ought to have said more.

    For one that went back behind its confirmation (反审核: the order is being edited) time begins anew then.
    """
    horizon = horizons.get(claim.system)
    if horizon is None or moment is None:
        return False
    need = route.systems.get(claim.system)
    if claim.absent and need:
        patience = rules.patience(claim.system, need.from_status.word, need.within, leader.system)
    else:
        patience = rules.grace(claim.system, owed(claim.hi), leader.system)
    if claim.view is not None and is_draft(claim.view):
        moment = max(moment, claim.view.moment())
    return horizon.knows(moment + patience)


def _odd(claims: Sequence[Claim], route: Route, rules: Rules) -> tuple[Claim, ...]:
    """Return who is odd among those that ought to know."""
    present = [claim for claim in claims if not claim.absent]
    origin_absent = any(claim.absent and claim.system == route.origin for claim in claims)
    if origin_absent and len(present) == 1 and not agree(claims):
        return (present[0],)
    leader = max(claims, key=lambda claim: claim.lo, default=None)
    owner = range_owner(rules, leader.lo) if leader else ""

    def cost(out: Sequence[Claim]) -> tuple[object, ...]:
        systems = sorted(claim.system for claim in out)
        absent = sum(claim.absent for claim in out)
        return -absent, owner in systems, [-trust(rules, system) for system in systems], systems

    return odd_ones(claims, cost)


def _verdict(case: Case, claim: Claim, claims: Sequence[Claim], route: Route) -> Verdict:
    order = case.order
    leader, moment = _passed_by(claim, claims)
    need = route.systems.get(claim.system)
    if claim.absent and need:
        details: dict[str, Any] = {"needed_from": need.from_status.word, "since": moment}
        return Verdict("missing", order.company, order.order_no, claim.system, details=details, since=moment)
    alone = len(case.views) == 1 and route.origin not in case.views
    if alone:
        details = {"origin": route.origin}
        return Verdict("extra", order.company, order.order_no, claim.system, details=details)
    others = {
        other.system: other.view.status.word
        for other in claims
        if other.view is not None and other.view.status is not None and other is not claim
    }
    says = claim.view.status.word if claim.view and claim.view.status else None
    details = {"says": says, "others": others}
    if leader is not None:
        details |= {"owed": owed(claim.hi).word, "since": moment}
    return Verdict(
        "status",
        order.company,
        order.order_no,
        claim.system,
        details=details,
        since=moment,
        behind=leader is not None,
    )


def _in_flight(case: Case, claims: Sequence[Claim], chain: Chain, route: Route) -> list[Verdict]:
    """Return what the laggards would be found for if their time were up: only an open finding keeps it."""
    by_system = {claim.system: claim for claim in claims}
    found = []
    for system in chain.lagging:
        found.append(_verdict(case, by_system[system], claims, route))
    if lone(case, chain, route) and route.origin in chain.lagging:
        found += [_verdict(case, claim, claims, route) for claim in claims if not claim.absent]
    for verdict in found:
        verdict.in_flight = True
    return found


def lone(case: Case, chain: Chain, route: Route) -> bool:
    """Return whether one system alone holds an order that others ought to know, grace or not."""
    return len(case.views) == 1 and bool(chain.odd or chain.lagging) and bool(route.systems)
