"""Findings of earlier runs on orders that this run does not look at: they stand as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.findings import LIVE, State
from hub.store import jsons, tables
from hub.store.types import from_fixed
from reconciler.case import EVERY, Cause, Verdict
from reconciler.sources import Key

_f, _c = tables.findings.c, tables.causes.c
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_AMOUNTS = frozenset({"ordered", "produced", "shipped", "returned", "amount", "expected", "said", "others"})
"""Details whose texts are numbers, and so are those inside them."""


@dataclass(slots=True)
class Kept:
    """A live finding as it lies in the store: as a verdict, and what only the store knows of it.

    The details are as they lie there, moments and numbers as text; `typed` gives them their own types.
    """

    verdict: Verdict
    cause: str | None
    due_at: int | None

    @property
    def key(self) -> Key:
        """Return the order that it is about."""
        return self.verdict.company, self.verdict.order_no

    @property
    def alone(self) -> str | None:
        """Return the system that alone holds the order, None if several do or nobody said."""
        views = self.verdict.details.get("views", ())
        return next(iter(views)) if len(views) == 1 else None


def load_kept(conn: sa.Connection) -> list[Kept]:
    """Return all live findings on single orders, in no order."""
    query = sa.select(
        _f.kind, _f.company, _f.order_no, _f.system, _f.field, _f.details, _f.correct_in,
        sa.type_coerce(_f.at_risk, sa.BigInteger), _f.currency, _f.state, _f.cause,
        sa.type_coerce(_f.due_at, sa.BigInteger),
    ).where(_f.state.in_([*LIVE]), _f.order_no != EVERY)  # fmt: skip
    return [_kept(*row) for row in conn.execute(query)]


def stored_causes(conn: sa.Connection, kept: Iterable[Kept]) -> dict[str, Cause]:
    """Return the stored causes behind `kept`, by id, nothing counted yet."""
    ids = {one.cause for one in kept if one.cause is not None}
    rows = conn.execute(sa.select(_c.id, _c.kind, _c.company, _c.system, _c.slice, _c.details))
    return {
        row.id: Cause(row.kind, row.company, row.system, row.slice, typed(jsons.loads(row.details)))
        for row in rows
        if row.id in ids
    }


def typed(value: Any, amount: bool = False) -> Any:
    """Return details, which the store keeps as JSON, with moments and numbers in their own types again."""
    if isinstance(value, dict):
        return {name: typed(inner, amount or name in _AMOUNTS) for name, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner, amount) for inner in value]
    if isinstance(value, str):
        if amount and _NUMBER.fullmatch(value):
            return Decimal(value)
        if _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value)
    return value


def _kept(
    kind: str,
    company: str,
    order_no: str,
    system: str,
    field: str,
    text: str,
    correct_in: str | None,
    at_risk: int | None,
    currency: str | None,
    state: str,
    cause: str | None,
    due_at: int | None,
) -> Kept:
    details: dict[str, Any] = jsons.loads(text)
    since = details.get("since")
    verdict = Verdict(kind, company, order_no, system, field, details, correct_in or "")
    verdict.at_risk = None if at_risk is None else from_fixed(at_risk)
    verdict.currency = currency
    verdict.in_flight = state == State.IN_FLIGHT
    verdict.since = None if since is None else datetime.fromisoformat(since)
    verdict.behind = "owed" in details
    verdict.noted = kind == "changed_after_confirmation" and not details.get("late", True)
    return Kept(verdict, cause, due_at)
