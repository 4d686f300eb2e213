"""A fact as people read and write it: plain names and words, only what was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.model import QUANTITIES, TOP, Document, Fact, Side

FACT = (
    "company", "order_no", "waits_for", "part", "status", "range", "unknown_code", "side", "money",
    *QUANTITIES, "occurred_at", "says", "precision", "is_return", "deleted", "event_id", "replaces",
    "links", "warnings", "lines",
)  # fmt: skip
"""The names of a row beside those of the extras."""


def row_of(fact: Fact) -> dict[str, Any]:
    """Return a fact as a row: status and side as words, numbers plain, times ISO in UTC; nothing empty."""
    row: dict[str, Any] = {
        "company": fact.company,
        "order_no": fact.order_no,
        "waits_for": f"{fact.waits_for.kind} {fact.waits_for.value}" if fact.waits_for else None,
        "part": fact.part or None,
        "status": fact.status.word if fact.status is not None else None,
        "range": [fact.lo, fact.hi] if (fact.lo, fact.hi) != (0, TOP) else None,
        "unknown_code": fact.code if fact.unknown_code else None,
        "side": side_words(fact.side) or None,
        "money": fact.money.name.lower() if fact.money is not None else None,
        **{name: plain(getattr(fact, name)) for name in QUANTITIES},
        "occurred_at": plain(fact.occurred_at),
        "says": fact.says.value if fact.occurred_at is not None else None,
        "precision": fact.precision.name.lower() if fact.precision else None,
        "is_return": fact.is_return or None,
        "deleted": fact.deleted or None,
        "event_id": fact.event_id,
        "replaces": fact.replaces,
        "links": links_of(fact) or None,
        "warnings": list(fact.warnings) or None,
        "lines": plain([_line(line) for line in fact.lines]) if fact.lines is not None else None,
        **{name: plain(value) for name, value in fact.extras.items()},
    }
    return {name: value for name, value in row.items() if value is not None}


def document_row(document: Document) -> dict[str, Any]:
    """Return a document as a row: every field by its own name, numbers plain, times ISO; nothing empty."""
    waits = document.waits_for
    row: dict[str, Any] = {
        "company": document.company,
        "number": document.number,
        "order_no": document.order_no,
        "waits_for": f"{waits.kind} {waits.value}" if waits else None,
        "status": document.status,
        **document.quantities,
        "amount": document.amount,
        "currency": document.currency,
        "occurred_at": document.occurred_at,
        "due_at": document.due_at,
        "deleted": document.deleted or None,
        "links": links_of(document) or None,
        "warnings": list(document.warnings) or None,
        **document.fields,
    }
    return {name: plain(value) for name, value in row.items() if value is not None}


def side_words(side: Side) -> str:
    """Return what lies beside the chain as words: "cancelled, on_hold"."""
    return ", ".join(str(flag.name).lower() for flag in Side if flag and flag in side)


def links_of(fact: Fact | Document) -> dict[str, Any]:
    """Return the links of a fact or document by kind: a text, or a list where there are several."""
    found: dict[str, list[str]] = {}
    for link in fact.links:
        found.setdefault(link.kind, []).append(link.value)
    return {kind: values[0] if len(values) == 1 else values for kind, values in found.items()}


def _line(line: Any) -> dict[str, Any]:
    return {"line_no": line.line_no, "sku": line.sku, "quantity": line.quantity}


def plain(value: Any) -> Any:
    """Return a value as it is written by hand: numbers without exponent and needless zeros, times in UTC."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
