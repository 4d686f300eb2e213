"""The version of the rules that match: another whenever any module that decides changes."""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path

_HERE = Path(__file__).parent
_IMPORT = re.compile(r"^from reconciler\.payments(?:\.(\w+))? import (\w+(?:, \w+)*)", re.MULTILINE)


def deciding(folder: Path = _HERE) -> list[str]:
    """Return the modules that have a say in what is posted: the matcher, and all that it rests on."""
    found, ahead = set[str](), {"matcher"}
    while ahead:
        name = ahead.pop()
        found.add(name)
        for module, names in _IMPORT.findall((folder / f"{name}.py").read_text("utf-8")):
            ahead |= ({module} if module else set(names.split(", "))) - found
    return sorted(found)


def version_of(folder: Path = _HERE) -> str:
    """Return a mark of what those modules say: 16 hex."""
    state = blake2b(digest_size=8)
    for name in deciding(folder):
        state.update((folder / f"{name}.py").read_bytes())
    return state.hexdigest()


VERSION = version_of()
"""What the lines of the ledger carry."""
