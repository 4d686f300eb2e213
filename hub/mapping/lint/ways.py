"""Ways in and ways to ask: which kinds of login a connector has, and what a sweep can ask for."""

from __future__ import annotations

import re

from hub.mapping.callspec import VERBS, CallSpec
from hub.mapping.grammar import SystemMapping
from hub.mapping.lint.calls import mentions
from hub.mapping.lint.found import Found

WAYS: dict[str, tuple[str, ...]] = {
    "rest": ("basic", "bearer", "api_key", "oauth2", "csrf"),
    "soap": ("basic", "bearer", "api_key", "oauth2", "csrf", "wsse", "wsse_digest"),
    "sap_soap": ("basic",),
    "files": ("basic", "key"),
    "sql": (),
    "cmb": (),
}
"""The names that `auth` takes, by connector kind; databases and banks have only their connection."""

_PAUSE = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d\s*[-–]\s*(?:[01]?\d|2[0-3]):[0-5]\d")

LOGIN = frozenset({"rest", "soap"})
"""Kinds that can make a login call."""


def lint_ways(mapping: SystemMapping, found: Found) -> None:
    """Note ways of being let in that the connector kind does not have."""
    ways = WAYS.get(mapping.connector)
    if mapping.auth is None or ways is None:
        return
    known = ", ".join(ways) or "-"
    for way in mapping.auth.names_:
        if way not in ways:
            found.error(("auth",), "mapping.wrong_auth", way=way, connector=mapping.connector, known=known)
    if mapping.auth.login and mapping.connector not in LOGIN:
        values = {"way": "login", "connector": mapping.connector, "known": known}
        found.error(("auth", "login"), "mapping.wrong_auth", key=True, **values)


def lint_pauses(mapping: SystemMapping, found: Found) -> None:
    """Note windows of rest that are none."""
    for index, said in enumerate(mapping.limits.pause):
        if not _PAUSE.fullmatch(said):
            found.error(("limits", "pause", index), "mapping.bad_pause", found=said)


def lint_sweeps(mapping: SystemMapping, found: Found) -> None:
    """Note sweeps that could only ask what the read asks already."""
    for name, stream in mapping.streams.items():
        if stream.sweep is None:
            continue
        path, call = ("streams", name, "sweep"), stream.sweep.call
        if call.verb in VERBS["sql"]:
            if stream.key is None and stream.read.cursor is None:
                found.error(path, "mapping.sweep_without_key", key=True)
        elif call.verb != "file" and not _asks_otherwise(call, stream.read):
            found.error(path, "mapping.sweep_asks_nothing", key=True)


def _asks_otherwise(call: CallSpec, read: CallSpec) -> bool:
    """Tell whether a sweep asks by keys or by a window, or has anything that the read has not.

    Where a read lists everything each time, a sweep of the same list concludes what is gone from it.
    """
    lists = read.cursor is None and "since" not in mentions(read)
    return call != read or lists or bool(mentions(call) & {"keys", "key"})
