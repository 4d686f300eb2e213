"""Values of an order as they are wanted, seen and compared on the way out: canonical text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.model import QUANTITIES, Line, Money, Side, Status
from hub.store import jsons, lookup
from hub.store.tables import orders
from sync.facts import parse_lines, standing, sums
from sync.ownership import PROMISES, TYPED

Told = str | bool | None
"""A value in canonical text; True and False for what lies beside the chain, None for what nobody says."""

SIDES = ("cancelled", "on_hold")
"""What of the sides can be asked of a system."""


def told(value: Any) -> Told:
    """Return `value` (in the hub's own types) so that equal values give equal text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Status):
        return value.word
    if isinstance(value, Money):
        return value.name.lower()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, list | tuple) and all(isinstance(one, Line) for one in value):
        return told_lines(value)
    return value if isinstance(value, str) else jsons.dumps(value)


def told_lines(lines: Iterable[Line]) -> str:
    """Return lines as quantity by SKU: how they are split over line numbers makes no difference."""
    return ", ".join(f"{sku} x {told(quantity)}" for sku, quantity in standing(sums(lines)))


def order_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of `orders` in the hub's words: status, side and money as such, lines, extras by name."""
    extras = jsons.loads(row["extras"]) or {}
    named = {name: row[name] for name in (*TYPED, *PROMISES)}
    return {
        **extras,
        **named,
        "company": row["company"],
        "order_no": row["order_no"],
        "status": None if row["status"] is None else Status(row["status"]),
        "side": Side(row["side"]),
        "money": None if row["money"] is None else Money(row["money"]),
        **{name: row[name] for name in QUANTITIES},
        "occurred_at": row["occurred_at"],
        "lines": None if row["lines"] is None else parse_lines(row["lines"]),
    }


def extras_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return extras in the store's own form (`sync.saying`) in the hub's own types."""
    return {
        name: lookup.typed(orders, name, value) if name in orders.c else value for name, value in said.items()
    }
