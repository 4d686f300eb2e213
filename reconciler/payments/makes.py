"""How the numbers of documents are made, and which signs in them are mistaken for each other."""

from __future__ import annotations

import re
from functools import lru_cache

_AMISS = str.maketrans("OQDILSBZG", "000115826")
_LEGIBLE = re.compile("[0-9OQDILSBZG]*$")
"""What may be the digits at the end of a number."""

_NO_NUMBER = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|1[3-9]\d{9}")
"""Days and mobile telephones, which look like a number of whatever is eight or eleven digits long."""

_MADE = 6
"""A number of fewer signs is made like too many others."""

_COUNTED = 5
"""So many digits at the end of a number count on; what is before them is the same for long."""


def safe(squeezed_number: str) -> str:
    """Return a number in the form in which signs that are mistaken for each other are one."""
    return squeezed_number.translate(_AMISS)


def letters_of(plain: str) -> str:
    """Return the letters that a number begins with."""
    return plain[: len(plain) - len(plain.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))]


def make_of(plain: str) -> Make | None:
    """Return how a number of ours is made: the letters or digits that it begins with, and its length."""
    letters = len(letters_of(plain))
    return _make(plain, letters) if len(plain) >= _MADE and plain[letters:].isdigit() else None


def makes_of(plain: str) -> frozenset[Make]:
    """Return how a number that somebody wrote may be made; nothing if it is a day or a telephone.

    Of one with signs that are mistaken for digits its letters may end in two places: INVO2001, RG20B6.
    """
    if len(plain) < _MADE or _NO_NUMBER.fullmatch(plain):
        return frozenset()
    head, tail = plain[:-_COUNTED], plain[-_COUNTED:]
    return _ways(head + "1" * _COUNTED if tail.isdigit() else plain)


@lru_cache(maxsize=65_536)
def _ways(plain: str) -> frozenset[Make]:
    found = _LEGIBLE.search(plain)
    ends = {len(letters_of(plain)), len(plain) if plain.isdigit() or found is None else found.start()}
    legible = (end for end in ends if safe(plain[end:]).isdigit() and not plain[end:].isalpha())
    return frozenset(_make(plain, end) for end in legible)


def _make(plain: str, letters: int) -> Make:
    return plain[:letters] if letters > 1 else safe(plain)[:-_COUNTED] or plain[0], len(plain)


Make = tuple[str, int]
