"""Views into canonical orders, with their history: the one writer of `orders` (leased).

Marked orders are looked up; where one mark stands for all, views, observations and orders are read side by
side in key order, a stretch at a time. Values stay in the store's own form from reading to writing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import Store, bulk, jsons
from hub.store.columns import Same, checked
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.tables import observations, order_history, orders, views
from hub.store.turns import stay
from hub.store.types import to_micros
from sync import dirt
from sync.ownership import FIELDS, VIEW, Merged, Owners, View, merge_one, merge_views
from sync.pull import Progress
from sync.saying import Sayings, extras_and_lines

BATCH = 1000
"""Orders merged in one transaction, or views read in one stretch."""

OrderNo = tuple[str, str]
Keys = list[OrderNo]

_KEY = ("company", "order_no")
_OF_KEY = itemgetter(0, 1)
_ORDER = (*_KEY, *FIELDS, "first_seen")
_PARTS = (*_KEY, "system", "part", "seq", "deleted", "is_return", "extras", "lines")
_HISTORY = tuple(name for name in FIELDS if name != "occurred_at")
"""What leaves a row in the history; the stamp goes with the status."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders to be merged, in key order: their views, what their parts say besides, and how they stand."""

    keys: Keys
    views: Mapping[OrderNo, Sequence[View]]
    sayings: Mapping[OrderNo, Sayings]
    orders: Mapping[OrderNo, Mapping[str, Any]]


def merge(
    store: Store, rules: Rules, lease: Lease, run: Run, clock: Callable[[], datetime], progress: Progress
) -> Counter[str]:
    """Merge every order that is marked; return how many were looked at, born and changed."""
    counts: Counter[str] = Counter()
    owners = Owners(rules)
    with store.read() as conn:
        marks = dirt.marks(conn, "merge")
    if any(mark[:2] == dirt.ALL for mark in marks):
        _merge_all(store, owners, lease, run, clock, progress, counts)
        with store.write() as conn:
            lease.check(conn)
            dirt.clear(conn, "merge", marks)
        return counts
    for at in range(0, len(marks), BATCH):
        some = marks[at : at + BATCH]
        with store.write() as conn:
            stay(lease, conn)
            counts += merge_batch(conn, [mark[:2] for mark in some], owners, run, clock())
            dirt.clear(conn, "merge", some)
        progress("merge", counts["merged"], len(marks))
    return counts


def _merge_all(
    store: Store,
    owners: Owners,
    lease: Lease,
    run: Run,
    clock: Callable[[], datetime],
    progress: Progress,
    counts: Counter[str],
) -> None:
    """Merge every order there is, a stretch of the views at a time."""
    after: OrderNo | None = ("", "")
    while after is not None:
        with store.write() as conn:
            stay(lease, conn)
            batch, after = _stretch(conn, after)
            counts += _settle(conn, batch, owners, run, clock())
        progress("merge", counts["merged"], None)


def merge_batch(conn: sa.Connection, keys: Keys, owners: Owners, run: Run, now: datetime) -> Counter[str]:
    """Merge the orders `keys` in the caller's transaction; the run is entered only if something changed."""
    return _settle(conn, _looked_up(conn, sorted(keys)), owners, run, now)


def _settle(conn: sa.Connection, batch: Batch, owners: Owners, run: Run, now: datetime) -> Counter[str]:
    born: list[tuple[OrderNo, Merged]] = []
    changed: list[tuple[OrderNo, Merged]] = []
    history: list[dict[str, Any]] = []
    counts: Counter[str] = Counter(merged=len(batch.keys))
    for key in batch.keys:
        before = batch.orders.get(key)
        if key not in batch.views:
            counts["emptied"] += _forget(conn, key, before, now, history)
            continue
        merged = _merged(batch.views[key], batch.sayings.get(key), owners, before)
        if before is None:
            born.append((key, merged))
        elif changes := [name for name in FIELDS if before[name] != merged.values[name]]:
            changed.append((key, merged))
            history += [_entry(key, name, before[name], merged, now) for name in _HISTORY if name in changes]
    counts.update(born=len(born), changed=len(changed))
    if born or changed or history:
        number = run.enter(conn)
        bulk.insert_bound(conn, orders, _columns(born, now, number), len(born))
        bulk.upsert_bound(
            conn, orders, _columns(changed, now, number), len(changed), at_birth=("first_seen",)
        )
        bulk.insert(conn, order_history, [entry | {"run": number} for entry in history])
    return counts


