"""The section `fuse` of hub.yaml. What it does not say is on all the same."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from hub.expectations import Word
from hub.fuse.proposal import GRADES, WEIGHTY, plain
from hub.model import ORDER_TYPES, QUANTITIES
from hub.spec import Duration, Share, Spec, Text, Texts, as_tuple, custom, one_of, shown

_SIGNS: dict[str, tuple[str, Callable[[Decimal, Decimal], bool]]] = {
    ">=": ("≥", operator.ge),
    ">": (">", operator.gt),
    "<=": ("≤", operator.le),
    "<": ("<", operator.lt),
}
_BELOW = re.compile(r"below\s+([a-cA-C])", re.IGNORECASE)
_LIMIT = re.compile(r"(>=|<=|>|<)\s*(-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?)")

FIELDS = tuple(dict.fromkeys((
    *QUANTITIES, *WEIGHTY, "currency", "order_type", "customer_no", "customer_name", "salesperson", "plant",
    "due_first", "due_now", "priority", "status",
)))  # fmt: skip
"""The fields whose change a rule may look at."""

RUSH_WORDS = ("rush", "urgent", "express", "急", "加急", "特急", "紧急")


@dataclass(frozen=True, slots=True)
class Limit:
    """A border and which side of it is meant: ">= 5000" holds at 5,000 exactly, "> 5000" does not."""

    sign: str
    figure: Decimal

    def passed(self, value: Decimal) -> bool:
        """Tell whether `value` lies on the side that is meant."""
        return _SIGNS[self.sign][1](value, self.figure)

    @property
    def possible(self) -> bool:
        """Whether the size of an amount, never below zero, can lie there."""
        return self.sign.startswith(">") or self.passed(Decimal(0))

    def __str__(self) -> str:
        return f"{_SIGNS[self.sign][0]} {plain(self.figure)}"


def _limit(value: Any) -> Any:
    found = _LIMIT.fullmatch(str(value).strip())
    if isinstance(value, Limit):
        return value
    if found is None:
        raise custom("rules.want_limit", {"found": shown(value)})
    return Limit(found[1], Decimal(found[2].replace(",", "")))


def _code(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


OrderType = Annotated[str, one_of(ORDER_TYPES)]
Several = BeforeValidator(as_tuple)
Currency = Annotated[str, BeforeValidator(_code)]
Rate = Annotated[Decimal, Field(gt=0)]


class Amounts(Spec):
    """In which currency the limits stand, and what one unit of another one is worth in it (`rates`).

    `unsaid` is what becomes of an order whose amount nobody says. `house` is the currency of an order that
    names none: the one of hub.yaml.
    """

    inner: ClassVar[frozenset[str]] = frozenset({"house"})

    currency: Currency = "CNY"
    rates: dict[Currency, Rate] = Field(default_factory=dict)
    unsaid: Literal["free", "hold"] = "free"
    house: Currency = "CNY"

    def converted(self, amount: Decimal, currency: str) -> Decimal | None:
        """Return `amount` in the currency of the limits, None where no rate is known."""
        if currency == self.currency:
            return amount
        rate = self.rates.get(currency)
        return None if rate is None else amount * rate


def _below(value: Any) -> Any:
    found = _BELOW.fullmatch(str(value).strip())
    if found is None:
        raise custom("rules.want_below", {"found": shown(value), "known": ", ".join(GRADES[:-1])})
    return f"below {found[1].upper()}"


class CustomerLimit(Spec):
    """How the customer of an order must stand: all that is said must be true of him in one currency.

    `overdue` is money, in the currency of the limits (without a rate it is held); `overdue_days` are those of
    his oldest overdue document; `grade` is "below B" for C and D. The hub knows it since the last
    `orderhub match`.
    """

    overdue_days: Annotated[Limit | None, BeforeValidator(_limit)] = None
    overdue: Annotated[Limit | None, BeforeValidator(_limit)] = None
    grade: Annotated[str | None, BeforeValidator(_below)] = None

    @property
    def bounded(self) -> bool:
        """Whether it says anything."""
        return bool(self.overdue_days or self.overdue or self.grade)

    def is_below(self, grade: str) -> bool:
        """Tell whether a grade is worse than the one that is named; yes, if none is."""
        return self.grade is None or GRADES.index(grade) > GRADES.index(self.grade[-1])


class FuseRule(Spec):
    """What is held, and who must approve it: all that is said must be true of a change.

    `amount`, `type` and `customer` look at creates and at changes of what an order is worth or how much it
    is, never at a status alone. `change` looks at fields that an update changes, with `share` by more than
    that part of what the target holds. `wants` looks at what the target is to become. `systems`, `writes` and
    `kinds` narrow it; alone they hold everything that they name.
    """

    name: Text
    roles: Texts
    amount: Annotated[Limit | None, BeforeValidator(_limit)] = None
    types: Annotated[tuple[OrderType, ...], Several] = Field(default=(), alias="type")
    customer: CustomerLimit | None = None
    change: Annotated[tuple[Annotated[str, one_of(FIELDS)], ...], Several] = ()
    share: Share | None = None
    wants: Word | None = None
    systems: Texts = ()
    writes: Texts = ()
    kinds: Annotated[tuple[Literal["create", "update", "message", "reverse"], ...], Several] = ()

    @property
    def bounded(self) -> bool:
        """Whether it says anything about which changes are meant."""
        narrow = self.systems or self.writes or self.kinds
        asked = self.amount or self.types or self.customer or self.change or self.wants
        return bool(asked or narrow)


class Role(Spec):
    """Who may approve in a role; nobody named: anybody may."""

    people: Texts = ()
    deputy: Texts = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """All who may approve."""
        return (*self.people, *self.deputy)


DEFAULTS = (
    FuseRule(name="large", amount=Limit(">=", Decimal(5_000)), roles=("sales_director",)),
    FuseRule(
        name="very_large", amount=Limit(">", Decimal(50_000)), roles=("sales_director", "second_level")
    ),
    FuseRule(name="rush", type=("rush",), roles=("sales_manager",)),
    FuseRule(
        name="quantity_change", change=("ordered",), share=Decimal("0.2"), roles=("sales_manager",)
    ),
)  # fmt: skip
"""The rules where hub.yaml names none."""


class FuseSpec(Spec):
    """When changes wait for a person.

    What was granted counts for `expires`. A change that nobody decided of for `unanswered` is given up and,
    if it is wanted still, asked for anew. No amount holds an order of a `free` type. An order is a rush if
    its type says so, if its priority is one of `rush_words`, or if it is due within `rush_within` of its
    birth (free types are quick by nature: their dates tell nothing).
    """

    expires: Duration = timedelta(days=3)
    unanswered: Duration = timedelta(days=7)
    free: Annotated[tuple[OrderType, ...], Several] = ("sample", "repair")
    rush_words: Texts = RUSH_WORDS
    rush_within: Duration = timedelta(days=2)
    amounts: Amounts = Amounts()
    rules: tuple[FuseRule, ...] = DEFAULTS
    roles: dict[str, Role] = Field(default_factory=dict)
