"""Where reading stands, slot by slot; committed with the page that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from hub.store import bulk, jsons, lookup
from hub.store.tables import cursors


def load_state(conn: sa.Connection, system: str, stream: str) -> dict[str, Any]:
    """Return all slots of a stream; empty before its first read."""
    chosen = sa.select(cursors.c.slot, cursors.c.value).where(
        cursors.c.system == system, cursors.c.stream == stream
    )
    return {row.slot: jsons.loads(row.value) for row in conn.execute(chosen)}


def save_state(conn: sa.Connection, system: str, stream: str, state: Mapping[str, Any]) -> int:
    """Write the slots that differ, drop those that are None, leave all others; return how many moved."""
    if not state:
        return 0
    stored = _stored(conn, system, stream, state)
    gone = [slot for slot, value in state.items() if value is None and slot in stored]
    if gone:
        bulk.delete(conn, cursors, ("system", "stream", "slot"), [(system, stream, slot) for slot in gone])
    wanted = {slot: jsons.dumps(value) for slot, value in state.items() if value is not None}
    moved = [
        {"system": system, "stream": stream, "slot": slot, "value": value}
        for slot, value in wanted.items()
        if stored.get(slot) != value
    ]
    return bulk.upsert(conn, cursors, moved) + len(gone)


def _stored(conn: sa.Connection, system: str, stream: str, slots: Iterable[str]) -> dict[str, str]:
    """Return the slots that are named, as they lie there: a stream may have thousands."""
    keys = [(slot,) for slot in slots]
    rows = lookup.fetch_bound(conn, cursors, ("slot",), keys, ("slot", "value"), system=system, stream=stream)
    return {slot: value for slot, value in rows}
