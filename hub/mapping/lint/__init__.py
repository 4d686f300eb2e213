"""What can be known to be wrong in a mapping without any connection (mapping language, section 8)."""

from __future__ import annotations

from hub.mapping.grammar import SystemMapping
from hub.mapping.lint.calls import lint_system_calls
from hub.mapping.lint.found import Found
from hub.mapping.lint.streams import lint_streams
from hub.mapping.lint.writes import lint_writes
from hub.mapping.support import refusals, unused
from hub.problems import Problem, set_of
from hub.yamlfile import Document


def lint(mapping: SystemMapping, document: Document) -> list[Problem]:
    """Return the errors and warnings of one mapping, in the order of its file."""
    found = Found(document)
    lint_system_calls(mapping, found)
    lint_streams(mapping, found)
    lint_writes(mapping, found)
    for path, what in refusals(mapping):
        found.warning(path, "mapping.not_yet", what=what)
    for path, what in unused(mapping):
        found.warning(path, "mapping.not_carried_out", what=what)
    return sorted(set_of(found.problems), key=lambda one: (one.line, one.column))
