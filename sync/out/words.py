"""An order in the hub's words, as expressions of a write see it: `order.*`, `view.*`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.model import QUANTITIES, Side, Status


def hub_words(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order as `order.*` shows it: words for status, side and money; what is not known left out."""
    status, side, money = order["status"], order["side"], order["money"]
    words = {name: value for name, value in order.items() if value is not None}
    words |= _sides(side)
    words |= {"status": status.word, "rank": int(status)} if status is not None else {}
    words |= {"money": money.name.lower()} if money is not None else {}
    words["lines"] = [line._asdict() for line in order.get("lines") or ()]
    return words


def view_words(view: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a system says of an order as `view.*` shows it; nothing where it knows none."""
    if view is None:
        return {}
    status = view["status"]
    said = {name: view[name] for name in QUANTITIES if view[name] is not None}
    said |= {"status": Status(status).word, "rank": status} if status is not None else {}
    return said | _sides(Side(view["side"]))


def _sides(side: Side) -> dict[str, Any]:
    words = {str(one.name).lower(): bool(side & one) for one in Side if one}
    return {**words, "side": next((word for word, is_so in words.items() if is_so), "none")}
