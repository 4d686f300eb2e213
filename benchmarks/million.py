"""A store as the sync leaves it, of any size, with differences of known kind in it: `build(store, orders)`.

Three systems tell of every order what they can: an ERP that posts by day, a WMS and a TMS with exact stamps.
A few in a hundred are samples (which the TMS never sees) or cancelled, and the newest are not shipped yet.
Of every thousand orders five carry a fault, in turn one of four kinds; `faults` names them, without
looking at the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from hub.model import Precision, Side, Status
from hub.rules import Rules
from hub.store import Store, bulk, tables
from hub.store.columns import Same
from hub.store.types import to_micros
from sync import dirt
from sync.agreed import Agreement
from sync.stretch import by_order, look_up

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
"""The moment up to which every system was read."""

KINDS = ("missing", "status", "quantity", "skew")
SYSTEMS = ("erp", "tms", "wms")

_EVERY = 200
_DAY, _MINUTE = 86_400_000_000, 60_000_000
_BLOCK = 10_000
_MERGED = 1_000
_CAN_SAY = {"erp": 5, "tms": 8, "wms": 5}

Fault = tuple[str, str, str, str]
"""Kind, company, order number, and the system that is odd."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one system says of one order; times in microseconds, quantities in millionths."""

    status: Status
    hi: int
    at: int
    ordered: int | None = None
    shipped: int | None = None
    side: int = 0
    line_digest: str | None = None
    stocked_at: int | None = None
    shipped_at: int | None = None
    delivered_at: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One order: its key, its type, when it is due, and what each system says of it."""

    company: str
    order_no: str
    order_type: str
    due: int
    said: dict[str, Said]


def faults(orders: int) -> set[Fault]:
    """Return the differences that a store of so many orders has."""
    return {
        (KINDS[turn % 4], *_key(number, orders), _odd(turn))
        for turn, number in enumerate(range(_EVERY // 2, orders, _EVERY))
    }


def build(store: Store, orders: int, progress: Callable[[int], None] = lambda _: None) -> None:
    """Fill an empty, migrated store with the views and merged orders of `orders` orders, and vacuum it."""
    for start in range(0, orders, _BLOCK):
        told = [order(number, orders) for number in range(start, min(start + _BLOCK, orders))]
        with store.write() as conn:
            _write_views(conn, told)
            _write_orders(conn, told)
        progress(start + len(told))
    with store.write() as conn:
        read = {"stream": "orders", "kind": "since", "complete_at": NOW, "newest_at": NOW}
        bulk.insert(conn, tables.reads, [{"system": system, **read} for system in SYSTEMS])


def change(store: Store, orders: int, rules: Rules, turn: int = 0) -> None:
    """Change one order in a hundred, in each `turn` others, as a sync and a merge would leave them.

    Most of them stay healthy; of two hundred one goes wrong, and one that was wrong is mended.
    """
    numbers, fresh, mended = _changed(orders, turn)
    told = [_moved(order(number, orders, whole=number in fresh), fresh.get(number)) for number in numbers]
    told += [order(number, orders, mended=True) for number in mended]
    told.sort(key=lambda one: (one.company, one.order_no))
    types = {(one.company, one.order_no): one.order_type for one in told}
    keys = list(types)
    with store.write() as conn:
        for table, write in ((tables.views, _write_views), (tables.orders, _write_orders)):
            bulk.delete(conn, table, ("company", "order_no"), keys)
            write(conn, told)
        agreement = Agreement(rules)
        for start in range(0, len(keys), _MERGED):
            some = keys[start : start + _MERGED]
            said = by_order(look_up(conn, some).views)  # all are known
            agreed = {key for key in some if agreement.holds(key[0], types[key], said[key])}
            dirt.mark(conn, some, consumer=dirt.RECONCILE, agreed=agreed)


def changed_faults(orders: int, turns: int = 1) -> set[Fault]:
    """Return the differences that a store of so many orders has after so many turns of `change`."""
    found = faults(orders)
    for turn in range(turns):
        _, fresh, mended = _changed(orders, turn)
        gone = {_key(number, orders) for number in mended}
        found = {fault for fault in found if fault[1:3] not in gone}
        found |= {(KINDS[kind % 4], *_key(number, orders), _odd(kind)) for number, kind in fresh.items()}
    return found


def _changed(orders: int, turn: int) -> tuple[range, dict[int, int], range]:
    """Return the orders that change, those of them that go wrong (and how), and those mended."""
    first = 37 + turn
    numbers = range(first, orders, 100)
    fresh = {number: _turn(number) for number in numbers if number % (100 * _EVERY) == first}
    return numbers, fresh, range(_EVERY // 2 + turn * _EVERY, orders, 100 * _EVERY)


def _turn(number: int) -> int:
    return number // (100 * _EVERY)


def _moved(told: Told, turn: int | None) -> Told:
    """Return an order that its ERP touched just now, broken if it is its turn."""
    erp = told.said["erp"]
    said = {**told.said, "erp": replace(erp, at=erp.at + _MINUTE)}
    return replace(told, said=said if turn is None else _broken(said, turn, turn))


def order(number: int, orders: int, *, mended: bool = False, whole: bool = False) -> Told:
    """Return order `number` of `orders`; `mended` without its fault, `whole` as one gone its whole way."""
    seed = int.from_bytes(blake2b(number.to_bytes(8, "big"), digest_size=8).digest(), "big")
    company, order_no = _key(number, orders)
    born = to_micros(NOW) - 730 * _DAY + number * (700 * _DAY // orders)
    ordered = (1 + seed % 500) * 1_000_000
    digest = f"{seed * 0x9E3779B97F4A7C15 % 2**128:032x}"
    faulty = number % _EVERY == _EVERY // 2
    share = 99 if faulty or whole else seed // 500 % 100
    due = born + 20 * _DAY
    goods = {"ordered": ordered, "line_digest": digest}
    left = born + 5 * _DAY + seed // 50_000 % _DAY
    if share < 2:
        early = Said(Status.CONFIRMED, 130, born, shipped=0, side=int(Side.CANCELLED), **goods)
        said = {"erp": early, "wms": early}
    elif number * 100 >= orders * 97 and not (faulty or whole):
        due = to_micros(NOW) + 10 * _DAY
        said = {
            "erp": Said(Status.CONFIRMED, 89, born, shipped=0, **goods),
            "wms": Said(Status.ALLOCATED, 84, born + _MINUTE, shipped=0, **goods),
        }
    else:
        there, picked = left + 2 * _DAY, left + seed // 7 % (_MINUTE + 1)
        said = {
            "erp": Said(Status.COMPLETED, 130, left + _DAY, shipped=ordered, **goods),
            "tms": Said(Status.DELIVERED, 130, there, shipped=ordered, shipped_at=picked, delivered_at=there),
            "wms": Said(
                Status.SHIPPED, 130, left, shipped=ordered, stocked_at=left - _DAY, shipped_at=left, **goods
            ),
        }
    kind = "sample" if 4 <= share < 7 else "regular"
    if kind == "sample":
        said.pop("tms", None)
    if faulty and not mended:
        said = _broken(said, number // _EVERY, seed)
    return Told(company, order_no, kind, due, said)


def _broken(said: dict[str, Said], turn: int, seed: int) -> dict[str, Said]:
    kind, system = KINDS[turn % 4], _odd(turn)
    if kind == "missing":
        return {name: one for name, one in said.items() if name != system}
    one = said[system]
    if kind == "status":
        early = {"status": Status.CONFIRMED, "hi": 89 if system == "erp" else 39, "shipped": 0}
        return {**said, system: replace(one, **early, stocked_at=None, shipped_at=None)}  # type: ignore[arg-type]  # named fields
    if kind == "quantity":
        return {**said, system: replace(one, shipped=(one.shipped or 0) + 1_000_000)}
    off = (10 + seed % 2_000) * _MINUTE
    return {**said, system: replace(one, shipped_at=(one.shipped_at or 0) + off)}


def _odd(turn: int) -> str:
    """Return which system the fault of this turn is in; of two clocks the WMS's is the less trusted."""
    kind = KINDS[turn % 4]
    if kind == "skew":
        return "wms"
    return ("erp", "wms")[turn // 4 % 2] if kind == "status" else SYSTEMS[turn // 4 % 3]


def _key(number: int, orders: int) -> tuple[str, str]:
    return ("HS01" if number * 2 < orders else "HS02"), f"SO{10_000_000 + number}"


def views(told: Iterator[Told] | list[Told]) -> dict[str, Any]:
    """Return the rows of `views` as columns in driver form, in key order."""
    rows = [(one, system, one.said[system]) for one in told for system in sorted(one.said)]
    said = [row[2] for row in rows]
    precision = {"erp": Precision.DAY, "tms": Precision.SECOND, "wms": Precision.SECOND}
    return {
        "company": [row[0].company for row in rows],
        "order_no": [row[0].order_no for row in rows],
        "system": [row[1] for row in rows],
        "status": [int(one.status) for one in said],
        "lo": [int(one.status) for one in said],
        "hi": [one.hi for one in said],
        "side": [one.side for one in said],
        "side_known": [_CAN_SAY[row[1]] for row in rows],
        **{
            name: [getattr(one, name) for one in said]
            for name in ("ordered", "shipped", "line_digest", "stocked_at", "shipped_at", "delivered_at")
        },
        "occurred_at": [one.at for one in said],
        "says": ["event" if row[1] != "erp" else "modified" for row in rows],
        "precision": [int(precision[row[1]]) for row in rows],
        "future": Same(False),
        "parts": Same(1),
        "first_seen": [one.at for one in said],
        "run": Same(1),
    }


def _write_views(conn: Any, told: list[Told]) -> None:
    columns = views(told)
    bulk.insert_bound(conn, tables.views, columns, len(columns["system"]))


def _write_orders(conn: Any, told: list[Told]) -> None:
    hub = [one.said.get("erp") or one.said["wms"] for one in told]
    top = [max(one.said.values(), key=lambda said: said.status) for one in told]
    columns = {
        "company": [one.company for one in told],
        "order_no": [one.order_no for one in told],
        "status": [int(one.status) for one in top],
        "side": [one.side for one in hub],
        "ordered": [one.ordered for one in hub],
        "shipped": [one.shipped for one in hub],
        "occurred_at": [one.at for one in top],
        "order_type": [one.order_type for one in told],
        "customer_name": [f"Customer {number % 997}" for number in range(len(told))],
        "amount": [(one.ordered or 0) * 12 for one in hub],
        "currency": Same("CNY"),
        "due_first": [one.due for one in told],
        "due_now": [one.due for one in told],
        "lines": [
            f'[{{"line_no":"10","quantity":"{(one.ordered or 0) // 1_000_000}","sku":"100{number % 900}"}}]'
            for number, one in enumerate(hub)
        ],
        "first_seen": Same(to_micros(NOW - timedelta(days=1))),
        "changed_at": Same(to_micros(NOW - timedelta(days=1))),
        "run": Same(1),
    }
    bulk.insert_bound(conn, tables.orders, columns, len(told))
