"""The company's rules: `mappings/hub.yaml`, with the units of its SKUs and the systems' codes for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, model_validator

from hub import spec, yamlfile
from hub.brakes import BrakeSpec
from hub.catalogue import Catalogue, load_catalogue
from hub.expectations import MENDED, Changes, Graces, StatusWord, Transitions, Word, stands
from hub.fuse import FuseSpec
from hub.fuse.lint import doubtful_rules, wrong_rules
from hub.locale import LOCALES
from hub.model import KINDS, ORDER_TYPES, QUANTITIES, Status
from hub.problems import MappingErrors, Problem, nearest
from hub.spec import Duration, Share, Size, Spec, Text, Texts, one_of
from hub.yamlfile import Document, Steps

FILE = Path("mappings") / "hub.yaml"


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


Measured = Mapping[tuple[str, str, str], timedelta]
"""How long a system was measured to lag: by (leading system, lagging system, status or side word)."""


class Rules(Spec):
    """All of hub.yaml, with the catalogue of units and SKUs.

    `zone` is the one in which people read times; `company` the one that orders belong to where a mapping
    names none (a house with a single legal entity need not say it anywhere). `sla` is how long an order may
    stand in a status, `one_document` the systems in which an order is one document, `due` how soon a finding
    is to be settled, by class. `fuse` says which writes wait for a person, `brakes` how many are too many,
    `dual_run` what a shadow must show; all three are on where hub.yaml says nothing of them.
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


_NOWHERE = Route()


def load_rules(home: Path) -> Rules:
    """Load `mappings/hub.yaml`, `mappings/units.csv` and `mappings/skus.csv` (both may be absent) of `home`.

    Raises MappingErrors with every problem: unknown keys with the nearest known one, a ladder that is not
    covered or covered twice, rows that cannot be read.
    """
    problems: list[Problem] = []
    rules = Rules()
    try:
        rules = parse_rules(yamlfile.load(home / FILE))
    except MappingErrors as error:
        problems += error.problems
    try:
        rules = rules.with_catalogue(load_catalogue(home / "mappings"))
    except MappingErrors as error:
        problems += error.problems
    if problems:
        raise MappingErrors(problems)
    return rules


def parse_rules(document: Document) -> Rules:
    """Return the rules that a document states; MappingErrors if it is wrong."""
    try:
        rules = Rules.model_validate(document.data or {})
    except ValidationError as error:
        raise MappingErrors(spec.problems(error, document)) from error
    if found := [*_ladder(rules, document), *wrong_rules(rules.fuse, document)]:
        raise MappingErrors(found)
    return rules


def lint_rules(home: Path) -> list[Problem]:
    """Return everything that is wrong or doubtful (warnings) in the rules of `home`."""
    try:
        load_rules(home)
        document = yamlfile.load(home / FILE)
        rules = parse_rules(document)
        return [*_names(rules, document), *doubtful_rules(rules.fuse, rules.brakes, document)]
    except MappingErrors as error:
        return error.problems


def _ladder(rules: Rules, document: Document) -> list[Problem]:
    """Return what is wrong with the status ranges: the ladder must be covered, and only once."""
    path: tuple[str | int, ...] = ("ownership", "status")
    ranges = rules.ownership.status
    if not ranges:
        return []
    found = []
    owners: dict[Status, str] = {}
    for index, part in enumerate(ranges):
        if part.from_status > part.to_status:
            found.append(
                document.problem(
                    (*path, index),
                    "rules.range_backwards",
                    low=part.from_status.word,
                    high=part.to_status.word,
                )
            )
        for status in Status:
            if part.from_status <= status <= part.to_status:
                if status in owners:
                    found.append(
                        document.problem(
                            (*path, index),
                            "rules.range_twice",
                            status=status.word,
                            one=owners[status],
                            two=part.owner,
                        )
                    )
                owners.setdefault(status, part.owner)
    gaps = [status.word for status in Status if status not in owners]
    if gaps:
        found.append(document.problem(path, "rules.range_gap", words=", ".join(gaps), key=True))
    return found


def _names(rules: Rules, document: Document) -> list[Problem]:
    """Return systems that no route names and that look like a slip of one that a route does name."""
    known = {system for route in rules.routes for system in route.systems}
    found = []
    for path, name, key in _systems(rules):
        if name not in known and name != "none" and (near := nearest(name, known)):
            found.append(
                document.problem(path, "rules.system_near", key=key, warning=True, name=name, nearest=near)
            )
    return found


def _systems(rules: Rules) -> Iterator[tuple[Steps, str, bool]]:
    """Yield every place that names a system: path, name, and whether the name is a key."""
    for index, part in enumerate(rules.ownership.status):
        yield ("ownership", "status", index, "owner"), part.owner, False
    for name in (*QUANTITIES, "lines"):
        if owner := rules.owner(name):
            yield ("ownership", name), owner, False
    for name in ("extras", "clock"):
        for index, one in enumerate(getattr(rules.ownership, name)):
            yield ("ownership", name, index), one, False
    for name, said in (("grace", rules.graces.systems), ("quiet", rules.quiets), ("people", rules.people)):
        for system in said:
            yield (name, system), system, True
    for index, route in enumerate(rules.routes):
        yield ("routes", index, "origin"), route.origin, False
    for index, rule in enumerate(rules.fuse.rules):
        for at, one in enumerate(rule.systems):
            yield ("fuse", "rules", index, "systems", at), one, False
