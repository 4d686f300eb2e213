"""Classes of differences that the views of one moment cannot show: what was, what repeats, what stands still.

::

    history.py      what systems said of an order over time
    remarked.py     which orders are looked at: their history gave something away, or a finding stands
    transitions.py  illegal transition: a status that fell, left a final state, or jumped
    changes.py      changed after confirmation: legal and noted, or too late and open
    duplicates.py   duplicate: one reference on two documents, one order twice in a system
    lookalikes.py   possible duplicate: the same purchase order under two numbers
    standing.py     stale: longer in a status than it may be
    gone.py         gone: its source no longer knows it
    unwritten.py    conflict: changed on both sides; write failed: refused, or nobody knows
    precedence.py   one fault is one finding

Judging is pure; what a class reads it reads by an index, for the orders that the sync remarked. A run over a
store in which nothing is wrong asks four queries that return nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from hub.rules import Rules
from reconciler.case import Horizon, Verdict
from reconciler.classes.changes import judge_changes
from reconciler.classes.duplicates import alive_records, judge_duplicates
from reconciler.classes.gone import gone
from reconciler.classes.history import load_histories
from reconciler.classes.lookalikes import lookalikes
from reconciler.classes.precedence import one_fault_each, troubled
from reconciler.classes.remarked import KINDS, load_cases, remarked
from reconciler.classes.standing import standing
from reconciler.classes.transitions import judge_transitions
from reconciler.classes.unwritten import unwritten
from reconciler.judge import told
from reconciler.kept import Kept
from reconciler.sources import Key, Scope

__all__ = ["KINDS", "find", "one_fault_each"]


def find(
    conn: sa.Connection,
    rules: Rules,
    as_of: datetime,
    scope: Scope,
    horizons: Mapping[str, Horizon],
    known: Iterable[Kept],
    others: Iterable[Verdict] = (),
) -> list[Verdict]:
    """Return the verdicts of all these classes on orders of `scope`, with what the systems say of each.

    `known` are the findings of earlier runs; `others` are verdicts of this one: an order that they explain is
    not stale.
    """
    keys = remarked(conn, scope, known)
    stale = list(standing(conn, rules, as_of, scope, horizons))
    explained = troubled(others) if stale else set()
    found = [
        *_remarkable(conn, rules, as_of, keys),
        *lookalikes(conn, keys, scope),
        *(one for one in stale if (one.company, one.order_no) not in explained),
        *gone(conn, rules, scope),
        *unwritten(conn, as_of, scope),
    ]
    _complete(conn, found)
    return found


def _remarkable(conn: sa.Connection, rules: Rules, as_of: datetime, keys: list[Key]) -> list[Verdict]:
    """Return what the histories of `keys` give away."""
    if not keys:
        return []
    cases, histories = load_cases(conn, keys), load_histories(conn, keys)
    records = alive_records(conn, histories)
    return [
        verdict
        for key, case in cases.items()
        for verdict in (
            *judge_transitions(case, histories[key], rules),
            *judge_changes(case, histories[key], rules, as_of),
            *judge_duplicates(case, histories[key], records, rules),
        )
    ]


def _complete(conn: sa.Connection, verdicts: list[Verdict]) -> None:
    """Add to each verdict what every system says and the money that hangs on the order."""
    cases = load_cases(conn, sorted({(one.company, one.order_no) for one in verdicts}))
    for one in verdicts:
        case = cases[one.company, one.order_no]
        one.correct_in = one.correct_in or one.system
        one.at_risk, one.currency = case.order.amount, case.order.currency
        one.details["views"] = told(case)
