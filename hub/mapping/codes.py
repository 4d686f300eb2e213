"""Code tables: globs over what a source says, the first match wins; and which codes can never be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

T = TypeVar("T")

_REMEMBERED = 10_000


def matcher(codes: Mapping[str, T]) -> Callable[[str], T | None]:
    """Return a function from a code to what the table says of it, None if no glob matches (case counts)."""
    known: dict[str, T | None] = {}
    table = list(codes.items())

    def match(code: str) -> T | None:
        if code in known:
            return known[code]
        found = next((meaning for glob, meaning in table if glob == code or fnmatchcase(code, glob)), None)
        if len(known) < _REMEMBERED:
            known[code] = found
        return found

    return match


def is_glob(code: str) -> bool:
    """Tell whether `code` stands for more than itself."""
    return any(sign in code for sign in "*?[")


def hidden(codes: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return (code, earlier glob) for every code that an earlier glob takes first."""
    found = []
    earlier: list[str] = []
    for code in codes:
        sample = code if not is_glob(code) else code.replace("*", "\0").replace("?", "\0")
        first = next((glob for glob in earlier if fnmatchcase(sample, glob)), None)
        if first is not None:
            found.append((code, first))
        earlier.append(code)
    return found
