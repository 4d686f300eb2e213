"""Duplicate: one reference on two documents of a system, or one order entered twice in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import jsons, lookup, tables
from reconciler.case import Case, Verdict
from reconciler.classes.history import History, Said
from reconciler.sources import Key
from sync.gone import BELIEVED

Alive = Mapping[tuple[str, str, str], frozenset[tuple[str, str, str]]]
"""What records speak of now: (company, order, part) by (system, stream, record)."""


def judge_duplicates(case: Case, history: History, records: Alive, rules: Rules) -> list[Verdict]:
    """Return a verdict for each system that holds the order twice.

    Two records that give the same part are one reference on two documents. Two parts may be two deliveries:
    they are duplicates only in a system in which an order is one document (`one_document` in hub.yaml), or
    where each repeats the other and another system orders only one of them.
    """
    found = []
    key = case.order.company, case.order.order_no
    for system in sorted(case.views):
        parts = history.states(system)
        documents = _shared(key, parts, records) or _repeated(system, parts, case, rules)
        if documents:
            details = {"documents": documents}
            found.append(Verdict("duplicate", *key, system, details=details))
    return found


def alive_records(conn: sa.Connection, histories: Mapping[Key, History]) -> Alive:
    """Return what the records speak of that share a part with another record."""
    wanted = {
        (said.system, said.stream, said.record)
        for history in histories.values()
        for system in history.systems()
        for rows in history.states(system).values()
        if len({said.record for said in rows}) > 1
        for said in rows
    }
    place = ("system", "stream", "record")
    absent = lookup.fetch_many(conn, tables.absent, place, wanted, (*place, "times"))
    gone = {(row.system, row.stream, row.record) for row in absent if row.times >= BELIEVED}
    rows = lookup.fetch_many(conn, tables.ledger, place, wanted - gone, (*place, "gave"))
    return {
        (row.system, row.stream, row.record): frozenset(
            (given[0], given[1], given[2]) for given in jsons.loads(row.gave) or ()
        )
        for row in rows
    }


def _shared(key: Key, parts: Mapping[str, Sequence[Said]], records: Alive) -> list[str]:
    """Return the records that now speak of one and the same part."""
    for part, rows in parts.items():
        last = {said.record: said for said in rows}
        speak = [
            record
            for record, said in sorted(last.items())
            if (*key, part) in records.get((said.system, said.stream, record), frozenset())
        ]
        if len(speak) > 1:
            return speak
    return []


def _repeated(system: str, parts: Mapping[str, Sequence[Said]], case: Case, rules: Rules) -> list[str]:
    """Return the parts that say the same thing twice."""
    now = {part: rows[-1] for part, rows in parts.items() if not rows[-1].cancelled}
    if len(now) < 2:
        return []
    if system in rules.one_document:
        return sorted(now)
    alike: dict[tuple[str, str | None, Decimal], list[str]] = {}
    for part, said in now.items():
        if said.ordered is not None:
            alike.setdefault((said.stream, said.line_digest, said.ordered), []).append(part)
    others = {view.ordered for name, view in case.views.items() if name != system} - {None}
    total = sum((said.ordered for said in now.values() if said.ordered is not None), Decimal(0))
    for (_, _, ordered), twice in sorted(alike.items(), key=lambda item: item[1]):
        if len(twice) > 1 and total not in others and total - ordered * (len(twice) - 1) in others:
            return sorted(twice)
    return []
