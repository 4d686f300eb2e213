"""The number of a posting: what a finance system knows it by, made of what pays what. Pure.

A posting says that a bank entry pays a receivable. In the outbox, and where marks and forms are kept, its
number stands where an order's number stands; it begins as no other number does.
"""

from __future__ import annotations

import base64
import re
from hashlib import blake2b

PREFIX = "OH-"

_FORM = re.compile(r"OH-[A-Z2-7]{16}")


def posting_no(company: str, entry: str, receivable: str, again: int) -> str:
    """Return the number of the posting of a bank entry to a receivable (both as SYSTEM/NUMBER).

    The same that pays the same has the same number, whoever asks and whenever: so it is found in the finance
    system before it is made, even by a hub that has lost its store. `again` counts how often it was posted
    (and undone) before.
    """
    said = "\n".join((company, entry, receivable, str(again)))
    return PREFIX + base64.b32encode(blake2b(said.encode(), digest_size=10).digest()).decode()


def is_posting(number: str | None) -> bool:
    """Tell whether a number is that of a posting."""
    return number is not None and _FORM.fullmatch(number) is not None
