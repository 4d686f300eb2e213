"""Learned grace: how long each system was measured to lag behind each other one, kept in `latencies`.

Once a day the orders whose status moved since the last time are looked at, some hundreds of them; before
there is any history, those that stand in a status now. Orders with a finding teach nothing. What counts is
longer than the 99 % of lags by a quarter, and hub.yaml says within which limits (`grace`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.findings import IS_LIVE
from hub.model import Status
from hub.rules import Measured, Rules
from hub.store import Store, bulk, cursors, driver, jsons, lookup, tables
from hub.store.leases import Lease
from reconciler.classes.history import load_histories
from reconciler.latency import Pair, Sketch, delays
from reconciler.result import GraceLine
from reconciler.sources import Key

FEWEST = 30
"""Fewer lags than this teach nothing."""

ORDERS = 600
"""So many orders are looked at a day."""

_MOST = 4_000
_SHARE = 0.99
_EVERY = timedelta(days=1)
_PLACE = ("hub", "grace")
_LAGGING = [one for one in sorted(Status) if Status.CONFIRMED <= one < Status.COMPLETED]


def load_measured(conn: sa.Connection) -> Measured:
    """Return how long systems were measured to lag, for what was measured often enough."""
    sql = f"SELECT leader, system, word, seconds FROM latencies WHERE count >= {FEWEST}"
    return {(row[0], row[1], row[2]): timedelta(seconds=row[3]) for row in driver.fetch(conn, sql)}


def learn(store: Store, rules: Rules, as_of: datetime, held: Lease) -> int:
    """Measure anew if that was not done for a day; return how many orders were looked at."""
    with store.read() as conn:
        state = cursors.load_state(conn, *_PLACE)
        last = state.get("at")
        if last is not None and as_of < datetime.fromisoformat(last) + _EVERY:
            return 0
        newest = conn.execute(sa.select(sa.func.max(tables.order_history.c.id))).scalar() or 0
        keys = _sample(conn, int(state.get("history", 0)), as_of)
        lags = _measure(conn, rules, keys)
        known = {(row.leader, row.system, row.word): row for row in conn.execute(sa.select(tables.latencies))}
    rows = [_row(pair, seconds, known.get(pair), as_of) for pair, seconds in sorted(lags.items())]
    with store.write() as conn:
        held.check(conn)
        bulk.upsert(conn, tables.latencies, rows)
        if keys or last is not None:
            cursors.save_state(conn, *_PLACE, {"at": as_of.isoformat(), "history": newest})
    return len(keys)


def judged(conn: sa.Connection, rules: Rules) -> list[GraceLine]:
    """Return what was measured, beside what hub.yaml declares and what therefore counts."""
    m = tables.latencies.c
    rows = conn.execute(sa.select(tables.latencies).order_by(m.system, m.leader, m.word)).all()
    rules = rules.with_measured(load_measured(conn))
    lines = []
    for row in rows:
        declared = _declared(rules, row.system, row.word)
        granted = rules.patience(row.system, row.word, declared, row.leader)
        seconds = (int(declared.total_seconds()), row.seconds, int(granted.total_seconds()))
        lines.append(GraceLine(row.leader, row.system, row.word, *seconds, row._mapping["count"], row.as_of))
    return lines


def _declared(rules: Rules, system: str, word: str) -> timedelta:
    """Return what hub.yaml states: how soon the system must know an order, else its grace for the word."""
    for route in rules.routes:
        need = route.systems.get(system)
        if need is not None and need.from_status.word == word:
            return need.within
    return rules.graces.declared(system, word)


def _sample(conn: sa.Connection, since: int, as_of: datetime) -> list[Key]:
    """Return some orders whose status moved after row `since` of the history, less those with a finding."""
    h, o = tables.order_history.c, tables.orders.c
    moved = (
        sa.select(h.company, h.order_no)
        .where(h.id > since, h.field == "status")
        .order_by(h.id.desc())
        .limit(3 * ORDERS)
    )
    keys = list(dict.fromkeys((row.company, row.order_no) for row in conn.execute(moved)))[:ORDERS]
    if not keys and not since:
        for status in _LAGGING:
            standing = (
                sa.select(o.company, o.order_no)
                .where(o.status == int(status), o.status < int(Status.COMPLETED), o.occurred_at <= as_of)
                .where(sa.literal_column(tables.ALIVE))
                .order_by(o.occurred_at.desc())
                .limit(ORDERS // len(_LAGGING))
            )
            keys += [(row.company, row.order_no) for row in conn.execute(standing)]
    if not keys:
        return []
    odd = {*driver.fetch(conn, f"SELECT company, order_no FROM findings WHERE {IS_LIVE}")}
    return [key for key in keys if key not in odd]


def _measure(conn: sa.Connection, rules: Rules, keys: Collection[Key]) -> dict[Pair, Counter[int]]:
    types = {
        (row.company, row.order_no): row.order_type
        for row in lookup.fetch_many(
            conn, tables.orders, ("company", "order_no"), keys, ("company", "order_no", "order_type")
        )
    }
    longest = 2 * int(rules.graces.at_most.total_seconds())
    lags: dict[Pair, Counter[int]] = {}
    for (company, order_no), history in load_histories(conn, keys).items():
        route = rules.route(company, types.get((company, order_no)) or "")
        for pair, seconds in delays(history, route):
            if seconds <= longest:  # more than that is a fault, or an order from before the hub was there
                lags.setdefault(pair, Counter())[seconds] += 1
    return lags


def _row(pair: Pair, seconds: Counter[int], known: Any, as_of: datetime) -> dict[str, Any]:
    before = {int(step): count for step, count in jsons.loads(known.sketch).items()} if known else {}
    sketch = Sketch(before).with_more(seconds, _MOST)
    return {
        "leader": pair[0],
        "system": pair[1],
        "word": pair[2],
        "seconds": sketch.quantile(_SHARE) * 5 // 4,
        "count": sketch.count,
        "sketch": jsons.dumps({str(step): count for step, count in sketch.counts.items()}),
        "as_of": as_of,
    }
