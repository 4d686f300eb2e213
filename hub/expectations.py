"""What hub.yaml expects of orders and of people: how long is long, and what may not happen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from hub import spec
from hub.model import Side, Status
from hub.spec import Duration, Spec, one_of

StatusWord = Annotated[Status, BeforeValidator(spec.status)]
SIDES = tuple(str(side.name).lower() for side in Side if side)
Word = Annotated[str, one_of([*(one.word for one in Status), *SIDES])]

LONGEST = timedelta(days=3)
"""No learned grace is longer where hub.yaml sets no `at_most`."""

STANDS = {
    Status.DRAFT: 30, Status.PENDING_APPROVAL: 5, Status.CONFIRMED: 14, Status.ALLOCATED: 14,
    Status.SCHEDULED: 30, Status.IN_PRODUCTION: 30, Status.PRODUCED: 14, Status.STOCKED: 14,
    Status.READY: 10, Status.PARTLY_SHIPPED: 21, Status.SHIPPED: 14, Status.IN_TRANSIT: 14,
    Status.OUT_FOR_DELIVERY: 5, Status.DELIVERED: 60,
}  # fmt: skip
"""Days that an order may stand in a status where hub.yaml does not say."""

HELD = 30
"""Days that it may stand there while it is on hold or an exception was reported."""

MENDED = timedelta(days=2)
"""How soon a finding is to be settled where hub.yaml does not say."""


class Grace(Spec):
    """How long one system may lag: by status or side word, its `default`, and whether measuring counts."""

    default: Duration | None = None
    learn: bool | None = None
    at_most: Duration | None = None
    by_word: dict[Word, Duration] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sorted_out(cls, value: Any) -> Any:
        """Part the words from the rest; a duration alone is the default."""
        if not isinstance(value, dict):
            return {"default": value}
        own = {name: said for name, said in value.items() if name in ("default", "learn", "at_most")}
        return {**own, "by_word": {name: said for name, said in value.items() if name not in own}}


class Graces(Spec):
    """Grace of all systems. What was measured makes it longer, up to `at_most`, and never shorter.

    `learn` is on unless it is switched off, for all or for one system.
    """

    default: Duration = timedelta(hours=4)
    learn: bool = True
    at_most: Duration = LONGEST
    systems: dict[str, Grace] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sorted_out(cls, value: Any) -> Any:
        """Part the systems from the rest."""
        if not isinstance(value, dict):
            return value
        own = {name: said for name, said in value.items() if name in ("default", "learn", "at_most")}
        return {**own, "systems": {name: said for name, said in value.items() if name not in own}}

    def declared(self, system: str, word: str) -> timedelta:
        """Return the grace that hub.yaml states for `system` and a status or side word."""
        own = self.systems.get(system, _NO_GRACE)
        return own.by_word.get(word, self.default if own.default is None else own.default)

    def granted(self, system: str, declared: timedelta, measured: timedelta | None) -> timedelta:
        """Return the grace that counts: the declared one, longer where `measured` says so."""
        own = self.systems.get(system, _NO_GRACE)
        if measured is None or not (self.learn if own.learn is None else own.learn):
            return declared
        return max(declared, min(measured, own.at_most or self.at_most))


_NO_GRACE = Grace()


class Jump(Spec):
    """A step that no order may take: from `from` or below straight to `to` or beyond."""

    from_status: StatusWord = Field(alias="from")
    to_status: StatusWord = Field(alias="to")


class Transitions(Spec):
    """What an order's status must not do; `final` are words that it never leaves again."""

    final: tuple[Word, ...] = (Status.COMPLETED.word, "cancelled")
    never: tuple[Jump, ...] = ()

    def is_final(self, rank: int) -> bool:
        """Tell whether the status with `rank` is one that no order leaves."""
        return Status(rank).word in self.final

    def forbidden(self, before: int, after: int) -> bool:
        """Tell whether a step from one rank to another is one that hub.yaml forbids."""
        return any(before <= jump.from_status and after >= jump.to_status for jump in self.never)


class Changes(Spec):
    """Until which status a confirmed order may be changed without anybody being asked."""

    until: StatusWord = Status.PARTLY_SHIPPED


def stands(own: Mapping[str, timedelta], word: str) -> timedelta | None:
    """Return how long an order may stand at `word`: as `own` says, else the default; None: for ever."""
    if word in own:
        return own[word] or None
    if word in SIDES:
        return timedelta(days=HELD)
    days = STANDS.get(Status.of(word))
    return None if days is None else timedelta(days=days)
