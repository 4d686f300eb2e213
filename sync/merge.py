"""Views into canonical orders, with their history: the one writer of `orders` (leased).

Marked orders are looked up; where one mark stands for all, views, observations and orders are read side by
side in key order, a stretch at a time. Values stay in the store's own form from reading to writing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import Store, bulk, jsons
from hub.store.columns import Same, Values, checked
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.tables import observations, order_history, orders, views
from hub.store.turns import stay
from hub.store.types import to_micros
from sync import dirt
from sync.ownership import FIELDS, VIEW, Merged, Owners, View, birth_of, merge_views
from sync.pull import Progress
from sync.saying import said_by, typed

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

_SILENT = ("", "", 0, False, False, None, None)
"""The part of an order of which nothing is said besides."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders to be merged, in key order: their views, what their parts say besides, and how they stand."""

    keys: Keys
    views: Mapping[OrderNo, Sequence[View]]
    parts: Mapping[OrderNo, Sequence[tuple[Any, ...]]]
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
    born: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    history: list[dict[str, Any]] = []
    counts: Counter[str] = Counter(merged=len(batch.keys))
    for key in batch.keys:
        before, here, parts = batch.orders.get(key), batch.views.get(key), batch.parts.get(key, ())
        if here is None:
            counts["emptied"] += _forget(conn, key, before, now, history)
        elif before is None:
            born.append((*key, *_born(here, parts, owners)))
        else:
            merged = _merged(here, parts, owners, before)
            changes = [name for name in FIELDS if before[name] != merged.values[name]]
            if changes:
                changed.append((*key, *(merged.values[name] for name in FIELDS)))
            history += [_entry(key, name, before[name], merged, now) for name in _HISTORY if name in changes]
    counts.update(born=len(born), changed=len(changed))
    if born or changed or history:
        number = run.enter(conn)
        bulk.insert_bound(conn, orders, _columns(born, now, number), len(born))
        at_birth = ("first_seen",)
        bulk.upsert_bound(conn, orders, _columns(changed, now, number), len(changed), at_birth=at_birth)
        bulk.insert(conn, order_history, [entry | {"run": number} for entry in history])
    return counts


def _born(here: Sequence[View], parts: Sequence[tuple[Any, ...]], owners: Owners) -> tuple[Any, ...]:
    """Return the values of a new order."""
    if len(here) > 1 or len(parts) > 1:
        values = _merged(here, parts, owners, None).values
        return tuple(values[name] for name in FIELDS)
    _, _, _, deleted, is_return, extras, lines = parts[0] if parts else _SILENT
    if deleted or is_return:
        extras = lines = None
    born = birth_of(here[0], typed(extras), lines)
    return (*born[:-1], jsons.dumps(born[-1]) if born[-1] else None)


def _merged(
    here: Sequence[View],
    parts: Sequence[tuple[Any, ...]],
    owners: Owners,
    before: Mapping[str, Any] | None,
) -> Merged:
    """Return one order with its extras as JSON."""
    said = said_by(parts)
    merged = merge_views(here, said.extras, said.lines, owners, before)
    rest = merged.values["extras"]
    merged.values["extras"] = jsons.dumps(rest) if rest else None
    return merged


def _columns(rows: Sequence[tuple[Any, ...]], now: datetime, run: int) -> dict[str, Values | Same]:
    """Return the columns of `orders` for rows of key and values in driver form."""
    stamp = Same(to_micros(now))
    told: dict[str, Values | Same] = dict(zip((*_KEY, *FIELDS), zip(*rows, strict=True), strict=False))
    return checked(orders, told) | {"first_seen": stamp, "changed_at": stamp, "run": Same(run)}


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
    stored = {_OF_KEY(row): dict(zip(_ORDER, row, strict=True)) for row in before}
    return Batch(keys, _by_order(here), _by_order(parts), stored)


def _by_order(rows: Sequence[tuple[Any, ...]]) -> dict[OrderNo, list[tuple[Any, ...]]]:
    """Return rows by the order that they begin with, without it."""
    found: dict[OrderNo, list[tuple[Any, ...]]] = {}
    for company, order_no, *rest in rows:
        found.setdefault((company, order_no), []).append(tuple(rest))
    return found


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
