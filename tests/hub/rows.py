"""Rows for the store's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.model import Precision, Says, Side, Status

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def view(order_no: object, system: str = "erp", **told: Any) -> dict[str, Any]:
    """A row of `views`, with the types that the engine uses."""
    return {
        "company": "suzhou",
        "order_no": order_no,
        "system": system,
        "status": Status.SHIPPED,
        "lo": Status.SHIPPED,
        "hi": Status.COMPLETED,
        "side": Side.NONE,
        "side_known": Side.CANCELLED | Side.RETURNED,
        "ordered": Decimal("12.5"),
        "shipped": None,
        "occurred_at": NOW,
        "says": Says.EVENT,
        "precision": Precision.SECOND,
        "unknown_code": None,
        "parts": 1,
        "first_seen": NOW,
        "run": 1,
        **told,
    }


def sealed(record: str, **told: Any) -> dict[str, Any]:
    """A row of `ledger`."""
    return {
        "system": "erp",
        "stream": "orders",
        "record": record,
        "digest": bytes(range(16)),
        "mapping": "0123456789abcdef",
        "raw": b"\x00\\x\n\t\xff",
        "run": 1,
        "read_at": NOW,
        **told,
    }
