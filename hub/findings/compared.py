"""What of a finding's details was compared: an explanation holds as long as exactly that stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BESIDE = frozenset({"views", "since", "examples", "orders", "error"})
"""What stands beside the compared values: the whole picture, when it began, how many and which."""


def compared(kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a finding of class `kind` compared.

    A system that lags is compared with the status that it owes: how far the others went on since then
    changes nothing.
    """
    beside = _BESIDE | {"others"} if kind == "status" and "owed" in details else _BESIDE
    return {name: value for name, value in details.items() if name not in beside}
