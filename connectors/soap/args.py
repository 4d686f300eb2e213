"""Arguments of a call, filled from the names that a read knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.mapping.expressions import compile_value

_GONE = object()


def mentioned(args: Any) -> frozenset[str]:
    """Return the names that the arguments mention: what is mentioned is what is used."""
    return compile_value(args).names if args else frozenset()


def fill(args: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with expressions replaced by values.

    An argument that mentions a name which is None now (no `since` at the first read, no `next` on the first
    page) is left out: absent, not empty.
    """
    filled = _fill(dict(args), names)
    return filled if isinstance(filled, dict) else {}


def _fill(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        inner = {name: _fill(one, names) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one is not _GONE}
    if isinstance(value, list):
        return [one for one in (_fill(each, names) for each in value) if one is not _GONE]
    compiled = compile_value(value)
    if any(names.get(name, ...) is None for name in compiled.names):
        return _GONE
    return compiled.render(names)
