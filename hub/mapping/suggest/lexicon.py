"""What fields and codes are called, as far as `words.yaml` knows."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from hub import yamlfile

_SIGNS = re.compile(r"[\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def bare(name: str) -> str:
    """Return a name without case, signs and blanks."""
    return _SIGNS.sub("", name).casefold()


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name: `orderNo`, `ORDER_NO` and `order no` have two."""
    return tuple(part.casefold() for part in _SIGNS.split(_HUMP.sub("_", name)) if part)


def names_of(role: str) -> tuple[str, ...]:
    """Return what the fields of a role are called, the surest name first."""
    return tuple(_words()["roles"][role])


def status_of(code: str) -> str | None:
    """Return the hub's status for a code that says what it means, None if it does not."""
    return _by_code("statuses").get(" ".join(words(code)))


def side_of(code: str) -> str | None:
    """Return what lies beside the chain according to a code that says so."""
    return _by_code("sides").get(" ".join(words(code)))


def table_of(name: str) -> dict[str, str]:
    """Return the code table that a vendor has fixed for the field of this name, empty if there is none."""
    found: dict[str, str] = next(
        (one["codes"] for one in _words()["tables"] if bare(name) in map(bare, one["names"])), {}
    )
    return dict(found)


@cache
def _by_code(group: str) -> dict[str, str]:
    return {" ".join(words(code)): word for word, codes in _words()[group].items() for code in codes}


@cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = yamlfile.load(Path(__file__).with_name("words.yaml")).data
    return found
