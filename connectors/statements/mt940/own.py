"""Field NS, in which banks' programs put what field 86 has no room for: lines that begin with a number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.statements.mt940.line86 import Details, run_on, tidy

_ROW = re.compile(r"\s*(?P<number>[0-9]{2})(?P<text>.*)", re.S)
_NAME = (15, 16)
_BANK, _ACCOUNT = 33, 34
_BOOKED_AS = 17


def own_details(rows: Sequence[str]) -> Details:
    """Return what the lines say: 01 to 14 what an entry is for, 15 and 16 who, 33 and 34 bank and account."""
    parts: dict[int, str] = {}
    for row in rows:
        if found := _ROW.fullmatch(row):
            parts.setdefault(int(found["number"]), found["text"])
    text = " ".join(parts[number] for number in range(1, 15) if number in parts)
    return Details(
        text=tidy(text) or tidy(parts.get(_BOOKED_AS, "")),
        name=tidy(run_on(*(parts.get(number, "") for number in _NAME))),
        account=parts.get(_ACCOUNT, "").strip(),
        bank=parts.get(_BANK, "").strip(),
    )
