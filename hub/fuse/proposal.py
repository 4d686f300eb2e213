"""What the fuse is asked about, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.model import QUANTITIES

NUMBERS = (*QUANTITIES, "amount")
"""The fields of which a share can be told."""

WEIGHTY = ("ordered", "amount", "lines")
"""What an order is worth and how much it is: a change of these is more than a status that flows back."""


GRADES = ("A", "B", "C", "D")
"""How a customer pays, the best first; where each begins is said in hub.yaml (`payments: grades`)."""


@dataclass(frozen=True, slots=True)
class Credit:
    """How a customer stood with what he owes in one currency, as of `day` (2026-03-31).

    `overdue` is money, `overdue_days` those of the oldest document of it, `grade` one of `GRADES`.
    """

    currency: str
    day: str
    overdue: Decimal
    overdue_days: int
    grade: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One desired write, as the fuse sees it; all values are in the hub's words.

    `kind` is create, update, message or reverse. `order` is the order as it stands in the hub, by the names
    of its columns (`first_seen` is its birth). `before` is what the target is known to hold (empty for a
    create), `wanted` what it shall hold, with "cancelled": True for a cancel; in both a number may also be
    its text.
    `author` is who caused it in the source, where the source says so. `credit` is how the order's customer
    stands, by currency; nothing where no rule asks, or nothing is known.
    """

    system: str
    write: str
    kind: str
    company: str
    order_no: str
    order: Mapping[str, Any]
    before: Mapping[str, Any]
    wanted: Mapping[str, Any]
    author: str | None
    credit: Sequence[Credit] = ()

    def changes(self, name: str) -> bool:
        """Tell whether the write would change field `name`; what the target is not known to hold counts."""
        wanted, before = self.wanted.get(name), self.before.get(name)
        if self.kind != "update" or wanted is None or wanted == before:
            return False
        figure = number(wanted) if name in NUMBERS else None
        return figure is None or figure != number(before)

    @property
    def weighty(self) -> bool:
        """Whether it makes an order, or changes how much one is: not merely a status."""
        return self.kind == "create" or any(map(self.changes, WEIGHTY))

    @property
    def worth(self) -> Decimal | None:
        """The size of the order's amount, as it stands or as it is wanted, whichever is larger."""
        said = (number(self.order.get("amount")), number(self.wanted.get("amount")))
        return max((abs(amount) for amount in said if amount is not None), default=None)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a change is held: the rule's name, the message `reason` with its `values` (texts).

    One person of every one of `roles` must approve, in this order, each another one.
    """

    rule: str
    roles: tuple[str, ...]
    reason: str
    values: Mapping[str, object]


def number(value: object) -> Decimal | None:
    """Return a quantity or amount (or its text) as a Decimal, None for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    try:
        figure = Decimal(value)
    except InvalidOperation:
        return None
    return figure if figure.is_finite() else None


def plain(value: Decimal) -> str:
    """Return a number as people read it: "60,000.00"."""
    return f"{value:,f}"


def percent(share: Decimal) -> str:
    """Return a share as people read it: "20%"."""
    return f"{(share * 100).normalize():f}%"
