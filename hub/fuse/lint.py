"""What is wrong or doubtful in the section `fuse` of hub.yaml, beyond what its grammar refuses."""

from __future__ import annotations

from collections.abc import Iterator

from hub.brakes import RULE, BrakeSpec
from hub.fuse.proposal import NUMBERS
from hub.fuse.spec import FuseRule, FuseSpec
from hub.problems import Problem, nearest
from hub.yamlfile import Document, Steps

_RULES: Steps = ("fuse", "rules")


def wrong_rules(fuse: FuseSpec, document: Document) -> Iterator[Problem]:
    """Yield what makes rules meaningless: two of one name, nothing asked, nobody to approve."""
    seen = {RULE}
    for index, rule in enumerate(fuse.rules):
        at = (*_RULES, index)
        if rule.name in seen:
            yield document.problem((*at, "name"), "rules.fuse_twice", name=rule.name)
        seen.add(rule.name)
        if not rule.roles:
            yield document.problem((*at, "roles"), "rules.fuse_no_roles", name=rule.name)
        if rule.customer is not None and not rule.customer.bounded:
            yield document.problem((*at, "customer"), "rules.fuse_customer", name=rule.name)
        if not rule.bounded:
            yield document.problem(at, "rules.fuse_asks_nothing", name=rule.name)
        if rule.share is not None and not (rule.change and set(rule.change) <= set(NUMBERS)):
            yield document.problem(
                (*at, "share"), "rules.fuse_share", name=rule.name, known=", ".join(NUMBERS)
            )


def doubtful_rules(fuse: FuseSpec, brakes: BrakeSpec, document: Document) -> Iterator[Problem]:
    """Yield warnings: rules that never hold anything, roles that nobody or anybody may fill."""
    if not fuse.rules:
        yield document.problem(_RULES, "rules.fuse_off", warning=True, key=True)
    for index, rule in enumerate(fuse.rules):
        at = (*_RULES, index)
        if (never := _never(rule, fuse)) is not None:
            step, message = never
            yield document.problem((*at, step), message, warning=True, name=rule.name)
        yield from _roles(rule.roles, (*at, "roles"), fuse, document)
    yield from _roles(brakes.roles, ("brakes", "roles"), fuse, document)


def _never(rule: FuseRule, fuse: FuseSpec) -> tuple[str, str] | None:
    """Return the key of a rule that keeps it from ever holding a change, and why."""
    if rule.amount is not None and not rule.amount.possible:
        return "amount", "rules.fuse_never_amount"
    if rule.amount is not None and rule.types and set(rule.types) <= set(fuse.free):
        return "type", "rules.fuse_never_free"
    if rule.change and rule.kinds and "update" not in rule.kinds:
        return "kinds", "rules.fuse_never_change"
    return None


def _roles(roles: tuple[str, ...], at: Steps, fuse: FuseSpec, document: Document) -> Iterator[Problem]:
    """Yield roles that are not listed while others are, and too few people for so many roles."""
    for index, role in enumerate(roles):
        if fuse.roles and role not in fuse.roles:
            near = nearest(role, fuse.roles)
            message = "rules.role_near" if near else "rules.role_unlisted"
            yield document.problem((*at, index), message, warning=True, name=role, nearest=near)
    people = [set(fuse.roles[role].everybody) if role in fuse.roles else set() for role in roles]
    if len(roles) > 1 and all(people) and len(set().union(*people)) < len(roles):
        yield document.problem(at, "rules.roles_one_person", warning=True, roles=", ".join(roles))
