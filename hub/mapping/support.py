"""What the language can say and this version does not do yet: refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Iterator

from hub.errors import MappingError
from hub.mapping.grammar import StreamMapping, SystemMapping

Step = str | int


def refusals(mapping: SystemMapping, stream: str | None = None) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield (path, what) for everything that reading `stream` (or any stream) would have to ignore."""
    if mapping.mode != "read_only":
        yield ("mode",), f"mode: {mapping.mode}"
    for name in ("per_second", "parallel", "pause"):
        if getattr(mapping.limits, name):
            yield ("limits", name), f"limits: {name}"
    for name, said in mapping.streams.items():
        if stream in (None, name):
            yield from (((("streams", name, *path)), what) for path, what in _of_stream(said))


def _of_stream(stream: StreamMapping) -> Iterator[tuple[tuple[Step, ...], str]]:
    if stream.read.if_:
        yield ("read", "if"), "if"
    if stream.read.each is not None:
        yield ("read", "each"), "each"


def unused(mapping: SystemMapping) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield (path, what) for what is checked here and carried out by a later version."""
    for name in mapping.writes:
        yield ("writes", name), f"writes: {name}"
    if mapping.webhook:
        yield ("webhook",), "webhook"


def require_readable(mapping: SystemMapping, stream: str) -> None:
    """Raise MappingError("mapping.not_yet") if reading `stream` would have to ignore something it says."""
    for _, what in refusals(mapping, stream):
        raise MappingError("mapping.not_yet", file=mapping.path.name, what=what)
