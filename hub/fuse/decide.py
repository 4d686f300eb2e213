"""Which rules hold a change, and who may approve it."""

from __future__ import annotations

from collections.abc import Iterable

from hub.fuse.conditions import Reason, conditions
from hub.fuse.proposal import Hold, Proposal
from hub.fuse.spec import FuseRule, FuseSpec


class Fuse:
    """The rules of hub.yaml, asked about one change at a time."""

    def __init__(self, spec: FuseSpec) -> None:
        """Take the section `fuse` of hub.yaml."""
        self._spec = spec

    def holds(self, proposal: Proposal) -> tuple[Hold, ...]:
        """Return what holds the change, rule by rule in the order of hub.yaml; nothing: it is free to go."""
        asked = ((rule, self._reason(rule, proposal)) for rule in self._spec.rules)
        return tuple(_hold(rule, reason, proposal) for rule, reason in asked if reason is not None)

    @property
    def asks_for_customers(self) -> bool:
        """Whether any rule looks at how the customer of an order stands."""
        return any(rule.customer is not None for rule in self._spec.rules)

    def may_grant(self, role: str, who: str, author: str | None = None) -> bool:
        """Tell whether `who` may approve in `role`: anybody where it names nobody, but never the author."""
        person = _folded(who)
        if not person or person == _folded(author or ""):
            return False
        known = self._spec.roles.get(role)
        people = {_folded(one) for one in known.everybody} if known else set()
        return not people or person in people

    def _reason(self, rule: FuseRule, proposal: Proposal) -> Reason | None:
        """Return why the rule holds the change: all that it asks must be met."""
        if not _looks_at(rule, proposal):
            return None
        met = [condition(self._spec, rule, proposal) for condition in conditions(rule)]
        return next(iter(met), Reason("fuse.every", {})) if None not in met else None


def roles_of(holds: Iterable[Hold]) -> tuple[str, ...]:
    """Return every role that must approve, in order, without repeats."""
    return tuple(dict.fromkeys(role for hold in holds for role in hold.roles))


def _looks_at(rule: FuseRule, proposal: Proposal) -> bool:
    """Tell whether the rule is about such a write at all.

    Where it asks only for an amount, a type or a customer, a status that flows back is none of its business.
    """
    narrowed = (
        (rule.systems, proposal.system), (rule.writes, proposal.write), (rule.kinds, proposal.kind),
    )  # fmt: skip
    if any(named and said not in named for named, said in narrowed):
        return False
    if rule.change or rule.wants or not (rule.amount or rule.types or rule.customer):
        return True
    return proposal.weighty or (proposal.kind == "message" and "message" in rule.kinds)


def _hold(rule: FuseRule, reason: Reason, proposal: Proposal) -> Hold:
    said = {
        "rule": rule.name, "order": proposal.order_no, "company": proposal.company,
        "system": proposal.system, "write": proposal.write,
    }  # fmt: skip
    return Hold(rule.name, rule.roles, reason.key, {**said, **reason.values})


def _folded(who: str) -> str:
    return who.strip().casefold()
