"""Scan and judge: from the store to verdicts and causes, without writing anything.

Three streams of candidates meet here (`reconciler.sources` says how to add one): the orders whose views
differ, as the scan lets them out; the orders that a source of suspects names; and verdicts that come ready
made. The first two are judged by `reconciler.judge`; all share what follows: pairing, causes, settling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import tables
from hub.store.types import to_micros
from reconciler import classes
from reconciler.case import Case, Cause, Horizon, Verdict
from reconciler.clock_causes import clock_causes
from reconciler.horizons import not_compared
from reconciler.judge import judge
from reconciler.kept import Kept, parted
from reconciler.lines import name_lines
from reconciler.neighbours import neighbours
from reconciler.plan import Plan
from reconciler.scan import load_cases, loaded, suspicious
from reconciler.shared import Shared
from reconciler.sift import Sift
from reconciler.sources import SUSPECTS, VERDICTS, Key, Scope
from sync import dirt

FEW = 2_000
"""So many orders are judged at once: to sieve them first would cost as much."""


@dataclass(slots=True)
class Examination:
    """What the store comes to at one moment: verdicts, causes, and who was still on the way.

    `scope` are the orders that were looked at, `troubled` those of them that had a finding, `waiting` those
    that must be looked at again. `fresh` are the verdicts on these orders and on whole systems, `kept` the
    findings on all other orders. `reworded` are the causes of which other things are known than before.
    """

    scope: Scope
    horizons: Mapping[str, Horizon]
    fresh: list[Verdict] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    kept: Sequence[Kept] = ()
    waiting: set[Key] = field(default_factory=set)
    in_flight: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    held_unread: Counter[str] = field(default_factory=Counter)
    troubled: set[Key] = field(default_factory=set)
    reworded: set[str] = field(default_factory=set)

    def moved(self, now: datetime) -> list[Verdict]:
        """Return what is to be settled besides the fresh: the kept whose cause or time is another now."""
        micros = to_micros(now)
        return [
            one.verdict
            for one in self.kept
            if (one.due_at is not None and one.due_at <= micros)
            or ((one.cause is not None or one.touched) and self._moves(one))
        ]

    def _moves(self, one: Kept) -> bool:
        behind = one.verdict.cause if one.touched else None
        cause = None if behind is None else behind.id
        return cause != one.cause or cause in self.reworded


def examine(
    conn: sa.Connection,
    rules: Rules,
    as_of: datetime,
    horizons: Mapping[str, Horizon],
    plan: Plan,
    known: Sequence[Kept],
) -> Examination:
    """Judge the orders that the plan names, and find what all verdicts share.

    `known` are the findings of earlier runs.
    """
    sift = Sift(known)
    scope = _judged(conn, rules, as_of, horizons, plan, sift, known)
    fresh = [
        *(one for source in VERDICTS for one in source(conn, rules, as_of, scope)),
        *classes.find(conn, rules, as_of, scope, horizons, known, sift.verdicts),
        *sift.verdicts,
        *sift.paired(),
    ]
    fresh = classes.one_fault_each(fresh)
    skews = [verdict for verdict in fresh if verdict.kind == "skew"]
    clocks, skews = clock_causes(skews, rules)
    whole = [*not_compared(horizons.values()), *sift.unknown_codes()]
    fresh = [*whole, *(verdict for verdict in fresh if verdict.kind != "skew"), *skews]
    name_lines(conn, fresh)
    here, kept = parted(known, scope)
    found = Examination(scope, horizons, fresh, kept=kept, waiting=sift.waiting)
    found.in_flight, found.unread, found.held_unread = sift.in_flight, sift.unread, sift.held_unread
    found.troubled = {one.key for one in here}
    shared = Shared(conn, rules, as_of, known)
    found.causes = [*clocks, *shared.behind(fresh, here, kept)]
    found.reworded = shared.reworded(found.causes)
    return found


def _judged(
    conn: sa.Connection,
    rules: Rules,
    as_of: datetime,
    horizons: Mapping[str, Horizon],
    plan: Plan,
    sift: Sift,
    known: Sequence[Kept],
) -> Scope:
    """Judge what the plan names, and what is to be seen in one view with that; return all of it."""
    named = {key for source in SUSPECTS for key in source(conn, rules, as_of, plan.scope)}
    if plan.scope.keys is None:
        for case in suspicious(conn, rules, named):
            sift.take(case, judge(case, rules, horizons))
        return plan.scope
    named |= plan.scope.keys - plan.agreed
    named.update(plan.scope.keys.intersection((one.company, one.order_no) for one in known))
    for case in _suspected(conn, rules, plan, named):
        sift.take(case, judge(case, rules, horizons))
    seen = set(plan.scope.keys)
    while beside := neighbours(seen, sift, known, rules):
        for case in load_cases(conn, beside):
            sift.take(case, judge(case, rules, horizons))
        seen |= beside
    return Scope(frozenset(seen))


def _suspected(conn: sa.Connection, rules: Rules, plan: Plan, named: set[Key]) -> Iterable[Case]:
    """Return the orders `named` that may differ: all of them while they are few, else those sieved out."""
    if len(named) <= FEW:
        return loaded(conn, named)
    d = tables.dirty.c
    marked = sa.select(d.company, d.order_no).where(d.consumer == dirt.RECONCILE, sa.not_(d.agreed))
    unmarked = named - (plan.marked - plan.agreed)
    return suspicious(conn, rules, unmarked, marked.subquery("marked"))
