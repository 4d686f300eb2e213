"""Which orders gave something away in what they said: marked, for the reconciler to look at their history.

A remark is no judgement. It is cheap, errs on the side of looking, and is made where the history of an order
is at hand anyway: a status that went back, a value that changed after the order was confirmed, one part told
by two records, a part that repeats another.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hub.model import Side, Status
from hub.rules import Rules
from hub.store import bulk
from hub.store.tables import dirty

CONSUMER = "history"
"""The consumer of the marks, in `dirty`."""

PURCHASE = "customer_po"
"""The kind of link that holds the customer's own number of an order."""

Key = tuple[str, str]
Row = Mapping[str, Any]


def remark(conn: sa.Connection, keys: Iterable[Key]) -> None:
    """Mark the orders `keys`, in the caller's transaction."""
    stamp = secrets.randbits(62)
    rows = [
        {"consumer": CONSUMER, "company": company, "order_no": order_no, "stamp": stamp}
        for company, order_no in sorted(set(keys))
    ]
    if rows:
        bulk.upsert(conn, dirty, rows)


def twins(taught: Iterable[tuple[str, str, str, str]], known: Iterable[Any]) -> set[Key]:
    """Return the orders that share a purchase order with one that a page taught.

    `taught` holds (kind, value, company, order_no), `known` the links of the same kinds and values.
    """
    named: dict[tuple[str, str], set[str]] = {}
    fresh = [(company, value, order_no) for kind, value, company, order_no in taught if kind == PURCHASE]
    if not fresh:
        return set()
    for company, value, order_no in fresh:
        named.setdefault((company, value), set()).add(order_no)
    for row in known:
        if row.kind == PURCHASE and row.until is None and (row.company, row.value) in named:
            named[row.company, row.value].add(row.order_no)
    return {(company, one) for (company, _), same in named.items() if len(same) > 1 for one in same}


def remarkable(fresh: Iterable[Row], histories: Mapping[Key, Sequence[Row]], rules: Rules) -> set[Key]:
    """Return the orders of which `fresh` rows are worth a look; `histories` hold all rows of a system."""
    found = set()
    for row in fresh:
        key = row["company"], row["order_no"]
        rows = histories[key]
        if len(rows) > 1 and key not in found and _remarkable(row, rows, rules):
            found.add(key)
    return found


def _remarkable(row: Row, rows: Sequence[Row], rules: Rules) -> bool:
    if row["deleted"] or row["is_return"]:
        return False
    if row["event_id"] is not None:
        return any(_contradicts(row, other) for other in rows if other["part"] == row["part"])
    earlier = [other for other in rows if other["part"] == row["part"] and other["seq"] < row["seq"]]
    before = max(earlier, key=lambda other: int(other["seq"]), default=None)
    if before is None or before["deleted"]:
        alone = row["system"] in rules.one_document
        return any(_repeats(row, other, alone) for other in rows)
    again = row["lo"] >= Status.CONFIRMED > before["lo"]
    if again and any(other["lo"] >= Status.CONFIRMED for other in earlier):
        return True
    return _turned(before, row, rules)


def _turned(before: Row, row: Row, rules: Rules) -> bool:
    """Return whether a part went back, was told by another record, or changed after it had been confirmed."""
    if row["hi"] < before["lo"] or row["record"] != before["record"]:
        return True
    if before["side"] & Side.CANCELLED and not row["side"] & Side.CANCELLED:
        return True
    if row["lo"] >= Status.CONFIRMED and any(
        row[name] != before[name] for name in ("ordered", "line_digest", "extras")
    ):
        return True
    both = before["status"] is not None and row["status"] is not None
    return both and rules.transitions.forbidden(before["status"], row["status"])


def _contradicts(row: Row, other: Row) -> bool:
    """Return whether two events of a part have their ranks in another order than their times."""
    if other["deleted"] or None in (row["status"], other["status"], row["occurred_at"], other["occurred_at"]):
        return False
    if row["occurred_at"] == other["occurred_at"]:
        return False
    earlier, later = (row, other) if row["occurred_at"] < other["occurred_at"] else (other, row)
    return bool(later["hi"] < earlier["lo"])


def _repeats(row: Row, other: Row, alone: bool) -> bool:
    """Return whether another part says the same goods, or is there at all where one stands `alone`."""
    if other["part"] == row["part"] or other["stream"] != row["stream"]:
        return False
    if other["deleted"] or other["is_return"]:
        return False
    same = other["ordered"] == row["ordered"] is not None and other["line_digest"] == row["line_digest"]
    return alone or same
