"""What the language can say and this version does not do yet: refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Iterator

from hub.errors import MappingError
from hub.mapping.callspec import CallSpec
from hub.mapping.grammar import Limits, SystemMapping

Step = str | int

_LACKS: dict[str, frozenset[str]] = {
    "sql": frozenset({"each", "if", "per_second", "parallel"}),
    "files": frozenset({"each", "if", "per_second", "parallel", "timeout"}),
    "sap_soap": frozenset({"each", "if"}),
}
"""What a connector kind of ours does not look at."""


def refusals(mapping: SystemMapping, stream: str | None = None) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield (path, what) for everything that reading `stream` (or any stream) would have to ignore."""
    lacks = _LACKS.get(mapping.connector, frozenset())
    for name in sorted(lacks & Limits.model_fields.keys()):
        if getattr(mapping.limits, name):
            yield ("limits", name), f"limits: {name}"
    for name, said in mapping.streams.items():
        if stream in (None, name):
            yield from _of_call(said.read, ("streams", name, "read"), lacks)


def _of_call(
    call: CallSpec, path: tuple[Step, ...], lacks: frozenset[str]
) -> Iterator[tuple[tuple[Step, ...], str]]:
    for name, said in (("if", call.if_), ("each", call.each)):
        if name in lacks and said is not None:
            yield (*path, name), name
    for name, nested in call.nest.items():
        yield from _of_call(nested, (*path, "nest", name), lacks)


def require_readable(mapping: SystemMapping, stream: str) -> None:
    """Raise MappingError("mapping.not_yet") if reading `stream` would have to ignore something it says."""
    for _, what in refusals(mapping, stream):
        raise MappingError("mapping.not_yet", file=mapping.path.name, what=what)
