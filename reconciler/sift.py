"""What judgements come to, order by order: verdicts, who is on the way, which codes nobody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property

from reconciler.case import EVERY, Case, Verdict
from reconciler.judge import Judgement
from reconciler.kept import Kept
from reconciler.pairing import Goods, mistyped
from reconciler.sources import Key

_EXAMPLES = 5
_ALONE = ("extra", "missing")

Identity = tuple[str, str, str, str, str]


class Sift:
    """Takes judgements as they come and keeps what is needed in the end: memory follows the differences.

    Of the live findings those `known` before are kept while in flight. `waiting` collects the orders that are
    on their way or say what nobody knows: they have to be looked at again.
    """

    def __init__(self, known: Iterable[Kept]) -> None:
        """Begin with nothing."""
        self._before = known
        self.verdicts: list[Verdict] = []
        self.waiting: set[Key] = set()
        self.in_flight: Counter[tuple[str, str]] = Counter()
        self.unread: Counter[str] = Counter()
        self.held_unread: Counter[str] = Counter()
        self.missing: list[tuple[Verdict, Goods]] = []
        self.lone: dict[tuple[str, str, str], Goods] = {}
        self.alone: dict[tuple[str, str, str], list[Verdict]] = {}
        self.codes: dict[tuple[str, str], Verdict] = {}

    @cached_property
    def known(self) -> set[Identity]:
        """The identities of live findings."""
        return {one.identity for one in self._before}

    def take(self, case: Case, judgement: Judgement) -> None:
        """Sort the verdicts on one order."""
        if judgement.lagging or any(view.unknown_code is not None for view in case.views.values()):
            self.waiting.add((case.order.company, case.order.order_no))
        for laggard, leader in judgement.lagging:
            self.in_flight[laggard, leader] += 1
            self.unread[laggard] += 1
            self.held_unread[laggard] += laggard in case.views
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
        self.verdicts += kept

    def _code(self, case: Case, system: str, code: str) -> None:
        verdict = self.codes.setdefault(
            (system, code),
            Verdict("unknown_code", EVERY, EVERY, system, code, {"orders": 0, "examples": []}, system),
        )
        verdict.details["orders"] += 1
        if case.order.amount is not None and verdict.currency in (None, case.order.currency):
            verdict.currency = case.order.currency
            verdict.at_risk = (verdict.at_risk or Decimal(0)) + case.order.amount
        examples = {*verdict.details["examples"], f"{case.order.company}/{case.order.order_no}"}
        verdict.details["examples"] = sorted(examples)[:_EXAMPLES]
        self.unread[system] += 1
        self.held_unread[system] += 1

    def unknown_codes(self) -> list[Verdict]:
        """Return one verdict for each code that no mapping knows."""
        return [self.codes[key] for key in sorted(self.codes)]

    def paired(self) -> list[Verdict]:
        """Return the verdicts on lone orders, less those that stand here under a mistyped number."""
        for verdict, goods in mistyped(self.missing, self.lone):
            verdict.details = {**verdict.details, "found_as": goods.order_no}
            del self.alone[goods.company, goods.order_no, verdict.system]
        return [verdict for verdicts in self.alone.values() for verdict in verdicts]
