"""What tells one entry of an account from all others, whichever file brings it."""

from __future__ import annotations

import hashlib
from collections import Counter

from connectors.statements.model import Entry, Statement

_SIZE = 16


def identities(statement: Statement) -> list[str]:
    """Return the identity of each entry of a statement, in their order.

    It is a digest of the account, the day of booking, the amount with its sign and the bank's own reference
    (`details["bank_reference"]`); without one, of the value date, the other references and the remittance
    text instead (contract, 10.1). The reference never stands alone: banks give one to a batch, a payment and
    its fee, a payment and its return. As none of this depends on what else is in the file, overlapping
    statements give an entry the same identity, as do formats that tell the same reference. Entries that are
    equal in all of it are legal; they are counted: the second one is `…-2`.
    """
    seen: Counter[str] = Counter()
    found = []
    for entry in statement.entries:
        digest = _digest(statement.account, entry)
        seen[digest] += 1
        found.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return found


def _digest(account: str | None, entry: Entry) -> str:
    bank = str(entry.details.get("bank_reference", ""))
    parts = [
        "".join((account or "").split()).upper(),
        entry.booked_on.isoformat() if entry.booked_on else "",
        f"{entry.amount.normalize():f}",
        bank,
    ]
    if not bank or "batch" in entry.details:
        parts += [str(entry.details.get("end_to_end", ""))]
    if not bank:
        parts += [
            entry.value_date.isoformat() if entry.value_date else "",
            entry.reference,
            "".join(entry.remittance_info.split()).casefold(),
        ]
    text = "\x1f".join(parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).hexdigest()
