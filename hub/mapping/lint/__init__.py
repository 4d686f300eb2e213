"""What can be known to be wrong in a mapping without any connection (mapping language, section 8)."""

from __future__ import annotations

from hub.mapping.grammar import SystemMapping
from hub.mapping.lint.found import Found
from hub.mapping.lint.outside import lint_hook, lint_webhook
from hub.mapping.lint.secrets import lint_secrets
from hub.mapping.lint.streams import lint_streams
from hub.mapping.lint.system import lint_system_calls
from hub.mapping.lint.ways import lint_pauses, lint_sweeps, lint_ways
from hub.mapping.lint.writes import lint_writes
from hub.mapping.support import refusals
from hub.problems import Problem, set_of
from hub.yamlfile import Document


def lint(mapping: SystemMapping, document: Document) -> list[Problem]:
    """Return the errors and warnings of one mapping, in the order of its file."""
    found = Found(document)
    for look in (
        lint_ways,
        lint_pauses,
        lint_system_calls,
        lint_streams,
        lint_sweeps,
        lint_writes,
        lint_webhook,
        lint_hook,
    ):
        look(mapping, found)
    lint_secrets(found)
    for path, what in refusals(mapping):
        found.warning(path, "mapping.not_yet", what=what)
    return sorted(set_of(found.problems), key=lambda one: (one.line, one.column))
