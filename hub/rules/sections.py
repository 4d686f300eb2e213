"""The parts of hub.yaml: whose word counts, who must know what and how soon, how far stamps may differ."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hub.expectations import StatusWord
from hub.model import KINDS, ORDER_TYPES, Status
from hub.spec import Duration, Share, Size, Spec, Text, Texts, one_of


class Tolerance(Spec):
    """How far stamps may differ, and how far a stamp may lie after the read that brought it."""

    skew: Duration = timedelta(seconds=180)
    future: Duration = timedelta(minutes=5)


class RecordLimits(Spec):
    """Past these a core value goes to quarantine (an extra is dropped), and a run stops before it writes.

    If more than `gone_share` of a stream's open records vanish at once, none of them is believed to be gone.
    """

    quantity: Annotated[Decimal, Field(gt=0)] = Decimal(10_000_000)
    text: Size = 64_000
    bad_share: Share = Decimal("0.2")
    gone_share: Share = Decimal("0.2")


class StatusRange(Spec):
    """A part of the ladder and the system whose word counts there ("none" for nobody's)."""

    from_status: StatusWord = Field(alias="from")
    to_status: StatusWord = Field(alias="to")
    owner: Text


class Ownership(Spec):
    """Whose word counts, field by field; `extras` and `clock` list systems, the most trusted first."""

    status: tuple[StatusRange, ...] = ()
    ordered: Text | None = None
    produced: Text | None = None
    shipped: Text | None = None
    returned: Text | None = None
    lines: Text | None = None
    extras: Texts = ()
    clock: Texts = ()


class Need(Spec):
    """From which status on a system must know an order, and how soon."""

    from_status: StatusWord = Field(alias="from")
    within: Duration


def _needs(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {system: None if need == "never" else need for system, need in value.items()}


class Route(Spec):
    """Which systems must know an order of these companies and types (empty: any); None means never.

    `ends` is the status beyond which nothing is waited for.
    """

    types: tuple[Annotated[str, one_of(ORDER_TYPES)], ...] = ()
    companies: Texts = ()
    origin: Text = ""
    ends: StatusWord = Status.COMPLETED
    systems: Annotated[dict[str, Need | None], BeforeValidator(_needs)] = Field(default_factory=dict)

    def covers(self, company: str, order_type: str) -> bool:
        """Tell whether the route is for orders of `company` and `order_type`."""
        return (not self.types or order_type in self.types) and (
            not self.companies or company in self.companies
        )


DueWord = Annotated[str, one_of([*KINDS, "default"])]


class Person(Spec):
    """Who looks after a system's findings."""

    owner: Text
    deputy: Text | None = None


class DualRun(Spec):
    """What a system in shadow mode must show before it goes live.

    For `days`, what the hub would have written is compared with what people wrote by hand: at least the share
    `agreement` must be alike, at most `difference_rate` of the orders may differ between the systems.
    `minutes_per_entry` is what one entry by hand costs.
    """

    days: Annotated[int, Field(gt=0)] = 30
    agreement: Share = Decimal("0.98")
    difference_rate: Share = Decimal("0.01")
    minutes_per_entry: Annotated[Decimal, Field(gt=0)] = Decimal(6)


class Retention(Spec):
    """How long the store keeps what is over: records in quarantine, from when they were understood."""

    quarantine: Duration = timedelta(days=180)
