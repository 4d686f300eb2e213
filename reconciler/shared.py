"""What verdicts share: fresh ones, and those that stand from earlier runs, behind their causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from hub.findings import State
from hub.rules import Rules
from reconciler import causes, slices
from reconciler.case import EVERY, Cause, Verdict
from reconciler.kept import Kept, stored_causes
from reconciler.lift import FEWEST

Group = tuple[str, str]
"""Class and system: what slices are looked for in."""

_BY_CLOCK, _BY_SLICE = "clock_", "shared_"

_NEWS = 10
"""A tenth more findings are worth a look for slices, which hold three tenths at least (`reconciler.lift`)."""


class Shared:
    """Finds the causes of one run."""

    def __init__(self, conn: sa.Connection, rules: Rules, as_of: datetime, known: Sequence[Kept]) -> None:
        """Take what every cause needs, and all findings of earlier runs."""
        self.conn, self.rules, self.as_of, self.known = conn, rules, as_of, known
        self.stored = stored_causes(conn, known)
        self.told = {id: dict(cause.details) for id, cause in self.stored.items()}

    def reworded(self, found: Iterable[Cause]) -> set[str]:
        """Return the causes of which other things are known than lie in the store."""
        return {one.id for one in found if one.details != self.told.get(one.id, one.details)}

    def behind(self, fresh: Sequence[Verdict], here: Iterable[Kept], kept: Iterable[Kept]) -> list[Cause]:
        """Return the causes of `fresh` verdicts and of the findings `kept` as they are.

        What follows from each verdict by itself, or from the store, is found anew for all. Clocks stand as
        they were found where nobody looked at their orders. Slices are looked for among the verdicts of a
        class and system if ten fresh ones have no cause, and they are no drop among older ones like that; or
        if it has slices and any of it was looked at.
        """
        kept = [one for one in kept if one.state != State.IN_FLIGHT]
        entries = causes.load_quarantined(self.conn)
        found = self._standing(kept)
        live = [one for one in fresh if not one.in_flight]
        # what else stands alone has no cause that is found anew in every run
        live += [one.verdict for one in kept if entries or one.cause is not None or one.lags or one.found_as]
        plain = [
            *causes.unread(live),
            *causes.unknown_codes(live),
            *causes.mistyped_references(live),
            *causes.quarantined_records(live, entries),
            *causes.late_posting(live, causes.newest_posted(self.conn), self.as_of),
        ]
        again = self._moved(fresh, here, kept)
        pool = [one for one in fresh if not one.in_flight and _group(one) in again]
        pool += [one.verdict for one in kept if (one.kind, one.system) in again]
        for one in pool:
            if one.cause and one.cause.kind.startswith(_BY_SLICE):
                one.cause.orders, one.cause = 0, None
        return [*plain, *(one for one in found if one.orders), *slices.shared(self.conn, pool, self.rules)]

    def _moved(self, fresh: Iterable[Verdict], here: Iterable[Kept], kept: Iterable[Kept]) -> set[Group]:
        """Return the groups in which slices are looked for again."""
        lonely = Counter(_group(one) for one in fresh if _is_lonely(one))
        touched = {(one.kind, one.system) for one in here}.union(lonely)
        behind = [
            (group, one.verdict.cause if one.touched else None)
            for one in kept
            if (group := (one.kind, one.system)) in touched
        ]
        sliced = {group for group, cause in behind if cause and cause.kind.startswith(_BY_SLICE)}
        old = Counter(group for group, cause in behind if cause is None)
        new = {group for group, count in lonely.items() if count >= max(FEWEST, old[group] // _NEWS)}
        return new | sliced

    def _standing(self, kept: Iterable[Kept]) -> list[Cause]:
        """Put kept verdicts behind the clocks and slices that were found earlier; return these."""
        found: dict[str, Cause] = {}
        for one in kept:
            cause = self.stored.get(one.cause) if one.cause else None
            if cause is not None and cause.kind.startswith((_BY_CLOCK, _BY_SLICE)):
                found.setdefault(cause.id, cause).add(one.verdict)
        return list(found.values())


def _group(one: Verdict) -> Group:
    return one.kind, one.system


def _is_lonely(one: Verdict) -> bool:
    return one.cause is None and not (one.in_flight or one.noted) and one.order_no != EVERY
