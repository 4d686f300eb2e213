"""Where the ledger of matches and the finance systems differ on what is open, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub.store import jsons
from reconciler.payments.ledger import Line
from reconciler.payments.model import Receivable
from reconciler.payments.money import to_minor
from reconciler.payments.shelf import Shelf
from sync.out import postings

PAID_PAST, NOT_TOLD, NOT_SHOWN = "paid_past", "not_told", "not_shown"
"""Why they differ, where it is no change on its way: the finance system settled it without the hub; nobody
tells it of postings; it was told, and does not show it (yet)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One receivable of which ledger and finance system do not say the same.

    `ledger` is what the postings leave open, `said` what its system says, both in minor units. `why` is one
    of the words above, or the state of the change that is to tell the system (`change` is its number,
    `reason` what was said of it). `lines` are the postings that stand.
    """

    item: Receivable
    ledger: int
    said: int
    why: str
    lines: tuple[Line, ...] = ()
    change: int | None = None
    reason: tuple[str, Mapping[str, Any]] | None = None


def differences(conn: sa.Connection, shelf: Shelf) -> list[Difference]:
    """Return every receivable that is not open to the same extent in both, the largest difference first."""
    lines: dict[str, list[Line]] = {}
    for line in shelf.standing:
        lines.setdefault(line.receivable.ref, []).append(line)
    apart = [
        (item, left, shelf.said[item.id])
        for item in shelf.receivables
        if item.id in shelf.said and (left := _left(item, lines.get(item.id, ()))) != shelf.said[item.id]
    ]
    numbers = {line.posting for item, _, _ in apart for line in lines.get(item.id, ()) if line.posting}
    changes = postings.changes_of(conn, shelf.company, numbers)
    found = [_difference(item, left, said, lines.get(item.id, ()), changes) for item, left, said in apart]
    return sorted(found, key=lambda one: (-abs(one.ledger - one.said), one.item.id))


def _left(item: Receivable, lines: Iterable[Line]) -> int:
    return item.amount - sum(to_minor(line.closes, item.currency) for line in lines)


def _difference(
    item: Receivable, left: int, said: int, lines: Iterable[Line], changes: Mapping[str, postings.Row]
) -> Difference:
    mine = tuple(lines)
    for line in mine:
        change = changes.get(line.posting or "")
        if change is not None and change["state"] != "confirmed":
            reason = jsons.loads(change["reason"]) if change["reason"] else None
            return Difference(item, left, said, change["state"], mine, change["id"], reason)
    if abs(said) < abs(left):
        return Difference(item, left, said, PAID_PAST, mine)
    told = all((line.posting or "") in changes for line in mine)
    return Difference(item, left, said, NOT_SHOWN if told else NOT_TOLD, mine)
