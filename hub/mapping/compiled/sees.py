"""Which raw values a FIELD looks at: where they are few and plain, what it gave for them is remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.mapping.compiled.scope import Steps
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.paths import looks_at, plain

_MOST = 4


def sees(spec: FieldSpec) -> Sequence[Steps] | None:
    """Return the plain paths that decide what a FIELD gives; None if more than that decides."""
    found = _fields(spec)
    return None if found is None or len(found) > _MOST else sorted(found)


def sees_path(expression: str) -> Sequence[Steps] | None:
    """Return the plain paths that decide what a path gives; None if more than that decides."""
    found = looks_at(expression)
    return None if found is None or len(found) > _MOST else sorted(found)


def only_path(spec: FieldSpec) -> Sequence[Steps] | None:
    """Return the alternatives of a FIELD that is one plain path (`a || b`) and has no table, else None."""
    if len(spec.from_) != 1 or spec.joined or spec.codes or spec.unit:
        return None
    return plain(spec.from_[0])


def _fields(spec: FieldSpec) -> frozenset[Steps] | None:
    if spec.sum or spec.count or spec.each or spec.keep or spec.unit or spec.sku:
        return None
    return _all([*map(_fields, (*spec.any, *spec.compare)), *map(looks_at, spec.from_)])


def _all(parts: Iterable[frozenset[Steps] | None]) -> frozenset[Steps] | None:
    found: frozenset[Steps] = frozenset()
    for part in parts:
        if part is None:
            return None
        found |= part
    return found
