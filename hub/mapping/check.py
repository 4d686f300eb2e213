"""`mapping check`: everything that can be found wrong in a home's mappings without any connection."""

from __future__ import annotations

from pathlib import Path

from hub import yamlfile
from hub.mapping.grammar import SystemMapping
from hub.mapping.lint.streams import learned, wanted
from hub.mapping.loading import read_system
from hub.problems import MappingErrors, Problem, nearest
from hub.rules import FILE, lint_rules, parse_rules
from hub.yamlfile import Document

SYSTEMS = Path("mappings") / "systems"


def check(home: Path) -> list[Problem]:
    """Return all errors and warnings of `mappings/` in `home`: hub.yaml, units, SKUs and every system.

    Beside what each file says, the files are checked against each other: one file a system, and for every
    link that a stream waits for a stream that learns it.
    """
    problems = lint_rules(home)
    right: list[tuple[SystemMapping, Document]] = []
    for path in sorted((home / SYSTEMS).glob("*.yaml")):
        try:
            document = yamlfile.load(path)
            mapping, found = read_system(document, path)
        except MappingErrors as error:
            problems += error.problems
            continue
        problems += found
        if mapping is not None:
            right.append((mapping, document))
    named = {path.stem for path in (home / SYSTEMS).glob("*.yaml")} | {one.system for one, _ in right}
    return [*problems, *_unmapped(home, named), *_together(right)]


def _unmapped(home: Path, named: set[str]) -> list[Problem]:
    """Return the systems that a route asks for and no mapping file describes; a near miss is an error."""
    try:
        document = yamlfile.load(home / FILE)
        rules = parse_rules(document)
    except MappingErrors:
        return []  # said already
    problems = []
    for index, route in enumerate(rules.routes):
        for system in sorted(set(route.systems) - named):
            near = nearest(system, named)
            key = "rules.system_unmapped_near" if near else "rules.system_unmapped"
            place = ("routes", index, "systems", system)
            values = {"name": system, "nearest": near}
            problems.append(document.problem(place, key, key=True, warning=not near, **values))
    return problems


def _together(systems: list[tuple[SystemMapping, Document]]) -> list[Problem]:
    """Return what is wrong between the files."""
    problems: list[Problem] = []
    first: dict[str, str] = {}
    kinds = set().union(*(learned(mapping) for mapping, _ in systems))
    for mapping, document in systems:
        if mapping.system in first:
            problems.append(
                document.problem(
                    ("system",), "mapping.system_twice", system=mapping.system, first=first[mapping.system]
                )
            )
        first.setdefault(mapping.system, Path(document.file).name)
        for path, kind in wanted(mapping):
            if kind not in kinds:
                near = nearest(kind, kinds)
                key = "mapping.link_not_learned_near" if near else "mapping.link_not_learned"
                problems.append(document.problem(path, key, kind=kind, nearest=near))
    return problems
