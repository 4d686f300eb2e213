"""Python text in the making, beside the values that it needs.

Nothing of a mapping becomes text: names of fields, codes, formats go in as values under names of our own
(`key3`, `memo4`), so that no word of a mapping can ever be read as code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Source:
    """One function as it is written, line by line."""

    def __init__(self) -> None:
        """Begin with no line and no value."""
        self._lines: list[Any] = []
        self._depth = 1
        self._named = 0
        self._known: dict[tuple[str, Any], str] = {}
        self.values: dict[str, Any] = {}

    def name(self, word: str) -> str:
        """Return a fresh name that begins with `word`."""
        self._named += 1
        return f"{word}{self._named}"

    def value(self, word: str, value: Any) -> str:
        """Return the name under which the function sees `value`; the same for the same value."""
        same = ("text", value) if type(value) is str else ("id", id(value))
        name = self._known.get(same)
        if name is None:
            self._known[same] = name = self.name(word)
            self.values[name] = value
        return name

    def line(self, text: str) -> None:
        """Write one line."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write `head`, and all that follows one step further in."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def gap(self) -> Callable[[str], None]:
        """Return a function that writes lines here, also after others were written below."""
        lines: list[str] = []
        depth = self._depth
        self._lines.append(lines)
        return lambda text: lines.append("    " * depth + text)

    def function(self, head: str) -> str:
        """Return the text of the whole function."""
        flat = [one for part in self._lines for one in (part if isinstance(part, list) else [part])]
        return "\n".join([f"def {head}:", *flat, ""])

    def compiled(self, head: str, name: str) -> Callable[..., Any]:
        """Return the function as Python runs it."""
        space = dict(self.values)
        exec(compile(self.function(head), f"<{name}>", "exec"), space)  # noqa: S102  # our own text, see above
        made: Callable[..., Any] = space[head.split("(")[0]]
        return made
