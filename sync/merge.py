"""Views into canonical orders, with their history: the one writer of `orders` (leased)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.model import QUANTITIES
from hub.rules import Rules
from hub.store import Store, bulk, jsons
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.tables import observations, order_history, orders, views
from hub.store.turns import stay
from sync import dirt
from sync.ownership import TYPED, Merged, Owners, merge_views
from sync.pull import Progress

_KEY = ("company", "order_no")
BATCH = 1000
"""Orders merged in one transaction."""

_FIELDS = (
    "status",
    "side",
    "money",
    *QUANTITIES,
    "occurred_at",
    *TYPED,
    "due_first",
    "due_now",
    "lines",
    "extras",
)
_HISTORY = tuple(name for name in _FIELDS if name != "occurred_at")
"""What leaves a row in the history; the stamp goes with the status."""

Keys = list[tuple[str, str]]


def merge(
    store: Store, rules: Rules, lease: Lease, run: Run, clock: Callable[[], datetime], progress: Progress
) -> Counter[str]:
    """Merge every order that is marked; return how many were looked at, born and changed."""
    counts: Counter[str] = Counter()
    owners = Owners(rules)
    with store.read() as conn:
        marks = dirt.marks(conn, "merge")
    everything = [mark for mark in marks if mark[:2] == dirt.ALL]
    batches = _all_orders(store) if everything else _batches([mark[:2] for mark in marks])
    for keys in batches:
        with store.write() as conn:
            stay(lease, conn)
            counts += merge_batch(conn, keys, owners, run, clock())
            if not everything:
                dirt.clear(conn, "merge", [mark for mark in marks if mark[:2] in set(keys)])
        progress("merge", counts["merged"], None if everything else len(marks))
    if everything:
        with store.write() as conn:
            lease.check(conn)
            dirt.clear(conn, "merge", marks)
    return counts


def merge_batch(conn: sa.Connection, keys: Keys, owners: Owners, run: Run, now: datetime) -> Counter[str]:
    """Merge the orders `keys` in the caller's transaction; the run is entered only if something changed."""
    here = _by_order(bulk.fetch_many(conn, views, _KEY, keys))
    before = _by_order(bulk.fetch_many(conn, orders, _KEY, keys))
    extras = _extras(conn, keys)
    rows: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    counts: Counter[str] = Counter(merged=len(keys))
    for key in keys:
        old = before[key][0] if key in before else None
        if key not in here:
            counts["emptied"] += _forget(conn, key, old, now, history)
            continue
        merged = _merge_one(here[key], extras.get(key, {}), owners, old)
        changes = _changes(merged.values, old)
        if changes:
            counts["born" if old is None else "changed"] += 1
            row = {
                "company": key[0],
                "order_no": key[1],
                **{name: merged.values.get(name) for name in _FIELDS},
            }
            rows.append(row | {"first_seen": old["first_seen"] if old else now, "changed_at": now})
        if old is not None:
            history += [_entry(key, name, changes[name], merged, now) for name in _HISTORY if name in changes]
    if rows or history:
        number = run.enter(conn)
        bulk.upsert(conn, orders, [row | {"run": number} for row in rows])
        bulk.insert(conn, order_history, [entry | {"run": number} for entry in history])
    return counts


def _merge_one(
    here: Sequence[Mapping[str, Any]],
    extras: Mapping[tuple[str, str], str],
    owners: Owners,
    old: Mapping[str, Any] | None,
) -> Merged:
    """Return one order with its extras as JSON."""
    lines = {system: text for (system, kind), text in extras.items() if kind == "lines"}
    said = {system: _typed(jsons.loads(text)) for (system, kind), text in extras.items() if kind == "extras"}
    merged = merge_views(here, said, lines, owners, old)
    rest = merged.values["extras"]
    merged.values["extras"] = jsons.dumps(rest) if rest else None
    return merged


