"""Secrets stand in the connection, never in the mapping file, which many people read and copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hub.mapping.lint.found import Found, Path
from hub.redact import SECRET_NAMES

_NAME = re.compile(SECRET_NAMES, re.I)
_ABOUT = re.compile(r"(type|format|name|field|path|url|header|length|method|version|style|id_?type)$", re.I)
_VALUE = re.compile(
    r"(?:basic|bearer)\s+[\w+/=.~-]{8,}|eyJ[\w-]{10,}\.[\w-]+|[a-z][\w+.-]*://[^\s/:@]+:[^\s/@]+@", re.I
)
_HANDSHAKE = frozenset({"fetch", "required"})
_READ = frozenset(
    {
        "fields", "extras", "links", "examples", "take", "on", "codes", "send", "errors", "columns", "cursor",
        "records", "skip", "deleted", "returns", "id", "next", "total", "ok",
    }
)  # fmt: skip
"""Keys under which paths into records stand: a path may well be called `token`."""


def lint_secrets(found: Found) -> None:
    """Note every constant that is a secret, or stands where one does."""
    for path, name, value in _constants(found.document.data, ()):
        if _VALUE.search(value) or (_is_secret(name) and value.casefold() not in _HANDSHAKE):
            found.error(path, "mapping.secret_in_file", name=name)


def _is_secret(name: str) -> bool:
    return bool(_NAME.search(name)) and not _ABOUT.search(name)


def _constants(said: Any, path: Path, name: str = "") -> Iterator[tuple[Path, str, str]]:
    """Yield (path, name, value) of every constant text or number that is sent."""
    if isinstance(said, dict):
        for inner, value in said.items():
            if inner not in _READ:
                yield from _constants(value, (*path, inner), inner)
    elif isinstance(said, list):
        for index, value in enumerate(said):
            yield from _constants(value, (*path, index), name)
    elif isinstance(said, str | int) and not isinstance(said, bool):
        text = str(said)
        constant = not text.startswith("=") or text.startswith("==")
        if text.strip() and constant and "{{" not in text:
            yield path, name, text
