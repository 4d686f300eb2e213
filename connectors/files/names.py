"""Names of files: readable whatever charset they are in, and told temporary ones from finished."""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from hub.locale import LOCALES, text

ANSWERS = ("read", "problem")
"""What an answer can say of a file: that it was read, or that someone must look."""

FILE_NAMES = ("utf-8", "gb18030")
"""The charsets of file names, tried in order, where the mapping names none (`text: {file_names}`)."""

_TEMPORARY = re.compile(r"^[.~]|~$|\.(tmp|temp|part|partial|filepart|crdownload|swp|writing)$", re.I)
_WILD = re.compile(r"[*?\[]")
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(\d+)(?!.*\d)")


def readable(name: str, charsets: Sequence[str] = ()) -> str:
    """Return a name (UTF-8 with surrogate escapes) as text: in the first charset that it is whole in."""
    if not charsets and name.isascii():
        return name
    return _bytes(name).decode(_charset(name, charsets), "backslashreplace")


def written(text: str, beside: str, charsets: Sequence[str] = ()) -> str:
    """Return a readable name as one that stands `beside` another: in the charset that this one is in."""
    if text.isascii():
        return text
    return text.encode(_charset(beside, charsets)).decode("utf-8", "surrogateescape")


def _charset(name: str, charsets: Sequence[str]) -> str:
    *first, last = charsets or FILE_NAMES
    for charset in first:
        try:
            _bytes(name).decode(charset)
        except UnicodeDecodeError:
            continue
        return charset
    return last


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def is_temporary(name: str) -> bool:
    """Tell whether a name is one that programs give a file while they write it."""
    return _TEMPORARY.search(name) is not None


def is_answer(name: str) -> bool:
    """Tell whether a name is that of an answer, which the hub puts beside a bank statement that it read."""
    return name.endswith(_endings())


@cache
def _endings() -> tuple[str, ...]:
    return tuple(text(f"intake.ending_{kind}", locale) for kind in ANSWERS for locale in LOCALES)


def is_wild(step: str) -> bool:
    """Tell whether a step of a pattern may mean several names."""
    return _WILD.search(step) is not None


def matches(name: str, pattern: str) -> bool:
    """Tell whether a readable name fits a glob; capitals count."""
    return fnmatch.fnmatchcase(name, pattern)


def words(stem: str) -> list[str]:
    """Return the words and numbers of a name: ``ORD_N1-0007`` is ORD, N1 and 0007."""
    return _WORD.findall(stem)


def sequence_of(stem: str) -> tuple[str, int]:
    """Return what comes before the last number in a name, and that number (-1 if there is none)."""
    number = _NUMBER.search(stem)
    return (stem[: number.start()], int(number[1])) if number else (stem, -1)


@dataclass(frozen=True, slots=True)
class Sequences:
    """The numbers of all files that are there or were read before, by what comes before the number."""

    numbers: dict[str, list[int]]

    @classmethod
    def of(cls, stems: Iterable[str]) -> Sequences:
        """Take the stems of the files, in any order."""
        numbers: dict[str, list[int]] = {}
        for prefix, number in sorted({sequence_of(stem) for stem in stems}):
            numbers.setdefault(prefix, []).append(number)
        return cls(numbers)

    def gap(self, stem: str) -> tuple[int, int] | None:
        """Return the first and last number that lack before a file; None if none does.

        The first of all lacks nothing.
        """
        prefix, number = sequence_of(stem)
        before = self.numbers.get(prefix, [])
        at = bisect_left(before, number)
        last = before[at - 1] if at else -1
        return (last + 1, number - 1) if 0 <= last < number - 1 else None
