"""What is wrong in a file that people write: every problem at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from hub.errors import MappingError
from hub.locale import text

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where (line and column from 1), how bad, and the message `key` with its `values`."""

    file: str
    line: int
    column: int
    severity: Severity
    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, locale: str = "en") -> str:
        """Return "file:line:column: error: message" in `locale`."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        severity = text("mapping.error" if self.severity == "error" else "mapping.warning", locale)
        return f"{where}: {severity}: {text(self.key, locale, **self.values)}"


class MappingErrors(MappingError):
    """A file is wrong in one or more ways: all `problems` in the order of the file."""

    def __init__(self, problems: Iterable[Problem], file: str = "") -> None:
        """Take the problems; the first error gives the error its own place and message.

        `file` is the one that is wrong as a whole, where a problem may stand in another one (its hook).
        """
        self.problems = sorted(set_of(problems), key=lambda one: (one.file, one.line, one.column))
        first = next((one for one in self.problems if one.severity == "error"), self.problems[0])
        super().__init__(
            first.key, file=file or first.file, line=first.line, column=first.column, **first.values
        )

    def say(self, locale: str = "en") -> str:
        """Return every problem, one a line."""
        return "\n".join(one.say(locale) for one in self.problems)


def set_of(problems: Iterable[Problem]) -> list[Problem]:
    """Return `problems` without repetitions (a value shared by an anchor is checked at each use)."""
    unique: dict[tuple[object, ...], Problem] = {}
    for one in problems:
        unique.setdefault((one.file, one.line, one.column, one.key, str(one.values)), one)
    return list(unique.values())


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that `name` was probably meant to be, "" if none is near."""
    by_fold = {word.casefold(): word for word in known}
    close = get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


def unknown(name: str, known: Iterable[str], what: str = "name") -> tuple[str, dict[str, object]]:
    """Return message key and values for a `name` that is not among the `known` ones.

    `what` is "name" (a key of the file) or "word" (a value that must be one of a vocabulary).
    """
    known = list(known)
    if near := nearest(name, known):
        return f"mapping.unknown_{what}_near", {"name": name, "nearest": near}
    return f"mapping.unknown_{what}", {"name": name, "known": ", ".join(sorted(known))}
