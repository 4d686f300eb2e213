"""The door: a file's bytes -> what it says, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.statements.checks import checked
from connectors.statements.detect import format_of, seen
from connectors.statements.model import Entry, Parsed, Remark
from connectors.statements.packed import Refused, members
from hub.errors import ConfigError

if TYPE_CHECKING:
    from connectors.statements.exports.profiles import Profile

_TORN = frozenset(
    (
        "statements.torn",
        "statements.cut_archive",
        "statements.empty",
        "exports.torn",
        "exports.damaged_workbook",
    )
)
_READ = frozenset(
    ("exports.neutral", "exports.void", "exports.no_amount", "statements.details_differ", "statements.no_day")
    + ("statements.no_such_day",)
)
"""Notes of rows that may rightly have the amount 0."""

_DEEPEST = 2
"""How deep files may be packed in each other: banks send archives with one packed file each."""


def parse(content: bytes, *, profiles: Sequence[Profile] = ()) -> Parsed:
    """Return what a file says. Raises nothing for what a file can contain.

    A packed file is one, with the statements of all that is packed in it; `form` is then that of the first
    one. `profiles` are what a hub remembers of the headers of downloads. `parse_file` keeps members apart.
    """
    parts = [parsed for _, parsed in parse_file("", content, profiles=profiles)]
    if len(parts) == 1:
        return parts[0]
    whole = Parsed(next((part.form for part in parts if part.form), ""))
    for part in parts:
        whole.statements += part.statements
        whole.warnings += part.warnings
        whole.errors += part.errors
    return whole


def parse_file(
    name: str, content: bytes, *, profiles: Sequence[Profile] = ()
) -> list[tuple[str, Parsed]]:  # fmt: skip
    """Return what a file says, under its name; a packed one as `name!member` for each file in it."""
    return _file(name, content, profiles, 0)


def known_profiles(folder: Path, only: str | None = None) -> list[Profile]:
    """Return the profiles of downloads that a hub remembers in a folder; those that come with it are known.

    With `only`, that one alone, of whichever; ConfigError if there is none of that name. Raises MappingError
    for a file in the folder that cannot be used.
    """
    if only is None and not folder.is_dir():
        return []
    from connectors.statements.exports.profiles import built_in, load_profiles

    own = load_profiles(folder)
    if only is None:
        return own
    named = {profile.name: profile for profile in (*built_in(), *own)}
    if only not in named:
        raise ConfigError("bank.no_profile", profile=only, known=", ".join(sorted(named)) or "-")
    return [named[only]]


def is_torn(error: Remark) -> bool:
    """Tell whether an error says that a file ended before its end: fetched again, it may be whole."""
    return error.key in _TORN


def is_unread(entry: Entry) -> bool:
    """Tell whether an entry stands for a row that cannot be read; a row that moves no money can."""
    return not entry.amount and entry.note is not None and entry.note.key not in _READ


def _file(name: str, content: bytes, profiles: Sequence[Profile], depth: int) -> list[tuple[str, Parsed]]:
    form = format_of(content)
    if form not in {"zip", "gzip"}:
        return [(name, checked(_read(form, content, profiles)))]
    if depth >= _DEEPEST:
        return [(name, Parsed("", errors=[Remark("statements.packed_too_deep")]))]
    try:
        inside = members(content, form)
    except Refused as error:
        return [(name, Parsed("", errors=[Remark(error.key, 0, error.values)]))]
    found: list[tuple[str, Parsed]] = []
    for member, inner in inside:
        found += _file(f"{name}!{member}" if member else name, inner, profiles, depth + 1)
    return found


def _read(form: str, content: bytes, profiles: Sequence[Profile]) -> Parsed:
    """Read a file in a format; the readers are loaded late, each with what it needs."""
    match form:
        case "camt":
            from connectors.statements.camt import read_camt

            return read_camt(content)
        case "ofx":
            from connectors.statements.ofx import read_ofx

            return read_ofx(content)
        case "bai2":
            from connectors.statements.bai2 import read_bai2

            return read_bai2(content)
        case "mt":
            from connectors.statements.mt940 import read_mt940

            return read_mt940(content)
        case "table":
            return _table(content, profiles)
    return Parsed("", errors=[Remark("statements.empty")])


def _table(content: bytes, profiles: Sequence[Profile]) -> Parsed:
    from connectors.statements.exports.read import read_export

    found = read_export(content, profiles)
    if found is not None:
        return found
    return Parsed("", errors=[Remark("statements.unknown_format", 1, {"seen": seen(content)})])
