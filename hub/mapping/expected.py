"""What an example expects, compared with what came out, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.mapping.rows import plain

Difference = tuple[str, str, str]


def differences(expected: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Return (field, expected, got) for all that differs; only fields that the example names count."""
    if len(expected) != len(rows):
        return [("facts", str(len(expected)), str(len(rows)))]
    found = []
    for index, (gives, row) in enumerate(zip(expected, rows, strict=True)):
        prefix = f"{index + 1}." if len(rows) > 1 else ""
        found += [(prefix + name, shown(said), shown(got)) for name, said, got in _unequal(gives, row)]
    return found


def _unequal(expected: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, said in expected.items():
        got = row.get(name)
        if name == "links" and isinstance(said, Mapping):
            yield from ((f"links.{kind}", one, other) for kind, one, other in _unequal(said, got or {}))
        elif not same(said, got):
            yield name, said, got


def same(said: Any, got: Any) -> bool:
    """Tell whether an expected value is what came out: numbers as numbers, times as moments."""
    if said is None or said is False or said == []:
        return got in (None, False, [], "")
    if isinstance(said, Mapping):
        return isinstance(got, Mapping) and all(same(one, got.get(name)) for name, one in said.items())
    if isinstance(said, list):
        if isinstance(got, str):
            return sorted(map(str, said)) == sorted(got.split(", "))
        return isinstance(got, list) and len(said) == len(got) and all(map(same, said, got))
    if isinstance(said, bool) or isinstance(got, bool):
        return said is got
    return str(plain(said)) == str(got) or _moment(said, got) or _number(said, got)


def _moment(said: Any, got: Any) -> bool:
    try:
        one, other = datetime.fromisoformat(str(said)), datetime.fromisoformat(str(got))
    except ValueError:
        return False
    return one.tzinfo is not None and other.tzinfo is not None and one == other


def _number(said: Any, got: Any) -> bool:
    if not isinstance(said, int | Decimal) or got is None:
        return False
    try:
        return Decimal(str(got)) == said
    except InvalidOperation:
        return False


def shown(value: Any) -> str:
    """Return a value as an example would write it."""
    return "null" if value is None else str(plain(value))
