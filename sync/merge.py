"""Views into canonical orders, with their history: the one writer of `orders` (leased).

Marked orders are looked up; where one mark stands for all, views, observations and orders are read side by
side in key order, a stretch at a time. Values stay in the store's own form from reading to writing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import Store, bulk, jsons, lookup
from hub.store.columns import Same, Values, checked
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.tables import order_history, orders
from hub.store.turns import stay
from hub.store.types import to_micros
from sync import dirt
from sync.agreed import Agreement
from sync.ownership import FIELDS, Merged, Owners, birth_columns, merge_views
from sync.pull import Progress
from sync.saying import said_by, typed
from sync.stretch import KEY, OrderNo, Row, Stretch, by_order, look_up, scan

BATCH = 1000
"""Orders merged in one transaction, or views read in one stretch."""

_HISTORY = tuple(name for name in FIELDS if name != "occurred_at")
"""What leaves a row in the history; the stamp goes with the status."""


class Ways:
    """The rules as merging uses them: whose word counts, and when all agree."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self.owners, self.agreement = Owners(rules), Agreement(rules)


After = Callable[[sa.Connection, Sequence[OrderNo], Run, datetime], Counter[str]]
"""Told of merged orders in the same transaction: what is wanted of other systems goes with it."""


def nothing(_conn: sa.Connection, _keys: Sequence[OrderNo], _run: Run, _now: datetime) -> Counter[str]:
    """Want nothing of anybody."""
    return Counter()


def merge(
    store: Store,
    rules: Rules,
    lease: Lease,
    run: Run,
    clock: Callable[[], datetime],
    progress: Progress,
    after: After = nothing,
) -> Counter[str]:
    """Merge every order that is marked; return how many were looked at, born and changed.

    `after` hears of them in the transaction of each batch, and counts too.
    """
    counts: Counter[str] = Counter()
    ways = Ways(rules)
    with store.read() as conn:
        marks = dirt.marks(conn, dirt.MERGE)
    if any(mark[:2] == dirt.ALL for mark in marks):
        _merge_all(store, ways, lease, run, clock, progress, counts, after)
        with store.write() as conn:
            lease.check(conn)
            dirt.mark(conn, (), everything=True, consumer=dirt.RECONCILE)
            dirt.clear(conn, dirt.MERGE, marks)
        return counts
    for at in range(0, len(marks), BATCH):
        some = marks[at : at + BATCH]
        with store.write() as conn:
            stay(lease, conn)
            keys = [mark[:2] for mark in some]
            merged, agreed = merge_batch(conn, keys, ways, run, clock())
            counts += merged + after(conn, keys, run, clock())
            dirt.pass_on(conn, some, agreed)
        progress("merge", counts["merged"], len(marks))
    return counts


def _merge_all(
    store: Store,
    ways: Ways,
    lease: Lease,
    run: Run,
    clock: Callable[[], datetime],
    progress: Progress,
    counts: Counter[str],
    after: After,
) -> None:
    """Merge every order there is, a stretch of the views at a time."""
    upto: OrderNo | None = ("", "")
    while upto is not None:
        with store.write() as conn:
            stay(lease, conn)
            stretch = scan(conn, upto, BATCH)
            counts += _settle(conn, stretch, ways, run, clock())[0]
            counts += after(conn, stretch.keys(), run, clock())
            upto = stretch.upto
        progress("merge", counts["merged"], None)


def merge_batch(
    conn: sa.Connection, keys: Sequence[OrderNo], ways: Ways, run: Run, now: datetime
) -> tuple[Counter[str], set[OrderNo]]:
    """Merge the orders `keys` in the caller's transaction; the run is entered only if something changed.

    Returns what was done, and those orders on which all systems agree.
    """
    return _settle(conn, look_up(conn, keys), ways, run, now)


