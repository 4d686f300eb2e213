"""What a rule of the fuse may look at: each condition says why it is met, or None."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hub.fuse.proposal import NUMBERS, Credit, Proposal, number, percent, plain
from hub.fuse.spec import FuseRule, FuseSpec
from hub.model import Side, Status


class Reason(NamedTuple):
    """A message of the room "fuse" and its values, beside those of the proposal itself."""

    key: str
    values: dict[str, str]


Condition = Callable[[FuseSpec, FuseRule, Proposal], Reason | None]


def conditions(rule: FuseRule) -> Iterator[Condition]:
    """Yield what `rule` asks, what tells most first."""
    if rule.amount is not None:
        yield amount
    if rule.change:
        yield change
    if rule.wants is not None:
        yield wants
    if rule.customer is not None:
        yield customer
    if rule.types:
        yield kind_of_order


def amount(spec: FuseSpec, rule: FuseRule, proposal: Proposal) -> Reason | None:
    """Tell whether the order's amount passes the limit; one without a rate cannot be judged, so it does."""
    limit, amounts = rule.amount, spec.amounts
    if limit is None or proposal.order.get("order_type") in spec.free:
        return None
    border = {"limit": str(limit), "unit": amounts.currency}
    worth = proposal.worth
    if worth is None:
        return Reason("fuse.no_amount", border) if amounts.unsaid == "hold" else None
    currency = _currency(spec, proposal)
    said = {**border, "amount": plain(worth), "currency": currency}
    converted = amounts.converted(worth, currency)
    if converted is None:
        return Reason("fuse.no_rate", said)
    if not limit.passed(converted):
        return None
    if currency == amounts.currency:
        return Reason("fuse.amount", said)
    return Reason("fuse.amount_converted", {**said, "converted": plain(round(converted, 2))})


def _currency(spec: FuseSpec, proposal: Proposal) -> str:
    said = proposal.wanted.get("currency") or proposal.order.get("currency") or spec.amounts.house
    return str(said).strip().upper()


def change(_: FuseSpec, rule: FuseRule, proposal: Proposal) -> Reason | None:
    """Tell whether one of the rule's fields changes, with a share: by more than that."""
    for name in filter(proposal.changes, rule.change):
        if rule.share is None:
            return Reason("fuse.changed", {"field": name})
        if reason := _by_share(name, rule.share, proposal):
            return reason
    return None


def _by_share(name: str, share: Decimal, proposal: Proposal) -> Reason | None:
    before, wanted = number(proposal.before.get(name)), number(proposal.wanted.get(name))
    if name not in NUMBERS or before is None or wanted is None:
        return None
    if abs(wanted - before) <= share * abs(before):
        return None
    said = {"field": name, "before": plain(before), "wanted": plain(wanted), "share": percent(share)}
    return Reason("fuse.changed_by_share", said)


def wants(_: FuseSpec, rule: FuseRule, proposal: Proposal) -> Reason | None:
    """Tell whether the target is to become what the rule names, and is not yet."""
    word = rule.wants or ""
    if _is(proposal.wanted, word) and not _is(proposal.before, word):
        return Reason("fuse.cancelled", {}) if word == "cancelled" else Reason("fuse.wants", {"word": word})
    return None


def _is(held: Mapping[str, Any], word: str) -> bool:
    """Tell whether `held` (fields in the hub's words) stands at a status or side word."""
    if held.get(word) is True:
        return True
    side, status = held.get("side"), held.get("status")
    if isinstance(side, Side) and any(str(one.name).lower() == word for one in side):
        return True
    return (status.word if isinstance(status, Status) else status) == word


def customer(spec: FuseSpec, rule: FuseRule, proposal: Proposal) -> Reason | None:
    """Tell whether the customer stands in some currency as the rule says."""
    met = (one for one in proposal.credit if _stands(spec, rule, one))
    credit, limit = next(met, None), rule.customer
    if credit is None or limit is None:
        return None
    said = {
        "customer": str(proposal.order.get("customer_no")),
        "overdue": plain(credit.overdue),
        "currency": credit.currency,
        "days": str(credit.overdue_days),
        "grade": credit.grade,
        "day": credit.day,
    }
    if limit.overdue_days is not None:
        return Reason("fuse.customer_days", {**said, "limit": str(limit.overdue_days)})
    if limit.overdue is not None:
        border = {"limit": str(limit.overdue), "unit": spec.amounts.currency}
        return Reason("fuse.customer_overdue", {**said, **border})
    return Reason("fuse.customer_grade", {**said, "limit": (limit.grade or "")[-1]})


def _stands(spec: FuseSpec, rule: FuseRule, credit: Credit) -> bool:
    """Tell whether all is true that a rule says of a customer; money without a rate passes any limit."""
    limit = rule.customer
    if limit is None or not limit.is_below(credit.grade):
        return False
    if limit.overdue_days is not None and not limit.overdue_days.passed(Decimal(credit.overdue_days)):
        return False
    if limit.overdue is None:
        return True
    owed = spec.amounts.converted(credit.overdue, credit.currency)
    return bool(credit.overdue) if owed is None else limit.overdue.passed(owed)


def kind_of_order(spec: FuseSpec, rule: FuseRule, proposal: Proposal) -> Reason | None:
    """Tell whether the order is of one of the rule's types; what a rush is, the hub judges by itself."""
    order_type = proposal.order.get("order_type")
    if order_type in rule.types:
        return Reason("fuse.type", {"type": str(order_type)})
    return rush(spec, proposal) if "rush" in rule.types else None


def rush(spec: FuseSpec, proposal: Proposal) -> Reason | None:
    """Tell whether the order is a rush whatever its type says: by its priority, or by its dates."""
    order = proposal.order
    priority = str(order.get("priority") or "").strip()
    if priority.casefold() in {word.casefold() for word in spec.rush_words}:
        return Reason("fuse.rush_priority", {"priority": priority})
    if order.get("order_type") in spec.free:
        return None
    born, due = order.get("first_seen"), order.get("due_now") or order.get("due_first")
    if not isinstance(born, datetime) or not isinstance(due, datetime) or due - born > spec.rush_within:
        return None
    return Reason("fuse.rush_due", {"hours": _hours(due - born), "limit": _hours(spec.rush_within)})


def _hours(span: timedelta) -> str:
    return str(max(0, span // timedelta(hours=1)))
