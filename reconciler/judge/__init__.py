"""What the views of one order come to. Pure: the same case, rules and horizons give the same verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.rules import Rules
from reconciler.case import Case, Horizon, Verdict, View
from reconciler.judge.chain import Chain, compared, forbidden, judge_chain, lone
from reconciler.judge.clocks import judge_clocks
from reconciler.judge.quantities import judge_lines, judge_quantities
from reconciler.judge.sides import cancelled, judge_sides

__all__ = ["Judgement", "judge", "told"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts on one order, (laggard, leader) pairs on the way, and whether one system alone has it."""

    verdicts: tuple[Verdict, ...]
    lagging: tuple[tuple[str, str], ...]
    lone: bool = False


def judge(case: Case, rules: Rules, horizons: Mapping[str, Horizon]) -> Judgement:
    """Judge one order.

    A cancelled order is compared only in that: its status, quantities and lines say nothing any more.
    """
    route = rules.route(case.order.company, case.order.order_type or "")
    views = compared(case, route)
    verdicts = forbidden(case, route)
    chain = Chain()
    lagging: dict[str, str] = {}
    if not cancelled(views):
        chain = judge_chain(case, views, route, rules, horizons)
        verdicts += chain.verdicts
        for found, late in (
            judge_quantities(case, views, chain, rules, horizons),
            judge_lines(case, views, rules, horizons),
        ):
            verdicts += found
            lagging |= late
    found, late = judge_sides(case, views, rules, horizons)
    verdicts += found
    lagging |= late | chain.lagging
    verdicts += judge_clocks(case, views, rules)
    said = told(case) if verdicts else {}
    for verdict in verdicts:
        verdict.correct_in = verdict.system
        verdict.at_risk, verdict.currency = case.order.amount, case.order.currency
        if verdict.kind != "skew":  # its stamps say it all, and a wrong clock touches every order
            verdict.details["views"] = said
    return Judgement(tuple(verdicts), tuple(sorted(lagging.items())), lone(case, chain, route))


def told(case: Case) -> dict[str, dict[str, object]]:
    """Return what every system says, as the report shows it."""
    return {system: dict(_said(case.views[system])) for system in sorted(case.views)}


def _said(view: View) -> Iterator[tuple[str, object]]:
    if view.status is not None:
        yield "status", view.status.word
    if view.ordered is not None:
        yield "ordered", view.ordered
    if view.produced is not None:
        yield "produced", view.produced
    if view.shipped is not None:
        yield "shipped", view.shipped
    if view.returned is not None:
        yield "returned", view.returned
    if view.occurred_at is not None:
        yield "at", view.occurred_at