def _all_orders(store: Store) -> Iterator[Keys]:
    """Yield all orders that have a view or stand in `orders`, in key order."""
    last = ("", "")
    while True:
        with store.read() as conn:
            pages = [
                conn.execute(
                    sa.select(table.c.company, table.c.order_no)
                    .distinct()
                    .where(sa.tuple_(table.c.company, table.c.order_no) > last)
                    .order_by(table.c.company, table.c.order_no)
                    .limit(BATCH)
                ).all()
                for table in (views, orders)
            ]
        keys = sorted({(row.company, row.order_no) for page in pages for row in page})[:BATCH]
        if not keys:
            return
        yield keys
        last = keys[-1]


def _batches(keys: Keys) -> Iterator[Keys]:
    for at in range(0, len(keys), BATCH):
        yield keys[at : at + BATCH]


def _by_order(rows: Sequence[sa.Row[Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row.company, row.order_no), []).append(dict(row._mapping))
    return found


def _extras(conn: sa.Connection, keys: Keys) -> dict[tuple[str, str], dict[tuple[str, str], str]]:
    """Return the newest extras and lines of each system by order: {(system, "extras" | "lines"): JSON}.

    Lines of an order in several parts are put together.
    """
    wanted = (*_KEY, "system", "part", "seq", "deleted", "is_return", "extras", "lines")
    rows = bulk.fetch_many(conn, observations, _KEY, keys, wanted)
    newest: dict[tuple[str, str, str, str], Any] = {}
    for row in sorted(rows, key=lambda row: int(row.seq)):
        if row.extras is None and row.lines is None and not row.deleted:
            continue
        newest[row.company, row.order_no, row.system, row.part] = row
    found: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for (company, order_no, system, _), row in sorted(newest.items()):
        if row.deleted or row.is_return:
            continue
        said = found.setdefault((company, order_no), {})
        if row.extras is not None:
            said[system, "extras"] = row.extras
        if row.lines is not None:
            earlier = jsons.loads(said[system, "lines"]) if (system, "lines") in said else []
            said[system, "lines"] = jsons.dumps(earlier + jsons.loads(row.lines)) if earlier else row.lines
    return found


def _typed(extras: dict[str, Any]) -> dict[str, Any]:
    """Return extras as loaded from JSON with their types: amounts as Decimal, due dates as aware moments."""
    typed = dict(extras)
    if typed.get("amount") is not None:
        typed["amount"] = Decimal(typed["amount"])
    for name in ("due_first", "due_now"):
        if typed.get(name) is not None:
            typed[name] = datetime.fromisoformat(typed[name])
    return typed


def _changes(values: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, tuple[Any, Any]]:
    return {
        name: (old[name] if old else None, values.get(name))
        for name in _FIELDS
        if old is None or old[name] != values.get(name)
    }


def _entry(
    key: tuple[str, str], name: str, change: tuple[Any, Any], merged: Merged, now: datetime
) -> dict[str, Any]:
    system, rule = merged.origin.get(name, (None, "owner"))
    return {
        "company": key[0],
        "order_no": key[1],
        "field": name,
        "old": _words(change[0]),
        "new": _words(change[1]),
        "system": system,
        "rule": rule,
        "who": None,
        "occurred_at": merged.values.get("occurred_at") if name == "status" else None,
        "at": now,
    }


def _words(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(int(value))


def _forget(
    conn: sa.Connection,
    key: tuple[str, str],
    old: Mapping[str, Any] | None,
    now: datetime,
    history: list[Any],
) -> int:
    """Take away an order of which no view is left (its records turned out to speak of another one)."""
    if old is None:
        return 0
    conn.execute(sa.delete(orders).where(orders.c.company == key[0], orders.c.order_no == key[1]))
    merged = Merged()
    merged.put("status", None, None, "no record speaks of it any more")
    history.append(_entry(key, "status", (old["status"], None), merged, now))
    return 1
