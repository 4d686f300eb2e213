"""Which part of an answer are the records, and what a row without names is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from connectors.contract import Unread
from hub.model import Record

Key = TypeVar("Key")


def record_of(row: Any, columns: Sequence[str]) -> Record:
    """Return a row as a record: a list by the names of its columns, a single value as the first of them."""
    if isinstance(row, dict):
        return row
    if isinstance(row, list) and columns:
        return dict(zip(columns, row, strict=False))
    return {columns[0] if columns else "value": row}


def as_rows(found: Any) -> list[Any] | Unread:
    """Return what stands at `records` as a list: one object is one row, nothing is none."""
    if isinstance(found, list | Unread):
        return found
    return [] if found is None else [found]


def columns_of(said: Sequence[str], look: Callable[[str], Any]) -> Sequence[str]:
    """Return the names of columns; a path to a list (`fields[].name`) is looked up in the answer."""
    if len(said) != 1 or "[" not in said[0]:
        return said
    found = look(said[0])
    return [str(name) for name in found] if isinstance(found, list) else []


def batches(keys: Sequence[Key], size: int) -> list[list[Key]]:
    """Return `keys` in lists of at most `size`."""
    return [list(keys[begin : begin + size]) for begin in range(0, len(keys), size)]
