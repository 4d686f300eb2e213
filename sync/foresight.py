"""What a remap comes to, told before and after it: counts by field and status, examples, what fails.

A page is taken in by the new mapping inside a transaction that is rolled back; what it would have changed is
read off the tables themselves, so that what is foretold is what happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.model import QUANTITIES
from hub.store import jsons, lookup
from hub.store.tables import observations, quarantine, views

OrderNo = tuple[str, str]
Row = Mapping[str, Any]

_KEY = ("company", "order_no", "system")
_TOLD = (
    "status", "lo", "hi", "side", "money", *QUANTITIES, "occurred_at", "says", "precision", "unknown_code",
    "confirmed_at", "stocked_at", "shipped_at", "delivered_at", "parts",
)  # fmt: skip
"""Columns of a view that are told by their own names; a range that widens or narrows counts as `range`."""


class Change(NamedTuple):
    """One field of one order, before and after (values as stored)."""

    company: str
    order_no: str
    field: str
    old: Any
    new: Any


@dataclass(slots=True)
class Foresight:
    """What reading the kept records again by the new mapping changes.

    `kept` counts all records that are kept of the streams, `records` those last read by another mapping;
    `versions` names the mappings by stream: those that the records were read by, and the one of now.
    `failing` counts by reason what could be read before and no longer can, `passing` what lies in quarantine
    and can be read now. `stay` counts events that stand as they were read, since their raw form was replaced
    by a later one; `unmapped` records of streams that the mapping names no more. `writes` are the changes in
    other systems that it would ask for, all to be approved as one.
    """

    system: str
    versions: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    kept: int = 0
    records: int = 0
    orders: int = 0
    documents: int = 0
    writes: int = 0
    appear: int = 0
    vanish: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[int | None, int | None]] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)
    passing: int = 0
    still_bad: int = 0
    stay: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Change]] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to read again, and nothing that would be written."""
        return not (self.records or self.passing or self.writes)

    def tell(self, before: Mapping[OrderNo, Row], after: Mapping[OrderNo, Row], limit: int) -> None:
        """Count what differs between the views of orders before and after; keep `limit` examples a field."""
        for key in sorted(before.keys() | after.keys()):
            changes = list(_differences(key, before.get(key), after.get(key)))
            if not changes:
                continue
            self.orders += 1
            self.appear += key not in before
            self.vanish += key not in after
            for change in changes:
                self.fields[change.field] += 1
                some = self.examples.setdefault(change.field, [])
                if len(some) < limit:
                    some.append(change)
                if change.field == "status":
                    self.statuses[change.old, change.new] += 1


def said(conn: sa.Connection, system: str, orders: Collection[OrderNo]) -> dict[OrderNo, dict[str, Any]]:
    """Return what `system` says of `orders` now: its views, with lines and extras by name."""
    keys = {(*key, system) for key in orders}
    found = {
        (row.company, row.order_no): {name: row._mapping[name] for name in (*_TOLD, "line_digest")}
        for row in lookup.fetch_many(conn, views, _KEY, keys)
    }
    columns = ("company", "order_no", "part", "seq", "deleted", "extras", "lines")
    newest: dict[tuple[str, str, str], Any] = {}
    rows = lookup.fetch_many(conn, observations, _KEY, keys, columns)
    for row in sorted(rows, key=lambda row: int(row.seq)):
        newest[row.company, row.order_no, row.part] = row
    for (company, order_no, _), row in sorted(newest.items()):
        view = found.get((company, order_no))
        if view is not None and not row.deleted:
            view |= {f"extras.{name}": value for name, value in (jsons.loads(row.extras) or {}).items()}
            view["lines"] = (view.get("lines") or []) + (jsons.loads(row.lines) or [])
    return found


def failed(conn: sa.Connection, run: int) -> Counter[str]:
    """Return why records came to lie in quarantine in a run, by reason."""
    fresh = sa.select(quarantine.c.reason).where(quarantine.c.run == run, quarantine.c.solved_at.is_(None))
    return Counter(conn.scalars(fresh))


def stood(
    conn: sa.Connection, system: str, orders: Collection[OrderNo], gave: Mapping[tuple[str, str], int]
) -> int:
    """Return how many events of `orders` are no longer in the raw form of their record.

    `gave` tells how many facts the kept form of each record (stream, record) gives.
    """
    columns = ("stream", "record", "seq", "event_id", "deleted")
    newest: dict[tuple[str, str, str], bool] = {}
    keys = {(*key, system) for key in orders}
    rows = lookup.fetch_many(conn, observations, _KEY, keys, columns)
    for row in sorted(rows, key=lambda row: int(row.seq)):
        if row.event_id is not None:
            newest[row.stream, row.record, row.event_id] = not row.deleted
    told = Counter((stream, record) for (stream, record, _), alive in newest.items() if alive)
    return sum(max(0, count - gave[place]) for place, count in told.items() if place in gave)


def _differences(key: OrderNo, old: Row | None, new: Row | None) -> Iterable[Change]:
    old, new = old or {}, new or {}
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before != after and name not in ("lo", "hi", "line_digest"):
            yield Change(*key, name, before, after)
    if old.get("status") == new.get("status"):
        before, after = ((side.get("lo"), side.get("hi")) for side in (old, new))
        if before != after:
            yield Change(*key, "range", before, after)
    if old.get("line_digest") != new.get("line_digest") and old.get("lines") == new.get("lines"):
        yield Change(*key, "line_digest", old.get("line_digest"), new.get("line_digest"))
