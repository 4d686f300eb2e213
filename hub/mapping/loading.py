"""A mapping file loaded: parsed, checked against the grammar, linted; every problem with line and column."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hub import spec, yamlfile
from hub.mapping.grammar import OPTIONS, SystemMapping
from hub.mapping.lint import lint
from hub.problems import MappingErrors, Problem, unknown
from hub.yamlfile import Document


def load_system(path: Path) -> SystemMapping:
    """Load one mapping file. Raises MappingErrors with all that is wrong (warnings are not)."""
    mapping, problems = read_system(yamlfile.load(path), path)
    wrong = [one for one in problems if one.severity == "error"]
    if mapping is None or wrong:
        raise MappingErrors(wrong, str(path))
    return mapping


def parse_system(text: str, file: str = "mapping.yaml") -> SystemMapping:
    """Load a mapping from text; as `load_system`."""
    mapping, problems = read_system(yamlfile.load(text, file))
    wrong = [one for one in problems if one.severity == "error"]
    if mapping is None or wrong:
        raise MappingErrors(wrong)
    return mapping


def read_system(document: Document, path: Path = Path()) -> tuple[SystemMapping | None, list[Problem]]:
    """Return the mapping that a document states (None if it is none) and all that is wrong or doubtful."""
    if not isinstance(document.data, dict):
        return None, [document.problem((), "mapping.want_map", found=spec.shown(document.data), reason="")]
    try:
        mapping = SystemMapping.model_validate(document.data)
    except ValidationError as error:
        return None, [_with_options(one, document) for one in spec.problems(error, document)]
    mapping = mapping.model_copy(update={"path": path})
    return mapping, lint(mapping, document)


def _with_options(problem: Problem, document: Document) -> Problem:
    """Let the keys that the connector kind declares be guessed too."""
    declared = OPTIONS.get(str(document.data.get("connector")), frozenset())
    name = str(problem.values.get("name", ""))
    is_top = name in document.data and document.where((name,), key=True) == (problem.line, problem.column)
    if not problem.key.startswith("mapping.unknown_name") or not is_top or not declared:
        return problem
    key, values = unknown(name, [*SystemMapping.names(), *declared])
    return Problem(problem.file, problem.line, problem.column, problem.severity, key, values)