def _merged(
    here: Sequence[View], saying: Sayings | None, owners: Owners, before: Mapping[str, Any] | None
) -> Merged:
    """Return one order with its extras as JSON."""
    extras, lines = (saying.extras, saying.lines) if saying is not None else ({}, {})
    if len(here) == 1:
        system = here[0][0]
        merged = merge_one(here[0], extras.get(system, {}), lines.get(system), owners, before)
    else:
        merged = merge_views(here, extras, lines, owners, before)
    rest = merged.values["extras"]
    merged.values["extras"] = jsons.dumps(rest) if rest else None
    return merged


def _looked_up(conn: sa.Connection, keys: Keys) -> Batch:
    """Return the orders `keys`, which are in order."""
    here = bulk.fetch_bound(conn, views, _KEY, keys, (*_KEY, *VIEW))
    parts = bulk.fetch_bound(conn, observations, _KEY, keys, _PARTS)
    before = bulk.fetch_bound(conn, orders, _KEY, keys, _ORDER)
    return _batch(keys, sorted(here), sorted(parts), before)


def _stretch(conn: sa.Connection, after: OrderNo) -> tuple[Batch, OrderNo | None]:
    """Return the orders of the next stretch after `after`, and its last one; None if nothing follows.

    Orders without a view are among them: nobody speaks of those any more.
    """
    here = bulk.scan_bound(conn, views, (*_KEY, *VIEW), after, limit=BATCH)
    upto = None
    if len(here) == BATCH:  # the last order may have more views than these: it comes with the next stretch
        last = _OF_KEY(here[-1])
        here = [row for row in here if _OF_KEY(row) != last]
        upto = _OF_KEY(here[-1])
    parts = bulk.scan_bound(conn, observations, _PARTS, after, upto)
    before = bulk.scan_bound(conn, orders, _ORDER, after, upto)
    keys = sorted({*map(_OF_KEY, here), *map(_OF_KEY, before)})
    return _batch(keys, here, parts, before), upto


def _batch(
    keys: Keys,
    here: Sequence[tuple[Any, ...]],
    parts: Sequence[tuple[Any, ...]],
    before: Sequence[tuple[Any, ...]],
) -> Batch:
    return Batch(
        keys,
        {key: [row[2:] for row in rows] for key, rows in _by_order(here)},
        {key: said for key, rows in _by_order(parts) if (said := extras_and_lines(rows)) is not None},
        {_OF_KEY(row): dict(zip(_ORDER, row, strict=True)) for row in before},
    )


def _by_order(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[OrderNo, list[tuple[Any, ...]]]]:
    """Yield rows, which are in key order, by their order."""
    for key, together in groupby(rows, key=_OF_KEY):
        yield key, list(together)


def _columns(merged: Sequence[tuple[OrderNo, Merged]], now: datetime, run: int) -> dict[str, Any]:
    """Return the columns of `orders` in driver form."""
    values = [one.values for _, one in merged]
    stamp = Same(to_micros(now))
    told: dict[str, Any] = {
        "company": [key[0] for key, _ in merged],
        "order_no": [key[1] for key, _ in merged],
        **{name: [*map(itemgetter(name), values)] for name in FIELDS},
        "first_seen": stamp,
        "changed_at": stamp,
        "run": Same(run),
    }
    return checked(orders, told)


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
        "occurred_at": bulk.typed(orders, "occurred_at", stamp),
        "at": now,
    }


def _words(name: str, stored: Any) -> str | None:
    """Return a stored value as it is written in the history."""
    value = bulk.typed(orders, name, stored)
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
    bulk.delete(conn, orders, _KEY, [key])
    merged = Merged()
    merged.put("status", None, None, "no record speaks of it any more")
    history.append(_entry(key, "status", before["status"], merged, now))
    return 1
