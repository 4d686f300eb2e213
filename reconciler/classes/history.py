"""What systems said of an order over time: observations by system and part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as fresh
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from hub.model import Precision, Side
from hub.store import jsons, lookup, tables
from reconciler.sources import Key

_COLUMNS = (
    "company", "order_no", "system", "part", "seq", "stream", "record", "status", "lo", "hi", "side",
    "ordered", "occurred_at", "precision", "line_digest", "unknown_code", "is_return", "deleted", "event_id",
    "replaces", "extras", "mapping", "read_at",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One observation, as far as its place in the history counts (a row of `observations`)."""

    system: str
    part: str
    seq: int
    stream: str
    record: str
    status: int | None
    lo: int
    hi: int
    side: int
    ordered: Decimal | None
    occurred_at: datetime | None
    precision: int
    line_digest: str | None
    unknown_code: str | None
    is_return: bool
    deleted: bool
    event_id: str | None
    replaces: str | None
    extras_text: str | None
    mapping: str
    read_at: datetime

    @property
    def cancelled(self) -> bool:
        """Whether it says that the order (or its part) is cancelled."""
        return bool(self.side & Side.CANCELLED)

    @property
    def at(self) -> datetime:
        """When it came true, as well as is known: its own stamp, else when it was read."""
        exact = self.occurred_at is not None and self.precision >= Precision.MINUTE
        return self.occurred_at if exact and self.occurred_at else self.read_at

    @cached_property
    def extras(self) -> Mapping[str, Any]:
        """What it says besides (JSON values)."""
        return jsons.loads(self.extras_text) or {}


@dataclass(frozen=True, slots=True)
class History:
    """All that systems ever said of one order: rows by (system, part), by arrival."""

    parts: dict[tuple[str, str], list[Said]] = fresh(default_factory=dict)

    def everything(self) -> Iterator[Said]:
        """Yield every row."""
        return (said for rows in self.parts.values() for said in rows)

    def systems(self) -> list[str]:
        """Return the systems that ever spoke of it, by name."""
        return sorted({system for system, _ in self.parts})

    def states(self, system: str) -> dict[str, list[Said]]:
        """Return what `system` says of the state, by part: no events, no returns, nothing taken back."""
        found = {}
        for (owner, part), rows in sorted(self.parts.items()):
            if owner == system and not any(said.event_id is not None for said in rows):
                held = _held(rows)
                if held and not held[-1].is_return:
                    found[part] = held
        return found

    def lives(self) -> Iterator[list[Said]]:
        """Yield what each part of each system went through, in the order in which it happened."""
        for _, rows in sorted(self.parts.items()):
            if any(said.event_id is not None for said in rows):
                yield _in_time(rows)
            else:
                yield [said for said in _held(rows) if not said.is_return]


def _held(rows: Sequence[Said]) -> list[Said]:
    """Return the rows of a state after the last one that took it away."""
    after = max((at + 1 for at, said in enumerate(rows) if said.deleted), default=0)
    return list(rows[after:])


def _in_time(rows: Iterable[Said]) -> list[Said]:
    """Return events by their time: of each its newest word, none that a correction replaced."""
    newest = {said.event_id: said for said in rows}
    gone = {said.replaces for said in newest.values() if said.replaces and not said.deleted}
    alive = [said for said in newest.values() if not said.deleted and said.event_id not in gone]
    return sorted(alive, key=lambda said: (said.at, said.lo, said.seq))


def load_histories(conn: sa.Connection, keys: Collection[Key]) -> dict[Key, History]:
    """Return the histories of the orders `keys`."""
    found = {key: History() for key in keys}
    rows = lookup.fetch_many(conn, tables.observations, ("company", "order_no"), keys, _COLUMNS)
    for row in sorted(rows, key=lambda row: (row.company, row.order_no, row.seq)):
        values: Sequence[Any] = row[2:]
        one = Said(*values)
        found[row.company, row.order_no].parts.setdefault((one.system, one.part), []).append(one)
    return found
