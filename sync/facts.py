"""Facts as rows of `observations`, and rows as what the roll-up reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from hub.model import MILESTONES, QUANTITIES, Fact, Line, OrderKey, Says
from hub.store import jsons
from sync.rollup import Said, View

CONTENT = (
    "status", "lo", "hi", "side", "side_known", "money", *QUANTITIES, "occurred_at", "says", "precision",
    "unknown_code", "code", "future", "is_return", "deleted", "lines", "extras", "replaces",
)  # fmt: skip
"""The columns of an observation that make it different from another."""

_SAID = (
    "part", "seq", "status", "lo", "hi", "side", "side_known", "money", *QUANTITIES, "occurred_at", "says",
    "precision", "unknown_code", "future", "is_return", "deleted", "event_id", "replaces",
)  # fmt: skip

_VIEW = (
    "status", "lo", "hi", "side", "side_known", "money", *QUANTITIES, "occurred_at", "says", "precision",
    "unknown_code", "future", "parts",
)  # fmt: skip

_KEPT_WITH = {
    "status": ("lo", "hi", "code", "unknown_code", "status"),
    "occurred_at": ("says", "precision", "raw_time", "occurred_at"),
}
"""What stands or falls with a field; the field itself comes last, for it tells whether anything was said."""


def row_of(fact: Fact, key: OrderKey, event_id: str | None) -> dict[str, Any]:
    """Return the observation row of `fact` without system, stream, record, seq, mapping, run and read_at."""
    return {
        "company": key.company,
        "order_no": key.order_no,
        "part": fact.part,
        "status": None if fact.status is None else int(fact.status),
        "lo": fact.lo,
        "hi": fact.hi,
        "side": int(fact.side),
        "side_known": int(fact.side_known),
        "money": None if fact.money is None else int(fact.money),
        "ordered": fact.ordered,
        "produced": fact.produced,
        "shipped": fact.shipped,
        "returned": fact.returned,
        "occurred_at": fact.occurred_at,
        "says": fact.says.value,
        "precision": int(fact.precision),
        "line_digest": None if fact.lines is None else digest(sums(fact.lines)),
        "unknown_code": fact.code[:200] if fact.unknown_code and fact.code else None,
        "code": None if fact.code is None else fact.code[:200],
        "raw_time": None if fact.raw_time is None else fact.raw_time[:64],
        "future": fact.future,
        "is_return": fact.is_return,
        "deleted": fact.deleted,
        "event_id": event_id,
        "replaces": fact.replaces,
        "lines": None if fact.lines is None else jsons.dumps([_line(line) for line in fact.lines]),
        "extras": jsons.dumps(dict(fact.extras)) if fact.extras else None,
    }


def tombstone(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row that takes the part (or the event) of `row` away."""
    return {**row, "deleted": True, "occurred_at": None, "says": Says.SEEN.value, "precision": 0}


def settled(row: dict[str, Any], before: Mapping[str, Any], keeps: Iterable[str]) -> dict[str, Any]:
    """Return `row` as it stands beside what its part said `before`.

    Fields that the stream does not know keep what was said; while status and quantities stand, a moved
    stamp that is no event's changes nothing.
    """
    for name in keeps:
        for column in _KEPT_WITH.get(name, (name,)):
            if row.get(name) is None:
                row[column] = before[column]
    stands = all(row[name] == before[name] for name in ("status", "side", *QUANTITIES))
    if stands and row["says"] != Says.EVENT and before["says"] == row["says"] and not row["future"]:
        for name in ("occurred_at", "precision", "raw_time", "future"):
            row[name] = before[name]
    return row


def differs(row: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether `row` says anything that `before` did not."""
    return any(row[name] != before[name] for name in CONTENT)


def said_of(row: Mapping[str, Any], event: bool) -> Said:
    """Return the roll-up's form of an observation row."""
    lines = row["lines"]
    return Said(
        event=event,
        lines=None if lines is None else sums(parse_lines(lines)),
        **{name: row[name] for name in _SAID},
    )


def parse_lines(text: str) -> list[Line]:
    """Return the lines of an observation or order row."""
    return [Line(line["line_no"], line["sku"], Decimal(line["quantity"])) for line in jsons.loads(text)]


def sums(lines: Iterable[Line]) -> tuple[tuple[str, Decimal], ...]:
    """Return quantity by SKU, sorted by SKU."""
    total: dict[str, Decimal] = {}
    for line in lines:
        total[line.sku] = total.get(line.sku, Decimal(0)) + line.quantity
    return tuple(sorted(total.items()))


def digest(lines: Iterable[tuple[str, Any]]) -> str:
    """Return the digest of quantity by SKU (32 hex); trailing zeros make no difference."""
    text = "\n".join(f"{sku}\t{quantity.normalize():f}" for sku, quantity in lines)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def view_row(view: View) -> dict[str, Any]:
    """Return the columns of `views` for `view`, without key, first_seen and run."""
    row: dict[str, Any] = {name: getattr(view, name) for name in _VIEW}
    row["line_digest"] = None if view.lines is None else digest(view.lines)
    for milestone in MILESTONES:
        row[f"{milestone.word}_at"] = view.stamps.get(milestone)
    return row


def newest_of(rows: Iterable[Mapping[str, Any]]) -> datetime | None:
    """Return the newest stamp by the source's own clock; those clamped to the read do not count."""
    return max(
        (row["occurred_at"] for row in rows if row["occurred_at"] is not None and not row["future"]),
        default=None,
    )


def _line(line: Line) -> dict[str, str]:
    return {"line_no": line.line_no, "sku": line.sku, "quantity": f"{line.quantity:f}"}
