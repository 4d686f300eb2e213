"""Views merged into the canonical order by ownership (design, section 6). Pure.

The order's status is the highest claim that a system makes inside its own range; it falls only by the word
of the owner of the range that it stands in. Every other field comes from its owner, else from the first
that says it. Values are in the store's own form (ranks, millionths, microseconds): merging compares and
passes on, it does not reckon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from typing import Any

from hub.model import QUANTITIES, Status
from hub.rules import Rules

TYPED = (
    "order_type", "customer_no", "customer_name", "salesperson", "plant", "amount", "currency", "priority",
)  # fmt: skip
"""Extras with a column of their own, beside the promise dates."""

PROMISES = ("due_first", "due_now")

VIEW = ("system", "status", "side", "money", *QUANTITIES, "occurred_at")
"""What merging reads of a view, in this order."""

FIELDS = (
    "status", "side", "money", *QUANTITIES, "occurred_at", *TYPED, *PROMISES, "lines", "extras",
)  # fmt: skip
"""What it makes of an order."""

View = tuple[Any, ...]

_SYSTEM, _STATUS, _SIDE, _MONEY = range(4)
_QUANTITIES = tuple((name, VIEW.index(name)) for name in QUANTITIES)
_STAMP = VIEW.index("occurred_at")
_OWN = frozenset({*TYPED, *PROMISES})


class Owners:
    """Whose word counts, looked up once a field: rules are asked some twenty times an order."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self.of = cache(rules.owner)
        self.of_status: Callable[[int], str | None] = cache(lambda rank: rules.status_owner(Status(rank)))
        self.ranked = cache(self._ranked)
        self._extras = rules.ownership.extras

    def _ranked(self, name: str, systems: tuple[str, ...]) -> tuple[str, ...]:
        """Return `systems` by whose word counts for a field: its owner, the order of `extras`, by name."""
        wanted = [self.of(name), *self._extras, *sorted(systems)]
        return tuple(dict.fromkeys(system for system in wanted if system in systems))


@dataclass(slots=True)
class Merged:
    """The values of one order, and of each field the system and the rule that gave it."""

    values: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, tuple[str | None, str]] = field(default_factory=dict)

    def put(self, name: str, value: Any, system: str | None, rule: str) -> None:
        """Set `name` to `value`, as said by `system` and chosen by `rule`."""
        self.values[name], self.origin[name] = value, (system, rule)


def merge_views(
    views: Sequence[View],
    extras: Mapping[str, Mapping[str, Any]],
    lines: Mapping[str, str],
    owners: Owners,
    before: Mapping[str, Any] | None,
) -> Merged:
    """Return the order that `views` come to; its extras are a dict.

    `extras` and `lines` (JSON) are by system; `before` is the stored order, None at its birth.
    """
    merged = Merged()
    _status(merged, views, owners, before)
    side, money = 0, None
    for view in views:
        side |= view[_SIDE]
        if view[_MONEY] is not None and (money is None or view[_MONEY] > money):
            money = view[_MONEY]
    merged.put("side", side, None, "any")
    merged.put("money", money, None, "furthest")
    systems = tuple(map(itemgetter(_SYSTEM), views))
    by_system = dict(zip(systems, views, strict=True))
    for name, at in _QUANTITIES:
        system = next((one for one in owners.ranked(name, systems) if by_system[one][at] is not None), None)
        merged.put(name, by_system[system][at] if system else None, system, "owner")
    system = next(iter(owners.ranked("lines", tuple(lines))), None)
    merged.put("lines", lines[system] if system else None, system, "owner")
    _extras(merged, extras, owners)
    _promise(merged, before)
    return merged


def birth_columns(
    views: Sequence[View], extras: Sequence[Mapping[str, Any]], lines: Sequence[str | None]
) -> dict[str, Sequence[Any]]:
    """Return the columns, named as in FIELDS, of new orders that one view each speaks of.

    The way of every first load: its word counts whoever owns the field, and nobody asks who gave what. Extras
    are dicts.
    """
    said: dict[str, Sequence[Any]] = dict(zip(VIEW, zip(*views, strict=True), strict=True))
    del said["system"]
    said |= {name: [one.get(name) for one in extras] for name in _OWN}
    first, now = said["due_first"], said["due_now"]
    said["due_first"] = [other if one is None else one for one, other in zip(first, now, strict=True)]
    said["due_now"] = [other if one is None else one for one, other in zip(now, first, strict=True)]
    rests = [{name: one[name] for name in one.keys() - _OWN if one[name] is not None} for one in extras]
    return {**said, "lines": lines, "extras": rests}


def _status(merged: Merged, views: Sequence[View], owners: Owners, before: Mapping[str, Any] | None) -> None:
    """Choose the status, and its stamp with it."""
    claims = [view for view in views if view[_STATUS] is not None]
    owned = [view for view in claims if owners.of_status(view[_STATUS]) == view[_SYSTEM]]
    pool, rule = (owned, "owner") if owned else (claims, "only word")
    best = max(pool, key=itemgetter(_STATUS, _SYSTEM), default=None)
    rank, system = (best[_STATUS], best[_SYSTEM]) if best is not None else (None, None)
    held = before["status"] if before else None
    if before is not None and held is not None and (rank is None or rank < held):
        owner = owners.of_status(held)
        if owner not in (system, None) and all(view[_SYSTEM] != owner for view in claims):
            merged.put("status", held, owner, "falls only by its owner")
            merged.put("occurred_at", before["occurred_at"], owner, "with the status")
            return
    merged.put("status", rank, system, rule)
    stamp = best[_STAMP] if best is not None else _newest(views)
    merged.put("occurred_at", stamp, system, "with the status")


def _newest(views: Sequence[View]) -> int | None:
    return max((view[_STAMP] for view in views if view[_STAMP] is not None), default=None)


def _extras(merged: Merged, extras: Mapping[str, Mapping[str, Any]], owners: Owners) -> None:
    rest: dict[str, Any] = {}
    systems = tuple(extras)
    for name in _OWN.union(*extras.values()):
        system = next(
            (one for one in owners.ranked(name, systems) if extras[one].get(name) is not None), None
        )
        value = extras[system][name] if system else None
        if name in _OWN:
            merged.put(name, value, system, "owner")
        elif value is not None:
            rest[name] = value
    merged.put("extras", rest, None, "owner")


def _promise(merged: Merged, before: Mapping[str, Any] | None) -> None:
    """Keep the first promise ever made beside the current one; either stands for both at birth."""
    first, now = merged.values["due_first"], merged.values["due_now"]
    if now is None:
        merged.put("due_now", first, merged.origin["due_first"][0], "owner")
    kept = before["due_first"] if before else None
    if kept is not None or first is None:
        merged.put("due_first", kept or now, merged.origin["due_now"][0], "first promise")
