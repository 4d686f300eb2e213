"""Facts as rows of `observations`, and rows as what the roll-up reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from operator import attrgetter
from typing import Any, TypeVar

from hub.model import MILESTONES, QUANTITIES, Fact, Line, Says, Status
from hub.store import jsons
from hub.store.columns import Same, Values
from sync.rollup import Said, View

T = TypeVar("T")

CONTENT = (
    "status", "lo", "hi", "side", "side_known", "money", *QUANTITIES, "occurred_at", "says", "precision",
    "unknown_code", "code", "future", "is_return", "deleted", "lines", "extras", "replaces", "adds",
)  # fmt: skip
"""The columns of an observation that make it different from another."""

_SAID = (
    "part", "seq", "status", "lo", "hi", "side", "side_known", "money", *QUANTITIES, "occurred_at", "says",
    "precision", "unknown_code", "future", "is_return", "deleted", "event_id", "replaces", "adds",
)  # fmt: skip

_VIEW = (
    "status", "lo", "hi", "side", "side_known", "money", *QUANTITIES, "occurred_at", "says", "precision",
    "unknown_code", "future", "parts", "line_digest",
)  # fmt: skip

_PLAIN = [
    (name, attrgetter(name))
    for name in (
        "company", "order_no", "part", "status", "lo", "hi", "side", "side_known", "money", *QUANTITIES,
        "occurred_at", "says", "precision", "future", "is_return", "deleted", "replaces",
    )
]  # fmt: skip
"""What stands in a fact as it stands in its observation."""

_NUMBERS = ("status", "side", "side_known", "money", "precision")

_KEPT_WITH = {
    "status": ("lo", "hi", "code", "unknown_code", "status"),
    "occurred_at": ("says", "precision", "raw_time", "occurred_at"),
}
"""What stands or falls with a field; the field itself comes last, for it tells whether anything was said."""


def fact_columns(facts: Sequence[Fact], event_ids: Values | Same) -> dict[str, Values | Same]:
    """Return the columns of `observations` for `facts`, each about the order that it names.

    Without system, stream, record, seq, mapping, run and read_at, which no fact knows.
    """
    return {
        **{name: [*map(get, facts)] for name, get in _PLAIN},
        "unknown_code": [fact.code[:200] if fact.unknown_code and fact.code else None for fact in facts],
        "code": [None if fact.code is None else fact.code[:200] for fact in facts],
        "raw_time": [None if fact.raw_time is None else fact.raw_time[:64] for fact in facts],
        "event_id": event_ids,
        "adds": [int(fact.adds) or None for fact in facts],
        "line_digest": [None if fact.lines is None else digest(sums(fact.lines)) for fact in facts],
        "lines": [
            None if fact.lines is None else jsons.dumps([_line(line) for line in fact.lines])
            for fact in facts
        ],
        "extras": _extras(facts),
    }


def _extras(facts: Sequence[Fact]) -> list[str | None]:
    written = iter(jsons.dumps_all(fact.extras for fact in facts if fact.extras))
    return [next(written) if fact.extras else None for fact in facts]


def fact_rows(facts: Sequence[Fact], event_ids: Values) -> list[dict[str, Any]]:
    """Return the same as rows, with numbers for statuses and flags."""
    columns = fact_columns(facts, event_ids)
    for name in _NUMBERS:
        columns[name] = [None if value is None else int(value) for value in columns[name]]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def tombstone(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row that takes the part (or the event) of `row` away."""
    return {**row, "deleted": True, "occurred_at": None, "says": Says.SEEN.value, "precision": 0}


def settled(
    row: dict[str, Any], before: Mapping[str, Any], keeps: Iterable[str], *, anew: bool = False
) -> dict[str, Any]:
    """Return `row` as it stands beside what its part said `before`.

    Fields that the stream does not know keep what was said; while status and quantities stand, a moved
    stamp that is no event's changes nothing, unless the same form is read `anew` by another mapping.
    """
    for name in keeps:
        for column in _KEPT_WITH.get(name, (name,)):
            if row.get(name) is None:
                row[column] = before[column]
    stands = not anew and all(row[name] == before[name] for name in ("status", "side", *QUANTITIES))
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


def standing(lines: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    """Return quantity by SKU without what comes to nothing."""
    return tuple((sku, quantity) for sku, quantity in lines if quantity)


def digest(lines: Iterable[tuple[str, Any]]) -> str:
    """Return the digest of quantity by SKU (32 hex); trailing zeros make no difference."""
    text = "\n".join(f"{sku}\t{quantity.normalize():f}" for sku, quantity in lines)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def view_columns(said: Mapping[str, T], stamps: Mapping[Status, T]) -> dict[str, T]:
    """Return the columns of `views`, without key, first_seen and run: the one place where its rows are made.

    `said` has all that a view says, its lines as a digest; `stamps` the moment of each milestone or None:
    values of one row or whole columns, in the hub's own types or in driver form. They leave as they come.
    """
    return {name: said[name] for name in _VIEW} | {
        f"{milestone.word}_at": stamps[milestone] for milestone in MILESTONES
    }


def view_row(view: View) -> dict[str, Any]:
    """Return the row of `views` for `view`, without key, first_seen and run."""
    said = {name: getattr(view, name) for name in _VIEW if name != "line_digest"}
    said["line_digest"] = None if view.lines is None else digest(view.lines)
    return dict(view_columns(said, {milestone: view.stamps.get(milestone) for milestone in MILESTONES}))


def _line(line: Line) -> dict[str, str]:
    return {"line_no": line.line_no, "sku": line.sku, "quantity": f"{line.quantity:f}"}
