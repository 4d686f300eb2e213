"""What hand-written SQL does, as far as its words tell: which parts write, and whether they say where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]", re.S)
_TOKEN = re.compile(r"[A-Za-z_]\w*|[();]")
_BOUND = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)(?!:)")
_LEADS = frozenset({"(", ";", "as", "then"})
_ALL = frozenset({"drop", "truncate", "alter", "create", "grant"})
_SOME = frozenset({"update", "delete"})
_WRITES = _ALL | _SOME | {"insert", "merge", "replace"}


@dataclass(frozen=True, slots=True)
class Writing:
    """One part of a SQL text that writes: its verb, and whether it says which rows (or adds some)."""

    verb: str
    bounded: bool


def bound(sql: str) -> frozenset[str]:
    """Return the names that SQLAlchemy binds in a text (those in quoted text too, as it does)."""
    return frozenset(_BOUND.findall(sql))


def writings(sql: str) -> list[Writing]:
    """Return every part of `sql` that writes: statements, `WITH … AS (DELETE …)`, `SELECT … INTO`."""
    return list(_writings(_TOKEN.findall(_NOISE.sub(" '' ", sql).lower())))


def _writings(tokens: list[str]) -> Iterator[Writing]:
    for at, (before, word) in enumerate(zip([";", *tokens], tokens, strict=False)):
        if word in _WRITES and _leads(tokens, at, before):
            rest = _of_this_level(tokens[at + 1 :])
            yield Writing(word, word not in _ALL and (word not in _SOME or "where" in rest))
        elif word == "select" and _leads(tokens, at, before) and _stores(tokens[at + 1 :]):
            yield Writing("into", True)


def _leads(tokens: list[str], at: int, before: str) -> bool:
    """Tell whether the word at `at` begins a statement, one in brackets, or the one that `WITH` prepares."""
    if before == ")":
        begin = max((i for i, token in enumerate(tokens[:at]) if token == ";"), default=-1) + 1
        return tokens[begin] == "with" and tokens[at] not in {"replace"}
    return before in _LEADS and not (before == "as" and tokens[at] == "replace")


def _of_this_level(tokens: list[str]) -> list[str]:
    """Return the words up to the end of the statement, those in inner brackets left out."""
    found, depth = [], 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if depth < 0 or (token == ";" and depth == 0):
            break
        if depth == 0:
            found.append(token)
    return found


def _stores(tokens: list[str]) -> bool:
    """Tell whether a SELECT puts what it finds into a new table."""
    level = _of_this_level(tokens)
    return "into" in level[: level.index("from")] if "from" in level else False
