"""Scan and judge: from the store to verdicts and causes, without writing anything.

Three streams of candidates meet here (`reconciler.sources` says how to add one): the orders whose views
differ, as the scan lets them out; the orders that a source of suspects names; and verdicts that come ready
made. The first two are judged by `reconciler.judge`; all share what follows: pairing, causes, settling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from hub.findings import LIVE
from hub.rules import Rules
from hub.store import tables
from reconciler import causes, classes
from reconciler.case import EVERY, Case, Cause, Horizon, Verdict
from reconciler.clock_causes import clock_causes
from reconciler.horizons import load_horizons, not_compared
from reconciler.judge import Judgement, judge
from reconciler.lines import name_lines
from reconciler.pairing import Goods, mistyped
from reconciler.scan import suspicious
from reconciler.slices import shared
from reconciler.sources import ALL, SUSPECTS, VERDICTS, Scope

_EXAMPLES = 5
_ALONE = ("extra", "missing")

Identity = tuple[str, str, str, str, str]


@dataclass(slots=True)
class Examination:
    """What the store comes to at one moment: verdicts, causes, and who was still on the way."""

    horizons: dict[str, Horizon]
    verdicts: list[Verdict] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    in_flight: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    held_unread: Counter[str] = field(default_factory=Counter)


def examine(
    conn: sa.Connection,
    rules: Rules,
    as_of: datetime,
    starts: Mapping[str, datetime] | None = None,
    scope: Scope = ALL,
) -> Examination:
    """Judge all orders of `scope` that may differ, and find what the verdicts share."""
    horizons = load_horizons(conn, rules, as_of, starts)
    found = Examination(horizons, not_compared(horizons.values()))
    sift = _Sift(found, open_identities(conn))
    named = {key for source in SUSPECTS for key in source(conn, rules, as_of, scope)}
    for case in suspicious(conn, rules, named):
        sift.take(case, judge(case, rules, horizons))
    found.verdicts += [one for source in VERDICTS for one in source(conn, rules, as_of, scope)]
    found.verdicts += classes.find(conn, rules, as_of, scope, horizons)
    found.verdicts += sift.unknown_codes()
    found.verdicts += sift.paired()
    found.verdicts = classes.one_fault_each(found.verdicts)
    skews = [verdict for verdict in found.verdicts if verdict.kind == "skew"]
    clocks, skews = clock_causes(skews, rules)
    found.verdicts = [verdict for verdict in found.verdicts if verdict.kind != "skew"] + skews
    name_lines(conn, found.verdicts)
    live = [verdict for verdict in found.verdicts if not verdict.in_flight]
    found.causes = [
        *causes.unread(live),
        *clocks,
        *causes.unknown_codes(live),
        *causes.mistyped_references(live),
        *causes.quarantined_records(live, causes.load_quarantined(conn)),
        *causes.late_posting(live, causes.newest_posted(conn), as_of),
    ]
    found.causes += shared(conn, live, rules)
    return found


def open_identities(conn: sa.Connection) -> set[Identity]:
    """Return the identities of all findings that are not closed: only those are kept while in flight."""
    f = tables.findings.c
    query = sa.select(f.kind, f.company, f.order_no, f.system, f.field).where(f.state.in_([*LIVE]))
    return {(row[0], row[1], row[2], row[3], row[4]) for row in conn.execute(query)}


class _Sift:
    """Takes judgements as they come and keeps what is needed in the end: memory follows the differences."""

    def __init__(self, found: Examination, known: set[Identity]) -> None:
        self.found = found
        self.known = known
        self.missing: list[tuple[Verdict, Goods]] = []
        self.lone: dict[tuple[str, str, str], Goods] = {}
        self.alone: dict[tuple[str, str, str], list[Verdict]] = {}
        self.codes: dict[tuple[str, str], Verdict] = {}

    def take(self, case: Case, judgement: Judgement) -> None:
        """Sort the verdicts on one order."""
        for laggard, leader in judgement.lagging:
            self.found.in_flight[laggard, leader] += 1
            self.found.unread[laggard] += 1
            self.found.held_unread[laggard] += laggard in case.views
        for view in case.views.values():
            if view.unknown_code is not None:
                self._code(case, view.system, view.unknown_code)
        kept = [one for one in judgement.verdicts if not one.in_flight or one.identity in self.known]
        missing = [one for one in kept if one.kind == "missing"]
        if missing or judgement.lone:
            goods = Goods.of(case)
            self.missing += [(one, goods) for one in missing]
        if judgement.lone:
            key = case.order.company, case.order.order_no, next(iter(case.views))
            self.lone[key] = goods
            self.alone[key] = [one for one in kept if one.kind in _ALONE]
            kept = [one for one in kept if one.kind not in _ALONE]
        self.found.verdicts += kept

    def _code(self, case: Case, system: str, code: str) -> None:
        verdict = self.codes.setdefault(
            (system, code),
            Verdict("unknown_code", EVERY, EVERY, system, code, {"orders": 0, "examples": []}, system),
        )
        verdict.details["orders"] += 1
        if case.order.amount is not None and verdict.currency in (None, case.order.currency):
            verdict.currency = case.order.currency
            verdict.at_risk = (verdict.at_risk or Decimal(0)) + case.order.amount
        if len(verdict.details["examples"]) < _EXAMPLES:
            verdict.details["examples"].append(f"{case.order.company}/{case.order.order_no}")
        self.found.unread[system] += 1
        self.found.held_unread[system] += 1

    def unknown_codes(self) -> list[Verdict]:
        """Return one verdict for each code that no mapping knows."""
        return [self.codes[key] for key in sorted(self.codes)]

    def paired(self) -> list[Verdict]:
        """Return the verdicts on lone orders, less those that stand here under a mistyped number."""
        for verdict, goods in mistyped(self.missing, self.lone):
            verdict.details = {**verdict.details, "found_as": goods.order_no}
            del self.alone[goods.company, goods.order_no, verdict.system]
        return [verdict for verdicts in self.alone.values() for verdict in verdicts]
