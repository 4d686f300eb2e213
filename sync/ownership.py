"""Views merged into the canonical order by ownership (design, section 6). Pure.

The order's status is the highest claim that a system makes inside its own range; it falls only by the word
of the owner of the range that it stands in. Every other field comes from its owner, else from the first
that says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from hub.model import QUANTITIES, Status
from hub.rules import Rules

TYPED = (
    "order_type", "customer_no", "customer_name", "salesperson", "plant", "amount", "currency", "priority",
)  # fmt: skip
"""Extras with a column of their own, beside the promise dates."""

_PROMISES = ("due_first", "due_now")


class Owners:
    """Whose word counts, looked up once a field: rules are asked some twenty times an order."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self.of = cache(rules.owner)
        self.of_status = cache(rules.status_owner)
        self.extras = rules.ownership.extras


@dataclass(slots=True)
class Merged:
    """The canonical values of one order, and for each the system and the rule that gave it."""

    values: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, tuple[str | None, str]] = field(default_factory=dict)

    def put(self, name: str, value: Any, system: str | None, rule: str) -> None:
        """Set `name` to `value`, as said by `system` and chosen by `rule`."""
        self.values[name], self.origin[name] = value, (system, rule)


def merge_views(
    views: Sequence[Mapping[str, Any]],
    extras: Mapping[str, Mapping[str, Any]],
    lines: Mapping[str, str],
    owners: Owners,
    before: Mapping[str, Any] | None,
) -> Merged:
    """Return the order that `views` come to.

    `extras` and `lines` (JSON) are by system; `before` is the stored order, None at its birth.
    """
    merged = Merged()
    by_system = {view["system"]: view for view in views}
    _status(merged, by_system, owners, before)
    side = 0
    for view in views:
        side |= view["side"]
    merged.put("side", side, None, "any")
    money = {system: view["money"] for system, view in by_system.items() if view["money"] is not None}
    merged.put("money", max(money.values(), default=None), None, "furthest")
    for name in QUANTITIES:
        said = {system: view[name] for system, view in by_system.items() if view[name] is not None}
        system = _chosen(said, owners.of(name), owners)
        merged.put(name, said.get(system) if system else None, system, "owner")
    system = _chosen(lines, owners.of("lines"), owners)
    merged.put("lines", lines.get(system) if system else None, system, "owner")
    _extras(merged, extras, owners, before)
    return merged


def _status(
    merged: Merged,
    by_system: Mapping[str, Mapping[str, Any]],
    owners: Owners,
    before: Mapping[str, Any] | None,
) -> None:
    """Choose the status, and its stamp with it."""
    claims = {system: view["status"] for system, view in by_system.items() if view["status"] is not None}
    owned = {system: rank for system, rank in claims.items() if owners.of_status(Status(rank)) == system}
    pool, rule = (owned, "owner") if owned else (claims, "only word")
    system = max(pool, key=lambda name: (pool[name], name), default=None)
    rank = pool[system] if system else None
    held = before["status"] if before else None
    if held is not None and (rank is None or rank < held):
        owner = owners.of_status(Status(held))
        if owner not in claims and owner not in (system, None):
            merged.put("status", held, owner, "falls only by its owner")
            merged.put("occurred_at", before["occurred_at"] if before else None, owner, "with the status")
            return
    merged.put("status", rank, system, rule)
    merged.put(
        "occurred_at",
        by_system[system]["occurred_at"] if system else _newest(by_system),
        system,
        "with the status",
    )


def _newest(by_system: Mapping[str, Mapping[str, Any]]) -> datetime | None:
    return max((view["occurred_at"] for view in by_system.values() if view["occurred_at"]), default=None)


def _chosen(said: Mapping[str, Any], owner: str | None, owners: Owners) -> str | None:
    """Return the system whose word counts: the owner, else by the order of `extras`, else by name."""
    if owner in said:
        return owner
    for system in [*owners.extras, *sorted(said)]:
        if system in said:
            return system
    return None


def _extras(
    merged: Merged, extras: Mapping[str, Mapping[str, Any]], owners: Owners, before: Mapping[str, Any] | None
) -> None:
    rest: dict[str, Any] = {}
    for name in sorted(
        {*TYPED, "due_first", "due_now", *(name for said in extras.values() for name in said)}
    ):
        said = {system: values[name] for system, values in extras.items() if values.get(name) is not None}
        system = _chosen(said, owners.of(name), owners)
        value = said[system] if system else None
        if name in TYPED or name in _PROMISES:
            merged.put(name, value, system, "owner")
        elif value is not None:
            rest[name] = value
    _promise(merged, before)
    merged.put("extras", rest, None, "owner")


def _promise(merged: Merged, before: Mapping[str, Any] | None) -> None:
    """Keep the first promise ever made beside the current one; either stands for both at birth."""
    first, now = merged.values["due_first"], merged.values["due_now"]
    if now is None:
        merged.put("due_now", first, merged.origin["due_first"][0], "owner")
    kept = before["due_first"] if before else None
    if kept is not None or first is None:
        merged.put("due_first", kept or now, merged.origin["due_now"][0], "first promise")
