"""Causes by lift: what findings of one class and system share: a run, a mapping, a code, an hour, a customer.

Asked only where ten findings or more have no cause yet. Some of them are compared with as many orders, taken
evenly from all; only if a slice stands out, the rest of the findings is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.model import Precision
from hub.rules import Rules
from hub.store import lookup, tables
from reconciler.case import EVERY, Cause, Verdict
from reconciler.lift import FEWEST, Lift, Slice, Traits, explain
from reconciler.sources import Key
from reconciler.spread import spread
from sync.facts import parse_lines

SAMPLE = 400
"""So many findings are looked at, over all classes, and half as many orders."""

_PLACE = ("company", "order_no")
_ORDER = ("company", "order_no", "order_type", "customer_no", "customer_name", "plant", "lines")
_SAID = ("company", "order_no", "system", "seq", "code", "mapping")
_VIEW = ("company", "order_no", "system", "run", "occurred_at", "precision")


def shared(conn: sa.Connection, verdicts: Iterable[Verdict], rules: Rules) -> list[Cause]:
    """Return what verdicts without a cause have in common, each put behind what explains it."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for one in verdicts:
        if one.cause is None and not one.noted and one.order_no != EVERY:
            groups.setdefault((one.kind, one.system), []).append(one)
    groups = {name: group for name, group in sorted(groups.items()) if len(group) >= FEWEST}
    if not groups:
        return []
    most = max(FEWEST, SAMPLE // len(groups))
    samples = {name: group[:: -(-len(group) // most)] for name, group in groups.items()}
    at_large = spread(conn, SAMPLE // 2)
    keys = {_key(one) for sample in samples.values() for one in sample} | set(at_large)
    traits = _Traits(conn, keys, rules)
    causes: list[Cause] = []
    for (kind, system), group in groups.items():
        found = [traits.of(_key(one), system) for one in samples[kind, system]]
        lifts = list(explain(found, [traits.of(key, system) for key in at_large]))
        if lifts:
            causes += _causes(conn, group, system, lifts, rules)
    return causes


def _causes(
    conn: sa.Connection, group: Sequence[Verdict], system: str, lifts: Iterable[Lift], rules: Rules
) -> Iterator[Cause]:
    """Yield a cause for each slice, with every verdict of the group that lies in it."""
    traits = _Traits(conn, {_key(one) for one in group}, rules)
    for lift in lifts:
        behind = [one for one in group if not one.cause and lift.slice in traits.of(_key(one), system)]
        if len(behind) < FEWEST:
            continue
        companies = {one.company for one in behind}
        company = companies.pop() if len(companies) == 1 else EVERY
        dimension, value = lift.slice
        details = {"kind": behind[0].kind, "share": lift.share, "base": lift.base}
        cause = Cause(f"shared_{dimension}", company, system, f"{behind[0].kind}/{value}"[:128], details)
        for one in behind:
            cause.add(one)
        yield cause


def _key(one: Verdict) -> Key:
    return one.company, one.order_no


class _Traits:
    """The slices that orders lie in, loaded once for some of them."""

    def __init__(self, conn: sa.Connection, keys: Collection[Key], rules: Rules) -> None:
        """Load what is known of `keys`."""
        self.rules, self.zone = rules, ZoneInfo(rules.zone)
        self.orders = {
            (row.company, row.order_no): row
            for row in lookup.fetch_many(conn, tables.orders, _PLACE, keys, _ORDER)
        }
        self.plain = {key: frozenset(_of_order(row)) for key, row in self.orders.items()}
        self.views: dict[Key, dict[str, Any]] = {}
        for row in lookup.fetch_many(conn, tables.views, _PLACE, keys, _VIEW):
            self.views.setdefault((row.company, row.order_no), {})[row.system] = row
        self.said: dict[tuple[str, str, str], Any] = {}
        rows = lookup.fetch_many(conn, tables.observations, _PLACE, keys, _SAID)
        for row in sorted(rows, key=lambda row: int(row.seq)):
            self.said[row.company, row.order_no, row.system] = row

    def of(self, key: Key, system: str) -> Traits:
        """Return the slices of one order, as `system` holds it."""
        found: set[Slice] = {("company", key[0]), *self.plain.get(key, ())}
        views: Mapping[str, Any] = self.views.get(key, {})
        view, said = views.get(system), self.said.get((*key, system))
        if view is not None:
            found.add(("run", str(view.run)))
        if said is not None:
            found.add(("mapping", said.mapping))
            if said.code is not None:
                found.add(("code", said.code))
        route = self.rules.route(key[0], getattr(self.orders.get(key), "order_type", None) or "")
        dated = view or views.get(route.origin)
        if dated is not None and dated.occurred_at is not None and dated.precision >= Precision.MINUTE:
            found.add(("hour", f"{dated.occurred_at.astimezone(self.zone):%Y-%m-%d %H}:00"))
        return frozenset(found)


def _of_order(order: Any) -> Iterator[Slice]:
    customer = order.customer_no or order.customer_name
    for dimension, value in (
        ("customer", customer), ("plant", order.plant), ("order_type", order.order_type),
    ):  # fmt: skip
        if value is not None:
            yield dimension, value
    if order.lines is not None:
        for line in parse_lines(order.lines):
            yield "sku", line.sku
