"""All of hub.yaml as one object, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from hub import spec
from hub.brakes import BrakeSpec
from hub.catalogue import Catalogue
from hub.expectations import MENDED, Changes, Graces, Transitions, Word, stands
from hub.fuse import FuseSpec
from hub.locale import LOCALES
from hub.model import Status
from hub.rules.payments import Payments
from hub.rules.sections import DualRun, DueWord, Ownership, Person, RecordLimits, Retention, Route, Tolerance
from hub.spec import Duration, Spec, Text, Texts, one_of

_NOWHERE = Route()
Measured = Mapping[tuple[str, str, str], timedelta]
"""How long a system was measured to lag: by (leading system, lagging system, status or side word)."""


class Rules(Spec):
    """All of hub.yaml, with the catalogue of units and SKUs.

    `zone` is the one in which people read times; `company` the one that orders belong to where a mapping
    names none (a house with a single legal entity need not say it anywhere). `sla` is how long an order may
    stand in a status, `one_document` the systems in which an order is one document, `due` how soon a finding
    is to be settled, by class. `fuse` says which writes wait for a person, `brakes` how many are too many,
    `dual_run` what a shadow must show; all three are on where hub.yaml says nothing of them. `payments` says
    how customers pay by agreement, and how they are graded; `retention` how long what is over is kept.
    """

    locale: Annotated[str, one_of(LOCALES)] = "en"
    currency: Text = "CNY"
    company: Text = "default"
    zone: Annotated[str, BeforeValidator(spec.zone)] = "UTC"
    tolerance: Tolerance = Tolerance()
    limits: RecordLimits = RecordLimits()
    ownership: Ownership = Ownership()
    routes: tuple[Route, ...] = ()
    graces: Graces = Field(default_factory=Graces, alias="grace")
    quiets: dict[str, Duration] = Field(default_factory=dict, alias="quiet")
    sla: dict[Word, Duration] = Field(default_factory=dict)
    transitions: Transitions = Transitions()
    changes: Changes = Changes()
    one_document: Texts = ()
    dues: dict[DueWord, Duration] = Field(default_factory=dict, alias="due")
    people: dict[str, Person] = Field(default_factory=dict)
    fuse: FuseSpec = FuseSpec()
    brakes: BrakeSpec = BrakeSpec()
    dual_run: DualRun = DualRun()
    payments: Payments = Payments()
    retention: Retention = Retention()
    _catalogue: Catalogue = PrivateAttr(default_factory=Catalogue)
    _measured: Measured = PrivateAttr(default_factory=lambda: MappingProxyType({}))
    _contacts: Mapping[str, str] = PrivateAttr(default_factory=lambda: MappingProxyType({}))

    @model_validator(mode="before")
    @classmethod
    def _in_our_currency(cls, value: Any) -> Any:
        """State the limits of the fuse in the house's currency where they name none."""
        if not isinstance(value, dict) or isinstance(value.get("fuse"), FuseSpec):
            return value
        fuse = value.get("fuse", {})
        amounts = fuse.get("amounts", {}) if isinstance(fuse, dict) else None
        if not isinstance(amounts, dict):
            return value
        house = value.get("currency", "CNY")
        return {**value, "fuse": {**fuse, "amounts": {"currency": house, **amounts, "house": house}}}

    @property
    def skew(self) -> timedelta:
        """How much two event stamps of one status may differ."""
        return self.tolerance.skew

    @property
    def future(self) -> timedelta:
        """How much later than its read a stamp may be."""
        return self.tolerance.future

    @property
    def catalogue(self) -> Catalogue:
        """Units and SKU codes."""
        return self._catalogue

    def with_catalogue(self, catalogue: Catalogue) -> Rules:
        """Return these rules with another catalogue."""
        copy = self.model_copy()
        copy._catalogue = catalogue
        return copy

    def route(self, company: str, order_type: str) -> Route:
        """Return the first route that covers the order; one that asks for nothing if none does."""
        return next((route for route in self.routes if route.covers(company, order_type)), _NOWHERE)

    def with_measured(self, measured: Measured) -> Rules:
        """Return these rules with what was measured of the systems' lags."""
        copy = self.model_copy()
        copy._measured = measured
        return copy

    def with_contacts(self, contacts: Mapping[str, str]) -> Rules:
        """Return these rules with the mappings' contacts, for systems without people of their own."""
        copy = self.model_copy()
        copy._contacts = dict(contacts)
        return copy

    def person(self, system: str) -> Person | None:
        """Return who looks after `system`: as hub.yaml says, else the contact of its mapping."""
        contact = self._contacts.get(system)
        return self.people.get(system) or (Person(owner=contact) if contact else None)

    def due(self, kind: str) -> timedelta:
        """Return how soon a finding of class `kind` is to be settled."""
        return self.dues.get(kind, self.dues.get("default", MENDED))

    def stands(self, word: str) -> timedelta | None:
        """Return how long an order may stand at a status (or side) word; None: as long as it likes."""
        return stands(self.sla, word)

    def grace(self, system: str, status: Status | str, leader: str | None = None) -> timedelta:
        """Return how long `system` may lag behind `leader` before `status` (or a side word) is missed."""
        word = status.word if isinstance(status, Status) else status
        return self.patience(system, word, self.graces.declared(system, word), leader)

    def patience(self, system: str, word: str, declared: timedelta, leader: str | None) -> timedelta:
        """Return `declared`, longer where `system` was measured to be slower than that behind `leader`."""
        measured = self._measured.get((leader, system, word)) if leader else None
        return self.graces.granted(system, declared, measured)

    def quiet(self, system: str) -> timedelta:
        """Return how long `system` may say nothing before it counts as silent; a day where it is not said."""
        return self.quiets.get(system, timedelta(days=1))

    def owner(self, name: str) -> str | None:
        """Return the system that owns field `name`, None where that is not said."""
        owner = getattr(self.ownership, name, None)
        return owner if isinstance(owner, str) else None

    def status_owner(self, status: Status) -> str | None:
        """Return the system whose word counts for `status`, None where that is nobody's."""
        for part in self.ownership.status:
            if part.from_status <= status <= part.to_status:
                return None if part.owner == "none" else part.owner
        return None

    def to_base(self, system: str, code: str, unit: str | None, quantity: Decimal) -> tuple[str, Decimal]:
        """Return the hub's SKU and the quantity in its base unit; see `Catalogue.to_base`."""
        return self._catalogue.to_base(system, code, unit, quantity)
