"""What a system should hold of one order, against what it was last seen to hold: the difference is a wish.

Level-triggered: nothing is remembered of why something changed, so an echo is no difference. A field is
wanted of a system only if another system owns it, the mapping can write it and the system can hold it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from hub.mapping.expressions import NameMissing
from hub.mapping.paths import is_empty
from hub.model import Side, Status
from hub.rules import Rules
from hub.store import jsons
from sync.out.situation import Situation
from sync.out.targets import Target
from sync.out.values import Told, told
from sync.out.wishes import Wishes
from sync.out.words import hub_words, view_words

CREATE, UPDATE, MESSAGE, REVERSE = "create", "update", "message", "reverse"


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


class Wants:
    """The rules as wishes use them."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self._rules, self._wishes = rules, Wishes(rules)

    def look(self, target: Target, here: Situation) -> Want | None:
        """Return what is wanted now of a system, None if nothing is; what agrees is noted in the form."""
        view = here.views.get(target.system)
        if target.postings:
            return self._posting(target, here)
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

    def _posting(self, target: Target, here: Situation) -> Want | None:
        """Want what stands in the ledger of matches, and what was undone there no more."""
        form, rule = here.form, {"": here.order["rule"]}
        if not here.order["undone"]:
            if here.document or form.made or not target.creates or here.born < here.born_from:
                return None
            return Want(CREATE, self._content(target, here), {}, rule)
        gone = form.reversed or here.withdrawn or not form.made
        if gone and not (here.document and here.settled):
            return None
        return Want(REVERSE, self._content(target, here), {}, rule)

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
        for wish in self._wishes.of(target, here, view):
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
