"""What a system should hold of one order, against what it was last seen to hold: the difference is a wish.

Level-triggered: nothing is remembered of why something changed, so an echo is no difference. A field is
wanted of a system only if another system owns it, the mapping can write it and the system can hold it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from hub.mapping.expressions import NameMissing
from hub.mapping.paths import is_empty
from hub.model import QUANTITIES, Line, Side, Status
from hub.rules import Rules
from hub.store import jsons
from sync.out.forms import Form
from sync.out.targets import Target
from sync.out.values import Told, told, told_lines
from sync.out.words import hub_words, view_words
from sync.ownership import Owners

CREATE, UPDATE, MESSAGE = "create", "update", "message"

_GOODS = ("ordered", "lines")
"""What nobody changes any more once goods have left (hub.yaml, `changes: until`)."""


@dataclass(slots=True)
class Situation:
    """What is known of one order where one write of one system is concerned.

    `order` is in the hub's words (`values.order_of`); `views`, `extras` and `lines` are by system. `settled`
    tells that the view was read after what was sent last. `document` that the write's stream shows a document
    of the order. `echoes` are the systems that are on hold only because the hub put them so.
    """

    order: Mapping[str, Any]
    views: Mapping[str, Mapping[str, Any]]
    extras: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, Sequence[Line]]
    form: Form
    settled: bool
    document: bool
    born: datetime
    born_from: datetime
    now: datetime
    echoes: frozenset[str] = frozenset()


@dataclass(slots=True)
class Want:
    """One wish: of what `kind`, what is `wanted` and what was `seen` of each field, and by which rule.

    `conflicts` are fields that changed on both sides; `not_before` is when a wish that takes back what the
    system said by itself is ripe, since the owner may only be late.
    """

    kind: str
    wanted: dict[str, Told] = field(default_factory=dict)
    seen: dict[str, Told] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    not_before: datetime | None = None

    def digest(self, target: Target, company: str, order_no: str) -> str:
        """Return what an approval binds to: what is wanted of whom, and from what (32 hex)."""
        said = [target.system, target.name, self.kind, company, order_no, self.wanted, self.seen]
        return blake2b(jsons.dump_bytes(said), digest_size=16).hexdigest()


@dataclass(slots=True)
class _Wish:
    """One field of a wish; `overwrites` tells that what somebody did in the target would be undone by it."""

    name: str
    wanted: Told
    seen: Told
    rule: str
    equal: bool = False
    not_before: datetime | None = None
    overwrites: bool = True


class Wants:
    """The rules as wishes use them."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self._rules, self._owners = rules, Owners(rules)

    def look(self, target: Target, here: Situation) -> Want | None:
        """Return what is wanted now of a system, None if nothing is; what agrees is noted in the form."""
        view = here.views.get(target.system)
        if target.spec.message is not None:
            return self._message(target, here)
        if not target.orders:
            return None if here.document or here.form.made else self._create(target, here)
        if view is None:
            return None if here.form.made else self._create(target, here)
        if view["gone_at"] is not None:
            return None
        here.form.made = True
        return self._update(target, here, view)

    def _message(self, target: Target, here: Situation) -> Want | None:
        if here.form.made or not self._due(target, here):
            return None
        return Want(MESSAGE, self._content(target, here), {}, {"": _when(target)})

    def _create(self, target: Target, here: Situation) -> Want | None:
        if not target.creates or here.born < here.born_from or not self._due(target, here):
            return None
        rule = _when(target) if target.when else self._route_rule(target, here)
        return Want(CREATE, self._content(target, here), {}, {"": rule})

    def _content(self, target: Target, here: Situation) -> dict[str, Told]:
        said = {name: told(here.order.get(name)) for name in sorted(target.content)}
        return {name: value for name, value in said.items() if value is not None}

    def _due(self, target: Target, here: Situation) -> bool:
        """Tell whether an order is to be brought into the system: by `when`, else by its route."""
        if target.when is not None:
            return holds(target, here)
        order, system = here.order, target.system
        route = self._rules.route(order["company"], order.get("order_type") or "")
        need, status = route.systems.get(system), order["status"]
        if need is None or status is None or route.origin == system:
            return False
        if status < need.from_status or status >= Status.COMPLETED or status > route.ends:
            return False
        if order["side"] & (Side.CANCELLED | Side.ON_HOLD):
            return False
        return not self._passed(system, status)

    def _passed(self, system: str, status: Status) -> bool:
        """Tell whether what the system would do with an order was done without it: it would be done twice."""
        own = [part for part in self._rules.ownership.status if part.owner == system]
        return any(part.from_status <= status and part.to_status < Status.COMPLETED for part in own)

    def _route_rule(self, target: Target, here: Situation) -> str:
        route = self._rules.route(here.order["company"], here.order.get("order_type") or "")
        need = route.systems[target.system]
        return f"route: {target.system} from {need.from_status.word if need else '-'}"

    def _update(self, target: Target, here: Situation, view: Mapping[str, Any]) -> Want | None:
        want, conflicts = Want(UPDATE), []
        for wish in self._wishes(target, here, view):
            form = here.form
            again = wish.name in form.sent and wish.wanted == form.sent[wish.name]
            if here.settled and wish.name in form.sent and not wish.equal:
                form.settle(wish.name, wish.seen, still_wanted=again)
            if not here.settled and wish.name in form.sent:
                if again:
                    continue
            elif wish.equal:
                form.agree(wish.name, wish.wanted, wish.seen)
                continue
            elif form.parked.get(wish.name) == [wish.wanted, wish.seen]:
                continue
            elif wish.overwrites and form.changed_on_both_sides(wish.name, wish.wanted, wish.seen):
                conflicts.append(wish.name)
            want.wanted[wish.name], want.seen[wish.name] = wish.wanted, wish.seen
            want.rules[wish.name] = wish.rule
            if wish.not_before is not None:
                want.not_before = max(want.not_before or wish.not_before, wish.not_before)
        want.conflicts = tuple(conflicts)
        if here.settled:
            here.form.sent, here.form.settles_at = {}, None
        return want if want.wanted else None

    def _wishes(self, target: Target, here: Situation, view: Mapping[str, Any]) -> Iterator[_Wish]:
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

    def _side_wishes(self, target: Target, here: Situation, view: Mapping[str, Any]) -> Iterator[_Wish]:
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
            yield _Wish("on_hold", bool(origins), held, rule, bool(origins) == held)

    def _cancel_wish(self, target: Target, here: Situation, view: Mapping[str, Any]) -> _Wish | None:
        """Return a cancel: a request to the owner of the current range, of all others once he has agreed."""
        if not here.order["side"] & Side.CANCELLED or _left(here.order) or _left(view):
            return None
        status = here.order["status"]
        owner = self._rules.status_owner(status) if status is not None else None
        if owner != target.system and not self._given_up(here):
            return None
        said = sorted(system for system, one in here.views.items() if one["side"] & Side.CANCELLED)
        return _Wish(
            "cancelled",
            True,
            bool(view["side"] & Side.CANCELLED),
            f"cancelled in {', '.join(said)}",
            bool(view["side"] & Side.CANCELLED),
        )

    def _status_wish(self, target: Target, here: Situation, view: Mapping[str, Any]) -> _Wish | None:
        status = here.order["status"]
        if status is None or not target.statuses or view["status"] is None:
            return None
        owner = self._rules.status_owner(status)
        if owner is None or owner == target.system:
            return None
        seen, rule = Status(view["status"]).word, f"{owner} owns {status.word}"
        if view["lo"] <= status <= view["hi"]:
            return _Wish("status", status.word, seen, rule, True)
        reach = target.wording.held(status)
        if reach is None:
            return None
        if status > view["hi"]:
            up = [one for one in target.statuses if view["status"] < one <= reach]
            back = self._went_back(target, here, view)
            return _Wish("status", max(up).word, seen, rule, overwrites=back) if up else None
        if reach not in target.statuses:
            return None
        return _Wish(
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
    ) -> _Wish | None:
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
        return _Wish(name, wanted, seen, rule, wanted == seen)

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


def holds(target: Target, here: Situation) -> bool:
    """Tell whether the write's `when` is met; one that asks for what is not known is not."""
    if target.when is None:
        return True
    names = {
        "order": hub_words(here.order),
        "view": view_words(here.views.get(target.system)),
        "extra": dict(here.order),
    }
    try:
        return not is_empty(target.when.render(names))
    except NameMissing:
        return False


def _when(target: Target) -> str:
    return f"when: {target.spec.when or 'route'}"


def _left(said: Mapping[str, Any]) -> bool:
    """Tell whether anything of an order has been shipped."""
    return (said["status"] or 0) >= Status.PARTLY_SHIPPED or bool(said["shipped"])


def _more_left(ordered: Decimal, order: Mapping[str, Any], view: Mapping[str, Any]) -> bool:
    """Tell whether more was shipped than would be ordered: a finding, never a write."""
    return any(one is not None and one > ordered for one in (order["shipped"], view["shipped"]))
