"""What a lint has found so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hub.errors import MappingError
from hub.problems import MappingErrors, Problem, Severity, unknown
from hub.yamlfile import Document

A = TypeVar("A")
T = TypeVar("T")
Path = Sequence[str | int]


@dataclass
class Found:
    """Collects problems with their places in `document`."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def error(self, path: Path, message: str, *, key: bool = False, **values: object) -> None:
        """Note an error at the value at `path`, or at its key."""
        self._note(path, message, key, False, values)

    def warning(self, path: Path, message: str, *, key: bool = False, **values: object) -> None:
        """Note a warning."""
        self._note(path, message, key, True, values)

    def unknown(
        self, path: Path, name: str, known: Sequence[str], *, key: bool = False, what: str = "name"
    ) -> None:
        """Note a name (or `what` "word") that is none of the `known` ones, with the nearest of them."""
        message, values = unknown(name, known, what)
        self._note(path, message, key, False, values)

    def said(self, path: Path) -> bool:
        """Tell whether the file says something at `path` itself; if not, it was laid there from elsewhere."""
        steps: tuple[str | int, ...] = ()
        for step in path:
            if (*steps, step) in self.document.values:
                steps = (*steps, step)
            elif not isinstance(step, int):  # one alone may stand for a list of one
                return False
        return True

    def compiled(self, path: Path, work: Callable[[A], T], source: A) -> T | None:
        """Return what `work` makes of `source`; a MappingError of it becomes a problem at `path`."""
        try:
            return work(source)
        except MappingErrors as errors:
            for one in errors.problems:
                self._note(path, one.key, False, False, one.values)
            return None
        except MappingError as error:
            self._note(path, error.key, False, False, error.values)
            return None

    def _note(self, path: Path, message: str, key: bool, warning: bool, values: Mapping[str, object]) -> None:
        line, column = self.document.where(path, key=key)
        severity: Severity = "warning" if warning else "error"
        self.problems.append(Problem(self.document.file, line, column, severity, message, values))
