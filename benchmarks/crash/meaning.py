"""What a store means, without what tells one run from another, and how two of them differ."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from hub.store import Store, jsons
from hub.store.tables import metadata
from sync.documents import place_of
from sync.raw import disclose

TIMES = {"read_at", "first_seen", "changed_at", "at", "since", "until", "complete_at", "solved_at"}
"""Times of the hub's own clock, which stands still but for the real command."""

_NO_MEANING = {"alembic_version", "audit", "leases", "runs", "settings"}
"""Tables that tell who worked when, and how often it was tried."""
_INCIDENTAL = {"id", "run", "stamp"}


def meaning(store: Store, without: set[str] = frozenset()) -> dict[str, Counter[str]]:  # type: ignore[assignment]  # a frozen set serves
    """Return every row that has a meaning, without what tells one run from another."""
    found: dict[str, Counter[str]] = {}
    with store.read() as conn:
        for table in metadata.sorted_tables:
            if table.name not in _NO_MEANING:
                rows = conn.exec_driver_sql(f'SELECT * FROM "{table.name}"').mappings()
                found[table.name] = Counter(_plain(store, table.name, dict(row), without) for row in rows)
    return found


def _plain(store: Store, table: str, row: dict[str, Any], without: set[str]) -> str:
    if table == "documents" and row["fields"] is not None:
        row["fields"] = store.seal.decrypt(bytes(row["fields"]), place_of(row))
    if table in ("ledger", "quarantine"):
        place = f"{row['system']}/{row['stream']}/{row['record']}"
        row["raw"], meta = disclose(store.seal.decrypt(bytes(row["raw"]), place))
        row["meta"] = _placeless(jsons.loads(row.get("meta")) or meta)
    return jsons.dumps({str(name): value for name, value in row.items() if name not in _INCIDENTAL | without})


def _placeless(meta: dict[str, Any]) -> dict[str, Any]:
    """Return meta without the number of a page: it counts from where a run began."""
    return {name: value for name, value in meta.items() if name != "page"}


def compared(found: dict[str, Counter[str]], wanted: dict[str, Counter[str]]) -> dict[str, Any]:
    """Return how many rows are lost, how many too many, and in which tables."""
    lost = {name: sum((wanted[name] - found[name]).values()) for name in wanted}
    doubled = {name: sum((found[name] - wanted[name]).values()) for name in wanted}
    tables = {name: (lost[name], doubled[name]) for name in wanted if lost[name] or doubled[name]}
    if tables and os.environ.get("CRASH_TRACE"):
        for name in tables:
            print(
                name,
                "LOST",
                *list(wanted[name] - found[name])[:3],
                "DOUBLED",
                *list(found[name] - wanted[name])[:3],
                sep="\n   ",
            )
    return {"lost": sum(lost.values()), "doubled": sum(doubled.values()), "tables": tables}
