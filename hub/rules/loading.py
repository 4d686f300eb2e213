"""hub.yaml read and checked: the ladder covered once, systems without slips, a fuse that can be met."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from hub import spec, yamlfile
from hub.catalogue import load_catalogue
from hub.fuse.lint import doubtful_rules, wrong_rules
from hub.model import QUANTITIES, Status
from hub.problems import MappingErrors, Problem, nearest
from hub.rules.payments import wrong_payments
from hub.rules.rules import Rules
from hub.yamlfile import Document, Steps

FILE = Path("mappings") / "hub.yaml"


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
    found = [*_ladder(rules, document), *wrong_rules(rules.fuse, document)]
    found += wrong_payments(rules.payments, document)
    if found:
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
