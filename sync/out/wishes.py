"""What each field of an order should be in a system that shows the order: sides, status, the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.model import QUANTITIES, Side, Status
from hub.rules import Rules
from sync.out.situation import Situation
from sync.out.targets import Target
from sync.out.values import Told, told, told_lines
from sync.ownership import Owners

_GOODS = ("ordered", "lines")
"""What nobody changes any more once goods have left (hub.yaml, `changes: until`)."""


@dataclass(slots=True)
class FieldWish:
    """One field of a wish; `overwrites` tells that what somebody did in the target would be undone by it."""

    name: str
    wanted: Told
    seen: Told
    rule: str
    equal: bool = False
    not_before: datetime | None = None
    overwrites: bool = True


class Wishes:
    """The rules as wishes of single fields use them."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self._rules, self._owners = rules, Owners(rules)

    def of(self, target: Target, here: Situation, view: Mapping[str, Any]) -> Iterator[FieldWish]:
        """Yield what is wished of each field of an order that the system shows, those that agree as well."""
        yield from self._side_wishes(target, here, view)
        if view["side"] & Side.CANCELLED or self._given_up(here):
            return
        if (status := self._status_wish(target, here, view)) is not None:
            yield status
        for name in sorted(target.fields):
            wish = self._field_wish(name, target, here, view)
            if wish is not None:
                yield wish

    def _given_up(self, here: Situation) -> bool:
        """Tell whether an order is cancelled by the word that counts, and not only asked to be."""
        status = here.order["status"]
        owner = self._rules.status_owner(status) if status is not None else None
        said = [system for system, view in here.views.items() if view["side"] & Side.CANCELLED]
        return bool(said) and (owner is None or owner in said or owner not in here.views)

    def _side_wishes(self, target: Target, here: Situation, view: Mapping[str, Any]) -> Iterator[FieldWish]:
        if "cancelled" in target.sides and (wish := self._cancel_wish(target, here, view)) is not None:
            yield wish
        if "on_hold" not in target.sides:
            return
        held = bool(view["side"] & Side.ON_HOLD)
        origins = sorted(
            system
            for system, one in here.views.items()
            if one["side"] & Side.ON_HOLD and system not in here.echoes
        )
        if target.system in origins:
            return
        rule = f"on hold in {', '.join(origins)}" if origins else "no longer on hold"
        if origins or target.system in here.echoes or "on_hold" in here.form.sent:
            yield FieldWish("on_hold", bool(origins), held, rule, bool(origins) == held)

    def _cancel_wish(self, target: Target, here: Situation, view: Mapping[str, Any]) -> FieldWish | None:
        """Return a cancel: a request to the owner of the current range, of all others once he has agreed."""
        if not here.order["side"] & Side.CANCELLED or _left(here.order) or _left(view):
            return None
        status = here.order["status"]
        owner = self._rules.status_owner(status) if status is not None else None
        if owner != target.system and not self._given_up(here):
            return None
        said = sorted(system for system, one in here.views.items() if one["side"] & Side.CANCELLED)
        return FieldWish(
            "cancelled",
            True,
            bool(view["side"] & Side.CANCELLED),
            f"cancelled in {', '.join(said)}",
            bool(view["side"] & Side.CANCELLED),
        )

    def _status_wish(self, target: Target, here: Situation, view: Mapping[str, Any]) -> FieldWish | None:
        status = here.order["status"]
        if status is None or not target.statuses or view["status"] is None:
            return None
        owner = self._rules.status_owner(status)
        if owner is None or owner == target.system:
            return None
        seen, rule = Status(view["status"]).word, f"{owner} owns {status.word}"
        if view["lo"] <= status <= view["hi"]:
            return FieldWish("status", status.word, seen, rule, True)
        reach = target.wording.held(status)
        if reach is None:
            return None
        if status > view["hi"]:
            up = [one for one in target.statuses if view["status"] < one <= reach]
            back = self._went_back(target, here, view)
            return FieldWish("status", max(up).word, seen, rule, overwrites=back) if up else None
        if reach not in target.statuses:
            return None
        return FieldWish(
            "status", reach.word, seen, rule, not_before=self._ripe(target, here, view, owner, reach)
        )

    def _went_back(self, target: Target, here: Situation, view: Mapping[str, Any]) -> bool:
        """Tell whether somebody took back in the target what was agreed, and is not its own to take back."""
        before, stands = here.form.agreed.get("status"), Status(view["status"])
        own = self._rules.status_owner(stands) == target.system
        return not own and before is not None and stands < Status.of(str(before[1]))

    def _ripe(
        self, target: Target, here: Situation, view: Mapping[str, Any], owner: str, status: Status
    ) -> datetime | None:
        """Return when a status may be taken back that the system says by itself: its owner may be late.

        At once where both once agreed on more, and it is the owner who went back.
        """
        before = here.form.agreed.get("status")
        if before is not None and before[1] == Status(view["status"]).word:
            return None
        seen = view["occurred_at"] or view["first_seen"]
        ripe: datetime = seen + self._rules.grace(owner, Status(view["status"]), target.system)
        return ripe if ripe > here.now else None

    def _field_wish(
        self, name: str, target: Target, here: Situation, view: Mapping[str, Any]
    ) -> FieldWish | None:
        order, system = here.order, target.system
        value = order.get(name)
        owner = self._owner(name, here)
        if value is None or owner is None or owner == system:
            return None
        wanted, rule = told(value), f"{owner} owns {name}"
        if name in _GOODS and self._too_late(name, wanted, target, here, view):
            return None
        if name not in target.says:
            seen = here.form.sent.get(name) or (here.form.agreed.get(name) or [None])[0]
        elif name in QUANTITIES:
            seen = told(view[name])
        elif name == "lines":
            seen = told_lines(here.lines[system]) if system in here.lines else None
        else:
            seen = told(here.extras.get(system, {}).get(name))
        return FieldWish(name, wanted, seen, rule, wanted == seen)

    def _too_late(
        self, name: str, wanted: Told, target: Target, here: Situation, view: Mapping[str, Any]
    ) -> bool:
        """Tell whether goods can no longer be changed: what has left, or is as good as gone, is a finding.

        What was agreed once may be set right at any time, and what the system that ships goes by may be told
        to all others.
        """
        order = here.order
        if name == "ordered" and _more_left(order[name], order, view):
            return True
        stands = max(order["status"] or 0, view["status"] or 0)
        agreed = here.form.agreed.get(name)
        if stands < self._rules.changes.until or (agreed is not None and agreed[0] == wanted):
            return False
        return not self._shipped_as(name, wanted, target, here)

    def _shipped_as(self, name: str, wanted: Told, target: Target, here: Situation) -> bool:
        """Tell whether the system that ships, another one than the target, holds just what is wanted."""
        ships = self._rules.owner("shipped") or ""
        if ships == target.system or ships not in here.views:
            return False
        if name == "lines":
            return told_lines(here.lines.get(ships, ())) == wanted
        return told(here.views[ships][name]) == wanted

    def _owner(self, name: str, here: Situation) -> str | None:
        """Return the system whose word counts for a field: its owner, else the first that says it."""
        if name in QUANTITIES:
            return self._rules.owner(name)
        said = here.lines if name == "lines" else [s for s, one in here.extras.items() if one.get(name)]
        return next(iter(self._owners.ranked(name, tuple(sorted(said)))), None)


def _left(said: Mapping[str, Any]) -> bool:
    """Tell whether anything of an order has been shipped."""
    return (said["status"] or 0) >= Status.PARTLY_SHIPPED or bool(said["shipped"])


def _more_left(ordered: Decimal, order: Mapping[str, Any], view: Mapping[str, Any]) -> bool:
    """Tell whether more was shipped than would be ordered: a finding, never a write."""
    return any(one is not None and one > ordered for one in (order["shipped"], view["shipped"]))