def _settle(
    conn: sa.Connection, stretch: Stretch, ways: Ways, run: Run, now: datetime
) -> tuple[Counter[str], set[OrderNo]]:
    """Merge the orders of a stretch: one by one, unless all are as they are in a first load."""
    if stretch.newborn:
        _insert(conn, _newborn(stretch), len(stretch.views), now, run)
        return Counter(merged=len(stretch.views), born=len(stretch.views)), set()
    views, parts, stored = by_order(stretch.views), by_order(stretch.parts), stretch.stored()
    keys = stretch.keys()
    born: list[Row] = []
    changed: list[Row] = []
    history: list[dict[str, Any]] = []
    agreed: set[OrderNo] = set()
    counts: Counter[str] = Counter(merged=len(keys))
    for key in keys:
        before = stored.get(key)
        if key not in views:
            counts["emptied"] += _forget(conn, key, before, now, history)
            continue
        merged = _merged(views[key], parts.get(key, ()), ways.owners, before)
        if stretch.compared and ways.agreement.holds(key[0], merged.values["order_type"], views[key]):
            agreed.add(key)
        changes = [name for name in FIELDS if before is None or before[name] != merged.values[name]]
        if changes:
            (born if before is None else changed).append((*key, *(merged.values[name] for name in FIELDS)))
        if before is not None:
            history += [_entry(key, name, before[name], merged, now) for name in _HISTORY if name in changes]
    counts.update(born=len(born), changed=len(changed))
    if born:
        _insert(conn, _columns(born), len(born), now, run)
    if changed:
        columns = _written(_columns(changed), now, run.enter(conn))
        bulk.upsert_bound(conn, orders, columns, len(changed), at_birth=("first_seen",))
    if history:
        bulk.insert(conn, order_history, [entry | {"run": run.enter(conn)} for entry in history])
    return counts, agreed


def _newborn(stretch: Stretch) -> dict[str, Values]:
    """Return the columns of orders that are new and spoken of once."""
    *key, _, _, _, _, _, extras, lines = zip(*stretch.parts, strict=True)
    columns = birth_columns([row[len(KEY) :] for row in stretch.views], [*map(typed, extras)], lines)
    columns["extras"] = [jsons.dumps(rest) if rest else None for rest in columns["extras"]]
    return {**dict(zip(KEY, key, strict=True)), **columns}


def _merged(
    views: Sequence[Row], parts: Sequence[Row], owners: Owners, before: Mapping[str, Any] | None
) -> Merged:
    """Return one order with its extras as JSON."""
    said = said_by(parts)
    merged = merge_views(views, said.extras, said.lines, owners, before)
    rest = merged.values["extras"]
    merged.values["extras"] = jsons.dumps(rest) if rest else None
    return merged


def _columns(rows: Sequence[Row]) -> dict[str, Values]:
    return dict(zip((*KEY, *FIELDS), zip(*rows, strict=True), strict=True))


def _written(columns: Mapping[str, Values], now: datetime, run: int) -> dict[str, Values | Same]:
    """Return columns of `orders` in driver form with what all rows share."""
    stamp = Same(to_micros(now))
    return {**checked(orders, columns), "first_seen": stamp, "changed_at": stamp, "run": Same(run)}


def _insert(conn: sa.Connection, columns: Mapping[str, Values], rows: int, now: datetime, run: Run) -> None:
    bulk.insert_bound(conn, orders, _written(columns, now, run.enter(conn)), rows)


def _entry(key: OrderNo, name: str, old: Any, merged: Merged, now: datetime) -> dict[str, Any]:
    system, rule = merged.origin.get(name, (None, "owner"))
    stamp = merged.values.get("occurred_at") if name == "status" else None
    return {
        "company": key[0],
        "order_no": key[1],
        "field": name,
        "old": _words(name, old),
        "new": _words(name, merged.values.get(name)),
        "system": system,
        "rule": rule,
        "who": None,
        "occurred_at": lookup.typed(orders, "occurred_at", stamp),
        "at": now,
    }


def _words(name: str, stored: Any) -> str | None:
    """Return a stored value as it is written in the history."""
    value = lookup.typed(orders, name, stored)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(int(value))


def _forget(
    conn: sa.Connection,
    key: OrderNo,
    before: Mapping[str, Any] | None,
    now: datetime,
    history: list[Any],
) -> int:
    """Take away an order of which no view is left (its records turned out to speak of another one)."""
    if before is None:
        return 0
    bulk.delete(conn, orders, KEY, [key])
    merged = Merged()
    merged.put("status", None, None, "no record speaks of it any more")
    history.append(_entry(key, "status", before["status"], merged, now))
    return 1
