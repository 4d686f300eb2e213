"""Exports that are known by their header: those that come with OrderHub, and those that people confirmed.

A profile is a small YAML file::

    name: boc_personal
    currency: CNY                   # where no column says it
    columns:                        # by the name in the header; spaces, capitals and (元) do not count
      记账日期: date
      金额: amount                  # one signed column; or `in` and `out`; or `amount` with `direction`
      网点名称: "-"                 # not used
    optional: [网点名称]            # columns that not every file has
    dates: dmy                      # or mdy, for days such as 03/04/2026
    turned: true                    # credit is money out: the bank's view, not the account holder's
    words:                          # what stands in `direction` and `state`, beside what is known anyway
      in: [收入]
      void: [交易关闭]              # states in which no money moved
      refund: [REFUND]              # states in which the `refund` column counts
    entries: false                  # a summary: it is known, and has no entries

It fits a header that has all of its columns (but the optional ones) and no other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from connectors.statements.exports.names import IGNORED, MONEY, ROLES, SINGLE, UNDECIDED, name_of
from hub.errors import MappingError
from hub.yamlfile import load

_FOLDER = Path(__file__).with_name("profiles")
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_KEYS = {"name", "currency", "columns", "optional", "dates", "turned", "words", "entries"}
_WORDS = {"in", "out", "neutral", "void", "refund"}


@dataclass(frozen=True)
class Profile:
    """What one kind of export calls its columns, and which role each of them plays."""

    name: str
    columns: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    currency: str | None = None
    dates: str = ""
    turned: bool = False
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entries: bool = True

    @cached_property
    def by_name(self) -> dict[str, str]:
        """The roles by compared name (`names.name_of`)."""
        return {_compared(name): role for name, role in self.columns.items()}

    @cached_property
    def required(self) -> frozenset[str]:
        """The compared names that a header must have."""
        return frozenset(self.by_name) - {_compared(name) for name in self.optional}

    @property
    def undecided(self) -> list[str]:
        """The columns whose role a person has to say."""
        return [name for name, role in self.columns.items() if role == UNDECIDED]

    def fits(self, names: Sequence[str]) -> bool:
        """Tell whether a header of these compared names is one of this profile."""
        there = {name for name in names if name}
        return self.required <= there <= self.by_name.keys()

    def written(self) -> dict[str, Any]:
        """Return the profile as its file says it."""
        said: dict[str, Any] = {"name": self.name}
        for name in ("currency", "dates", "turned"):
            if value := getattr(self, name):
                said[name] = value
        said["columns"] = dict(self.columns)
        if self.optional:
            said["optional"] = sorted(self.optional)
        if self.words:
            said["words"] = {name: list(words) for name, words in self.words.items()}
        return said


@cache
def built_in() -> tuple[Profile, ...]:
    """Return the profiles that come with OrderHub."""
    return tuple(load_profiles(_FOLDER))


def load_profiles(folder: Path) -> list[Profile]:
    """Return the profiles in a folder, none if there is no such folder.

    Raises MappingError, with file and line, for one that cannot be used.
    """
    return [_profile(file) for file in sorted(folder.glob("*.yaml"))]


def save_profile(profile: Profile, folder: Path) -> Path:
    """Write a profile into a folder under its name, and return its file; one of that name is replaced."""
    from ruamel.yaml import YAML

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{profile.name}.yaml"
    yaml = YAML()
    yaml.width = 1 << 16
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(profile.written(), file)
    return path


def _profile(file: Path) -> Profile:
    document = load(file)
    said = document.data

    def wrong(reason: str, *place: str) -> MappingError:
        line, column = document.where(place)
        known = ", ".join((*ROLES, IGNORED))
        return MappingError(
            "exports.bad_profile", file=str(file), line=line, column=column, reason=reason, known=known
        )

    if not isinstance(said, dict) or not isinstance(said.get("columns"), dict):
        raise wrong("columns")
    if unknown := sorted(set(said) - _KEYS):
        raise wrong(unknown[0], unknown[0])
    columns = {str(name): str(role) for name, role in said["columns"].items()}
    has_entries = said.get("entries") is not False
    for name, role in columns.items():
        if role not in (*ROLES, IGNORED):
            raise wrong(f"{name}: {role}", "columns", name)
    if has_entries and ("date" not in columns.values() or not set(MONEY) & set(columns.values())):
        raise wrong("date, amount, in, out", "columns")
    words = said.get("words") or {}
    if (
        not isinstance(words, dict)
        or not set(words) <= _WORDS
        or said.get("dates") not in (None, "dmy", "mdy")
    ):
        raise wrong("words, dates")
    name = str(said.get("name") or file.stem)
    if not NAME.fullmatch(name):
        raise wrong(f"name: {name}", "name")
    if twice := _twice(columns, frozenset(map(str, said.get("optional") or ()))):
        raise wrong(f"{twice[0]}, {twice[1]}", "columns", twice[1])
    return Profile(
        name,
        columns,
        frozenset(str(one) for one in said.get("optional") or ()),
        str(said["currency"]) if said.get("currency") else None,
        str(said.get("dates") or ""),
        said.get("turned") is True,
        {str(kind): tuple(str(word) for word in listed or ()) for kind, listed in words.items()},
        has_entries,
    )


def _twice(columns: Mapping[str, str], optional: frozenset[str]) -> tuple[str, str] | None:
    """Return two columns that no file may lack and that are to play one role."""
    first: dict[str, str] = {}
    for name, role in columns.items():
        if role in SINGLE and name not in optional:
            if role in first:
                return first[role], name
            first[role] = name
    return None


def _compared(name: str) -> str:
    base, sign, number = name.partition("#")
    return name_of(base).name + sign + number
