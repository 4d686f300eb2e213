"""Words that stand in the cells of exports and around their tables (words.yaml), as they are compared."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from connectors.statements.exports.cells import plain
from hub.yamlfile import load

SIDES = ("credit", "debit")


def word(cell: str) -> str:
    """Return a word of direction or state as it is compared."""
    return re.sub(r"\s", "", plain(cell))


@cache
def listed(kind: str) -> frozenset[str]:
    """Return the words of a kind."""
    return frozenset(word(str(one)) for one in _said()[kind])


@cache
def shape(kind: str) -> re.Pattern[str]:
    """Return the pattern of a kind."""
    return re.compile("|".join(map(str, _said()[kind])), re.IGNORECASE)


@cache
def labels() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the kinds of facts with the labels that they stand behind."""
    found = []
    for kind, shapes in _said()["labels"].items():
        joined = "|".join(map(str, shapes))
        for side in SIDES if "SIDE" in kind else ("",):
            found.append((kind.replace("SIDE", side), joined.replace("SIDE", f"(?:{side_words(side)})")))
    return tuple((kind, re.compile(joined)) for kind, joined in found)


def side_words(side: str) -> str:
    """Return the words for money in ("credit") or out ("debit") as a pattern."""
    return "|".join(map(str, _said()[f"{side}_words"])) if side else ""


def spent_or_got(text: str) -> int:
    """Return -1 for a text that begins by saying that money was spent, 1 if it came in, 0 for others."""
    begin = plain(text).lstrip(" ([")
    return -1 if shape("spent").match(begin) else 1 if shape("got").match(begin) else 0


@cache
def _said() -> dict[str, Any]:
    data: dict[str, Any] = load(Path(__file__).with_name("words.yaml")).data
    return data
