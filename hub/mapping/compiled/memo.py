"""What a FIELD gave for raw values met before: codes, flags, small numbers come again and again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import NoneType
from typing import Any

from hub.mapping.values import Sight

REMEMBERED = 10_000
"""So many raw values are remembered of a FIELD; beyond that each is read anew."""

_LONGEST = 100

PLAIN = frozenset({str, int, NoneType})
"""Classes of raw values that are a key as they are: no two of them are ever equal across classes."""

MISSING = object()
_OTHER = object()


def stand_in(value: Any) -> Any:
    """Return what stands for a raw value in a key: `True` must not be found under 1, nor 1.0 under 1.

    No raw value that is its own key is of bytes, so bytes stand for the rest; what has no stand-in is never
    remembered.
    """
    if value is True or value is False:
        return b"true" if value else b"false"
    return str(value).encode() if value.__class__ is Decimal else _OTHER


def memo(
    read: Callable[[Any, Sight], Any],
) -> tuple[dict[Any, Any], Callable[[Any, Any, Sight], Any]]:
    """Return what `read` gave by key, and the function that reads an item whose key is not there yet."""
    known: dict[Any, Any] = {}

    def recall(key: Any, item: Any, sight: Sight) -> Any:
        value = read(item, sight)
        if len(known) < REMEMBERED and not sight.warnings and _short(key):
            known[key] = value
        return value

    return known, recall


def _short(key: Any) -> bool:
    parts = key if key.__class__ is tuple else (key,)
    return all(one is not _OTHER and (one.__class__ is int or len(one or "") <= _LONGEST) for one in parts)
