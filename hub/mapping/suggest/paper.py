"""A YAML text on the way: lines with comments behind them, scalars quoted where YAML would misread them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from hub.locale import text as say

_PLAIN = re.compile(r"[^\W\d]\w*(?:[ .][^\W\d]\w*)*(?: \|\| [^\W\d]\w*)*")
TODO = "TODO"

_TYPED = frozenset({"true", "false", "null"})
_HIDDEN = re.compile(r"[^\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML does not take as it is."""


class Paper:
    """Collects lines; `locale` is the language of the comments."""

    def __init__(self, locale: str) -> None:
        """Start empty."""
        self.locale = locale
        self._lines: list[str] = []
        self._depth = 0

    def line(self, text: str, why: str = "") -> None:
        """Add a line with a comment behind it."""
        self._lines.append("  " * self._depth + text + (f"   # {_HIDDEN.sub('·', why)}" if why else ""))

    def note(self, key: str, **values: object) -> None:
        """Add a line that is a comment, by its message key."""
        self._lines.append("  " * self._depth + f"# {_HIDDEN.sub('·', self.word(key, **values))}")

    def word(self, key: str, **values: object) -> str:
        """Return a message on one line."""
        return say(key, self.locale, **values).replace("\n", " ")

    @contextmanager
    def under(self, head: str, why: str = "") -> Iterator[None]:
        """Add `head:` and, one step further in, what is added meanwhile."""
        self.line(f"{head}:", why)
        self._depth += 1
        yield
        self._depth -= 1

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in self._lines) + "\n"


def scalar(value: Any) -> str:
    """Return a scalar or structure as YAML on one line that is read back as the same."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key(str(name))}: {scalar(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(scalar(one) for one in value) + "]"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value not in _TYPED else _quoted(value)
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return json.dumps(value, default=str)


def key(name: str) -> str:
    """Return a key as YAML."""
    return name if re.fullmatch(r"\w+", name) and not name.isdigit() else _quoted(name)


def _quoted(text: str) -> str:
    """Return a text in double quotes, with escapes for what YAML does not take as it is."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
