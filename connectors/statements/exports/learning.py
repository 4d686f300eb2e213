"""A header that no profile knows becomes a profile: read by its names, mended by a person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.statements.exports.names import IGNORED, MONEY, ROLES, SINGLE, UNDECIDED, name_of, roles_of
from connectors.statements.exports.profiles import NAME, Profile
from connectors.statements.exports.read import profile_of
from connectors.statements.exports.tables import Unreadable
from hub.errors import ConfigError


def learned(
    content: bytes,
    columns: Mapping[str, str],
    *,
    name: str | None = None,
    dates: str = "",
    currency: str | None = None,
    turned: bool = False,
    profiles: Sequence[Profile] = (),
) -> Profile:
    """Return the profile of a file's header; `columns` are roles that a person gave to names of columns.

    A role that one column can have is taken from the column that had it, and a role for amounts settles the
    other ways to say them. Raises ConfigError for a file without a header of entries, a column or a role that
    does not exist, for columns that are still undecided, and for a name that cannot be one.
    """
    try:
        found = profile_of(content, profiles, columns)
    except Unreadable as error:
        raise ConfigError(error.key) from error
    if found is None:
        raise ConfigError("exports.no_header")
    own = found.name in {profile.name for profile in profiles}
    if own and name and name != found.name:
        raise ConfigError("exports.known_as", name=found.name)
    if name and not NAME.fullmatch(name):
        raise ConfigError("exports.bad_name", name=name)
    roles = dict(found.columns)
    for column, role in columns.items():
        _give(roles, _column(roles, column), role)
    undecided = [column for column, role in roles.items() if role == UNDECIDED]
    if undecided:
        raise ConfigError("exports.undecided", columns=", ".join(undecided), roles=", ".join(ROLES))
    held = set(roles.values())
    if "date" not in held or not ("amount" in held or {"in", "out"} <= held):
        raise ConfigError(
            "exports.incomplete", columns=", ".join(f"{one} = {role}" for one, role in roles.items())
        )
    return replace(
        found,
        name=name or _name(found),
        columns=roles,
        dates=dates or found.dates,
        currency=currency or found.currency,
        turned=turned or found.turned,
    )


def _column(roles: Mapping[str, str], wanted: str) -> str:
    """Return the name of a column as the file writes it; ConfigError, with those that it has, for another."""
    same = [column for column in roles if column == wanted or name_of(column) == name_of(wanted)]
    if not same:
        raise ConfigError("exports.no_column", column=wanted, known=", ".join(roles))
    return same[0]


def _give(roles: dict[str, str], column: str, role: str) -> None:
    """Give a role to a column, and take from the others what they cannot be any longer."""
    if role not in (*ROLES, IGNORED):
        raise ConfigError("exports.no_role", role=role, known=", ".join((*ROLES, IGNORED)))
    gone = {role} if role in SINGLE else set()
    if role == "amount":
        gone |= {"in", "out"}
    elif role in MONEY:
        gone |= {"amount", "direction"}
    for other, held in roles.items():
        rival = held == UNDECIDED and any(one in gone for one, _ in roles_of(name_of(other).name))
        if held in gone or rival:
            roles[other] = IGNORED
    roles[column] = role


def _name(profile: Profile) -> str:
    """Return a name for a profile that a person did not name: its own, else one made of its header."""
    if profile.name != "unknown":
        return profile.name
    return "bank_" + hashlib.blake2b("\0".join(sorted(profile.by_name)).encode(), digest_size=4).hexdigest()
