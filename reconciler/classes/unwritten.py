"""What could not be written: a field that changed on both sides, a write that a system refused or lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from hub.store import driver, jsons
from hub.store.types import from_micros
from reconciler.case import Verdict
from reconciler.sources import Scope

LATE = timedelta(hours=1)
"""So long it may stay unknown what became of a write, before somebody should look."""

_DENIED = "outbox.denied"

_ENDED = (  # of each write to an order the last word counts
    "SELECT company, order_no, system, write, state, wanted, seen, reason, holds, changed_at FROM outbox AS o"
    " WHERE state IN ('rejected', 'unknown', 'held') AND mode = 'live' AND id = (SELECT max(id)"
    " FROM outbox AS n WHERE n.company = o.company AND n.order_no = o.order_no AND n.system = o.system"
    " AND n.write = o.write)"
    " ORDER BY company, order_no, system, write"
)


def unwritten(conn: Any, as_of: datetime, scope: Scope) -> Iterator[Verdict]:
    """Yield a verdict for each order and system into which the hub could not write what it should hold."""
    for row in driver.fetch(conn, _ENDED):
        company, order_no, system, write, state, wanted, seen, reason, holds, changed = row
        if (company, order_no) not in scope:
            continue
        since = from_micros(changed)
        details = {"write": write, "wanted": jsons.loads(wanted), "seen": jsons.loads(seen), "since": since}
        if state == "held":
            fields = _conflict(holds)
            if fields is not None:
                kept = details | {"changed": fields}
                yield Verdict("conflict", company, order_no, system, write, kept, since=since)
        elif state == "rejected" or since + LATE <= as_of:
            why = jsons.loads(reason)
            if why and why[0] == _DENIED:
                continue  # a person said no, and knows it
            kept = details | {"state": state, "why": why}
            yield Verdict("write_failed", company, order_no, system, write, kept, since=since)


def _conflict(holds: str | None) -> list[str] | None:
    """Return the fields that changed on both sides, None if a change is held for another reason."""
    for hold in jsons.loads(holds) or ():
        if hold["rule"] == "conflict":
            return sorted(hold["values"]["fields"].split(", "))
    return None
