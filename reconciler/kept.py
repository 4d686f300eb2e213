"""Findings of earlier runs on orders that this run does not look at: they stand as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import starmap
from typing import Any

import sqlalchemy as sa

from hub.findings import IS_LIVE, State
from hub.store import driver, jsons, tables
from hub.store.types import from_fixed
from reconciler.case import EVERY, Cause, Verdict
from reconciler.sources import Key, Scope

_c = tables.causes.c
_READ = "kind, company, order_no, system, field, details, correct_in, at_risk, currency, state, cause, due_at"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_AMOUNTS = frozenset({"ordered", "produced", "shipped", "returned", "amount", "expected", "said", "others"})
"""Details whose texts are numbers, and so are those inside them."""


@dataclass(slots=True)
class Kept:
    """A live finding as it lies in the store, times and amounts in its own form.

    Most of them nothing touches in a run: the `verdict` is made where it is asked for. Its details are as
    they lie there, moments and numbers as text; `typed` gives them their own types.
    """

    kind: str
    company: str
    order_no: str
    system: str
    field: str
    text: str
    correct_in: str | None
    at_risk: int | None
    currency: str | None
    state: str
    cause: str | None
    due_at: int | None
    _details: dict[str, Any] | None = None
    _verdict: Verdict | None = None

    @property
    def key(self) -> Key:
        """Return the order that it is about."""
        return self.company, self.order_no

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """Return what makes it the same finding over runs."""
        return self.kind, self.company, self.order_no, self.system, self.field

    @property
    def in_flight(self) -> bool:
        """Tell whether nobody was told of it yet."""
        return self.state == State.IN_FLIGHT

    @property
    def touched(self) -> bool:
        """Tell whether its verdict was asked for."""
        return self._verdict is not None

    @property
    def verdict(self) -> Verdict:
        """Return it as the verdict that it once was."""
        if self._verdict is None:
            self._verdict = self._made()
        return self._verdict

    @property
    def details(self) -> dict[str, Any]:
        """Return what was compared, moments and numbers as text."""
        if self._details is None:
            self._details = jsons.loads(self.text)
        return self._details

    @property
    def alone(self) -> str | None:
        """Return the system that alone holds the order, None if several do or nobody said."""
        views = self.details.get("views", ())
        return next(iter(views)) if len(views) == 1 else None

    @property
    def found_as(self) -> str | None:
        """Return the mistyped number that a missing order stands under."""
        if self.kind == "missing" and '"found_as"' in self.text:
            found: str | None = self.details.get("found_as")
            return found
        return None

    @property
    def lags(self) -> bool:
        """Tell whether the system may owe a status, without reading the details."""
        return self.kind == "status" and '"owed"' in self.text

    def _made(self) -> Verdict:
        details = self.details
        since = details.get("since")
        verdict = Verdict(*self.identity, details, self.correct_in or "")
        verdict.at_risk = None if self.at_risk is None else from_fixed(self.at_risk)
        verdict.currency = self.currency
        verdict.in_flight = self.in_flight
        verdict.since = None if since is None else datetime.fromisoformat(since)
        verdict.behind = "owed" in details
        verdict.noted = self.kind == "changed_after_confirmation" and not details.get("late", True)
        return verdict


def load_kept(conn: sa.Connection) -> list[Kept]:
    """Return all live findings on single orders, in no order."""
    sql = f"SELECT {_READ} FROM findings WHERE {IS_LIVE} AND order_no <> '{EVERY}'"
    return list(starmap(Kept, driver.fetch(conn, sql)))


def parted(known: Sequence[Kept], scope: Scope) -> tuple[list[Kept], list[Kept]]:
    """Return the findings on orders of a scope, and the others."""
    if scope.keys is None:
        return list(known), []
    keys = scope.keys
    here: list[Kept] = []
    kept: list[Kept] = []
    for one in known:
        (here if (one.company, one.order_no) in keys else kept).append(one)
    return here, kept


def stored_causes(conn: sa.Connection, kept: Iterable[Kept]) -> dict[str, Cause]:
    """Return the stored causes behind `kept`, by id, nothing counted yet."""
    ids = {one.cause for one in kept if one.cause is not None}
    if not ids:
        return {}
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
