"""The SEPA keywords in a remittance text: `EREF+…KREF+…SVWZ+…`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEYS = (
    "EREF", "KREF", "MREF", "CRED", "DEBT", "COAM", "OAMT", "SVWZ", "ABWA", "ABWE", "IBAN", "BIC", "PURP",
    "RTRN", "BREF", "RREF", "SQTP", "ANAM",
)  # fmt: skip
_SEAM = "\x00"
"""Stands between two sub-fields that do not run on: a blank in a text, nothing in a reference or keyword."""

_SPACED = frozenset({"", "SVWZ", "ABWA", "ABWE", "ANAM"})


def keyed(parts: Sequence[str], full: int) -> dict[str, str]:
    """Return the values of the keywords in sub-fields that belong together; "" is what stands before them.

    A keyword or its value may break anywhere across sub-fields. One that is `full` long was cut by the
    bank's program, so the next one runs on.
    """
    text = "".join(part + ("" if full and len(part) >= full else _SEAM) for part in parts).rstrip(_SEAM)
    found = list(_KEYWORD.finditer(text))
    ends = [*(one.start() for one in found), len(text)]
    values = {"": _said(text[: ends[0]], "")}
    for mark, end in zip(found, ends[1:], strict=True):
        key = mark[1].replace(_SEAM, "")
        if key not in values:
            values[key] = _said(text[mark.end() : end], key)
    return values


def _said(text: str, key: str) -> str:
    return " ".join(text.replace(_SEAM, " " if key in _SPACED else "").split())


def _broken(key: str) -> str:
    return f"{_SEAM}?".join(key)


_KEYWORD = re.compile(rf"({'|'.join(map(_broken, _KEYS))}){_SEAM}?[+]")
